"""What it costs to know which files a step changed: one look at a root against `git status` of the same root.

python -m tests.benchmarks.bench_changes [files]
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter

from engine.workspace.git import git
from engine.workspace.repository import new_repository
from engine.workspace.tree import look
from engine.workspace.watch import Watch
from tests.benchmarks.report import report

ROUNDS = 15
AT_A_TIME = 8


async def median(act: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of one call."""
    times = []
    for _ in range(ROUNDS):
        began = perf_counter()
        await act()
        times.append(perf_counter() - began)
    return statistics.median(times) * 1e3


async def chain(root: Path) -> None:
    """A run that changes nothing, right behind another."""
    watch = Watch()
    for _ in range(10):
        async with watch.writing(root):
            pass


async def abreast(root: Path) -> None:
    """Runs that begin and end together."""
    watch = Watch()

    async def one() -> None:
        async with watch.writing(root):
            pass

    await asyncio.gather(*(one() for _ in range(AT_A_TIME)))


def fill(root: Path, files: int) -> None:
    for number in range(files):
        folder = root / f"pkg{number % 20}" / f"mod{number % 200}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.py").write_text(f"# {number}\n" * 30)


async def measure(root: Path, files: int) -> None:
    fill(root, files)
    assert await new_repository(root)
    status = await median(lambda: git(root, "status", "--porcelain", "-z"))
    report(f"look at {files:,} files of a repository (ms)", await median(lambda: look(root)), status, goal=3.0)
    report("a step in a chain of steps (ms)", await median(lambda: chain(root)) / 10, status, goal=3.0)
    report(f"a step of {AT_A_TIME} abreast (ms)", await median(lambda: abreast(root)) / AT_A_TIME, status, goal=1.0)


async def main(files: int) -> None:
    for count in (10, files):
        with tempfile.TemporaryDirectory() as name:
            await measure(Path(name), count)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000))
