"""The clock of a task's timeout: it runs while the task works and stands while it waits for people (B6.7).

It goes on after a restart from what the events tell (`worked`). Nothing works while there is no engine; of one that
died, what it did after the last thing it began is not counted, for nobody saw when that ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

Moment = tuple[float, bool]
"""Unix time, and whether the task works from then on."""


def worked(moments: Iterable[Moment]) -> float:
    """Seconds of work up to the last of these moments, which are in order; a clock that was set back counts nothing."""
    total, since = 0.0, None
    for time, working in moments:
        if since is not None:
            total += max(0.0, time - since)
        since = time if working else None
    return total


class WorkClock:
    """Counts working time and rings once it exceeds the limit.

    Args:
        limit: seconds of work; None never rings.
        worked: seconds that the task has worked already.
    """

    def __init__(self, limit: float | None, worked: float, ring: Callable[[], None]) -> None:
        self._limit = limit
        self._ring = ring
        self._worked = worked
        self._since: float | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def extend(self, seconds: float) -> None:
        """Ring so much later."""
        if self._limit is not None:
            working = self._since is not None
            self.run(False)
            self._limit += seconds
            self.run(working)

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
