"""`signoff` without a command: a sitting at the screens over the engine of this state directory, or with `--plain` at a
prompt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from tui.cli.call import Call

if TYPE_CHECKING:
    from engine import EngineClient
    from tui.app import SignoffApp
    from tui.launcher import Leash


def open_workbench(call: Call) -> NoReturn:
    """Leave the shell to a launcher and show the screens in a process of their own.

    Raises:
        UsageError: there is no terminal.
    """
    if not call.console.tty or not call.world.stdin.isatty():
        from engine.errors import UsageError

        what = "signoff --plain asks at a prompt: its input and output" if call.console.plain else "The workbench"
        need = "must be a terminal" if call.console.plain else "needs a terminal"
        raise UsageError(problem=f"{what} {need}", hint="signoff ls and signoff inbox work everywhere")
    from tui.launcher import launch

    launch(lambda leash: _converse(call, leash) if call.console.plain else _sit(call, leash), call.again)


def _sit(call: Call, leash: Leash) -> int:
    from engine import Arriving, user_name
    from tui.session import sit

    def make(engine: EngineClient, leash: Leash) -> SignoffApp:
        from tui.app import Options, SignoffApp
        from tui.presentation.attention import Attention

        options = Options(
            root=str(call.root),
            user=user_name(),
            state=call.state,
            again=call.again,
            ascii_only=call.console.ascii_only,
            away=leash.away,
            lost=leash.lose,
            attention=Attention(settings.notify.terminal),
        )
        return SignoffApp(engine, options)

    settings = call.settings()
    return sit(make, leash, Arriving.begin(call.state, settings, call.host))


def _converse(call: Call, leash: Leash) -> int:
    import asyncio
    import gc

    from engine import Need, connect
    from tui.cli.line_mode import LineMode
    from tui.session import attended

    async def sitting() -> int:
        engine = await connect(call.state, Need.EXECUTE, call.settings(), call.host)
        try:
            mode = LineMode(call, engine)
            return await attended(engine, leash, mode.run(), mode.leave, waiting=True)
        finally:
            await engine.close()

    gc.enable()
    return asyncio.run(sitting())
