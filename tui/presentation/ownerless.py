"""A task while nobody owns its state directory: what was under way when its owner ended is interrupted.

The store itself says so only once somebody runs it, and recovers it. Pure.
"""

from __future__ import annotations

from dataclasses import replace

from engine import Phase, Run, RunState, StepState, Task, TaskView
from tui.presentation.status import STEPS

LOOK = STEPS[StepState.INTERRUPTED]
_UNDER_WAY = frozenset({Phase.EXECUTING, Phase.RECONCILING})
_ALIVE = frozenset({RunState.RUNNING, RunState.CANCELLING})


def is_interrupted(task: Task) -> bool:
    """Whether somebody would have to run it now."""
    return task.phase in _UNDER_WAY


def view_of(view: TaskView) -> TaskView:
    """The view with nothing running in it."""
    steps = tuple(
        replace(status, state=StepState.INTERRUPTED) if status.state is StepState.RUNNING else status
        for status in view.steps
    )
    return replace(view, steps=steps)


def run_of(run: Run) -> Run:
    """The run, ended by the end of its owner."""
    return replace(run, state=RunState.INTERRUPTED) if run.state in _ALIVE else run
