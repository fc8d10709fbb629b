"""From one revision of a plan to the next: an edited document, or what a model wrote after a plan was returned (B5.5).

Steps pair by id, and an id that is gone does not come back with another meaning. A signature holds for the new revision
as long as nothing in it widens what that person signed; everything else asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from engine.commands import Reply, Resume, Return, Revise
from engine.errors import Conflict, Fault, IllegalTransition, InvalidPlan, NoModel, Refused, StaleRevision
from engine.model.digest import step_digest
from engine.model.plan import Plan
from engine.model.review import quorum, standing
from engine.model.revision import begin, compare
from engine.model.state import Phase, advance
from engine.model.task import ENGINE, Signature, Task
from engine.overtaken import overtaken
from engine.planning import Planning, contents_of
from engine.planning.drafts import Drafts, Order
from engine.scheduler import Scheduler
from engine.storage.store import Store

CARRIED = "carried"
"""The means of a signature that holds because nothing widened."""


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
        drafts: Drafts,
        clock: Callable[[], float],
        scheduler: Scheduler,
        deciding: asyncio.Lock,
    ) -> None:
        self._store = store
        self._planning = planning
        self._drafts = drafts
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
            planning = open_for_edits(task)
            drafted = await asyncio.to_thread(
                self._planning.draft_document, command.document, command.name, planning, await self._next(task)
            )
            plan = replace(drafted, author=actor, note=command.note.strip(), replans=old.replans)
            _refuse_weaker(old, plan)
            abandoned = task.phase.ended and not task.signed  # as it is, it can only be taken up by another revision
            if not abandoned and not compare(old, plan).changes and plan.digest == old.digest:
                raise Refused(problem=f"Nothing was changed; revision {old.revision} stays as it is")
            check_ids(plan, await self._known(task))
            reply, queued = await self._keep(task, old, planning, plan)
        if queued:
            await self._scheduler.queue(task.id)
        return reply

    async def _known(self, task: Task) -> list[Plan]:
        """The revisions up to the present one, the oldest first."""
        found = [await self._store.read.plan(task.id, number) for number in range(1, task.revision + 1)]
        return list(filter(None, found))

    async def _next(self, task: Task) -> int:
        """The number of the next revision: a number is not given twice, also where nobody took that revision up."""
        return 1 + await self._store.read.last_revision(task.id)

    # By a model

    def after(self, give_back: Callable[[Return, str], Awaitable[Reply]]) -> Callable[[Return, str], Awaitable[Reply]]:
        """Returning a plan, and having a model write the next one, where there is a model."""

        async def returned(command: Return, actor: str) -> Reply:
            reply = await give_back(command, actor)
            task = await self._store.read.task(command.task)
            if task.planner and task.phase is Phase.PLANNING:
                await self._drafts.order(task, self._order(task))
                return replace(reply, text=f"task {task.id} returned; a model writes revision {await self._next(task)}")
            return reply

        return returned

    async def again(self, command: Resume, actor: str) -> Reply:
        """Have the revision written that could not be written before.

        Raises:
            NoModel: there is no model any more; a person can edit the present revision.
            Overtaken: somebody else does so already.
        """
        before = await self._store.read.task(command.task)
        if not self._drafts.planner:
            raise NoModel(hint=f"edit the plan as it is: signoff edit {before.id}")
        planning = replace(open_for_edits(before), planner=self._drafts.planner)
        try:
            seq = await self._store.set_phase(before, planning, actor=actor)
        except Conflict:
            raise await overtaken(self._store.read, before) from None
        await self._drafts.order(planning, self._order(planning, before.error))
        number = await self._next(before)
        return Reply(task=before.id, seq=seq, text=f"task {before.id}: a model writes revision {number}")

    async def _order(self, task: Task, tried: str = "") -> Order:
        """The next revision as it was asked for when the present one was returned; `tried` is why the attempt before
        failed."""
        from engine.planning.again import returned

        earlier = await self._known(task)
        given = [each for each in await self._store.read.signatures(task.id) if each.verdict == "return"]
        wish = returned(task, earlier[-1], given[-1], await self._store.read.comments(task.id), tried)
        wish = replace(wish, check=lambda plan: check_next(plan, earlier))
        keep = partial(self.keep_draft, task, earlier[-1], f"{given[-1].actor} asked: {given[-1].reason}")
        world = self._planning.derivation(task, await self._next(task))
        return Order(task=task, wish=wish, world=world, keep=keep)

    async def keep_draft(self, task: Task, old: Plan, note: str, plan: Plan) -> None:
        """Store what a model wrote as the next revision of a task that nobody decided about meanwhile.

        Raises:
            Refused: somebody did.
        """
        async with self._deciding:
            drafted = replace(plan, author=ENGINE, note=note)
            await self._keep(task, old, open_for_edits(task), drafted, anew=True)

    # Keeping

    async def _keep(
        self, task: Task, old: Plan, planning: Task, plan: Plan, *, anew: bool = False
    ) -> tuple[Reply, bool]:
        """Store the revision; the reply, and whether the task may run at once.

        What was tried before runs again only if a person signs anew, and so does what a model wrote.
        """
        anew = anew or planning.attempt > task.attempt
        carried = [] if anew else await self._carried(task, old, plan)
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
            seq = await self._store.decisions.revise(task, written, plan, statuses, contents, carried, anew)
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


def _refuse_weaker(old: Plan, plan: Plan) -> None:
    """Raise `InvalidPlan` where fewer would have to sign: who edits a plan does not choose who may let it run."""
    before, now = old.policy, plan.policy
    if now.quorum < before.quorum or (before.exclude_proposer and not now.exclude_proposer):
        others = ", none of them its proposer or author" if before.exclude_proposer else ""
        raise InvalidPlan(
            (Fault(f"revision {old.revision} wants {before.quorum} to sign{others}: keep that", "policy"),)
        )


def check_ids(plan: Plan, earlier: Sequence[Plan]) -> None:
    """Raise `InvalidPlan` where an id that is gone comes back as another step."""
    faults = []
    present = {planned.id: step_digest(planned) for planned in plan.steps}
    last = {planned.id for planned in earlier[-1].steps} if earlier else set()
    for known in earlier:
        for planned in known.steps:
            if planned.id in present.keys() - last and step_digest(planned) != present[planned.id]:
                last.add(planned.id)
                message = f"id '{planned.id}' was another step in revision {known.revision}; take a new one"
                faults.append(Fault(message, "steps"))
    if faults:
        raise InvalidPlan(tuple(faults))


def check_next(plan: Plan, earlier: Sequence[Plan]) -> None:
    """Raise `InvalidPlan` where a draft is no next revision: ids come back, or nothing is changed."""
    check_ids(plan, earlier)
    if plan.digest == earlier[-1].digest and not compare(earlier[-1], plan).changes:
        raise InvalidPlan((Fault("this is the plan that was returned; change what the note asks for", "steps"),))


def open_for_edits(task: Task) -> Task:
    """The task on its way back to planning. Raises `Refused` where it executes, `IllegalTransition` where it is
    completed."""
    if task.phase.under_way:
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
        planner="",
    )
