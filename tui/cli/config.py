"""`config`: show every setting and where it came from, name the file, open it in an editor."""

from __future__ import annotations

import os
import shlex
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from engine import (
    Configuration,
    ListTrusted,
    Trusted,
    configuration_path,
    configuration_template,
    load_configuration,
    tightened,
    unused_variables,
)
from engine.errors import StoreError, UsageError
from tui.cli.arguments import json_option, set_option
from tui.cli.call import Call, Verb
from tui.cli.trust import say_standing
from tui.presentation.safe import safe

_EDIT = "signoff config edit"


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=("show", "path", "edit"), default="show", help="default: show")
    parser.add_argument("--origin", action="store_true", help="say where each value came from")
    set_option(parser)
    json_option(parser)


async def _config(call: Call) -> int:
    path = configuration_path(call.world.environ)
    if call.args.what == "path":
        call.console.say(safe(str(path)))
    elif call.args.what == "edit":
        _edit(call, path)
    else:
        await _show(call)
    return 0


async def _show(call: Call) -> None:
    configured = load_configuration(environ=call.world.environ, options=dict(call.args.set or ()))
    found = (await _here(call, configured)).values
    if call.json:
        call.console.json({key: {"value": _plain(item.value), "origin": item.origin} for key, item in found.items()})
        return
    for key, item in found.items():
        origin = f"  # {item.origin}" if call.args.origin else ""
        call.console.say(f"{key} = {safe(_written(item.value))}{safe(origin)}")
    for name in unused_variables(call.world.environ):
        call.console.note(f"{safe(name)} is no setting: it was left out")


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


async def _here(call: Call, configured: Configuration) -> Configuration:
    """What holds in this directory; without the store that knows what is trusted, what is configured."""
    try:
        async with call.engine("read") as engine:
            trusted: tuple[Trusted, ...] = await engine.read(ListTrusted())
            await say_standing(call, engine)
    except StoreError as error:
        call.console.note(f"signoff: {safe(str(error))}; the policy of this directory is not looked at")
        return configured
    return tightened(configured, trusted, str(call.root))


def _written(value: Any) -> str:
    """A value as the file would write it; nothing where there is no value."""
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    if is_dataclass(value):
        return "{" + ", ".join(f"{name} = {_written(item)}" for name, item in vars(value).items() if item) + "}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f'"{name}" = {_written(item)}' for name, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str | Path) else f"{value:g}" if isinstance(value, float) else str(value)


def _edit(call: Call, path: Path) -> None:
    """Become the editor; a file that is not there yet begins as a template of comments."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(configuration_template(), encoding="utf-8")
    editor = _editor(call)
    os.execvp(editor[0], [*editor, str(path)])


def _editor(call: Call) -> list[str]:
    """The words that start the person's editor. Raises `UsageError`."""
    for name in ("VISUAL", "EDITOR"):
        try:
            if words := shlex.split(call.world.environ.get(name, "")):
                return words
        except ValueError as error:
            raise UsageError(problem=f"${name} is no command line: {error}", hint=f"EDITOR=vi {_EDIT}") from error
    return ["vi"]


VERBS = {"config": Verb(_config, _arguments, "signoff config show --origin")}
