"""A task or a step in a word or two, the same on a screen and on the command line: title, progress, number.

Pure, and cheap to import: no widget and no `Content` is needed for it.
"""

from __future__ import annotations

from engine import PlannedStep, StepState, Task, TaskSummary, TaskView
from tui.presentation.amounts import number
from tui.presentation.safe import safe

_TITLE = 60


def title(request: str, width: int = _TITLE) -> str:
    """The first line of a request, safe, at most `width` characters."""
    text = safe(request.strip().partition("\n")[0])
    return text if len(text) <= width else text[: width - 3].rstrip() + "..."


def progress(summary: TaskSummary) -> str:
    """`4/6`: ended well, of all; empty without a plan."""
    done = summary.counts.get(StepState.COMPLETED, 0)
    return f"{number(done)}/{number(summary.steps)}" if summary.steps else ""


def behind(held: Task) -> str:
    """What a queued task waits for."""
    return f"behind task {held.id}, which writes in the same directory"


def numbered(view: TaskView, step: str) -> tuple[int, PlannedStep | None]:
    """The number of a step, counted from 1 in topological order, and the step; 0 and None where the plan has none."""
    steps = view.plan.steps if view.plan else ()
    return next(((n, planned) for n, planned in enumerate(steps, start=1) if planned.id == step), (0, None))
