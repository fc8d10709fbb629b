"""Arguments -> engine -> app or command: the only place where the program is put together.

Imports as little as it can: `--help` must not pay for an engine, nor `ls` for a screen.
"""

from __future__ import annotations

import gc
import sys
from io import TextIOWrapper

from tui.cli.table import overview

TYPE_CHECKING = False  # as in `typing`, which is not worth its import here
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Coroutine, Sequence
    from pathlib import Path
    from typing import Any

    from tui.cli.call import Call, World

LAUNCHED = frozenset({"run", "resume", "demo"})
"""Commands that go on when their terminal goes away, or that draw on it."""
LOOKING = frozenset({"inbox", "ls", "runs", "show"})
"""Commands that only read the store: nothing in them is waited for."""


def start() -> int:
    """Run the program as a process: most are over before there is any garbage, and none looks for it at its end."""
    gc.disable()
    code = main()
    gc.freeze()
    return code


def main(argv: Sequence[str] | None = None, world: World | None = None) -> int:
    """Run the program.

    Args:
        argv: the words after the program's name; None for those of this process.
        world: the outside; tests hand in their own.

    Returns:
        The exit code.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    if words in (["--help"], ["-h"]):
        print(overview(), end="", file=world.out if world else sys.stdout)
        return 0
    from tui.cli.call import World
    from tui.cli.failing import guarded

    _never_fail_to_print()
    world = world or World()
    return guarded(lambda: _run(words, world), world, lambda: _state_in(words, world), as_json="--json" in words)


def _run(words: Sequence[str], world: World) -> int:
    from tui.cli.arguments import parse

    before = parse(words)
    if before.help:
        world.out.write(overview())
        return 0
    if before.version:
        from engine import VERSION

        world.out.write(f"signoff {VERSION}\n")
        return 0
    return _carry_out(before, world)


def _carry_out(before: Namespace, world: World) -> int:
    if before.command is None:
        from tui.cli.workbench import open_workbench

        open_workbench(_call(before, world))
    if before.command in LAUNCHED and world.leash is None and world.stdin.isatty():
        from dataclasses import replace

        from tui.launcher import launch

        again = "signoff demo" if before.command == "demo" else _call(before, world).again
        launch(lambda leash: _carry_out(before, replace(world, leash=leash)), again)
    from tui.cli.arguments import parse_command, verb_of

    try:
        args = parse_command(before.command, before.rest, before)
    except SystemExit:  # argparse has printed the help of the command
        return 0
    call = _call(args, world)
    work = verb_of(before.command).run(call)
    if before.command in LOOKING and call.host is None:
        return _at_once(work)
    import asyncio

    gc.enable()
    return asyncio.run(work)


def _at_once(work: Coroutine[Any, Any, int]) -> int:
    """What work comes to that waits for nothing: to import an event loop takes as long as to read a store."""
    try:
        work.send(None)
    except StopIteration as done:
        return int(done.value)
    raise RuntimeError(f"{work!r} waits")


def _call(args: Namespace, world: World) -> Call:
    from tui.cli.call import Call
    from tui.cli.console import Console

    console = Console(world.out, world.err, world.environ, plain=getattr(args, "plain", False))
    state = _state(args, world)
    if state.exists() and not state.is_dir():
        from engine.errors import UsageError

        raise UsageError(problem=f"{state} is no directory: no state can be kept there")
    return Call(args=args, world=world, console=console, state=state, host=_host(args, world))


def _state(args: Namespace, world: World) -> Path:
    from pathlib import Path

    if given := getattr(args, "state", None):
        return (world.cwd / Path(given).expanduser()).absolute()
    from engine import state_path

    return state_path(world.environ)


def _host(args: Namespace, world: World) -> Path | None:
    """Where the engine of somebody else is shared. A state directory that is named means our own."""
    from pathlib import Path

    given, own = getattr(args, "host", None), getattr(args, "state", None)
    if given and own:
        from engine.errors import UsageError

        raise UsageError(problem="--host means somebody else's engine, --state our own: name one of them")
    place = given or ("" if own else world.environ.get("SIGNOFF_HOST"))
    return (world.cwd / Path(place).expanduser()).absolute() if place else None


def _state_in(words: Sequence[str], world: World) -> Path:
    """The state directory as far as the words tell it, for when they could not be read to their end."""
    from tui.cli.arguments import Parser, common

    parser = Parser("signoff", add_help=False)
    common(parser)
    return _state(parser.parse_known_args(list(words))[0], world)


def _never_fail_to_print() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and not stream.closed:
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(start())
