"""After a failure: a model is asked for steps in the place of what failed, while the task has replans left (B8).

It is asked as soon as the step has failed where others go on, else when the attempt has ended; what was completed is
kept. What comes of the answer is a revision to be signed: beside the present one while the attempt goes on, and the
next one after it. No usable answer leaves the task as it was. Nothing is asked after a cancellation or a person's no.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from engine.actions.base import Earlier
from engine.errors import StoreError
from engine.execution import Execution, Returned
from engine.model.conclusion import conclude
from engine.model.events import RepairFailed
from engine.model.joining import unchanged
from engine.model.plan import Plan
from engine.model.revision import begin
from engine.model.run import Cause, StepStatus
from engine.model.state import Outcome, Phase, StepState, advance
from engine.model.task import ENGINE, Task
from engine.planning import Planning, contents_of
from engine.planning.drafts import Drafts, Order
from engine.planning.repairing import repair_wish
from engine.revisions import Revisions, open_for_edits
from engine.scheduler import Scheduler
from engine.storage.store import Store

MOST = 2
"""Revisions of one task that may replace what failed."""
_PEOPLE = frozenset({Cause.DENIED, Cause.EXPIRED, Cause.CANCELLED})
"""Ends that a person decided: a model does not answer them."""


@dataclass(kw_only=True)
class _Repair:
    """Steps that are being written in the place of others."""

    task: int
    plan: Plan
    """The revision that failed."""
    failed: frozenset[str]
    failure: str
    ended: Task | None = None
    """The task once its attempt has ended without them."""


class Replanning:
    """Orders repairs.

    Args:
        state: the state directory.
    """

    def __init__(
        self,
        store: Store,
        planning: Planning,
        drafts: Drafts,
        revisions: Revisions,
        scheduler: Scheduler,
        state: Path,
    ) -> None:
        self._store = store
        self._planning = planning
        self._drafts = drafts
        self._revisions = revisions
        self._scheduler = scheduler
        self._logs: Callable[[int], Path] = lambda task: state / "logs" / str(task)
        self._repairs: dict[int, _Repair] = {}

    def failed(self, execution: Execution, returned: Returned | None) -> str:
        """A step failed while others go on: ask now. Who writes; empty where nobody is asked."""
        plan, statuses = execution.board.plan, execution.board.statuses
        if not self._drafts.planner or not _may_be_repaired(plan, statuses.values()):
            return ""
        self._ask(execution.task, plan, statuses, returned)
        return self._drafts.planner

    def ended(self, execution: Execution) -> Awaitable[int] | None:
        """An attempt is over. Where a step of it failed, what waits or is being written becomes its next revision, or
        is asked for now. Where that is signed already the task is queued again, once this is durable."""
        task, plan, statuses = execution.task, execution.board.plan, execution.board.statuses
        proposal, repair = execution.proposal, self._repairs.get(task.id)
        failed = _failed(statuses.values())
        wanted = task.outcome is Outcome.STEP_FAILED and not execution.declined
        wanted = wanted and bool(self._drafts.planner) and _may_be_repaired(plan, statuses.values())
        if proposal and (proposal.signed or (wanted and failed <= _ids(plan) - _ids(proposal.plan))):
            durable = self._succeed(task, plan, proposal.plan, statuses, signed=proposal.signed)
            return durable if proposal.signed else None
        if wanted and task.planner and repair and failed <= repair.failed:
            repair.ended = task
            return None
        self._drafts.stop(task.id)
        writing = replace(task, planner=self._drafts.planner if wanted else "", pending=0)
        if writing != task:
            told = () if wanted else (RepairFailed("the attempt ended without it"),)
            self._store.set_phase(task, writing, *told)
        if wanted:
            self._ask(writing, plan, statuses).ended = writing
        return None

    def _succeed(
        self, task: Task, old: Plan, plan: Plan, statuses: Mapping[str, StepStatus], *, signed: bool
    ) -> Awaitable[int]:
        """What waited beside the revision that failed is the present one of the next attempt."""
        planning = open_for_edits(task)
        after = replace(
            planning,
            phase=advance(planning.phase, Phase.AWAITING_APPROVAL),
            revision=plan.revision,
            digest=plan.digest,
            pending=0,
        )
        if signed:
            after = replace(after, phase=advance(after.phase, Phase.QUEUED), signed=plan.digest)
        return self._store.decisions.take_up(task, after, begin(old, plan, statuses.values()), ())

    # Asking

    def _ask(
        self, task: Task, plan: Plan, statuses: Mapping[str, StepStatus], returned: Returned | None = None
    ) -> _Repair:
        logs = self._logs(task.id)
        earlier = tuple(
            Earlier(planned=planned, status=status, log=f"{logs}/{status.run}.log" if status.run else "")
            for planned in plan.steps
            if (status := statuses[planned.id]).cause is Cause.FAILED or status.state is StepState.COMPLETED
        )
        repair = _Repair(
            task=task.id,
            plan=plan,
            failed=_failed(statuses.values()),
            failure=conclude(statuses.values(), plan.accept)[2],
        )
        self._repairs[task.id] = repair
        order = Order(
            task=task,
            wish=repair_wish(plan, earlier, returned),
            world=self._planning.derivation(task, task.revision + 1),
            keep=partial(self._keep, repair),
            unwritten=partial(self._give_up, repair),
        )
        self._drafts.begin(order)
        return repair

    async def _keep(self, repair: _Repair, plan: Plan) -> None:
        """The answer: it waits beside the present revision while the attempt goes on, and comes after it else."""
        number = 1 + await self._store.read.last_revision(repair.task)
        note = f"in the place of what failed: {repair.failure}"
        plan = replace(plan, revision=number, author=ENGINE, note=note, failure=repair.failure)
        plan = replace(plan, replans=repair.plan.replans + 1)
        if repair.ended is None:
            beside, contents = await asyncio.to_thread(_beside, repair.plan, plan)
            execution = self._scheduler.find(repair.task)
            durable = execution.propose(beside, contents) if execution and self._holds(repair, execution) else None
            if durable is not None:
                await durable
        if repair.ended is not None:
            await self._revisions.keep_draft(repair.ended, repair.plan, note, plan)
        self._forget(repair)

    async def _give_up(self, repair: _Repair, reason: str) -> None:
        execution = self._scheduler.find(repair.task)
        if repair.ended is not None:
            with suppress(StoreError):  # somebody decided, or nothing can be written: the next owner does
                await self._store.set_phase(repair.ended, replace(repair.ended, planner=""), RepairFailed(reason))
        elif execution is not None and self._holds(repair, execution):
            execution.unwritten(reason)
        self._forget(repair)

    def _holds(self, repair: _Repair, execution: Execution) -> bool:
        """Whether it is still what this attempt waits for."""
        return self._repairs.get(repair.task) is repair and execution.board.plan is repair.plan

    def _forget(self, repair: _Repair) -> None:
        if self._repairs.get(repair.task) is repair:
            del self._repairs[repair.task]


def _beside(old: Plan, plan: Plan) -> tuple[Plan, list[tuple[str, bytes]]]:
    beside = unchanged(old, plan)
    return beside, contents_of(beside, Path(beside.root))


def _ids(plan: Plan) -> frozenset[str]:
    return frozenset(planned.id for planned in plan.steps)


def _failed(statuses: Iterable[StepStatus]) -> frozenset[str]:
    return frozenset(status.id for status in statuses if status.cause is Cause.FAILED)


def _may_be_repaired(plan: Plan, statuses: Iterable[StepStatus]) -> bool:
    causes = {status.cause for status in statuses} if plan.replans < MOST else set()
    return Cause.FAILED in causes and causes.isdisjoint(_PEOPLE)
