"""From one revision of a plan to the next: an edited document replaces the plan of a task (B5.5).

Steps pair by id, and an id that is gone does not come back with another meaning. A signature holds for the new revision
as long as nothing in it widens what that person signed; everything else asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.commands import Reply, Revise
from engine.errors import Conflict, Fault, IllegalTransition, InvalidPlan, Refused, StaleRevision
from engine.model.digest import step_digest
from engine.model.plan import Plan
from engine.model.review import quorum, standing
from engine.model.revision import begin, compare
from engine.model.state import Phase, advance
from engine.model.task import Signature, Task
from engine.planning import Planning, contents_of
from engine.scheduler import Scheduler
from engine.storage.store import Store

CARRIED = "carried"
"""The means of a signature that holds because nothing widened."""
_UNDER_WAY = frozenset({Phase.EXECUTING, Phase.BLOCKED, Phase.PAUSED, Phase.RECONCILING})


class Revisions:
    """Makes revision n + 1 of a task.

    Args:
        scheduler: begins a task whose signatures were all carried over, and knows what is still dying.
        deciding: as for `Reviews`.
    """

    def __init__(
        self,
        store: Store,
        planning: Planning,
        clock: Callable[[], float],
        scheduler: Scheduler,
        deciding: asyncio.Lock,
    ) -> None:
        self._store = store
        self._planning = planning
        self._clock = clock
        self._scheduler = scheduler
        self._deciding = deciding

    async def revise(self, command: Revise, actor: str) -> Reply:
        """Replace the plan of a task that does not execute.

        Raises:
            InvalidPlan: the document has faults; nothing was stored.
            StaleRevision: another revision than the edited one is present by now.
            Refused: nothing was changed, or the task executes.
        """
        async with self._deciding:
            task = await self._store.read.task(command.task)
            old = await self._store.read.plan(task.id, task.revision)
            if old is None or task.revision != command.revision:
                raise StaleRevision(task=task.id, current=task.revision, given=command.revision)
            await self._scheduler.refuse_if_alive(task)
            planning = _open_for_edits(task)
            drafted = await asyncio.to_thread(
                self._planning.draft_document, command.document, command.name, planning, task.revision + 1
            )
            plan = replace(drafted, author=actor, note=command.note.strip())
            if not compare(old, plan).changes and plan.digest == old.digest:
                raise Refused(problem=f"Nothing was changed; revision {old.revision} stays as it is")
            await self._check_ids(plan)
            reply, queued = await self._keep(task, old, planning, plan)
        if queued:
            await self._scheduler.queue(task.id)
        return reply

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

    async def _keep(self, task: Task, old: Plan, planning: Task, plan: Plan) -> tuple[Reply, bool]:
        """Store the revision; the reply, and whether the task may run at once."""
        begun = planning.attempt > task.attempt  # what was tried before runs again only if a person signs anew
        carried = [] if begun else await self._carried(task, old, plan)
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
        statuses = begin(old, plan, await self._store.read.statuses(task.id))
        contents = await asyncio.to_thread(contents_of, plan, Path(plan.root))
        try:
            seq = await self._store.decisions.revise(task, written, plan, statuses, contents, carried)
        except Conflict:
            now = await self._store.read.task(task.id)
            if now.revision == task.revision:
                raise IllegalTransition(noun="task", source=now.phase, target=Phase.PLANNING) from None
            raise StaleRevision(task=task.id, current=now.revision, given=task.revision) from None
        asks = "nothing widened: its approval is carried over" if count.reached else f"{count.left} must sign it"
        return Reply(task=task.id, seq=seq, text=f"revision {plan.revision} of task {task.id}; {asks}"), count.reached

    async def _carried(self, task: Task, old: Plan, plan: Plan) -> list[tuple[Signature, str]]:
        """The signatures that hold for a new revision, each with the digest that the person signed."""
        if compare(old, plan).widened:
            return []
        ids = {planned.id for planned in plan.steps}
        signatures = await self._store.read.signatures(task.id)
        latest = {signature.actor: signature for signature in standing(signatures, old.digest)}
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


def _open_for_edits(task: Task) -> Task:
    """The task on its way back to planning. Raises `Refused` where it executes or is completed."""
    if task.phase in _UNDER_WAY:
        raise Refused(
            problem=f"Task {task.id} is {task.phase}: its plan cannot be edited while it is under way",
            hint="cancel it first: what was completed is kept",
        )
    begun = task.phase.ended or task.phase is Phase.READY or task.started is not None
    if task.phase in (Phase.PLANNING, Phase.AWAITING_APPROVAL):
        begun = False
    return replace(
        task,
        phase=task.phase if task.phase is Phase.PLANNING else advance(task.phase, Phase.PLANNING),
        attempt=task.attempt + begun,
        signed="",
        outcome=None,
        waits=(),
        error="",
        ended=None,
    )
