"""`serve`: own the state directory without a screen, until a signal or until somebody asks the engine to close."""

from __future__ import annotations

import asyncio
import signal

from engine import EngineInfo, Owner, ShowEngine
from engine.errors import Owned
from tui.cli.arguments import set_option
from tui.cli.call import Call, Verb
from tui.presentation.safe import safe


async def _serve(call: Call) -> int:
    async with call.engine("execute") as engine:
        info: EngineInfo = await engine.read(ShowEngine())
        if not isinstance(engine, Owner):
            raise Owned(pid=info.pid)
        call.console.say(f"serving {safe(info.state)} as process {info.pid}, sandbox {info.level}; Ctrl-C ends")
        call.world.out.flush()
        await _until_over(engine)
        call.console.note("closing: what runs is ended, what waits is kept")
    return 0


async def _until_over(engine: Owner) -> None:
    """Wait for SIGINT or SIGTERM, or until somebody asks the engine to close."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    waits = [asyncio.create_task(asked.wait()), asyncio.create_task(engine.until_closed())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)


VERBS = {"serve": Verb(_serve, set_option, "signoff serve --state ~/work/state")}
