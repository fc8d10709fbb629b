"""The bounded pool of working turns: who runs next, over all tasks (B9.1).

A slot counts work. Whoever waits for a person, a need or a delay holds none. Order: topological rank, then id.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

Work = Callable[[], Coroutine[Any, Any, None]]


class Pool:
    """At most `limit` pieces of work at a time."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._queue: list[tuple[int, str, int, Work]] = []
        self._order = count()
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, rank: int, name: str, work: Work) -> None:
        """Start `work` as soon as a slot is free and nothing of a lower rank waits."""
        heapq.heappush(self._queue, (rank, name, next(self._order), work))
        self._fill()

    def _fill(self) -> None:
        loop = asyncio.get_running_loop()
        while self._free and self._queue:
            _, name, _, work = heapq.heappop(self._queue)
            self._free -= 1
            task = loop.create_task(work(), name=name)
            self._tasks.add(task)
            task.add_done_callback(self._release)

    def _release(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._free += 1
        if not task.cancelled() and (error := task.exception()) is not None:
            loop = asyncio.get_running_loop()
            loop.call_exception_handler({"message": f"step {task.get_name()} broke", "exception": error})
        self._fill()

    @property
    def busy(self) -> int:
        """How much work has a slot now."""
        return len(self._tasks)

    async def close(self) -> None:
        """Abandon what is queued and interrupt what runs."""
        self._queue.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
