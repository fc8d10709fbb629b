"""V3 and V4: what a command step costs above a bare spawn, and how soon a cancelled tree is dead.

python -m tests.benchmarks.bench_process [rounds]
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from engine.errors import SpawnFailed
from engine.process import Level, adopt_orphans, probe, spawn
from tests.benchmarks.report import report, report_absolute
from tests.engine.process.process_room import Room

AT_A_TIME = 8
STEPS = 800
PLAIN = "sleep 20 & sleep 20 & sleep 20 & echo ready; wait"
DEAF = "trap '' TERM; sleep 20 & sleep 20 & sleep 20 & echo ready; while (( SECONDS < 20 )); do wait; done"
GRACE = 0.05


def floor() -> float:
    """Microseconds for one `posix_spawn` of /bin/true, eight at a time, without logs, sessions or a loop."""
    living, started, ended = 0, 0, 0
    began = perf_counter()
    while ended < STEPS:
        while started < STEPS and living < AT_A_TIME:
            os.posix_spawn("/bin/true", ["/bin/true"], {})
            living, started = living + 1, started + 1
        os.wait()
        living, ended = living - 1, ended + 1
    return (perf_counter() - began) / STEPS * 1e6


async def steps(room: Room, level: Level, count: int, at_a_time: int = AT_A_TIME) -> float:
    """Microseconds for one command step with its log."""
    waiting = iter([room.launch("/bin/true") for _ in range(count)])

    async def slot() -> None:
        for launch in waiting:
            await (await spawn(launch, level)).wait()

    began = perf_counter()
    await asyncio.gather(*(slot() for _ in range(at_a_time)))
    return (perf_counter() - began) / count * 1e6


async def cancelled(room: Room, level: Level, script: str, grace: float, count: int) -> list[float]:
    """Milliseconds from the request to the end of the last process."""
    times = []
    for _ in range(count):
        running = await room.start(room.launch(script=script), level)
        times.append((await running.cancel(grace)).seconds * 1e3)
    return sorted(times)


def p95(values: list[float]) -> float:
    return values[min(len(values) - 1, int(len(values) * 0.95))]


async def measure_steps(room: Room, rounds: int) -> None:
    await steps(room, Level.GROUP, 50)
    pairs = [(await steps(room, Level.GROUP, STEPS), floor()) for _ in range(rounds)]
    step, bare = min(pairs, key=lambda pair: abs(pair[0] / pair[1] - statistics.median(a / b for a, b in pairs)))
    report("V3 command step with log, group, 8 at a time (us)", step, bare, goal=1.6)
    single = await steps(room, Level.GROUP, 100, at_a_time=1)
    for level in (Level.BUBBLEWRAP, Level.SUPERVISOR):
        try:
            await probe(level)
        except SpawnFailed:
            continue
        more = (await steps(room, level, 100, at_a_time=1) - single) / 1e3
        report_absolute(f"V3 {level} above group, one at a time", more, goal=6.0, unit="ms")


async def measure_cancel(room: Room, rounds: int) -> None:
    for level in Level:
        plain = await cancelled(room, level, PLAIN, 2.0, 20 * rounds)
        report_absolute(f"V4 {level}: request to dead, p95", p95(plain), goal=20.0, unit="ms")
        deaf = await cancelled(room, level, DEAF, GRACE, 10 * rounds)
        report_absolute(f"V4 {level}: end of grace to dead, p95", p95(deaf) - GRACE * 1e3, goal=20.0, unit="ms")


async def main(rounds: int) -> None:
    adopt_orphans()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await measure_steps(Room(folder / "steps"), rounds)
        await measure_cancel(Room(folder / "trees"), rounds)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
