"""How long a plan will take, by how long its steps took before. Pure; all lengths of time are in seconds.

What is unknown stays unknown: nothing is said of a plan while one of its steps never ended well. What waits for people
or for a failure is expected to take no time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from engine.model.plan import Action, Plan, PlannedStep, When
from engine.model.run import StepStatus
from engine.model.state import StepState


def usual_length(planned: PlannedStep, lengths: Mapping[str, float]) -> float | None:
    """How long a step is expected to take; None where nobody knows."""
    if planned.step.when is When.FAILURE or planned.step.action is Action.ASK:
        return 0.0
    return lengths.get(planned.id)


def longest_path(needs: Mapping[str, Collection[str]], lengths: Mapping[str, float]) -> tuple[tuple[str, ...], float]:
    """The path that takes longest, first step first, and how long it takes.

    Args:
        needs: what each step needs, in topological order.
        lengths: how long each step takes.
    """
    until: dict[str, float] = {}
    before: dict[str, str | None] = {}
    for step, needed in needs.items():
        last = before[step] = max(needed, key=until.__getitem__, default=None)
        until[step] = lengths[step] + (until[last] if last is not None else 0.0)
    # Of equal ones the last: a path ends where nothing follows any more.
    end = max(reversed(until), key=until.__getitem__, default=None)
    total, path = until[end] if end is not None else 0.0, []
    while end is not None:
        path.append(end)
        end = before[end]
    return tuple(reversed(path)), total


def seconds_left(
    plan: Plan, statuses: Iterable[StepStatus], lengths: Mapping[str, float], now: float, parallel: int
) -> float | None:
    """How long the rest of a plan takes at least: its longest path, or all its work shared by `parallel` at a time.

    Returns:
        None while the length of a step that has not ended is unknown.
    """
    status_of = {status.id: status for status in statuses}
    until: dict[str, float] = {}
    work = 0.0
    for planned in plan.steps:  # in topological order
        step, status = planned.step, status_of.get(planned.id)
        left: float | None = 0.0
        if status is None or not status.state.ended:
            left = usual_length(planned, lengths)
        if left is None:
            return None
        if status is not None and status.state is StepState.RUNNING:
            left = max(0.0, left - running_for(status, now))
        until[step.id] = left + max([until[need] for need in step.needs], default=0.0)
        work += left
    return max(max(until.values(), default=0.0), work / max(1, parallel))


def running_for(status: StepStatus, now: float) -> float:
    """How long a step has been running; nothing for one that does not run."""
    return max(0.0, now - status.started) if status.state is StepState.RUNNING and status.started is not None else 0.0
