"""The clock of a task's timeout: it runs while the task works and stands while it waits for people (B6.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class WorkClock:
    """Counts working time and rings once it exceeds the limit.

    Args:
        limit: seconds of work; None never rings.
    """

    def __init__(self, limit: float | None, ring: Callable[[], None]) -> None:
        self._limit = limit
        self._ring = ring
        self._worked = 0.0
        self._since: float | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def run(self, working: bool) -> None:
        """Let it run or stand; saying the same again changes nothing."""
        if self._limit is None:
            return
        loop = asyncio.get_running_loop()
        if working and self._since is None:
            self._since = loop.time()
            self._alarm = loop.call_later(max(0.0, self._limit - self._worked), self._ring)
        elif not working and self._since is not None and self._alarm is not None:
            self._worked += loop.time() - self._since
            self._since = None
            self._alarm.cancel()
