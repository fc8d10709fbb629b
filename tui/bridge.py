"""The only subscriber of the engine: its stream becomes messages to every screen of the stack.

Events are never dropped and keep their order; they are handed on in batches, the first at once and then at most every
16 ms, so that a storm of them costs frames and not a frame each. Of signals the newest is kept, of
logs one a run; of drafts each piece.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from textual.message import Message

from engine import EngineClient, Event, Gap, Item, LogGrew, Person, PlanningText, Presence, SignoffError, Stalled
from tui.messages import Desk, DiskRefused, DraftsGrew, Happened, LogsGrew, PeopleMoved, Resynced

BATCH = 0.016
"""Seconds between two batches: one frame."""


class Bridge:
    """Follows an engine for a desk, from `start` until `stop` or until the engine closes."""

    def __init__(self, desk: Desk, engine: EngineClient, closed: Callable[[], None]) -> None:
        self._desk, self._engine, self._closed = desk, engine, closed
        self._events: list[Event] = []
        self._logs: dict[int, LogGrew] = {}
        self._drafts: list[PlanningText] = []
        self._people: tuple[Person, ...] | None = None
        self._stalled: list[Stalled] = []
        self._gap = False
        self._some = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._hand_on())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):  # it is what was asked for
                await task

    async def _follow(self) -> None:
        with contextlib.suppress(SignoffError, OSError):  # an engine that is lost is an engine that has closed
            async for item in self._engine.events():
                self._keep(item)
        self._closed()

    def _keep(self, item: Item) -> None:
        match item:
            case Event():
                self._events.append(item)
            case LogGrew():
                self._logs[item.run] = item
            case PlanningText():
                self._drafts.append(item)
            case Presence():
                self._people = item.people
            case Stalled():
                self._stalled.append(item)
            case Gap():
                self._gap = True
        self._some.set()

    async def _hand_on(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            for make in self._batch():
                for screen in self._desk.screen_stack:
                    screen.post_message(make())
            await asyncio.sleep(BATCH)

    def _batch(self) -> list[Callable[[], Message]]:
        """One maker of a message for each thing to tell: every screen gets an instance of its own."""
        events, self._events = tuple(self._events), []
        logs, self._logs = self._logs, {}
        drafts, self._drafts = tuple(self._drafts), []
        people, self._people = self._people, None
        stalled, self._stalled = self._stalled, []
        gap, self._gap = self._gap, False
        makers: list[Callable[[], Message]] = []
        if gap:
            makers.append(Resynced)
        if events:
            makers.append(lambda: Happened(events))
        if logs:
            makers.append(lambda: LogsGrew(logs))
        if drafts:
            makers.append(lambda: DraftsGrew(drafts))
        if people is not None:
            makers.append(lambda: PeopleMoved(people))
        makers += [partial(DiskRefused, item) for item in stalled]
        return makers
