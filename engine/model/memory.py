"""What is remembered of earlier runs: what was asked for, what a step did, how it ended (B13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from engine.model.nouns import dataclass
from engine.model.plan import Plan
from engine.model.run import StepStatus
from engine.model.state import StepState

KEPT = 40
"""Steps that are remembered of one attempt at a task; the failed ones come first."""
LONGEST = 2000
"""Characters of an operand that are remembered."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """How one step of an attempt ended."""

    task: int
    step: str
    root: str
    """The directory it ran in."""
    time: float
    request: str
    action: str
    operand: str
    state: StepState
    """`completed` or `failed`."""
    run: int | None = None
    result: str = ""
    error: str = ""
    files: tuple[str, ...] = ()
    """What it changed, as far as somebody looked; filled in when it is read."""
    id: int = 0
    """Given by the store."""


@dataclass(frozen=True, kw_only=True)
class Recollection:
    """A memory that was looked for."""

    memory: Memory
    relevance: float = field(default=1.0)
    """Against the best one found, from 0 to 1; 1 where nothing in particular was looked for."""


def remembered(plan: Plan, statuses: Iterable[StepStatus]) -> tuple[Memory, ...]:
    """What is worth keeping of an attempt that is over."""
    ran = [status for status in statuses if status.state in (StepState.FAILED, StepState.COMPLETED) and status.run]
    ran.sort(key=lambda status: status.state is not StepState.FAILED)
    steps = {planned.id: planned.step for planned in plan.steps} if ran else {}
    return tuple(
        Memory(
            task=plan.task,
            step=status.id,
            root=plan.root,
            time=status.ended or 0.0,
            request=plan.request,
            action=steps[status.id].action.value,
            operand=steps[status.id].operand[:LONGEST],
            state=status.state,
            run=status.run,
            result=status.did,
            error=status.error,
        )
        for status in ran[:KEPT]
        if status.id in steps
    )
