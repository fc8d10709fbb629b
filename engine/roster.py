"""Who is here and what each reads (B14.2): kept in memory, told to everybody who follows, never stored.

It is told some times a second at most, and only if it then differs from what was told before: who looks in for a
moment is not announced, and nobody can fill the others' streams by moving about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from engine.client import Person, Presence

PAUSE = 0.2
"""Seconds from a change until it is told."""


class Roster:
    """The people at one engine.

    Args:
        tell: publishes a signal.
    """

    def __init__(self, tell: Callable[[Presence], None]) -> None:
        self._tell = tell
        self._seats: dict[int, Person] = {}
        self._numbers = count(1)
        self._told: tuple[Person, ...] = ()
        self._due: asyncio.TimerHandle | None = None

    @property
    def people(self) -> tuple[Person, ...]:
        """Who is here now, first come first."""
        return tuple(self._seats.values())

    def enter(self, person: Person) -> int:
        """Somebody has come; the number of their seat."""
        seat = next(self._numbers)
        self._put(seat, person)
        return seat

    def look(self, seat: int, task: int | None, step: str | None) -> None:
        """Somebody reads something else now."""
        self._put(seat, replace(self._seats[seat], task=task, step=step))

    def leave(self, seat: int) -> None:
        del self._seats[seat]
        self._change()

    def close(self) -> None:
        """Tell nothing of what has changed until now."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _put(self, seat: int, person: Person) -> None:
        self._seats[seat] = person
        self._change()

    def _change(self) -> None:
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(PAUSE, self._publish)

    def _publish(self) -> None:
        self._due = None
        if self.people != self._told:
            self._told = self.people
            self._tell(Presence(people=self._told))
