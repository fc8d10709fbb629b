"""The pieces of changes that all parts of the store share: the transition of a task, the rows of steps."""

from __future__ import annotations

from collections.abc import Sequence

from engine.model.events import PhaseChanged, StepsChanged
from engine.model.run import StepStatus
from engine.model.task import ENGINE, Task
from engine.storage.writer import Change
from engine.wire import encode

_UPDATE_TASK = (
    "UPDATE tasks SET phase=?, attempt=?, revision=?, digest=?, signed=?, outcome=?, waits=?, error=?, started=?,"
    " ended=?, planner=?, pending=? WHERE id=? AND phase=? AND attempt=? AND revision=?"
)
UPDATE_STEP = (
    "UPDATE steps SET state=?, attempt=?, run=?, exit_code=?, error=?, cause=?, summary=?, started=?, ended=?,"
    " held_by=?, changed=?, tests=? WHERE task=? AND position=?"
)


def transition(before: Task, after: Task, *, actor: str = ENGINE, patient: bool = False) -> Change:
    """A transition of a task, refused if its phase, attempt or revision is another by now."""
    values = (
        after.phase, after.attempt, after.revision, after.digest, after.signed, after.outcome,
        " ".join(after.waits), after.error, after.started, after.ended, after.planner,
        after.pending, after.id, before.phase, before.attempt, before.revision,
    )  # fmt: skip
    change = Change(guard=(_UPDATE_TASK, values), actor=actor, what=f"task {after.id}", patient=patient)
    change.facts.append((PhaseChanged(after), after.id, None))
    return change


def step_values(task: int, position: int, status: StepStatus) -> tuple[object, ...]:
    """The parameters of `UPDATE_STEP`."""
    return (
        status.state, status.attempt, status.run, status.exit_code, status.error, status.cause, status.summary,
        status.started, status.ended, status.held_by, optional(status.changed), optional(status.tests), task, position,
    )  # fmt: skip


def optional(noun: object | None) -> str | None:
    """A noun as JSON; null where there is none."""
    return None if noun is None else encode(noun)


def add_steps(change: Change, task: int, statuses: Sequence[tuple[int, StepStatus]], reason: str) -> None:
    """Let a change write several steps, each with its position in the plan, and tell of them."""
    if statuses:
        change.many.append((UPDATE_STEP, [step_values(task, *item) for item in statuses]))
        change.facts.append((StepsChanged(tuple(status for _, status in statuses), reason), task, None))
