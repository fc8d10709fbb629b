"""`doctor`: what works here, what does not, and why; it looks and changes nothing.

Only `--model` calls anybody: through the engine of this state directory, which counts what that costs.
"""

from __future__ import annotations

import os
import shutil
from argparse import ArgumentParser
from collections.abc import Iterator

from engine import (
    DirectoryView,
    EngineInfo,
    Finding,
    Health,
    InvalidConfiguration,
    ListPeople,
    Person,
    ShowDirectory,
    ShowEngine,
    SignoffError,
    configuration_path,
    diagnose,
    key_file,
    look_at_models,
    other_settings,
    try_models,
    unknown_people,
    unused_variables,
)
from tui import crash
from tui.cli.arguments import json_option, set_option
from tui.cli.call import Call, Verb
from tui.cli.exits import Exit
from tui.presentation.safe import safe
from tui.presentation.trust import brings, standing

_MARKS = {Health.WELL: ("✓", "ok", "success"), Health.WARNING: ("!", "!", "warning"), Health.FAULT: ("✗", "x", "error")}


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--paths", action="store_true", help="print where things are, and nothing else")
    parser.add_argument("--model", action="store_true", help="also have each model answer one tiny question")
    json_option(parser)
    set_option(parser)


async def _doctor(call: Call) -> int:
    if call.args.paths:
        _paths(call)
        return 0
    found = [finding async for finding in diagnose(call.state)]
    found += [*_configuration(call), *await _engine(call), await _directory(call), *_terminal(call)]
    if call.args.model:
        found += await _model_calls(call)
    if call.host is not None:
        found.append(await _host(call))
    if call.json:
        call.console.json([{"name": f.name, "health": f.health.value, "text": f.text} for f in found])
    else:
        for finding in found:
            call.console.say(_line(finding, call))
    return Exit.FAILED if any(finding.health is Health.FAULT for finding in found) else Exit.COMPLETED


def _paths(call: Call) -> None:
    where = {
        "state": call.state,
        "store": call.state / "signoff.db",
        "socket": call.state / "socket",
        "anchors": call.state / "anchors.log",
        "crashes": call.state / crash.FOLDER,
        "configuration": configuration_path(call.world.environ),
        "keys": key_file(call.world.environ),
    }
    if call.json:
        call.console.json({name: str(path) for name, path in where.items()})
        return
    for name, path in where.items():
        call.console.say(f"{name:<14} {safe(str(path))}")


def _line(finding: Finding, call: Call) -> str:
    glyph, letter, style = _MARKS[finding.health]
    console = call.console
    mark = f"{finding.health.value}:" if console.plain else letter if console.ascii_only else glyph
    return f"{console.paint(mark, style)} {safe(finding.name):<20} {safe(finding.text)}"


def _configuration(call: Call) -> Iterator[Finding]:
    path = configuration_path(call.world.environ)
    try:
        settings = call.settings()
    except InvalidConfiguration as error:
        for fault in error.faults:
            yield Finding(name="configuration", health=Health.FAULT, text=str(fault))
    else:
        there = "" if path.exists() else " (not there; the defaults hold)"
        yield Finding(name="configuration", health=Health.WELL, text=f"{path}{there}")
        for name in unknown_people(settings.roles):
            text = f"roles: {name} is no user and no group of this machine"
            yield Finding(name="configuration", health=Health.WARNING, text=text)
        yield from look_at_models(settings.model, call.world.environ)
    for name in unused_variables(call.world.environ):
        yield Finding(name="configuration", health=Health.WARNING, text=f"{name} is no setting and was left out")


async def _model_calls(call: Call) -> list[Finding]:
    try:
        settings = call.settings()
    except InvalidConfiguration:  # named before
        return []
    try:
        async with call.engine("decide", quiet=True) as engine:
            return [finding async for finding in try_models(engine, settings.model)]
    except SignoffError as error:
        text = f"not made, for nobody could count it: {error}"
        return [Finding(name="model call", health=Health.FAULT, text=text)]


async def _engine(call: Call) -> list[Finding]:
    """The engine of this state directory, where one runs, and whether it keeps to the present configuration."""
    if call.ownerless or call.host is not None:
        return []
    try:
        settings = call.settings()
        async with call.engine("attach", quiet=True) as engine:
            info: EngineInfo = await engine.read(ShowEngine())
    except InvalidConfiguration:  # named before
        return []
    except SignoffError as error:
        return [Finding(name="engine", health=Health.WARNING, text=str(error))]
    if told := other_settings(info, settings):
        return [Finding(name="engine", health=Health.WARNING, text=told)]
    return [Finding(name="engine", health=Health.WELL, text=f"process {info.pid} runs with this configuration")]


async def _directory(call: Call) -> Finding:
    """What this directory brings, and whether it is used."""
    name = "directory"
    try:
        async with call.engine("read") as engine:
            view: DirectoryView = await engine.read(ShowDirectory(root=str(call.root)))
    except SignoffError as error:
        return Finding(name=name, health=Health.WARNING, text=f"nobody knows what is trusted: {error}")
    if told := standing(view):
        return Finding(name=name, health=Health.WARNING, text=f"{told} (signoff trust)")
    text = f"brings {brings(view)}, trusted" if view.holds else "brings no recipes and no policy"
    return Finding(name=name, health=Health.WELL, text=text)


async def _host(call: Call) -> Finding:
    """The engine of somebody else, and who we are there."""
    try:
        async with call.engine("read") as engine:
            info: EngineInfo = await engine.read(ShowEngine())
            people: tuple[Person, ...] = await engine.read(ListPeople())
    except SignoffError as error:
        return Finding(name="host", health=Health.FAULT, text=str(error))
    (here,) = (person for person in people if person.pid == os.getpid())
    text = f"the engine of {info.user} at {call.host}, where {here.user} is {here.role}"
    return Finding(name="host", health=Health.WELL, text=text)


def _terminal(call: Call) -> Iterator[Finding]:
    environ, console = call.world.environ, call.console
    if not console.tty:
        yield Finding(name="terminal", health=Health.WELL, text="stdout is none")
        return
    size = shutil.get_terminal_size()
    colours = environ.get("COLORTERM") or "as TERM says"
    signs = "ASCII only" if console.ascii_only else "Unicode"
    text = f"TERM={environ.get('TERM', '')}, {size.columns}x{size.lines}, colours {colours}, {signs}"
    small = size.columns < 80 or size.lines < 24
    yield Finding(name="terminal", health=Health.WARNING if small else Health.WELL, text=text)


VERBS = {"doctor": Verb(_doctor, _arguments, "signoff doctor --paths")}
