"""`serve`: own the state directory without a screen, until a signal or until somebody asks the engine to close."""

from __future__ import annotations

import asyncio
import os
import signal

from engine import EngineClient, EngineInfo, ShowEngine
from engine.errors import Owned
from tui.cli.arguments import set_option
from tui.cli.call import Call, Verb
from tui.presentation.safe import safe


async def _serve(call: Call) -> int:
    async with call.engine("execute") as engine:
        info: EngineInfo = await engine.read(ShowEngine())
        if info.pid != os.getpid():
            raise Owned(pid=info.pid)
        call.console.say(f"serving {safe(info.state)} as process {info.pid}, sandbox {info.level}; Ctrl-C ends")
        call.world.out.flush()
        await _until_over(engine)
        call.console.note("closing: what runs is ended, what waits is kept")
    return 0


async def _until_over(engine: EngineClient) -> None:
    """Wait for SIGINT, SIGTERM, or the end of the engine's events."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    waits = [asyncio.create_task(asked.wait()), asyncio.create_task(_until_closed(engine))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def _until_closed(engine: EngineClient) -> None:
    async for _ in engine.events():
        pass


VERBS = {"serve": Verb(_serve, set_option, "signoff serve --state ~/work/state")}
