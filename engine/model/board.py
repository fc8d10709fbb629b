"""The steps of one execution as they stand: where each one is, and what follows from that, without waiting.

Every change of a step passes `note`, which holds it against the table of transitions and answers the row to store.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.model.news import news
from engine.model.plan import Plan, When
from engine.model.run import Cause, StepStatus
from engine.model.state import StepState, advance

Row = tuple[int, StepStatus]
"""A step with its position in the plan, as the store takes it."""


class Board:
    """The plan of a task beside the status of each of its steps."""

    def __init__(self, plan: Plan, statuses: Iterable[StepStatus]) -> None:
        self.become(plan, statuses)

    def become(self, plan: Plan, statuses: Iterable[StepStatus]) -> None:
        """Another revision is the present one."""
        self.plan = plan
        self.planned = {planned.id: planned for planned in plan.steps}
        self.position = {planned.id: position for position, planned in enumerate(plan.steps)}
        self.statuses = {status.id: status for status in statuses}
        self.makes = makers(plan)
        """Files that later steps expect from a step."""

    def note(self, status: StepStatus) -> Row:
        """A step has changed.

        Raises:
            IllegalTransition: it cannot have; nothing was changed.
        """
        before = self.statuses[status.id].state
        if status.state is not before:
            advance(before, status.state)
        self.statuses[status.id] = status
        return self.position[status.id], status

    def end(self, step_id: str, state: StepState, cause: Cause, error: str, now: float) -> Row:
        """A step ends without having run to its own end."""
        return self.note(replace(self.statuses[step_id], state=state, cause=cause, error=error, ended=now))

    def ended(self) -> dict[str, StepState]:
        """How each step ended that has."""
        return {status.id: status.state for status in self.statuses.values() if status.state.ended}

    def open(self) -> list[str]:
        """The steps that have not ended, in the order of the plan."""
        return [status.id for status in self.statuses.values() if not status.state.ended]

    def cleanup(self) -> set[str]:
        """Steps that run in any case, of which something they stand on has begun, however far above."""
        cleanup, begun = set[str](), set[str]()
        for planned in self.plan.steps:  # in topological order
            above = not begun.isdisjoint(planned.step.needs)
            status = self.statuses[planned.id]
            if above and planned.step.when is When.ALWAYS and not (status.state.ended or status.held_by):
                cleanup.add(planned.id)
            if above or status.attempt:
                begun.add(planned.id)
        return cleanup

    def before(self, step_id: str) -> tuple[str, ...]:
        """Every step that one stands on, those that it needs itself first."""
        found = dict.fromkeys(self.planned[step_id].step.needs)
        for step in (order := list(found)):
            new = [need for need in self.planned[step].step.needs if need not in found]
            found.update(dict.fromkeys(new))
            order += new
        return tuple(found)

    def news(self, step_id: str) -> tuple[str, ...]:
        """What came of the steps so far, for whoever must decide about this one."""
        return news(self.planned[step_id], self.statuses)


def makers(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Map each step to the files that later steps expect from it."""
    makes: dict[str, set[str]] = {}
    for planned in plan.steps:
        for file in planned.files:
            if file.produced_by:
                makes.setdefault(file.produced_by, set()).add(file.path)
    return {step: tuple(sorted(paths)) for step, paths in makes.items()}
