"""The socket: from an event to a second client (V11), beside one that never reads, and what calls over it cost.

Run as `python -m tests.benchmarks.bench_host`; not collected by pytest. The second client is a process of its own; both
read one monotonic clock.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from engine.broker import Broker
from engine.client import Item
from engine.commands import Cancel, Command, Reply
from engine.host import Host, RemoteEngine
from engine.model.events import Event, StepEnded
from engine.model.plan import Execute, Plan, PlannedStep
from engine.model.run import StepStatus
from engine.model.state import Phase, StepState
from engine.model.task import Task, TaskView
from engine.queries import ListTasks, ShowTask
from engine.roster import Roster
from engine.testing import ScriptedEngine
from tests.benchmarks.bench_start import TASKS, fill
from tests.benchmarks.report import report_absolute

EVENTS, PACE = 2_000, 0.002
CALLS = 1_000
ATTACHES = 7
STEPS = 10_000


class Paced(ScriptedEngine):
    """Publishes through a broker as the real engine does."""

    def __init__(self, view: TaskView) -> None:
        super().__init__(view)
        self.broker = Broker()
        self.roster = Roster(self.broker.signal)

    async def do(self, command: Command, *, actor: str | None = None) -> Reply:
        return await super().do(command)

    def events(self, after: int | None = None) -> AsyncIterator[Item]:
        return aiter(self.broker.follow())


async def second_client(path: Path, count: int) -> None:
    """Follow, and tell the age of each event on arrival, in milliseconds."""
    client = await RemoteEngine.connect(path, "second")
    items = client.events()
    await client.read(ListTasks())
    print("ready", flush=True)  # noqa: T201
    ages = []
    async for item in items:
        if isinstance(item, Event):
            ages.append((time.monotonic() - item.time) * 1000)
        if len(ages) == count:
            break
    print(json.dumps(sorted(ages)), flush=True)  # noqa: T201
    await client.close()


async def ages_of_events(engine: Paced, path: Path, count: int) -> list[float]:
    """Milliseconds from each event to a client in another process, in order of size."""
    program = (sys.executable, "-m", "tests.benchmarks.bench_host", str(path), str(count))
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE, limit=2**20)
    assert process.stdout is not None
    await process.stdout.readline()
    for seq in range(1, count + 1):
        status = StepStatus(id=f"step-{seq}", state=StepState.COMPLETED, summary="ok", started=1.0, ended=2.0)
        engine.broker.publish([Event(seq, time.monotonic(), "@engine", 1, status.id, StepEnded(status))])
        await asyncio.sleep(PACE)
    ages: list[float] = json.loads(await process.stdout.readline())
    await process.wait()
    return ages


async def event_to_client(engine: Paced, path: Path) -> None:
    deaf = await RemoteEngine.connect(path, "never reads")
    stream = deaf.events()
    deaf._writer.transport.pause_reading()  # type: ignore[attr-defined]
    ages = await ages_of_events(engine, path, EVENTS)
    del stream
    await deaf.close()
    report_absolute("event to a second client, p50", ages[EVENTS // 2], goal=16, unit="ms")
    report_absolute("event to a second client, p95 (V11)", ages[EVENTS * 95 // 100], goal=60, unit="ms")


async def attach(state: Path) -> None:
    """Seconds to the first frame's data of an owner with a thousand tasks, in a process that has just begun."""
    await fill(state)
    owner = await asyncio.create_subprocess_exec(
        *("timeout", "60", sys.executable, "-m", "tui", "--state", str(state), "serve"), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    await owner.stdout.readline()
    program, inside, whole = (sys.executable, "-m", "tests.benchmarks.attaching", str(state)), [], []
    for _ in range(ATTACHES):
        begun = time.perf_counter()
        process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        whole.append((time.perf_counter() - begun) * 1000)
        inside.append(float(said))
    owner.terminate()
    await owner.wait()
    name = f"attach to an owner of {TASKS} tasks, the first frame's data"
    report_absolute(name, sorted(inside)[ATTACHES // 2], goal=300, unit="ms")
    report_absolute(f"{name}, whole process", sorted(whole)[ATTACHES // 2], goal=300, unit="ms")


async def calls(path: Path) -> None:
    client = await RemoteEngine.connect(path)
    await client.do(Cancel(task=1))
    start = time.perf_counter()
    for _ in range(CALLS):
        await client.do(Cancel(task=1))
    report_absolute("one command there and back", (time.perf_counter() - start) / CALLS * 1e6, goal=2_000, unit="µs")
    for name in ("first", "again"):
        start = time.perf_counter()
        await client.read(ShowTask(task=1))
        value = (time.perf_counter() - start) * 1000
        report_absolute(f"a view of {STEPS} steps, {name}", value, goal=1_000, unit="ms")
    await client.close()


def large() -> TaskView:
    steps = tuple(PlannedStep(step=Execute(id=f"s{n}", command=f"echo {n}", timeout=60.0)) for n in range(STEPS))
    task = Task(id=1, request="large", root="/", phase=Phase.EXECUTING, proposer="ana", created=1.0)
    return TaskView(task=task, plan=Plan(task=1, steps=steps), steps=tuple(StepStatus(id=s.id) for s in steps))


async def main() -> None:
    engine = Paced(large())
    with tempfile.TemporaryDirectory() as folder:
        host = await Host.serve(engine, Path(folder) / "socket")
        await event_to_client(engine, Path(folder) / "socket")
        await calls(Path(folder) / "socket")
        await attach(Path(folder) / "state")
        await host.close()


if __name__ == "__main__":
    match sys.argv[1:]:
        case [path, count]:
            asyncio.run(second_client(Path(path), int(count)))
        case _:
            asyncio.run(main())
