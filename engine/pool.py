"""The bounded pool of working turns: who runs next, over all tasks (B9.1).

A slot counts work. Whoever waits for a person, a need or a delay holds none. Order: topological rank, then id.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from itertools import count

Work = Callable[[], Awaitable[None] | None]
"""Called once it has a slot, which it keeps until what it returns is done."""


class Pool:
    """At most `limit` pieces of work at a time."""

    def __init__(self, limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._free = limit
        self._queue: list[tuple[int, str, int, Work]] = []
        self._order = count()
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def submit(self, rank: int, name: str, work: Work) -> None:
        """Start `work` as soon as a slot is free and nothing of a lower rank waits."""
        heapq.heappush(self._queue, (rank, name, next(self._order), work))
        self._fill()

    def _fill(self) -> None:
        while self._free and self._queue:
            _, name, number, work = heapq.heappop(self._queue)
            self._free -= 1
            self._tasks[number] = self._loop.create_task(self._carry_out(number, work), name=name)

    async def _carry_out(self, number: int, work: Work) -> None:
        try:
            if (working := work()) is not None:
                await working
        except Exception as error:
            name = self._tasks[number].get_name()
            self._loop.call_exception_handler({"message": f"step {name} broke", "exception": error})
        finally:
            del self._tasks[number]
            self._free += 1
            self._fill()

    @property
    def busy(self) -> int:
        """How much work has a slot now."""
        return len(self._tasks)

    async def close(self) -> None:
        """Abandon what is queued and interrupt what runs."""
        self._queue.clear()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
