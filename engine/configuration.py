"""Where settings come from: the defaults, one TOML file, the environment `SIGNOFF_*`, options; the later one wins.

Every setting has a key, the name of its field in `Settings`, or `policy.` or `model.` and the name of a field; the
key decides how it is written in each source (`engine.settings_schema`). Values are validated by pydantic, imported
only when there is a value to validate. A fault names the source and the key. Nothing here is read before somebody asks,
and importing it costs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import Fault, UsageError, counted

if TYPE_CHECKING:
    from engine.model.trust import Trusted
    from engine.settings import Settings

PREFIX = "SIGNOFF_"
PLACES = frozenset({"SIGNOFF_STATE", "SIGNOFF_HOST", "SIGNOFF_CONFIG"})
"""Variables that say where things are; they are no settings."""
DEFAULT = "default"
OPTION = "option"

_TEMPLATE = """\
# Settings of signoff. Uncomment what shall differ from the default; `signoff config show --origin` tells where each
# value came from, and `signoff doctor` whether this file is well.

# parallel = {parallel:<14}# steps that run at the same time
# grace = "2s"            # between SIGTERM and SIGKILL
# deadline = "24h"        # until an unanswered question expires
# log_limit = "1GiB"      # of log kept per run
# sandbox = "bubblewrap"  # use this level only: bubblewrap, supervisor or group
# share = "/srv/signoff"  # a directory through which other users reach this engine
# idle_exit = "30m"       # until an owner without a screen ends when nothing runs and nobody is attached

# [policy]
# ask = ["execute"]       # tiers that ask besides destructive and external
# refuse = ["curl"]       # programs that may not run
# allow_yes = true        # whether `run --yes` may sign
# network = true          # whether steps may declare a network or sockets
# quorum = 1              # people who must sign a plan
# money = 2.50            # US dollars that one task may cost
# exclude_proposer = false  # whether who proposed it counts for none of them

# [notify]
# terminal = "auto"       # how a terminal tells that you are needed: bell, osc9, osc777, osc99 or off
# channels = ["ops"]      # told as well; ops = "slack://..." stands in channels.toml beside this file, mode 600
# after = "1m"            # that something waits before they are told
# every = "10m"           # until they are told again; each next pause is twice as long, up to an hour

# [model]                 # that writes and reviews plans; its key comes from the environment (ANTHROPIC_API_KEY), or
#                         # from ANTHROPIC_API_KEY = "..." in keys.toml beside this file, which only you may read
# name = "anthropic/claude-sonnet-4-5"    # provider/model, for any provider that LiteLLM knows
# fallbacks = ["openai/gpt-5"]            # asked in this order where the one before cannot answer
# base_url = "http://localhost:8000/v1"   # a server of your own for the provider of name
# key = "MY_KEY"          # the variable or line with its key, where that is not the usual one
# timeout = "10m"         # for a whole answer
# idle_timeout = "3m"     # until an answer begins, and between its pieces
# max_output = 16384      # tokens of an answer
# temperature = 0.2
# prices = {{"openai/mine" = [0.5, 1.5]}}   # dollars for a million tokens in and out, where they are not known

# [budget]                # US dollars that all tasks together may cost, in windows of UTC
# hour = 1.00
# day = 5.00
# month = 50.00
# models = {{"anthropic/claude-sonnet-4-5" = {{day = 2.00}}}}  # the same for single models and agents

# [roles]                 # of other users: viewer, reviewer (also signs and answers), operator (also plans and cancels)
# ana = "operator"        # an operator runs commands as you
# "@staff" = "reviewer"   # a group; what is said of a user counts before what is said of a group
"""


_SHOWN = "signoff config show lists the settings and how they are written"


class InvalidConfiguration(UsageError):
    """The configuration has {faults}; nothing was started"""

    hint = "signoff config edit opens the file, signoff config path names it"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__(faults=counted(faults), hint=self.hint if any(fault.file for fault in faults) else _SHOWN)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One value and where it came from."""

    value: Any
    origin: str = DEFAULT
    """`default`, `option`, the path of the file, `environment SIGNOFF_…`, or the policy of a trusted directory."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything that is set, by key, in the order of `Settings`."""

    values: Mapping[str, Setting]

    @property
    def settings(self) -> Settings:
        """The record that the engine takes."""
        settings: Settings = _assembled(default_settings(), "", self.values)
        return settings


def default_settings() -> Settings:
    """What holds where nothing is set."""
    from engine.settings import Settings

    return Settings()


def configuration_template() -> str:
    """The text of a new configuration file: comments that show the defaults, and examples where there is none."""
    return _TEMPLATE.format(parallel=default_settings().parallel)


def state_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The state directory: `SIGNOFF_STATE`, else the platform's own place."""
    if given := environ.get("SIGNOFF_STATE"):
        return Path(given).expanduser().absolute()
    import platformdirs

    return platformdirs.user_state_path("signoff", appauthor=False)


def configuration_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The configuration file: `SIGNOFF_CONFIG`, else `config.toml` in the platform's own place."""
    if given := environ.get("SIGNOFF_CONFIG"):
        return Path(given).expanduser().absolute()
    import platformdirs

    return platformdirs.user_config_path("signoff", appauthor=False) / "config.toml"


def load_configuration(
    file: Path | None = None, environ: Mapping[str, str] = os.environ, options: Mapping[str, str] | None = None
) -> Configuration:
    """Read every source.

    Args:
        file: the TOML file; None for the usual one. It need not exist.
        environ: variables; of `SIGNOFF_*` only those that name a setting count.
        options: text by key, as given on the command line.

    Raises:
        InvalidConfiguration: with every fault of every source.
    """
    keys = dict(_flat(default_settings()))
    values = {key: Setting(value=value) for key, value in keys.items()}
    faults: list[Fault] = []
    for origin, given in _sources(file or configuration_path(environ), environ, options or {}, keys, faults):
        for key, raw in given.items():
            name = variable(key) if origin.startswith("environment") else key
            faults += _take(values, key, raw, name, origin)
    if faults:
        raise InvalidConfiguration(tuple(faults))
    return Configuration(values=values)


def tightened(found: Configuration, trusted: Iterable[Trusted], root: str) -> Configuration:
    """What holds in a directory: where a policy that was trusted there changed a value, that policy is its origin.

    Args:
        root: absolute path, its links resolved.
    """
    from engine.policies import Policies
    from engine.policy import tighten

    values, policy = dict(found.values), found.settings.policy
    for each in Policies(policy, trusted).over(root):
        stricter = tighten(policy, each.policy)
        for key, value in _flat(stricter, "policy."):
            if value != values[key].value:
                values[key] = Setting(value=value, origin=f"policy of {each.root}, trusted by {each.actor}")
        policy = stricter
    return Configuration(values=values)


def variable(key: str) -> str:
    """The environment variable of a setting: `policy.ask` is `SIGNOFF_POLICY_ASK`."""
    return PREFIX + key.replace(".", "_").upper()


def unused_variables(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Variables that look like settings and are none, most likely misspelt."""
    known = {variable(key) for key, _ in _flat(default_settings())} | PLACES
    return tuple(sorted(name for name in environ if name.startswith(PREFIX) and name not in known))


# Sources


def _sources(
    file: Path, environ: Mapping[str, str], options: Mapping[str, str], keys: Mapping[str, Any], faults: list[Fault]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each source with what it sets, the weakest first."""
    yield str(file), dict(_flat_table(_table(file, faults), keys))
    for key in keys:
        if (text := environ.get(variable(key))) is not None:
            yield f"environment {variable(key)}", {key: text}
    yield OPTION, options


def _table(file: Path, faults: list[Fault]) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        import tomllib

        return tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:  # a TOMLDecodeError and a UnicodeDecodeError are ValueErrors
        faults.append(Fault(str(error), file=str(file)))
        return {}


def _flat_table(table: Mapping[str, Any], keys: Collection[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and prefix + key not in keys:
            yield from _flat_table(value, keys, f"{prefix}{key}.")
        else:
            yield prefix + key, value


# Records to keys and back


def _flat(record: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for item in fields(record):
        value = getattr(record, item.name)
        if is_dataclass(value):
            yield from _flat(value, f"{item.name}.")
        else:
            yield prefix + item.name, value


def _assembled(record: Any, prefix: str, values: Mapping[str, Setting]) -> Any:
    made = {}
    for item in fields(record):
        value = getattr(record, item.name)
        nested = is_dataclass(value)
        made[item.name] = _assembled(value, f"{item.name}.", values) if nested else values[prefix + item.name].value
    return type(record)(**made)


# One value


def _take(values: dict[str, Setting], key: str, raw: Any, name: str, origin: str) -> list[Fault]:
    """Validate a value and take it over, or say what is wrong with it."""
    file = origin if origin != OPTION and not origin.startswith("environment") else ""
    if key not in values:
        return [Fault(f"no such setting{_nearest(key, values)}", name, file)]
    from pydantic import ValidationError

    from engine.settings_schema import adapter

    try:
        value = adapter(key).validate_python(raw)
    except ValidationError as error:
        told = "; ".join(detail["msg"].removeprefix("Value error, ") for detail in error.errors())
        return [Fault(told, name, file)]
    values[key] = Setting(value=value, origin=origin)
    return []


def _nearest(key: str, known: Mapping[str, Setting]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(key, list(known), n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""
