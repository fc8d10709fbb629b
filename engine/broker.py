"""Publish and subscribe inside the process: facts go out, nothing comes in.

Delivery: every follower has a bounded queue. Events are never dropped silently: a follower whose queue is full gets one
`Gap` in place of what it missed, and reads a snapshot. Signals are dropped instead. A slow follower slows nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

from engine.client import Gap, Item, Signal
from engine.model.events import Event


class Follower:
    """One subscription: iterate over it until the broker closes."""

    def __init__(self, limit: int) -> None:
        self._items: deque[Item] = deque()
        self._limit = limit
        self._wake = asyncio.Event()
        self._closed = False

    def push(self, item: Item) -> None:
        if len(self._items) >= self._limit:
            if isinstance(item, Signal):
                return
            self._items.clear()
            item = Gap(seq=item.seq)
        self._items.append(item)
        self._wake.set()

    def extend(self, events: Sequence[Event]) -> None:
        """Push what became durable together; whether there is room is asked once."""
        if len(self._items) + len(events) > self._limit:
            self._items.clear()
            self._items.append(Gap(seq=events[-1].seq))
        else:
            self._items.extend(events)
        self._wake.set()

    def close(self) -> None:
        self._closed = True
        self._wake.set()

    async def __aiter__(self) -> AsyncIterator[Item]:
        while True:
            while self._items:
                yield self._items.popleft()
            if self._closed:
                return
            self._wake.clear()
            await self._wake.wait()


class Broker:
    """Who follows, and the number of the last event they were told."""

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._followers: set[Follower] = set()
        self.seq = 0
        self.closed = False

    def publish(self, events: Sequence[Event]) -> None:
        """Hand durable events to every follower, in order."""
        if not events:
            return
        self.seq = events[-1].seq
        for follower in self._followers:
            follower.extend(events)

    def signal(self, item: Signal) -> None:
        """Hand a signal to those who keep up."""
        for follower in self._followers:
            follower.push(item)

    def follow(self) -> Follower:
        follower = Follower(self._limit)
        self._followers.add(follower)
        return follower

    def leave(self, follower: Follower) -> None:
        self._followers.discard(follower)

    def close(self) -> None:
        """Let every follower end."""
        self.closed = True
        for follower in self._followers:
            follower.close()
