"""The app on a real terminal over a scripted engine, as a program of its own: `python -m tests.tui.on_terminal SCENE`.

Tests and benchmarks start it in a pseudo-terminal; it ends by itself after a minute. Scenes: `idle` (a finished task),
`running` (a step runs), `log RATE` (a log grows by RATE lines a second).
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import cast

from engine import LogGrew
from engine.testing import ScriptedEngine
from tests.tui import scenes
from tui.app import Options, SignoffApp

LIFE = 60.0
_LINE = b"2026-01-01T00:00:00.000Z INFO worker %07d: GET /api/v1/things/42 200 12ms padding padding\n"


async def _grow(engine: ScriptedEngine, rate: int) -> None:
    """Append lines in hundredths of a second; the log is one growing buffer."""
    log, number, began = bytearray(), 0, time.monotonic()
    while True:
        due = int((time.monotonic() - began) * rate)
        log += b"".join(_LINE % n for n in range(number, due))
        number = due
        engine.logs[4] = cast(bytes, log)
        engine.signal(LogGrew(task=12, step="tests", run=4, size=len(log)))
        await asyncio.sleep(0.01)


async def main(scene: str, rate: int) -> None:
    engine = scenes.engine(scenes.done() if scene == "idle" else scenes.running(), *scenes.others()[1:])
    app = SignoffApp(
        engine, Options(root="/home/ana/api-gateway", user="ana", state=Path("/nowhere"), clock=lambda: engine.now)
    )
    growing = asyncio.create_task(_grow(engine, rate)) if scene == "log" else None
    asyncio.get_running_loop().call_later(LIFE, app.exit)
    await app.run_async()
    if growing is not None:
        growing.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0))
