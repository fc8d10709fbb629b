"""Who has signed a revision and who still must, and what a verdict makes of a step (B5.4, B5.8): pure decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from engine.errors import Refused
from engine.model.digest import step_digest
from engine.model.nouns import dataclass
from engine.model.plan import Plan, PlannedStep
from engine.model.run import Cause, StepStatus
from engine.model.state import Phase, StepState, Verdict, advance
from engine.model.task import Signature, Task, TaskView

_FOLLOWED = frozenset({Cause.DEPENDENCY, Cause.NOT_NEEDED})
"""Ends of steps that begin anew once what they need is another step."""


@dataclass(frozen=True, kw_only=True)
class Quorum:
    """How far the signing of a revision is."""

    needed: int
    signed: tuple[str, ...]
    """Who signed and counts, first come first."""
    excluded: tuple[str, ...] = ()
    """Who proposed or wrote it, where they may not sign it."""

    @property
    def reached(self) -> bool:
        return len(self.signed) >= self.needed

    @property
    def left(self) -> int:
        """How many people still must sign."""
        return max(0, self.needed - len(self.signed))


def is_signed(task: Task, plan: Plan) -> bool:
    """Whether the steps as they were read, not only as they were written, are the signed ones."""
    return task.signed == plan.digest


def quorum(task: Task, plan: Plan, signatures: Iterable[Signature]) -> Quorum:
    """Count the people, not the clicks, whose signature on this very digest holds."""
    excluded = excluded_from(task, plan)
    signers = (signature.actor for signature in standing(signatures, plan.digest))
    signed = tuple(dict.fromkeys(actor for actor in signers if actor not in excluded))
    return Quorum(needed=max(1, plan.policy.quorum), signed=signed, excluded=excluded)


def proposed(view: TaskView) -> TaskView:
    """A task as whoever signs what waits beside its running attempt reads it: that revision in the place of the present
    one, to be signed. The same view where nothing waits."""
    plan = view.pending
    if plan is None or view.task.pending != plan.revision:
        return view
    task = replace(
        view.task, phase=Phase.AWAITING_APPROVAL, revision=plan.revision, digest=plan.digest, signed="", waits=()
    )
    known = {status.id: status for status in view.steps if status.cause not in _FOLLOWED}
    steps = tuple(known.get(planned.id, StepStatus(id=planned.id)) for planned in plan.steps)
    return replace(view, task=task, plan=plan, steps=steps, grants=())


def standing(signatures: Iterable[Signature], digest: str) -> Iterator[Signature]:
    """The approvals of these bytes that hold."""
    return (each for each in signatures if each.verdict == "sign" and each.digest == digest and not each.void)


def excluded_from(task: Task, plan: Plan) -> tuple[str, ...]:
    """Who may not sign a revision, where its rule says so: whoever proposed the task, and whoever wrote this one."""
    if not plan.policy.exclude_proposer:
        return ()
    return tuple(dict.fromkeys(name for name in (task.proposer, plan.author) if name))


def left_out(statuses: Iterable[StepStatus]) -> tuple[str, ...]:
    """The steps that people skipped."""
    return tuple(
        status.id for status in statuses if status.state is StepState.SKIPPED and status.cause is Cause.VERDICT
    )


def held(statuses: Iterable[StepStatus]) -> tuple[str, ...]:
    """The steps that people hold."""
    return tuple(status.id for status in statuses if status.held_by and not status.state.ended)


def judged(status: StepStatus, verdict: Verdict, actor: str, now: float) -> StepStatus:
    """The step after a verdict.

    Raises:
        Refused: the verdict does not fit where the step is.
    """
    if verdict is Verdict.TAKE_IN:
        if status.cause is not Cause.VERDICT:
            raise Refused(problem=f"{status.id} is not skipped; nothing was recorded")
        return replace(status, state=advance(status.state, StepState.PENDING), cause=None, error="", ended=None)
    if status.state.ended or status.state is StepState.RUNNING:
        raise Refused(problem=f"{status.id} is {status.state} already; nothing was recorded")
    if verdict is Verdict.SKIP:
        skipped = advance(status.state, StepState.SKIPPED)
        return replace(status, state=skipped, cause=Cause.VERDICT, error=f"left out by {actor}", ended=now, held_by="")
    if verdict is Verdict.RELEASE and not status.held_by:
        raise Refused(problem=f"{status.id} is not held; nothing was recorded")
    if verdict is Verdict.HOLD and status.held_by:
        raise Refused(problem=f"{status.id} is held by {status.held_by} already; nothing was recorded")
    return replace(status, held_by=actor if verdict is Verdict.HOLD else "")


def grantable(steps: Iterable[PlannedStep]) -> dict[str, str]:
    """Digest of each of these steps that asks and whose bytes are known before it runs."""
    return {
        planned.id: step_digest(planned)
        for planned in steps
        if planned.asks and not any(file.produced_by for file in planned.files)
    }
