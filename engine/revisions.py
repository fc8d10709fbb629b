"""From one revision of a plan to the next: an edited document replaces the plan of a task (B5.5).

Steps pair by id, and an id that is gone does not come back with another meaning. A signature holds for the new revision
as long as nothing in it widens what that person signed; everything else asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from engine.commands import Reply, Revise
from engine.errors import Conflict, Fault, IllegalTransition, InvalidPlan, Refused, StaleRevision
from engine.model.digest import step_digest
from engine.model.plan import Plan
from engine.model.review import quorum
from engine.model.revision import compare
from engine.model.run import Cause, StepStatus
from engine.model.state import Phase, StepState, advance
from engine.model.task import Signature, Task
from engine.planning import Planning, contents_of
from engine.storage.store import Store

CARRIED = "carried"
"""The means of a signature that holds because nothing widened."""
_UNDER_WAY = frozenset({Phase.EXECUTING, Phase.BLOCKED, Phase.PAUSED, Phase.RECONCILING})


class Revisions:
    """Makes revision n + 1 of a task.

    Args:
        queue: begins a task whose signatures were all carried over, if this owner executes.
    """

    def __init__(
        self, store: Store, planning: Planning, clock: Callable[[], float], queue: Callable[[int], Awaitable[None]]
    ) -> None:
        self._store = store
        self._planning = planning
        self._clock = clock
        self._queue = queue

    async def revise(self, command: Revise, actor: str) -> Reply:
        """Replace the plan of a task that does not execute.

        Raises:
            InvalidPlan: the document has faults; nothing was stored.
            StaleRevision: another revision than the edited one is present by now.
            Refused: nothing was changed, or the task executes.
        """
        task = await self._store.read.task(command.task)
        old = await self._store.read.plan(task.id, task.revision)
        if old is None or task.revision != command.revision:
            raise StaleRevision(task=task.id, current=task.revision, given=command.revision)
        planning = _open_for_edits(task)
        drafted = await asyncio.to_thread(
            self._planning.draft_document, command.document, command.name, planning, task.revision + 1
        )
        plan = replace(drafted, author=actor, note=command.note.strip())
        if not compare(old, plan).changes and plan.digest == old.digest:
            raise Refused(problem=f"Nothing was changed; revision {old.revision} stays as it is")
        await self._check_ids(plan)
        return await self._keep(task, planning, plan, actor)

    async def _check_ids(self, plan: Plan) -> None:
        """Raise `InvalidPlan` where an id that is gone comes back as another step."""
        faults = []
        present = {planned.id: step_digest(planned) for planned in plan.steps}
        earlier = [await self._store.read.plan(plan.task, number) for number in range(1, plan.revision)]
        last = {planned.id for planned in earlier[-1].steps} if earlier and earlier[-1] else set()
        for known in filter(None, earlier):
            for planned in known.steps:
                if planned.id in present.keys() - last and step_digest(planned) != present[planned.id]:
                    last.add(planned.id)
                    message = f"id '{planned.id}' was another step in revision {known.revision}; take a new one"
                    faults.append(Fault(message, "steps"))
        if faults:
            raise InvalidPlan(tuple(faults))

    async def _keep(self, task: Task, planning: Task, plan: Plan, actor: str) -> Reply:
        carried = await self._carried(task, plan)
        written = replace(
            planning,
            phase=advance(planning.phase, Phase.AWAITING_APPROVAL),
            revision=plan.revision,
            digest=plan.digest,
            request=plan.request,
        )
        count = quorum(written, plan, [signature for signature, _ in carried])
        if count.reached:
            written = replace(written, phase=advance(written.phase, Phase.QUEUED), signed=plan.digest)
        statuses = await self._begun(task, plan)
        contents = await asyncio.to_thread(contents_of, plan, Path(plan.root))
        try:
            seq = await self._store.decisions.revise(task, written, plan, statuses, contents, carried)
        except Conflict:
            now = await self._store.read.task(task.id)
            if now.revision == task.revision:
                raise IllegalTransition(noun="task", source=now.phase, target=Phase.PLANNING) from None
            raise StaleRevision(task=task.id, current=now.revision, given=task.revision) from None
        if count.reached:
            await self._queue(task.id)
        asks = "nothing widened: its approval is carried over" if count.reached else f"{count.left} must sign it"
        return Reply(task=task.id, seq=seq, text=f"revision {plan.revision} of task {task.id}; {asks}")

    async def _carried(self, task: Task, plan: Plan) -> list[tuple[Signature, str]]:
        """The signatures that hold for a new revision, each with the digest that the person signed."""
        latest = {
            signature.actor: signature
            for signature in await self._store.read.signatures(task.id)
            if signature.verdict == "sign" and signature.revision == task.revision and not signature.void
        }
        signed = await self._store.read.plan(task.id, task.revision)
        if signed is None or compare(signed, plan).widened:
            return []
        ids = {planned.id for planned in plan.steps}
        return [
            (
                replace(
                    signature,
                    revision=plan.revision,
                    digest=plan.digest,
                    time=self._clock(),
                    means=CARRIED,
                    skipped=tuple(step for step in signature.skipped if step in ids),
                    held=tuple(step for step in signature.held if step in ids),
                ),
                signature.digest,
            )
            for signature in latest.values()
        ]

    async def _begun(self, task: Task, plan: Plan) -> list[StepStatus]:
        """Where each step begins: verdicts stay, and so does what was completed and stands on the same as before."""
        before = await self._store.read.plan(task.id, task.revision)
        known = {planned.id: step_digest(planned) for planned in before.steps} if before else {}
        statuses = {status.id: status for status in await self._store.read.statuses(task.id)}
        made: dict[str, StepStatus] = {}
        for planned in plan.steps:  # in topological order
            status = statuses.get(planned.id, StepStatus(id=planned.id))
            same = known.get(planned.id) == step_digest(planned)
            firm = all(made[need].state.ended for need in planned.step.needs)
            kept = status.cause is Cause.VERDICT or (status.state is StepState.COMPLETED and same and firm)
            fresh = StepStatus(id=planned.id, attempt=status.attempt, run=status.run, held_by=status.held_by)
            made[planned.id] = status if kept else fresh
        return list(made.values())


def _open_for_edits(task: Task) -> Task:
    """The task on its way back to planning. Raises `Refused` where it executes or is completed."""
    if task.phase in _UNDER_WAY:
        raise Refused(
            problem=f"Task {task.id} is {task.phase}: its plan cannot be edited while it is under way",
            hint="cancel it first: what was completed is kept",
        )
    again = task.phase.ended
    if task.phase is Phase.PLANNING:
        return task
    return replace(
        task,
        phase=advance(task.phase, Phase.PLANNING),
        attempt=task.attempt + again,
        signed="",
        outcome=None,
        waits=(),
        error="",
        ended=None,
    )
