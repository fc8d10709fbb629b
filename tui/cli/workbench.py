"""`signoff` without a command: a sitting at the screens over the engine of this state directory."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING, NoReturn

from tui.cli.call import Call

if TYPE_CHECKING:
    from engine import EngineClient
    from tui.app import SignoffApp
    from tui.launcher import Leash


def open_workbench(call: Call) -> NoReturn:
    """Leave the shell to a launcher and show the screens in a process of their own.

    Raises:
        UsageError: this terminal cannot draw.
    """
    if not call.console.live or not call.world.stdin.isatty():
        from engine.errors import UsageError

        raise UsageError(
            problem="The workbench needs a terminal that can draw", hint="signoff ls and signoff inbox work everywhere"
        )
    from tui.launcher import launch

    launch(lambda leash: _sit(call, leash))


def _sit(call: Call, leash: Leash) -> int:
    from tui.session import sit

    def make(engine: EngineClient, leash: Leash) -> SignoffApp:
        from tui.app import Options, SignoffApp

        plain = call.console.ascii_only
        return SignoffApp(engine, Options(root=str(call.root), user=_user(), ascii_only=plain, away=leash.away))

    return sit(make, call.state, call.settings(), leash)


def _user() -> str:
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"
