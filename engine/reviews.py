"""Verdicts on plans: sign, reject, return; and accepting or forgetting what has ended.

A verdict names the revision and the digest that were read; a verdict on anything else is refused and says so (B5).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import replace
from typing import Protocol

from engine.commands import AcceptResult, Reject, Remove, Reply, Return, Sign
from engine.errors import AlreadyJudged, Conflict, IllegalTransition, PersonNeeded, Refused, StaleRevision, UsageError
from engine.model.plan import Plan
from engine.model.review import Quorum, held, left_out, quorum
from engine.model.run import Cause, StepStatus
from engine.model.state import Outcome, Phase, StepState, advance
from engine.model.task import Signature, Task
from engine.overtaken import overtaken, still_cancelling
from engine.policies import Policies
from engine.storage.store import Store

VERDICTS = {"sign": "signed", "reject": "rejected", "return": "returned"}
_TELLS = "signoff show ID tells how it stands"
UNATTENDED = "run --yes"
"""The means of a signature that nobody was asked for."""


class Attempts(Protocol):
    """What executes, as far as a verdict reaches it."""

    async def queue(self, task: int) -> None:
        """Begin a signed task, if this owner executes."""

    async def refuse_if_alive(self, task: Task) -> None:
        """Raise `Refused` while something of a cancelled task has not ended."""

    def signed(self, task: int, plan: Plan) -> str:
        """Enough people signed the revision that waits beside the present one; what comes of that, in words."""

    def withdraw(self, task: Task, signature: Signature) -> Awaitable[int]:
        """A person does not want that revision. Raises `Conflict` where it waits no more."""


class Reviews:
    """Records what people say about plans.

    Args:
        attempts: what executes.
        deciding: held from looking at what was decided until the next decision is durable: no two people miss each
            other.
        planner: who writes the next revision of a plan that is returned; empty where a person does.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        policies: Policies,
        attempts: Attempts,
        deciding: asyncio.Lock,
        planner: str = "",
    ) -> None:
        self._store = store
        self._clock = clock
        self._policies = policies
        self._attempts = attempts
        self._deciding = deciding
        self._planner = planner

    async def sign(self, command: Sign, actor: str) -> Reply:
        """Approve a revision; with the last signature that its quorum needs, `awaiting_approval -> queued`, or it is
        taken up by the attempt that it waits beside.

        Raises:
            StaleRevision: another revision, or other bytes, are present by now.
            UsageError: `only` or `skip` name steps that are not there or cannot stand alone.
            PersonNeeded: the policy wants a person to sign, and `run --yes` is none.
            Refused: the actor may not sign this one, or more would run than was shown.
        """
        async with self._deciding:
            task, plan = await self._present(command.task, command.revision, command.digest)
            waits = plan.revision == task.pending
            if waits and (command.only or command.skip):
                raise UsageError(problem="What waits beside a running attempt is signed whole; nothing was recorded")
            if command.means == UNATTENDED and not self._policies.of(task.root).allow_yes:
                raise PersonNeeded(problem="The policy does not let run --yes sign; nothing was recorded")
            given = await self._store.read.signatures(task.id)
            before = quorum(task, plan, given)
            _admit(before, plan, actor)
            spared = await self._store.read.spared(task.id)
            _check_shown(command, spared)
            new = [step for step in _left_out(plan, command) if step not in left_out(spared)]
            skipped = (*left_out(spared), *new)
            signature = self._signature(plan, actor, "sign", command.means, skipped=skipped, held=held(spared))
            count = quorum(task, plan, (*given, signature))
            begins = count.reached and not waits
            after = replace(task, phase=advance(task.phase, Phase.QUEUED), signed=plan.digest) if begins else task
            seq = await self._record(task, after, signature, self._skips(plan, new, actor))
            told = self._attempts.signed(task.id, plan) if count.reached and waits else ""
        if begins:
            await self._attempts.queue(task.id)
        return Reply(task=task.id, seq=seq, text=_signed(signature, count) + told)

    async def reject(self, command: Reject, actor: str) -> Reply:
        """Refuse a revision: the task ends `cancelled`, outcome rejected; or it goes on without what waited beside."""
        if not command.reason.strip():
            raise UsageError(problem="A rejection needs a reason; nothing was recorded")
        task, plan = await self._present(command.task, command.revision, None)
        signature = self._signature(plan, actor, "reject", command.means, reason=command.reason)
        if plan.revision == task.pending:
            return await self._withdraw(task, signature)
        phase = advance(task.phase, Phase.CANCELLED)
        ended = replace(task, phase=phase, outcome=Outcome.REJECTED, error=command.reason, ended=self._clock())
        seq = await self._record(task, ended, signature, [])
        return Reply(task=task.id, seq=seq, text=f"task {task.id} rejected")

    async def give_back(self, command: Return, actor: str) -> Reply:
        """Ask for another revision: `awaiting_approval -> planning`, or beside the attempt; never an approval."""
        if not command.note.strip():
            raise UsageError(problem="A returned plan needs a note; nothing was recorded")
        task, plan = await self._present(command.task, command.revision, None)
        signature = self._signature(plan, actor, "return", command.means, reason=command.note)
        if plan.revision == task.pending:
            return await self._withdraw(task, signature)
        planning = replace(task, phase=advance(task.phase, Phase.PLANNING), planner=self._planner)
        seq = await self._record(task, planning, signature, [])
        return Reply(task=task.id, seq=seq, text=f"task {task.id} returned to planning")

    async def accept(self, command: AcceptResult, actor: str) -> Reply:
        """Accept the result of a task whose steps ended well: `ready -> completed`."""
        task = await self._store.read.task(command.task)
        completed = replace(task, phase=advance(task.phase, Phase.COMPLETED))
        try:
            seq = await self._store.set_phase(task, completed, actor=actor)
        except Conflict:
            raise await overtaken(self._store.read, task) from None
        return Reply(task=task.id, seq=seq, text=f"task {task.id} accepted")

    async def remove(self, command: Remove, actor: str) -> Reply:
        """Forget an ended task; its events stay."""
        task = await self._store.read.task(command.task)
        if not task.phase.ended:
            raise Refused(
                problem=f"Task {task.id} is {task.phase}: only ended tasks can be removed", hint="cancel it first"
            )
        await self._attempts.refuse_if_alive(task)
        try:
            seq = await self._store.remove_task(task, actor)
        except Conflict:
            raise still_cancelling(task) from None
        return Reply(task=task.id, seq=seq, text=f"task {task.id} removed; its events stay in the audit log")

    async def _present(self, number: int, revision: int, digest: str | None) -> tuple[Task, Plan]:
        """The task, and the revision that a verdict is about: the present one, or the one that waits beside it."""
        task = await self._store.read.task(number)
        plan = await self._store.read.plan(number, revision)
        if plan is None or revision < task.revision or (digest is not None and plan.digest != digest):
            raise StaleRevision(task=number, current=task.revision, given=revision)
        if revision > task.revision and revision != task.pending:
            raise await self._waited(task, revision)
        if revision == task.revision and task.phase is not Phase.AWAITING_APPROVAL:
            raise await self._too_late(task, Phase.QUEUED)
        return task, plan

    async def _withdraw(self, task: Task, signature: Signature) -> Reply:
        try:
            seq = await self._attempts.withdraw(task, signature)
        except Conflict:
            raise await self._waited(await self._store.read.task(task.id), signature.revision) from None
        what = f"revision {signature.revision} of task {task.id} {VERDICTS[signature.verdict]}"
        return Reply(task=task.id, seq=seq, text=f"{what}; what runs goes on")

    async def _waited(self, task: Task, revision: int) -> Refused:
        """Why a revision that waited beside an attempt cannot be judged any more."""
        for given in reversed(await self._store.read.signatures(task.id)):
            if given.revision == revision and (given.verdict != "sign" or revision == task.revision):
                return _judged(given)
        return Refused(
            problem=f"Revision {revision} of task {task.id} waited beside an attempt that is over ({task.phase}):"
            " nothing of it runs, and nothing was recorded",
            hint=_TELLS,
        )

    async def _too_late(self, task: Task, target: Phase) -> Refused:
        """Why there is nothing to judge any more: who judged this revision, and when."""
        followed = {"sign": bool(task.signed), "reject": task.outcome is Outcome.REJECTED, "return": not task.signed}
        for given in reversed(await self._store.read.signatures(task.id)):
            if given.revision == task.revision and not given.void and followed[given.verdict]:
                return _judged(given)
        return IllegalTransition(noun="task", source=task.phase, target=target)

    def _signature(
        self,
        plan: Plan,
        actor: str,
        verdict: str,
        means: str,
        *,
        skipped: tuple[str, ...] = (),
        held: tuple[str, ...] = (),
        reason: str = "",
    ) -> Signature:
        return Signature(
            task=plan.task,
            revision=plan.revision,
            digest=plan.digest,
            actor=actor,
            verdict=verdict,
            time=self._clock(),
            skipped=skipped,
            held=held,
            means=means,
            reason=reason,
        )

    def _skips(self, plan: Plan, skipped: Collection[str], actor: str) -> list[tuple[int, StepStatus]]:
        error, now = f"left out by {actor}", self._clock()
        return [
            (position, StepStatus(id=planned.id, state=StepState.SKIPPED, cause=Cause.VERDICT, error=error, ended=now))
            for position, planned in enumerate(plan.steps)
            if planned.id in skipped
        ]

    async def _record(
        self, before: Task, after: Task, signature: Signature, skips: list[tuple[int, StepStatus]]
    ) -> int:
        try:
            return await self._store.decisions.sign(before, after, signature, skips)
        except Conflict:
            now = await self._store.read.task(before.id)
            if signature.revision == before.pending:
                raise await self._waited(now, signature.revision) from None
            if now.revision == before.revision:
                raise await self._too_late(now, after.phase) from None
            raise StaleRevision(task=before.id, current=now.revision, given=before.revision) from None


def _judged(given: Signature) -> AlreadyJudged:
    when = time.strftime("%H:%M on %Y-%m-%d", time.localtime(given.time))
    return AlreadyJudged(task=given.task, verdict=VERDICTS[given.verdict], actor=given.actor, when=when)


def _admit(count: Quorum, plan: Plan, actor: str) -> None:
    """Raise `Refused` unless the signature of this person would count."""
    if actor in count.excluded:
        raise Refused(
            problem=f"{actor} proposed this plan, and its rule wants others to sign it; nothing was recorded",
            hint=f"{count.left} more must sign",
        )
    if actor in count.signed:
        raise Refused(
            problem=f"{actor} has signed {plan.digest[:6]} already, and counts once",
            hint=f"{count.left} more must sign",
        )


def _check_shown(command: Sign, statuses: Iterable[StepStatus]) -> None:
    """Raise `Refused` if a step that was shown as skipped or held would run by now."""
    spared = {*left_out(statuses), *held(statuses)}
    if back := [step for step in command.spared or () if step not in spared]:
        raise Refused(
            problem=f"{', '.join(back)} would run: that was changed while you read; nothing was recorded",
            hint="look again, then sign",
        )


def _signed(signature: Signature, count: Quorum) -> str:
    left = f"; {len(signature.skipped)} left out" if signature.skipped else ""
    wait = "" if count.reached else f"; {count.left} more must sign"
    return f"signed {signature.digest[:6]} of task {signature.task}{left}{wait}"


def _left_out(plan: Plan, command: Sign) -> tuple[str, ...]:
    """The steps a signer leaves out, by id; they are named by id or by number, counted from 1."""
    only = {plan.named(name) for name in command.only}
    skip = {plan.named(name) for name in command.skip}
    for planned in plan.steps:
        if planned.id in only and (missing := set(planned.step.needs) - only):
            raise UsageError(problem=f"--only {planned.id} needs {', '.join(sorted(missing))}; nothing was signed")
    return tuple(planned.id for planned in plan.steps if planned.id in skip or (only and planned.id not in only))
