"""How much one user may ask for at a time: fair shares, so that nobody's haste is felt by anybody else (B14.1).

Everything costs: a request, a pushed item, each 64 KiB of an answer. Who has spent what there is waits, and is not
refused: a person never gets near it. All connections of a user draw on one allowance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from time import monotonic

UNDER_WAY = 16
"""Requests that are worked on at the same time; further ones wait."""
RATE, SAVED = 200.0, 400.0
"""Units that come in each second, and those that can be saved up; a request is one."""
ITEM = 0.02
"""Units that a pushed item costs."""
UNIT = 64 * 1024
"""Bytes of an answer or an item that cost one more."""


class Allowance:
    """What is left of a user's share.

    Args:
        limited: False for the engine's own user, whose requests are only bounded in number.
    """

    def __init__(self, *, limited: bool = True, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._turns = asyncio.Semaphore(UNDER_WAY)
        self._left = SAVED if limited else inf
        self._since = clock()

    async def begin(self) -> None:
        """Wait until a request may be begun; follow it by `end`."""
        await self._turns.acquire()
        try:
            await self.spend(1.0, 0)
        except BaseException:
            self._turns.release()
            raise

    def end(self) -> None:
        """The request is answered, or given up."""
        self._turns.release()

    async def spend(self, units: float, size: int) -> None:
        """Pay for something and its bytes; wait while more was spent than there is. Lets others have their turn."""
        now = self._clock()
        self._left = min(max(SAVED, self._left), self._left + (now - self._since) * RATE) - units - size / UNIT
        self._since = now
        await asyncio.sleep(max(0.0, -self._left / RATE))
