"""After a failure: a model is asked for steps in the place of what failed, while the task has replans left (B8).

The attempt has ended by then; what it completed is kept, and what comes of the answer is a revision like any other, to
be signed. No usable answer leaves the task as it was. Nothing is asked after a cancellation or a person's no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from engine.actions.base import Earlier
from engine.errors import StoreError
from engine.model.events import RepairFailed
from engine.model.plan import Plan
from engine.model.run import Cause, StepStatus
from engine.model.state import Outcome, StepState
from engine.model.task import Task
from engine.planning import Planning
from engine.planning.drafts import Drafts, Order
from engine.planning.repairing import repair_wish
from engine.revisions import Revisions
from engine.storage.store import Store

MOST = 2
"""Revisions of one task that may replace what failed."""
_PEOPLE = frozenset({Cause.DENIED, Cause.EXPIRED, Cause.CANCELLED})
"""Ends that a person decided: a model does not answer them."""


class Replanning:
    """Orders repairs.

    Args:
        state: the state directory.
    """

    def __init__(self, store: Store, planning: Planning, drafts: Drafts, revisions: Revisions, state: Path) -> None:
        self._store = store
        self._planning = planning
        self._drafts = drafts
        self._revisions = revisions
        self._logs: Callable[[int], Path] = lambda task: state / "logs" / str(task)

    def ended(self, task: Task, plan: Plan, statuses: Mapping[str, StepStatus]) -> None:
        """An attempt is over; where a step of it failed, ask for steps in its place."""
        if not self._drafts.planner or not _may_be_repaired(task, plan, statuses.values()):
            return
        writing = replace(task, planner=self._drafts.planner)
        self._store.set_phase(task, writing)
        logs = self._logs(task.id)
        earlier = tuple(
            Earlier(planned=planned, status=status, log=f"{logs}/{status.run}.log" if status.run else "")
            for planned in plan.steps
            if (status := statuses[planned.id]).cause is Cause.FAILED or status.state is StepState.COMPLETED
        )
        order = Order(
            task=writing,
            wish=repair_wish(plan, earlier),
            world=self._planning.derivation(task, task.revision + 1),
            keep=partial(self._keep, writing, plan, task.error),
            unwritten=lambda reason: self._give_up(writing, reason),
        )
        self._drafts.begin(order)

    async def _give_up(self, task: Task, reason: str) -> None:
        with suppress(StoreError):  # somebody decided, or nothing can be written: the next owner does
            await self._store.set_phase(task, replace(task, planner=""), RepairFailed(reason))

    async def _keep(self, task: Task, old: Plan, failure: str, plan: Plan) -> None:
        repaired = replace(plan, failure=failure, replans=old.replans + 1)
        await self._revisions.keep_draft(task, old, f"in the place of what failed: {failure}", repaired)


def _may_be_repaired(task: Task, plan: Plan, statuses: Iterable[StepStatus]) -> bool:
    failed = task.outcome is Outcome.STEP_FAILED and plan.replans < MOST
    return failed and not any(status.cause in _PEOPLE for status in statuses)
