"""On open: what was running, queued, waiting when the last owner went away (B11.2, B11.3).

Approved work is never lost and never run twice unasked: a run without an end record is closed as interrupted, or as
what the supervisor recorded; its step runs again only if it is `read` or marked `idempotent`, else a person decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL

from engine import process
from engine.actions import Waits
from engine.confirmations import Confirmations
from engine.model.digest import step_digest
from engine.model.events import RepairFailed, TaskEnded
from engine.model.plan import Execute, Plan, PlannedStep, Test
from engine.model.question import QuestionKind
from engine.model.run import Cause, Run, StepStatus
from engine.model.state import Phase, RunState, StepState
from engine.model.task import ENGINE
from engine.model.tier import Tier
from engine.planning.drafts import unwritten
from engine.policy import parse_command
from engine.runner import run_mark
from engine.scheduler import Scheduler
from engine.storage.store import Store


class Recovery:
    """Collects what an earlier owner left behind; runs once, before anything starts."""

    def __init__(
        self,
        store: Store,
        scheduler: Scheduler,
        confirmations: Confirmations,
        state: Path,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._scheduler = scheduler
        self._confirmations = confirmations
        self._state = state
        self._clock = clock

    async def close_runs(self) -> list[str]:
        """Close every run without an end record; returns a sentence for each."""
        plans: dict[int, Plan | None] = {}
        told: list[str] = []
        for run in await self._store.read.unfinished_runs():
            killed = await process.sweep(run_mark(self._state, run.id))
            if run.task not in plans:
                plans[run.task] = await self._plan(run.task)
            told.append(await self._close(run, plans[run.task]) + (f"; {killed} processes ended" if killed else ""))
        await self._close_cancelled(set(plans))
        return told

    async def _plan(self, number: int) -> Plan | None:
        """The present revision of a task; None where it cannot be read."""
        task = await self._store.read.task(number)
        try:
            return await self._store.read.plan(number, task.revision)
        except Exception:  # whatever is wrong with it: the other tasks go on
            return None

    async def close_drafts(self) -> list[str]:
        """End every task whose plan a model was writing, and give up the repairs; returns a sentence for each."""
        tasks = await self._store.read.drafts()
        for task in tasks:
            if task.phase is not Phase.PLANNING:
                gave_up = RepairFailed("the engine ended while it was written")
                await self._store.set_phase(task, replace(task, planner=""), gave_up)
                continue
            reason = f"interrupted while it was planned; signoff run {task.id} plans it again"
            failed = unwritten(task, reason, self._clock())
            await self._store.set_phase(task, failed, TaskEnded(failed))
        return [f"the planning of task {task.id} was interrupted" for task in tasks]

    async def _close(self, run: Run, plan: Plan | None) -> str:
        planned = next((planned for planned in plan.steps if planned.id == run.step), None) if plan else None
        position, status = await self._store.read.step(run.task, run.step)
        now = self._clock()
        if status.state is not StepState.RUNNING or status.run != run.id:
            await self._store.end_run(replace(run, state=RunState.CANCELLED, ended=now))
            return f"{run.step} of task {run.task} had been cancelled"
        if planned is None:
            return await self._unknown(run, position, status)
        code = None if _redirects(planned) else _recorded_exit(Path(run.log).with_suffix(".exit"))
        if code is not None:
            return await self._recorded(run, position, status, code)
        return await self._interrupted(run, planned, position, status)

    async def _unknown(self, run: Run, position: int, status: StepStatus) -> str:
        """Nobody can be asked about a step of which nothing is known: another attempt asks before it runs again."""
        error, now = "the engine ended while it ran, and its plan cannot be read", self._clock()
        run = replace(run, state=RunState.INTERRUPTED, ended=now, error=error, failure="interrupted")
        status = replace(status, state=StepState.FAILED, cause=Cause.FAILED, error=error, ended=now)
        await self._store.end_step(position, status, run)
        return f"{run.step} of task {run.task} was interrupted; its plan cannot be read"

    async def _recorded(self, run: Run, position: int, status: StepStatus, code: int) -> str:
        """The supervisor saw the end although the engine did not."""
        now = self._clock()
        well = code == 0
        error = "" if well else f"exit {code}"
        status = replace(
            status,
            state=StepState.COMPLETED if well else StepState.FAILED,
            cause=None if well else Cause.FAILED,
            exit_code=code,
            error=error,
            ended=now,
        )
        state = RunState.COMPLETED if well else RunState.FAILED
        failure = "" if well else "exit"
        run = replace(run, state=state, ended=now, exit_code=code, error=error, failure=failure)
        await self._store.end_step(position, status, run)
        return f"{run.step} of task {run.task} had ended with exit {code}"

    async def _close_cancelled(self, tasks: set[int]) -> None:
        """Bring cancelled tasks to their end; a cleanup that the engine did not live to see is not begun later.

        Args:
            tasks: those that had runs without an end.
        """
        error, now = "the engine ended before its cleanup did", self._clock()
        for task, position, status in await self._store.read.cleanups():
            ended = replace(status, state=StepState.CANCELLED, cause=Cause.CANCELLED, error=error, ended=now)
            await self._store.cancel_step(task, (position, ended), (), ENGINE)
            tasks.add(task)
        for row in [await self._store.read.task(task) for task in sorted(tasks)]:
            if row.phase.ended:
                self._store.record(TaskEnded(row), task=row.id)

    async def _interrupted(self, run: Run, planned: PlannedStep, position: int, status: StepStatus) -> str:
        error = "the engine ended while it ran"
        run = replace(run, state=RunState.INTERRUPTED, ended=self._clock(), error=error, failure="interrupted")
        again = planned.tier is Tier.READ or planned.step.idempotent
        state = StepState.READY if again else StepState.INTERRUPTED
        status = replace(status, state=state, error=error)
        task = await self._store.read.task(run.task)
        durable = self._store.end_step(position, status, run)
        if not again:  # in the same turn of the loop, so in the same transaction
            news = (error, "whether it had its effect, nobody knows")
            waits = Waits(kind=QuestionKind.INTERRUPTED, digest=step_digest(planned), news=news)
            self._confirmations.ask(task, position, status, waits)
        await durable
        return f"{run.step} of task {run.task} was interrupted" + (" and runs again" if again else "")

    async def take_up(self) -> None:
        """Go on with every task that was under way: those that hold their roots first, then the queued ones, then those
        of which a person said how they go on at their cap and the last owner did not live to do it."""
        active = await self._store.read.active_tasks()
        for task in active:
            if task.phase is not Phase.QUEUED:
                await self._scheduler.take_up(task)
        for task in active:
            if task.phase is Phase.QUEUED:
                await self._scheduler.queue(task.id)
        for question in await self._store.read.decided():
            await self._confirmations.decided(question)


def _redirects(planned: PlannedStep) -> bool:
    """Whether the engine itself has work with what the step says, after its exit."""
    step = planned.step
    return isinstance(step, Execute | Test) and parse_command(step.operand).redirect is not None


def _recorded_exit(record: Path) -> int | None:
    """The exit code that the supervisor made durable, if it saw the end; a signal counts as 128 and its number.

    SIGKILL says nothing: that is how the supervisor itself ends a step when the engine is gone.
    """
    try:
        fact = json.loads(record.read_text())
    except (FileNotFoundError, ValueError):
        return None
    signal = fact.get("signal")
    if signal == SIGKILL:
        return None
    code: int | None = fact.get("code")
    return code if signal is None else 128 + int(signal)
