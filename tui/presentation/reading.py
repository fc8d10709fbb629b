"""A plan as one person reads it: what must be read, what was, which verdicts stand, what a skip takes with it. Pure.

The verdicts are the engine's and everybody's; only the marks of what was read are this person's own. Nothing here
decides whether the engine will take a signature.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine import Plan, PlannedStep, StepState, StepStatus, TaskView, When, held, left_out, seconds_left
from tui.presentation.revisions import Since
from tui.presentation.safe import safe
from tui.presentation.wrap import cells

MAX_NAME = 16
GLANCE = 500
"""Characters of a text that a row of a list looks at: more than any screen is wide."""


@dataclass(frozen=True)
class Reading:
    """A plan with the verdicts on it, and what follows from them."""

    plan: Plan
    read: frozenset[str] = frozenset()
    """Steps whose operand this person has read to its end."""
    skipped: frozenset[str] = frozenset()
    """Steps that somebody left out; their dependents follow."""
    held: Mapping[str, str] = field(default_factory=dict)
    """Steps that wait until they are released, and who holds them."""
    lost: Mapping[str, str] = field(default_factory=dict)
    """Steps skipped because of another one: id to the need that takes it along."""
    notes: Mapping[str, int] = field(default_factory=dict)
    """How much was said about a step."""
    since: Since | None = None
    name_width: int = MAX_NAME

    @classmethod
    def of(cls, view: TaskView, read: frozenset[str] = frozenset(), since: Since | None = None) -> Reading:
        """The present plan of a task with everybody's verdicts and one's own marks."""
        plan = view.plan or Plan()
        holders = {status.id: status.held_by for status in view.steps}
        skipped = frozenset(left_out(view.steps))
        return cls(
            plan,
            read,
            skipped,
            held={step: holders[step] for step in held(view.steps)},
            lost=cascade(plan, skipped),
            notes=Counter(comment.step for comment in view.comments if comment.step),
            since=since,
            name_width=min(MAX_NAME, max((cells(safe(each.id[:GLANCE])) for each in plan.steps), default=0)),
        )

    def runs(self, step: str) -> bool:
        return step not in self.skipped and step not in self.lost

    def must(self, planned: PlannedStep) -> bool:
        """Whether it is to be read before signing: it asks again when it runs, or does more than was seen before."""
        return planned.asks or (self.since is not None and planned.id in self.since.widened)

    @property
    def risky(self) -> list[PlannedStep]:
        """The steps that must be read."""
        return [planned for planned in self.plan.steps if self.must(planned)]

    @property
    def unread(self) -> list[PlannedStep]:
        """What must still be read before signing; a step that will not run need not be."""
        return [p for p in self.risky if p.id not in self.read and self.runs(p.id)]

    @property
    def running(self) -> int:
        return sum(self.runs(planned.id) for planned in self.plan.steps)

    @property
    def spared(self) -> tuple[str, ...]:
        """The steps that are shown as skipped or held by people."""
        return tuple(each.id for each in self.plan.steps if each.id in self.skipped or each.id in self.held)

    @property
    def numbers(self) -> dict[str, int]:
        """Position of each step in the plan, counted from 1."""
        return {planned.id: number for number, planned in enumerate(self.plan.steps, start=1)}

    def mark(self, step: str) -> str:
        """What became of a step since the earlier revision: `~`, `+`, a blank."""
        change = self.since.changes.get(step) if self.since else None
        return change.mark if change else " "


def cascade(plan: Plan, origin: Collection[str], *, failed: bool = False) -> dict[str, str]:
    """The steps that will be skipped because `origin` does not run, each with the need that takes it along.

    Args:
        plan: steps in topological order.
        origin: steps that do not run.
        failed: whether that counts as a failure, as a denial does; then steps that wait for one run.
    """
    gone, lost = set(origin), {}
    for planned in plan.steps if gone else ():
        needs = [need for need in planned.step.needs if need in gone]
        if planned.id in gone or not needs or planned.step.when is When.ALWAYS:
            continue
        if planned.step.when is When.FAILURE and (failed or len(needs) < len(planned.step.needs)):
            continue
        gone.add(planned.id)
        lost[planned.id] = needs[0]
    return lost


def expected(reading: Reading, lengths: Mapping[str, float], parallel: int) -> float | None:
    """Seconds that what is left in would take, by earlier runs; None where nobody knows."""
    out = [StepStatus(id=p.id, state=StepState.SKIPPED) for p in reading.plan.steps if not reading.runs(p.id)]
    return seconds_left(reading.plan, out, lengths, 0.0, parallel) or None


def missing(reading: Reading) -> str:
    """Why it cannot be signed yet, naming the steps; empty when it can."""
    if not reading.running:
        return "Every step is skipped: nothing is left to sign. x rejects the plan, s takes a step back in."
    if not reading.unread:
        return ""
    numbers = reading.numbers
    named = ", ".join(f"{numbers[p.id]} {p.id}" for p in reading.unread[:4])
    more = f" and {len(reading.unread) - 4} more" if len(reading.unread) > 4 else ""
    return f"Read {named}{more} to the end first: space reads on."
