"""The engine is killed at random, opened again, and asked; approved work is neither lost nor doubled (B11, S3, S5).

Twenty-five kills; `--long` makes it a thousand. The figures of the run are printed at its end (`-s` shows them).
"""

from __future__ import annotations

import os
import random
import select
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine import (
    ListEvents,
    ListRuns,
    ListTasks,
    Need,
    Outcome,
    RunState,
    ShowTask,
    StepState,
    TaskSummary,
    VerifyAudit,
    connect,
)
from engine.composition import Opening
from engine.engine import Engine
from engine.model.events import Event, PlanSigned, QuestionAnswered, RepairFailed, RevisionTakenUp, StepStarted
from engine.model.question import Answer
from engine.model.tier import Tier
from engine.process import Level, probe
from engine.process.sandbox import bubblewrap
from engine.settings import Settings
from tests.engine.process.process_room import alive, script_of, token, until
from tests.faults.worker import FORBIDDEN, lines

PLANS = 10
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the held levels are Linux")
HELD = [level.value for level in (Level.BUBBLEWRAP, Level.SUPERVISOR) if level is not Level.BUBBLEWRAP or bubblewrap()]


def start(module: str, *arguments: str) -> subprocess.Popen[str]:
    command = ["timeout", "-s", "KILL", "60", sys.executable, "-m", f"tests.faults.{module}", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def engine_of(process: subprocess.Popen[str]) -> int:
    """The number of the program below `timeout`."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    end = time.monotonic() + 10
    while not (found := children.read_text().split()):
        assert time.monotonic() < end
    return int(found[0])


@dataclass
class Loop:
    """One state directory through many lives."""

    state: Path
    root: Path
    chance: random.Random
    program: str = "worker"
    longest: float = 0.2
    """Seconds after which it is killed, at the latest."""
    recoveries: list[float] = field(default_factory=list)
    kills: int = 0
    early: int = 0

    async def prepare(self) -> None:
        """Keep signed work in store, so that every kill meets some."""
        client = await connect(self.state, Need.READ, Settings())
        waiting = [found for found in await client.read(ListTasks(limit=PLANS)) if not found.task.phase.ended]
        await client.close()
        if sum(found.task.request != FORBIDDEN for found in waiting) < 2:
            self.finish(str(PLANS))

    def live(self) -> None:
        """One life, ended by a kill: usually soon after the engine is usable, sometimes before."""
        process = start(self.program, str(self.state), str(self.root), self.chance.choice(HELD))
        early = self.chance.random() < 0.15
        if early:
            engine_of(process)
            self._wait(process, self.chance.uniform(0.2, 0.6))
            self.early += 1
        elif self._ready(process):
            self._wait(process, self.chance.uniform(0.02, self.longest))
        self._kill(process)

    def finish(self, *plans: str) -> None:
        """One life that comes to its own end."""
        process = start(self.program, str(self.state), str(self.root), HELD[0], *plans)
        assert self._ready(process)
        assert process.wait() == 0
        if process.stdout:
            process.stdout.close()

    def _ready(self, process: subprocess.Popen[str]) -> bool:
        assert process.stdout is not None
        word, _, seconds = process.stdout.readline().partition(" ")
        assert word == "ready"
        self.recoveries.append(float(seconds))
        return True

    @staticmethod
    def _wait(process: subprocess.Popen[str], seconds: float) -> None:
        assert process.stdout is not None
        select.select([], [], [], seconds)

    def _kill(self, process: subprocess.Popen[str]) -> None:
        if process.poll() is None:
            os.kill(engine_of(process), signal.SIGKILL)
            self.kills += 1
        process.wait()
        if process.stdout:
            process.stdout.close()

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.recoveries, n=20)[-1]


async def test_no_kill_loses_or_doubles_approved_work(
    tmp_path: Path, long: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = 1000 if long else 25
    loop = Loop(tmp_path / "state", tmp_path / "project", random.Random(0 if not long else time.time()))
    (loop.root / "effects").mkdir(parents=True)
    while loop.kills < kills:
        await loop.prepare()
        loop.live()
    loop.finish()

    engine = await Engine.open(Opening(state=loop.state, executes=False))
    try:
        steps = await _judge(engine, loop)
    finally:
        await engine.close()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{loop.kills} kills ({loop.early} before it was usable), {steps} steps;"
            f" usable again in {statistics.median(loop.recoveries):.3f} s p50, {loop.p95:.3f} s p95\n"
        )
    assert loop.p95 < 1.0


async def _judge(engine: Engine, loop: Loop) -> int:
    report = await engine.read(VerifyAudit())
    assert report.ok, report
    steps = 0
    for summary in await engine.read(ListTasks(limit=10_000)):
        if summary.task.request == FORBIDDEN:
            assert not list((loop.root / "effects").glob(f"{FORBIDDEN}-*"))
            assert await engine.read(ListRuns(task=summary.task.id)) == ()
            continue
        steps += await _judge_task(engine, loop, summary)
    return steps


async def _judge_task(engine: Engine, loop: Loop, summary: TaskSummary) -> int:
    task = summary.task
    assert task.outcome is Outcome.OK, task
    view = await engine.read(ShowTask(task=task.id))
    events: tuple[Event, ...] = await engine.read(ListEvents(task=task.id, limit=100_000))
    starts = Counter(event.step for event in events if isinstance(event.fact, StepStarted))
    allowed = Counter(
        event.step
        for event in events
        if isinstance(event.fact, QuestionAnswered) and event.fact.question.answer in (Answer.ONCE, Answer.AGAIN)
    )
    for planned, status in zip(view.plan.steps, view.steps, strict=True):
        effects = lines(loop.root, task.request, planned.id)
        what = f"{planned.id} of {task.request}: {effects} lines, {starts[planned.id]} starts"
        assert status.state is StepState.COMPLETED and effects >= 1, f"done without effect: {what}"
        if not planned.step.idempotent:
            assert effects == 1, f"done twice: {what}"
            free = 0 if planned.tier is Tier.DESTRUCTIVE else 1
            assert starts[planned.id] <= free + allowed[planned.id], f"started unasked: {what}"
        assert effects <= starts[planned.id], f"ran without a record: {what}"
    assert not [run for run in await engine.read(ListRuns(task=task.id)) if run.state in (RunState.RUNNING,)]
    return len(view.steps)


async def test_no_kill_doubles_what_is_mended_while_others_run_nor_runs_it_unsigned(tmp_path: Path, long: bool) -> None:
    kills = 300 if long else 10
    loop = Loop(tmp_path / "state", tmp_path / "project", random.Random(0 if not long else time.time()), "mender", 0.8)
    (loop.root / "effects").mkdir(parents=True)
    while loop.kills < kills:
        await loop.prepare()
        loop.live()
    loop.finish()
    engine = await Engine.open(Opening(state=loop.state, executes=False))
    try:
        assert (await engine.read(VerifyAudit())).ok
        mended = [await _mended(engine, loop, found) for found in await engine.read(ListTasks(limit=10_000))]
    finally:
        await engine.close()
    assert any(mended)


async def _mended(engine: Engine, loop: Loop, summary: TaskSummary) -> bool:
    """Whether a revision was taken up while others ran; whatever became of the task, each step had its effect once."""
    task = summary.task
    events: tuple[Event, ...] = await engine.read(ListEvents(task=task.id, limit=100_000))
    given_up = task.outcome is Outcome.STEP_FAILED and any(isinstance(event.fact, RepairFailed) for event in events)
    assert given_up or task.outcome in (Outcome.OK, Outcome.AFTER_REPAIR), task
    signed: set[int] = set()
    for event in events:
        if isinstance(event.fact, PlanSigned):
            signed.add(event.fact.signature.revision)
        elif isinstance(event.fact, RevisionTakenUp) and task.attempt == 1:
            assert event.fact.revision in signed
        elif isinstance(event.fact, StepStarted) and event.step == "mend":
            assert signed - {1}, "ran unsigned"
    view = await engine.read(ShowTask(task=task.id))
    for status in view.steps:
        effects = lines(loop.root, task.request, status.id)
        once = (status.state, effects) == (StepState.COMPLETED, 1)
        assert once or (given_up and status.id in ("broken", "last")), f"{status.id} of {task.request}: {effects} lines"
    assert lines(loop.root, task.request, "broken") == 1
    return any(isinstance(event.fact, RevisionTakenUp) for event in events)


@pytest.mark.parametrize("level", HELD)
@pytest.mark.parametrize("shape", ["plain", "setsid", "double fork", "ignores TERM", "renamed"])
async def test_no_process_of_a_step_outlives_its_engine_by_a_second(
    tmp_path: Path, level: str, shape: str, long: bool
) -> None:
    assert (await probe(Level(level))).level is Level(level)
    root = tmp_path / "project"
    root.mkdir()
    for number in range(20 if long else 1):
        mark = token()
        process = start("sleeper", str(tmp_path / f"state{number}"), str(root), level, script_of(shape, mark))
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        assert alive(mark)
        os.kill(engine_of(process), signal.SIGKILL)
        assert await until(lambda mark=mark: not alive(mark), 1.0)  # type: ignore[misc]
        process.wait()
        process.stdout.close()
