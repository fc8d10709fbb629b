"""V5: cold start to the first useful frame at 80 x 24, 1,000 tasks in the store, against a minimal Textual app.

Both run in a pseudo-terminal in turn; a frame is useful once pyte shows the newest task with the last of its steps,
and the minimal app its text. What pyte itself needs to read is not counted.

    python -m tests.benchmarks.bench_start
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pyte

from engine import MakePlan, Need, connect
from engine.settings import Settings
from tests.benchmarks.minimal_app import HELLO
from tests.benchmarks.report import report

COLUMNS, ROWS = 80, 24
ROUNDS = 7
LIMIT = 20.0
TASKS = 1000
MINIMAL = (HELLO * 2,)
OURS = (f"Look around, time {TASKS - 1}", "○ s5")


def first_frame(command: list[str], environment: dict[str, str], wanted: Sequence[str]) -> float:
    """Milliseconds until all that is wanted is on the screen."""
    begun = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(command[0], command, environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    try:
        while time.perf_counter() - begun < LIMIT:
            if select.select([terminal], [], [], 0.05)[0]:
                written, now = os.read(terminal, 65536), time.perf_counter()
                stream.feed(written)
                shown = "\n".join(screen.display)
                if all(text in shown for text in wanted):
                    return (now - begun) * 1000
        raise TimeoutError(command)
    finally:
        os.kill(child, signal.SIGTERM)
        _until_left(terminal)
        os.close(terminal)
        os.waitpid(child, 0)


def _until_left(terminal: int) -> None:
    """Read on until the last process has let go of its terminal: before that, it still writes to its files."""
    with suppress(OSError):  # how a terminal ends that nobody holds
        while select.select([terminal], [], [], LIMIT)[0] and os.read(terminal, 65536):
            pass


async def fill(state: Path) -> None:
    """A store as people have it."""
    engine = await connect(state, Need.DECIDE, Settings())
    steps = [
        {"id": f"s{n}", "action": "execute", "command": "ls", "needs": [f"s{n - 1}"] if n else []} for n in range(6)
    ]
    for number in range(TASKS):
        document = json.dumps({"request": f"Look around, time {number}", "steps": steps})
        await engine.do(MakePlan(root=str(state), document=document))
    await engine.close()


def main() -> None:
    """Interleave both and compare their medians."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        asyncio.run(fill(state))
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"TERM": "xterm-256color", "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
        ours = [sys.executable, "-m", "tui", "--state", str(state)]
        minimal = [sys.executable, "-m", "tests.benchmarks.minimal_app"]
        times: dict[bool, list[float]] = {True: [], False: []}
        for round_number in range(ROUNDS + 1):
            for own, command, wanted in ((False, minimal, MINIMAL), (True, ours, OURS)):
                taken = first_frame(command, environment, wanted)
                if round_number:  # the first one compiles
                    times[own].append(taken)
        report(
            f"V5 cold start, {TASKS} tasks, ms",
            statistics.median(times[True]),
            statistics.median(times[False]),
            goal=1.3,
        )


if __name__ == "__main__":
    main()
