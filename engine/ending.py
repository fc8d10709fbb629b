"""The end of a task that nothing runs of here: by a decision, all at once, but for what cleans up after it (B6.1).

Those begin like a queued task: once its root is free. Where nothing runs at all they are cancelled, and say so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from engine.model.board import Board
from engine.model.events import QuestionAnswered, TaskEnded
from engine.model.review import is_signed
from engine.model.run import Cause, StepStatus
from engine.model.state import Phase, StepState, advance
from engine.model.task import Task
from engine.progress import ENDS
from engine.storage.store import Store

_NOT_CLEANED = "the task was cancelled where nothing runs: its cleanup did not begin"


class Ending:
    """Ends tasks that have no execution.

    Args:
        executes: whether a cleanup can begin here.
    """

    def __init__(self, store: Store, clock: Callable[[], float], executes: bool) -> None:
        self._store = store
        self._clock = clock
        self._executes = executes

    async def end(self, task: Task, actor: str, reason: str, phase: Phase, *, cleans: bool = True) -> Awaitable[int]:
        """End a task; whoever does so queues it if it is unclean then.

        Args:
            cleans: whether it may be.
        """
        now = self._clock()
        statuses, asked = await self._store.read.statuses(task.id), await self._store.read.questions(task.id)
        cleanup = await self._cleanup(task, statuses) if cleans else set()
        kept = cleanup if self._executes else set()
        after = task
        if not task.phase.ended:
            after = replace(task, phase=advance(task.phase, phase), outcome=ENDS[phase], waits=(), error=reason)
            after = replace(after, ended=now, planner="", pending=0)
        flipped = [
            (position, _cancelled(status, _NOT_CLEANED if status.id in cleanup else status.error, now))
            for position, status in enumerate(statuses)
            if not status.state.ended and status.id not in kept
        ]
        moot = [QuestionAnswered(each.closed_as_moot(actor, now)) for each in asked if each.step not in kept]
        ended = [] if kept else [TaskEnded(after)]
        return self._store.cancel(task, after, flipped, (), actor, *moot, *ended)

    async def is_unclean(self, task: Task) -> bool:
        """Whether steps that clean up after a cancelled task have not ended."""
        return task.phase in ENDS and any(not each.state.ended for each in await self._store.read.statuses(task.id))

    async def _cleanup(self, task: Task, statuses: tuple[StepStatus, ...]) -> set[str]:
        """The steps that run although the task is cancelled: none where nothing of the attempt had begun."""
        if not any(run.task_attempt == task.attempt for run in await self._store.read.runs(task.id)):
            return set()
        try:
            plan = await self._store.read.plan(task.id, task.revision)
        except Exception:  # what cannot be read cannot run; the rest of it is cancelled all the same
            return set()
        signed = plan is not None and task.phase.under_way and is_signed(task, plan)
        return Board(plan, statuses).cleanup() if plan and signed else set()


def _cancelled(status: StepStatus, error: str, now: float) -> StepStatus:
    return replace(status, state=StepState.CANCELLED, cause=Cause.CANCELLED, error=error, ended=now)
