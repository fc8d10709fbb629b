"""Another attempt at a plan: which steps begin anew, and which are kept as they ended (B4.6). Pure."""

from __future__ import annotations

from engine.errors import UnknownStep
from engine.model.board import Row
from engine.model.plan import Plan
from engine.model.run import Cause, StepStatus
from engine.model.state import StepState


def to_reset(plan: Plan, statuses: tuple[StepStatus, ...], from_step: str | None, task: int) -> list[Row]:
    """The steps that another attempt begins anew; completed ones are kept unless `from_step` reaches them.

    Raises:
        UnknownStep: `from_step` is none of them.
    """
    chosen: set[str] = set()
    if from_step is not None:
        if from_step not in {status.id for status in statuses}:
            raise UnknownStep(task=task, step=from_step)
        chosen.add(from_step)
        for planned in plan.steps:  # in topological order
            if chosen.intersection(planned.step.needs):
                chosen.add(planned.id)
    return [
        (position, StepStatus(id=status.id, attempt=status.attempt, run=status.run))
        for position, status in enumerate(statuses)
        if _resets(status, chosen)
    ]


def _resets(status: StepStatus, chosen: set[str]) -> bool:
    if status.cause is Cause.VERDICT:
        return False
    return status.state is not StepState.COMPLETED or status.id in chosen
