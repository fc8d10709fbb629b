"""The one place where errors become messages and exit codes: no traceback reaches a person.

What nobody foresaw is one line that names a file in the state directory, where the traceback is kept.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui import crash
from tui.cli.call import World
from tui.cli.console import Console
from tui.presentation.safe import safe

INTERRUPTED = 130
BROKEN_PIPE = 141
UNFORESEEN = 1
_KEPT = 4096
"""Characters of a message that are shown."""


def guarded(work: Callable[[], int], world: World, state: Callable[[], Path], *, as_json: bool) -> int:
    """Do the work; on an error say what happened and return its exit code."""
    console = Console(world.out, world.err, world.environ)
    try:
        code = work()
        world.out.flush()
        return code
    except KeyboardInterrupt:
        console.note("signoff: interrupted; what was recorded is kept")
        return INTERRUPTED
    except BrokenPipeError:
        _abandon(world)
        return BROKEN_PIPE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _told(console, f"{where}{error.strerror or error}", "", (), as_json=as_json)
    except Exception as error:
        return _judged(error, console, state, as_json=as_json)


def _judged(error: Exception, console: Console, state: Callable[[], Path], *, as_json: bool) -> int:
    from engine.errors import SignoffError, Unforeseen
    from tui.cli.exits import of_error

    if isinstance(error, Unforeseen):
        cause = error.__cause__ or error
        return _told(console, str(error), crash.keep(cause, state()), (), as_json=as_json)
    if isinstance(error, SignoffError):
        _told(console, str(error), error.hint, getattr(error, "faults", ()), as_json=as_json)
        return of_error(error)
    kept = f"nothing recorded is lost; {crash.keep(error, state())}"
    return _told(console, f"something unforeseen went wrong: {type(error).__name__}", kept, (), as_json=as_json)


def _told(console: Console, message: str, hint: str, faults: tuple[Any, ...], *, as_json: bool) -> int:
    if as_json:
        console.json({"errors": [_fault(fault) for fault in faults] or [_message(f"{message}{hint and f'; {hint}'}")]})
        return UNFORESEEN
    for fault in faults:
        console.note(safe(str(fault))[:_KEPT])
    console.note(f"signoff: {safe(message)[:_KEPT]}")
    if hint:
        console.note(f"  {safe(hint)[:_KEPT]}")
    return UNFORESEEN


def _fault(fault: Any) -> dict[str, object]:
    return {
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "field": fault.field,
        "message": fault.message,
    }


def _message(text: str) -> dict[str, object]:
    return {"file": "", "line": None, "column": None, "field": "", "message": text}


def _abandon(world: World) -> None:
    """Nobody reads any more: whatever is still buffered must not fail once more at exit."""
    if world.out is sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
