"""What came of the steps so far, for whoever must decide about the next: what the signer could not know (B5.6)."""

from __future__ import annotations

from collections.abc import Mapping

from engine.model.plan import PlannedStep
from engine.model.run import StepStatus
from engine.model.state import StepState

MAX_NEEDS = 8
MAX_OTHERS = 6


def news(planned: PlannedStep, statuses: Mapping[str, StepStatus]) -> tuple[str, ...]:
    """A line for each step that this one stands on, one for changes by others, one for failures.

    Args:
        statuses: of all steps of the task, by id.
    """
    needs = planned.step.needs[:MAX_NEEDS]
    failed = sum(status.state is StepState.FAILED for status in statuses.values())
    others = _others(statuses, {planned.id, *needs})
    return (*(_line(statuses[need]) for need in needs), *others, f"{failed} failed" if failed else "nothing failed")


def _line(status: StepStatus) -> str:
    took = f" in {status.ended - status.started:.0f} s" if status.ended and status.started else ""
    return f"{status.id} {status.state.value}{took}" + (f": {status.did}" if status.did else "")


def _others(statuses: Mapping[str, StepStatus], but: set[str]) -> tuple[str, ...]:
    told = [
        f"{status.id} {status.changed.text}"
        for status in statuses.values()
        if status.changed and status.changed.text and status.id not in but
    ]
    more = f" and {len(told) - MAX_OTHERS} steps more" if len(told) > MAX_OTHERS else ""
    return (", ".join(told[:MAX_OTHERS]) + more,) if told else ()
