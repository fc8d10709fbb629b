"""Verdicts on single steps: hold, release, skip, take in (B5.4). What they mean for a task that executes is its own.

Before it is signed a verdict is a mark that everybody sees. One that narrows keeps the signatures that were given; one
that widens undoes those of the people who signed without that step. Once signed, a held step is released by whoever may
review: that is what it waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.commands import Judge, Reply
from engine.errors import Refused, StaleRevision
from engine.model.review import judged, standing
from engine.model.state import Phase, Verdict
from engine.model.task import Task
from engine.scheduler import Scheduler
from engine.storage.store import Store

_DONE = {
    Verdict.HOLD: "is held until it is released",
    Verdict.RELEASE: "is released",
    Verdict.SKIP: "is skipped",
    Verdict.TAKE_IN: "is taken in again",
}


class Verdicts:
    """Records verdicts on steps."""

    def __init__(self, store: Store, scheduler: Scheduler, clock: Callable[[], float], deciding: asyncio.Lock) -> None:
        self._store = store
        self._deciding = deciding
        self._scheduler = scheduler
        self._clock = clock

    async def judge(self, command: Judge, actor: str) -> Reply:
        """Hold, release, skip or take in one step.

        Raises:
            UnknownStep: the present revision has no such step.
            Refused: the verdict does not fit where the step or its task is; nothing was recorded.
        """
        async with self._deciding:
            task = await self._store.read.task(command.task)
            plan = await self._store.read.plan(task.id, task.revision)
            if command.revision == task.pending:
                raise Refused(
                    problem=f"Revision {task.pending} of task {task.id} waits to be signed while the task goes on: its"
                    " steps can be held or skipped once it is taken up; nothing was recorded"
                )
            if plan is None or task.revision != command.revision:
                raise StaleRevision(task=task.id, current=task.revision, given=command.revision)
            step = plan.named(command.step)
            durable = self._scheduler.judge(task.id, step, command.verdict, actor)
            seq = await self._mark(task, step, command.verdict, actor) if durable is None else 0
        if durable is not None:  # what executes waits for space on a full disk: nobody else has to wait with it
            seq = await durable
        return Reply(task=task.id, seq=seq, text=f"{step} {_DONE[command.verdict]}")

    async def _mark(self, task: Task, step: str, verdict: Verdict, actor: str) -> int:
        """The verdict on a step of a task that does not execute."""
        if task.phase not in (Phase.AWAITING_APPROVAL, Phase.QUEUED):
            raise Refused(problem=f"Task {task.id} is {task.phase}: no verdict on its steps can be recorded")
        position, status = await self._store.read.step(task.id, step)
        after = judged(status, verdict, actor, self._clock())
        voided = await self._voided(task, step, verdict) if task.phase is Phase.AWAITING_APPROVAL else ()
        if task.phase is Phase.QUEUED and verdict is Verdict.TAKE_IN:
            raise Refused(
                problem=f"Task {task.id} runs without {step}, as it was signed; nothing was recorded",
                hint=f"signoff edit {task.id} makes another revision",
            )
        reason = f"{step} {_DONE[verdict]}"
        return await self._store.decisions.judge(task, (position, after), reason, actor, voided)

    async def _voided(self, task: Task, step: str, verdict: Verdict) -> tuple[str, ...]:
        """Whose signatures do not cover this step running."""
        if not verdict.widens:
            return ()
        return tuple(
            signature.actor
            for signature in standing(await self._store.read.signatures(task.id), task.digest)
            if step in (signature.skipped if verdict is Verdict.TAKE_IN else signature.held)
        )
