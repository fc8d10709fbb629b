"""`signoff` without a command: the screens over the engine of this state directory."""

from __future__ import annotations

import os
import pwd
from argparse import ArgumentParser

from engine.errors import UsageError
from tui.cli.call import Call, Verb


async def _workbench(call: Call) -> int:
    """Attach to the owner or become it, show the screens, say what goes on after them."""
    if not call.console.tty or call.console.plain:
        raise UsageError(
            problem="The workbench needs a terminal that can draw", hint="signoff ls and signoff inbox work everywhere"
        )
    from tui.app import Options, SignoffApp

    async with call.engine("execute") as engine:
        options = Options(root=str(call.root), user=_user(), ascii_only=call.console.ascii_only)
        farewell = await SignoffApp(engine, options).run_async()
    if farewell:
        call.console.say(farewell)
    return 0


def _user() -> str:
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"


def _arguments(parser: ArgumentParser) -> None:
    del parser


WORKBENCH = Verb(_workbench, _arguments, "signoff")
