"""Settings from every source: the later one wins, each value knows its origin, each fault names source and key."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from engine.configuration import (
    InvalidConfiguration,
    configuration_path,
    configuration_template,
    load_configuration,
    state_path,
    unused_variables,
    variable,
)
from engine.model.role import Role
from engine.policy import Policy
from engine.settings import Caps, ModelSettings, Notification, OverallCaps, Settings

FILE = """
parallel = 3
grace = "5s"
log_limit = "2MiB"
[policy]
ask = ["execute"]
allow_yes = false
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    return path


def faults(file: Path, environ: dict[str, str] | None = None, options: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(InvalidConfiguration) as raised:
        load_configuration(file, environ or {}, options)
    return [str(fault) for fault in raised.value.faults]


def test_without_any_source_the_defaults_hold(tmp_path: Path) -> None:
    found = load_configuration(tmp_path / "none.toml", {})
    assert found.settings == Settings()
    assert {setting.origin for setting in found.values.values()} == {"default"}


NESTED: dict[str, type[Policy | ModelSettings | Notification | OverallCaps]] = {
    "policy": Policy,
    "model": ModelSettings,
    "notify": Notification,
    "budget": OverallCaps,
}


def test_every_setting_has_a_key(tmp_path: Path) -> None:
    keys = set(load_configuration(tmp_path / "none.toml", {}).values)
    nested = {f"{room}.{item.name}" for room, noun in NESTED.items() for item in fields(noun)}
    assert keys == {item.name for item in fields(Settings)} - NESTED.keys() | nested


def test_the_template_shows_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    assert "# parallel = 14            # steps" in configuration_template()
    assert load_configuration(tmp_path / "none.toml", {}).values["parallel"].value == 14


def test_a_wrong_option_does_not_point_to_the_file(file: Path) -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        load_configuration(file, {}, {"parallell": "2"})
    assert raised.value.hint == "signoff config show lists the settings and how they are written"
    file.write_text("parallell = 2")
    with pytest.raises(InvalidConfiguration) as raised:
        load_configuration(file, {}, {})
    assert raised.value.hint.startswith("signoff config edit opens the file")


def test_caps_are_money_and_each_model_has_its_own(file: Path) -> None:
    file.write_text('[budget]\nday = 5\nmonth = "50.00"\n[budget.models."x/large"]\nhour = 0.5\n')
    caps = load_configuration(file, {"SIGNOFF_BUDGET_HOUR": "$1.25"}).settings.budget
    assert caps == OverallCaps(hour=1.25, day=5.0, month=50.0, models={"x/large": Caps(hour=0.5)})
    given = load_configuration(file, {"SIGNOFF_BUDGET_MODELS": '{"y": {"day": 1}}'}).settings.budget.models
    assert given == {"y": Caps(day=1.0)}


@pytest.mark.parametrize("text", ["0", "-1", '"much"', "1e9", "0.0000001", "true", "nan"])
def test_what_is_no_amount_of_money_is_a_fault(file: Path, text: str) -> None:
    file.write_text(f"[budget]\nday = {text}\n")
    assert "amount of money" in faults(file)[0]


def test_an_unknown_window_of_a_model_is_a_fault(file: Path) -> None:
    file.write_text("[budget.models.x]\nyear = 5\n")
    assert faults(file)[0].startswith(f"{file}  budget.models: ")


def test_the_file(file: Path) -> None:
    settings = load_configuration(file, {}).settings
    assert settings == Settings(
        parallel=3, grace=5.0, log_limit=2 << 20, policy=Policy(ask=("execute",), allow_yes=False)
    )


def test_the_later_source_wins_and_is_named(file: Path) -> None:
    found = load_configuration(file, {"SIGNOFF_GRACE": "1m", "SIGNOFF_PARALLEL": "5"}, {"parallel": "7"})
    assert (found.settings.grace, found.settings.parallel) == (60.0, 7)
    origins = {key: setting.origin for key, setting in found.values.items()}
    assert origins["log_limit"] == str(file)
    assert origins["grace"] == "environment SIGNOFF_GRACE"
    assert origins["parallel"] == "option"
    assert origins["deadline"] == "default"


def test_lists_and_truths_from_the_environment(tmp_path: Path) -> None:
    environ = {"SIGNOFF_POLICY_REFUSE": "curl, wget", "SIGNOFF_POLICY_ALLOW_YES": "no", "SIGNOFF_MEMORY": "1GB"}
    settings = load_configuration(tmp_path / "none.toml", environ).settings
    assert settings.policy == Policy(refuse=("curl", "wget"), allow_yes=False)
    assert settings.memory == 10**9


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        ({"SIGNOFF_GRACE": "soon"}, "SIGNOFF_GRACE: write a duration such as 90s, 20m or 2h"),
        ({"SIGNOFF_PARALLEL": "0"}, "SIGNOFF_PARALLEL: Input should be greater than or equal to 1"),
        ({"SIGNOFF_SANDBOX": "bwrap"}, "SIGNOFF_SANDBOX: Input should be '', 'group', 'supervisor' or 'bubblewrap'"),
        ({"SIGNOFF_LOG_LIMIT": "much"}, "SIGNOFF_LOG_LIMIT: could not parse value and unit from byte string"),
    ],
)
def test_a_fault_names_the_variable(environ: dict[str, str], fault: str, tmp_path: Path) -> None:
    assert faults(tmp_path / "none.toml", environ) == [fault]


def test_a_fault_names_the_file_and_the_key(file: Path) -> None:
    file.write_text('paralel = 3\n[policy]\nask = ["delete"]\n')
    first, second = faults(file)
    assert first == f"{file}  paralel: no such setting (did you mean 'parallel'?)"
    assert second.startswith(f"{file}  policy.ask: Input should be 'read', 'write'")


def test_all_faults_of_all_sources_at_once(file: Path) -> None:
    file.write_text("paralel = 3\n")
    assert len(faults(file, {"SIGNOFF_GRACE": "soon"}, {"memry": "1"})) == 3


@pytest.mark.parametrize("content", [b"grace = \n", b"\xff\xfe"])
def test_a_file_that_is_no_toml(content: bytes, file: Path) -> None:
    file.write_bytes(content)
    (fault,) = faults(file)
    assert fault.startswith(str(file))


def test_the_template_sets_nothing(file: Path) -> None:
    file.write_text(configuration_template())
    assert load_configuration(file, {}).settings == Settings()


def test_the_template_is_right_where_it_is_uncommented(file: Path) -> None:
    file.write_text("\n".join(line.removeprefix("# ") for line in configuration_template().splitlines()[3:]))
    assert load_configuration(file, {}).values["parallel"].origin == str(file)


def test_roles_and_where_the_engine_is_shared(file: Path) -> None:
    file.write_text('share = "~/shared"\nidle_exit = "30m"\n[roles]\nana = "operator"\n"@staff" = "reviewer"\n')
    settings = load_configuration(file, {}).settings
    assert settings.roles == {"ana": Role.OPERATOR, "@staff": Role.REVIEWER}
    assert settings.share == Path("~/shared").expanduser()
    assert settings.idle_exit == 1800.0
    environ = {"SIGNOFF_ROLES": "ben = viewer, @ops=operator", "SIGNOFF_SHARE": "/srv/signoff"}
    settings = load_configuration(file, environ).settings
    assert settings.roles == {"ben": Role.VIEWER, "@ops": Role.OPERATOR}
    assert settings.share == Path("/srv/signoff")
    assert load_configuration(file, {}, {"share": ""}).settings.share is None


@pytest.mark.parametrize("text", ['roles = "ana"', '[roles]\nana = "boss"', "[roles]\nana = 3", "roles = 3"])
def test_a_role_that_does_not_exist_is_a_fault(text: str, file: Path) -> None:
    file.write_text(text)
    (fault,) = faults(file)
    assert fault.startswith(f"{file}  roles: Input should be")


def test_the_model(file: Path) -> None:
    file.write_text(
        """[model]
name = "anthropic/claude-sonnet-4-5"
fallbacks = ["openai/gpt-5"]
base_url = "http://localhost:8000/v1/"
key = "MY_KEY"
timeout = "5m"
max_output = 1000
temperature = 0.5
prices = {"openai/mine" = [0.5, 1.5]}
"""
    )
    assert load_configuration(file, {}).settings.model == ModelSettings(
        name="anthropic/claude-sonnet-4-5",
        fallbacks=("openai/gpt-5",),
        base_url="http://localhost:8000/v1",
        key="MY_KEY",
        timeout=300.0,
        max_output=1000,
        temperature=0.5,
        prices={"openai/mine": (0.5, 1.5)},
    )
    environ = {
        "SIGNOFF_MODEL_NAME": "",
        "SIGNOFF_MODEL_FALLBACKS": "ollama/llama3, groq/x",
        "SIGNOFF_MODEL_PRICES": "openai/a = 1 2, openai/b = 0 0.5",
        "SIGNOFF_MODEL_TEMPERATURE": "0",
    }
    model = load_configuration(file, environ).settings.model
    assert (model.name, model.fallbacks, model.temperature) == ("", ("ollama/llama3", "groq/x"), 0.0)
    assert model.prices == {"openai/a": (1.0, 2.0), "openai/b": (0.0, 0.5)}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('name = "gpt-5"', "write provider/model, such as anthropic/claude-sonnet-4-5"),
        ('fallbacks = ["openai/gpt-5", ""]', "write provider/model"),
        ('base_url = "localhost:8000"', "write an address such as http://localhost:8000/v1"),
        ('base_url = "https://ana:secret-word@example.org"', "keep keys out of it"),
        ('base_url = "https://example.org?key=secret-word"', "keep keys out of it"),
        ('key = "sk-secret-word"', "never a key itself"),
        ("temperature = nan", "finite"),
        ("max_output = 0", "greater than or equal to 1"),
        ('prices = {"openai/a" = [1.0]}', "Field required"),
        ('prices = {"openai/a" = [-1.0, 2.0]}', "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_with_a_model_is_said_without_its_secrets(line: str, told: str, file: Path) -> None:
    file.write_text(f"[model]\n{line}\n")
    (fault,) = faults(file)
    assert fault.startswith(f"{file}  model.{line.split(maxsplit=1)[0]}: ")
    assert told in fault
    assert "secret-word" not in fault


def test_misspelt_variables_are_found() -> None:
    environ = {variable("policy.ask"): "read", "SIGNOFF_STATE": "/s", "SIGNOFF_GRCE": "1s", "HOME": "/h"}
    assert unused_variables(environ) == ("SIGNOFF_GRCE",)


def test_places_can_be_given() -> None:
    assert state_path({"SIGNOFF_STATE": "/s"}) == Path("/s")
    assert configuration_path({"SIGNOFF_CONFIG": "/c.toml"}) == Path("/c.toml")
    assert state_path({}).name == "signoff"
    assert configuration_path({}).name == "config.toml"


def test_nothing_set_costs_no_validator(tmp_path: Path) -> None:
    source = (
        "import sys; from pathlib import Path; from engine.configuration import load_configuration;"
        "load_configuration(Path(sys.argv[1]) / 'none.toml', {}).settings; sys.exit('pydantic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", source, str(tmp_path)], check=True, timeout=20)


def test_the_digest_of_settings_is_about_what_they_say_and_not_about_how_it_was_written() -> None:
    settings = Settings(budget=OverallCaps(models={"a": Caps(day=1.0), "b": Caps(day=2.0)}))
    written = replace(settings, budget=OverallCaps(models={"b": Caps(day=2.0), "a": Caps(day=1.0)}))
    assert written.digest == replace(settings, idle_exit=5.0).digest == settings.digest
    assert replace(settings, model=ModelSettings(name="openai/mine")).digest != settings.digest
