"""What to say to a person whose command came too late: somebody moved the task on while it was looked at."""

from __future__ import annotations

import time

from engine.errors import Overtaken
from engine.model.events import Event, PhaseChanged
from engine.model.task import ENGINE, Task
from engine.storage.reader import Reader

_PAGE = 1000


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
