"""`serve`: own the state directory without a screen, until a signal or until somebody asks the engine to close;
`serve --stop` asks it, whichever program owns it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from argparse import ArgumentParser
from contextlib import suppress

from engine import EngineInfo, Owner, Reply, ShowEngine, Shutdown, SignoffError
from engine.errors import Owned, UsageError
from tui.cli.arguments import set_option
from tui.cli.call import Call, Verb
from tui.presentation.safe import safe


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--stop", action="store_true", help="ask the owner to close; refused while something runs")
    parser.add_argument("--force", action="store_true", help="with --stop: also while something runs, which is ended")
    set_option(parser)


async def _serve(call: Call) -> int:
    if call.args.stop:
        return await _stop(call)
    if call.args.force:
        raise UsageError(problem="--force goes with --stop", hint="signoff serve --help")
    async with call.engine("execute") as engine:
        info: EngineInfo = await engine.read(ShowEngine())
        if not isinstance(engine, Owner):
            raise Owned(pid=info.pid)
        call.console.say(f"serving {safe(info.state)} as process {info.pid}, sandbox {info.level}; Ctrl-C ends")
        call.world.out.flush()
        await _until_over(engine)
        call.console.note("closing: what runs is ended, what waits is kept")
    return 0


async def _stop(call: Call) -> int:
    """Ask the owner to close, and wait until it has."""
    async with call.engine("decide") as engine:
        info: EngineInfo = await engine.read(ShowEngine())
        if info.pid == os.getpid():
            call.console.note("nobody owns this state directory: nothing to stop")
            return 0
        following = engine.events()
        reply: Reply = await engine.do(Shutdown(force=call.args.force))
        call.console.say(f"process {info.pid}: {safe(reply.text)}")
        with suppress(SignoffError, OSError):  # the way to it ends with it
            async for _ in following:
                continue
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


VERBS = {"serve": Verb(_serve, _arguments, "signoff serve --state ~/signoff-state")}
