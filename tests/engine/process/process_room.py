"""What the tests of the process room share: one launch, the shapes of trees, and a look for what is still alive."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from engine.process import Confinement, Exit, Launch, Level, Limits, Running, private_environment, read_log, spawn
from engine.process.sandbox import bubblewrap
from tests.patience import PATIENCE

REPEAT = int(os.environ.get("SIGNOFF_LONG", "0")) or 1
HELD = [Level.BUBBLEWRAP, Level.SUPERVISOR]
needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="namespaces and subreapers are Linux")
needs_bubblewrap = pytest.mark.skipif(bubblewrap() is None, reason="bubblewrap is not installed")

RUNNER = """import os, sys, time
os.write(1, b"ready")
end = time.time() + 10
while time.time() < end:
    if os.fork():
        os._exit(0)
    os.setsid()
    time.sleep(0.001)
"""

SHAPES = {
    "plain": "sleep T & sleep T & sleep T & echo ready; wait",
    "ignores TERM": "trap '' TERM INT HUP; sleep T & sleep T & echo ready; while (( SECONDS < 20 )); do wait; done",
    "setsid": "setsid sleep T & sleep T & echo ready; wait",
    "double fork": "(setsid bash -c 'sleep T & sleep T & wait' &); echo ready; sleep T",
    "leader gone": "(setsid sleep T &); echo ready; exit 0",
    "renamed": "(env -i setsid bash -c 'exec -a innocent sleep T' &); echo ready; sleep T",
    "runner": "PYTHON runner.py T & sleep T",
}
"""Every process carries T, a lifetime of twenty seconds and a number of its own, in its argument list."""

_serial = itertools.count(os.getpid() * 1000)


def token() -> str:
    """An argument for `sleep` that no other process of the machine has."""
    return f"20.{next(_serial):012d}"


def script_of(shape: str, mark: str) -> str:
    return re.sub(r"\bT\b", mark, SHAPES[shape]).replace("PYTHON", os.path.realpath(sys.executable))


def alive(mark: str) -> list[int]:
    """Living processes with the mark among their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if mark.encode() in command:
                found.append(int(entry.name))
    return found


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Look again until the condition holds; False when the time is over."""
    end = monotonic() + seconds
    while not condition():
        if monotonic() > end:
            return False
        await asyncio.sleep(0.005)
    return True


class Room:
    """A project with a private home, and launches in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "project"
        self.home = folder / "state" / "home"
        self.work.mkdir(parents=True)
        self.home.mkdir(parents=True)
        self._numbers = itertools.count(1)

    @property
    def confinement(self) -> Confinement:
        return Confinement(root=self.work, workdir=self.work, writable=True, home=self.home, network=False)

    def launch(self, *argv: str, script: str | None = None, **changes: object) -> Launch:
        number = next(self._numbers)
        made = Launch(
            run=number,
            argv=argv,
            script=script,
            environment={
                **private_environment({}, self.home),
                "SIGNOFF_RUN": f"test-{os.getpid()}-{number}-{id(self)}",
            },
            confinement=self.confinement,
            log=self.folder / "state" / f"{number}.log",
            limits=Limits(),
        )
        return replace(made, **changes)  # type: ignore[arg-type]

    async def run(self, launch: Launch, level: Level) -> tuple[Exit, str]:
        """Run to the end: how it ended and what the log holds."""
        end = await asyncio.wait_for((await spawn(launch, level)).wait(), 20)
        return end, self.log(launch)

    def log(self, launch: Launch) -> str:
        return read_log(launch.log, 0, 1 << 20).data.decode(errors="replace")

    async def start(self, launch: Launch, level: Level) -> Running:
        """Start and wait until the log says `ready`."""
        ready = asyncio.Event()

        def look(_: int) -> None:
            if "ready" in self.log(launch):
                ready.set()

        running = await spawn(launch, level, look)
        await asyncio.wait_for(ready.wait(), PATIENCE)
        return running


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)
