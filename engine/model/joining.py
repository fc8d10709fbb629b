"""A revision that is taken up while its attempt goes on: what of it is as it was, and where its steps stand then. Pure.

What has started is never changed: a revision that would do so cannot be taken up before the attempt has ended.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

from engine.model.digest import plan_digest
from engine.model.plan import Plan, PlannedStep
from engine.model.run import Cause, StepStatus
from engine.model.state import StepState

_DECIDED = frozenset({Cause.VERDICT, Cause.CANCELLED, Cause.DENIED, Cause.EXPIRED, Cause.BUDGET})
"""Ends of a step that a person decided: they hold whatever it stands on."""
_FOLLOWED = frozenset({Cause.DEPENDENCY, Cause.NOT_NEEDED})
"""Ends that only followed from those of other steps."""


def unchanged(before: Plan, after: Plan) -> Plan:
    """The later revision, with every step whose document is the same just as it was signed: its program, its files."""
    known = {planned.id: planned for planned in before.steps}
    steps = tuple(
        replace(was, rank=planned.rank) if (was := known.get(planned.id)) and was.step == planned.step else planned
        for planned in after.steps
    )
    made = replace(after, steps=steps)
    return replace(made, digest=plan_digest(made))


def joined(
    before: Plan, after: Plan, statuses: Mapping[str, StepStatus], taken: Container[str]
) -> list[StepStatus] | None:
    """Where each step of the later revision stands if it is taken up now; None where it cannot be.

    Args:
        statuses: where the steps of the revision before are.
        taken: those that have a turn, or are only kept back from one.
    """
    known = {planned.id: planned for planned in before.steps}
    if any(statuses[gone].state is not StepState.FAILED for gone in known.keys() - {each.id for each in after.steps}):
        return None
    made: list[StepStatus] = []
    touched: set[str] = set()
    for planned in after.steps:  # in topological order
        was, status = known.get(planned.id), statuses.get(planned.id, StepStatus(id=planned.id))
        if was is not None and _same(was, planned) and touched.isdisjoint(planned.step.needs):
            made.append(status)
            continue
        touched.add(planned.id)
        if status.cause in _DECIDED:
            made.append(status)
        elif status.cause in _FOLLOWED or (status.state is StepState.PENDING and planned.id not in taken):
            made.append(StepStatus(id=planned.id, attempt=status.attempt, run=status.run, held_by=status.held_by))
        else:
            return None
    return made


def _same(was: PlannedStep, now: PlannedStep) -> bool:
    return (was.step, was.tier, was.binary, was.files) == (now.step, now.tier, now.binary, now.files)
