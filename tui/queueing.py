"""Why a queued task does not begin: another one writes in its directory, one at a time (B6.8).

Derived from what everybody may read, so it is the same for the owner and for a terminal that is attached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import ListTasks, Phase, ShowTask, Tier
from tui.presentation.brief import title
from tui.presentation.safe import safe

if TYPE_CHECKING:
    from engine import EngineClient, Task, TaskSummary, TaskView

PAGE = 1000
_HOLDING = (Phase.EXECUTING, Phase.RECONCILING, Phase.BLOCKED, Phase.PAUSED)
"""Phases in which a task keeps its directory, the likeliest first."""
_HOLDERS = {
    Phase.BLOCKED: ", and waits for a person: signoff inbox",
    Phase.PAUSED: ", and is paused: signoff resume {id}",
}


def writes(view: TaskView) -> bool:
    """Whether a task needs its directory for itself."""
    return any(planned.tier is not Tier.READ for planned in (view.plan.steps if view.plan else ()))


async def holder(engine: EngineClient, waiting: Task) -> Task | None:
    """The task that writes in the directory of a queued one; None where none can be seen."""
    found: list[Task] = []
    before: int | None = None
    while page := await engine.read(ListTasks(before=before, limit=PAGE)):
        found += [summary.task for summary in page if _may_hold(summary, waiting)]
        before = page[-1].task.id
    for task in sorted(found, key=_likeliest_first):
        if writes(await engine.read(ShowTask(task=task.id))):
            return task
    return None


def _may_hold(summary: TaskSummary, waiting: Task) -> bool:
    task = summary.task
    if task.root != waiting.root or task.id == waiting.id:
        return False
    cleaning = task.phase in (Phase.CANCELLED, Phase.TIMED_OUT) and not all(state.ended for state in summary.counts)
    return cleaning or task.phase in _HOLDING


def _likeliest_first(task: Task) -> int:
    return _HOLDING.index(task.phase) if task.phase in _HOLDING else 0


def sentence(waiting: Task, held: Task | None) -> str:
    """Why it waits, and that nobody has to do anything for it, or what."""
    what, then = f"task {waiting.id} is queued", "it begins by itself"
    where = safe(waiting.root)
    if held is None:
        return f"{what}; {then} as soon as {where} is free"
    needs = _HOLDERS.get(held.phase, "").format(id=held.id)
    return f"{what}: task {held.id} ({title(held.request, 40)}) writes in {where}{needs}; {then} when that has ended"
