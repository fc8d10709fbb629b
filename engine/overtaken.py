"""What to say to a person whose command came too late, or does not fit how the task stands."""

from __future__ import annotations

import time

from engine.errors import Overtaken, Refused
from engine.model.events import Event, PhaseChanged
from engine.model.state import Phase
from engine.model.task import ENGINE, Task
from engine.storage.reader import Reader

_PAGE = 1000
_STANDS = {
    Phase.QUEUED: ("is queued already: it begins as soon as its directory is free", "signoff run {task} follows it"),
    Phase.EXECUTING: ("runs already", "signoff run {task} follows it"),
    Phase.RECONCILING: ("runs already", "signoff run {task} follows it"),
    Phase.BLOCKED: ("is under way already, and waits for a person", "signoff inbox shows what it asks"),
    Phase.READY: ("ended well, and waits to be accepted", "signoff accept {task}"),
    Phase.COMPLETED: ("is completed: nothing is left to run", "signoff plan makes another task"),
}
"""How a task stands that nobody can resume, and what to do instead."""


async def overtaken(read: Reader, before: Task) -> Overtaken:
    """Who changed the task meanwhile, when, and how it stands now."""
    now = await read.task(before.id)
    last: Event | None = None
    seen = 0
    while page := await read.events(seen, _PAGE, before.id):
        last = next((event for event in reversed(page) if isinstance(event.fact, PhaseChanged)), last)
        seen = page[-1].seq
    who = last.actor if last is not None and last.actor != ENGINE else "the engine"
    when = time.strftime("%H:%M:%S", time.localtime(last.time if last is not None else None))
    return Overtaken(task=now.id, phase=now.phase, actor=who, when=when)


def nothing_to_resume(task: Task) -> Refused:
    """Why there is nothing to go on with in a task that is neither paused nor ended short of its plan."""
    stands, hint = _STANDS.get(task.phase, (f"is {task.phase}", "signoff show {task} tells how it stands"))
    return Refused(problem=f"Task {task.id} {stands}; nothing was changed", hint=hint.format(task=task.id))


def still_cancelling(task: Task) -> Refused:
    """Why nothing else can be done yet with a task that was cancelled."""
    return Refused(
        problem=f"Task {task.id} is still being cancelled: its processes or its cleanup have not ended yet",
        hint=f"signoff cancel {task.id} --kill ends them at once",
    )


def at_its_cap(task: Task) -> Refused:
    """Why a task that is paused for its budget alone is not simply resumed."""
    return Refused(
        problem=f"Task {task.id} is at a cap of its budget; nothing was changed",
        hint="signoff inbox says which, and how it goes on: by a raise, cheaply, or not at all",
    )
