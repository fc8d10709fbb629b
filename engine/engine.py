"""The engine of one state directory: its opening, its six handles and its closing. The rules live in the rooms."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from engine import audit, process
from engine.broker import Broker, Follower
from engine.client import Item, LogSlice, Person
from engine.commands import Command, Reply
from engine.composition import Composition, Opening
from engine.dispatch import Dispatch
from engine.errors import Refused, SignoffError, StoreError, Unforeseen
from engine.model.events import EngineClosed, EngineOpened, Event, Fact, TaskEnded
from engine.model.policy import LEVELS
from engine.model.role import Role
from engine.person import terminal_name
from engine.policies import Policies
from engine.queries import EstimatePlan, ListPeople, Query, ShowEngine
from engine.roster import Roster
from engine.settings import Settings
from engine.stalls import Stalls
from engine.storage.store import Store
from engine.version import VERSION
from engine.views import EngineInfo

YOUNG = 100_000
"""New objects before the collector looks for cycles. Steps make few, and a thousand that start together are forty
thousand objects: to walk over them, and over everything that is loaded, takes longer than a tenth of the plan."""


class Engine:
    """Owns a state directory while it is open. Made by `Engine.open`; satisfies `EngineClient`."""

    def __init__(self, parts: Composition) -> None:
        self._parts = parts
        self._opening, self._store, self._broker = parts.opening, parts.store, parts.broker
        self._dispatch = Dispatch(parts)
        self.closing = self._dispatch.closing
        self.roster = Roster(parts.broker.signal)
        """Who is here: this process as soon as somebody looks, and those who attach."""
        self._seat: int | None = None

    @classmethod
    async def open(cls, opening: Opening) -> Engine:
        """Become the owner of a state directory, recover what was under way, and go on with it.

        Raises:
            Owned: another process owns it.
            StoreError: its database cannot be used; it was left as it is.
            SpawnFailed: the sandbox level that the settings demand does not work here.
        """
        opening.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        broker = Broker()
        stalls = Stalls(broker.signal)
        probing = asyncio.create_task(_probe(opening.settings) if opening.executes else _no_probe(), name="probe")
        try:
            store = await Store.open(opening.state, opening.clock, broker.publish, stalls.store)
        except BaseException:
            probing.cancel()
            raise
        gc.set_threshold(YOUNG)
        broker.seq = store.seq
        try:
            probe = await probing
            policies = Policies(opening.settings.policy, await store.read.all_trusted())
            engine = cls(Composition(opening, store, broker, stalls, probe, policies))
            await engine._parts.grants.load()
            if opening.executes:
                await engine._begin()
        except BaseException:
            await store.close()
            raise
        return engine

    async def _begin(self) -> None:
        process.adopt_orphans()
        process.guard_memory()
        closed = (self._parts.recovery.close_runs(), self._parts.recovery.close_drafts(), self._parts.budgets.recover())
        recovered = [sentence for sentences in closed for sentence in await sentences]
        opened = EngineOpened(VERSION, os.getpid(), self._parts.probe.level.value, tuple(recovered))
        await self._store.record(opened)
        self._anchors = asyncio.create_task(self._keep_anchors(), name="anchors")
        self._telling = asyncio.create_task(self._parts.alerts.follow(self.events()), name="alerts")
        await self._parts.recovery.take_up()

    async def _keep_anchors(self) -> None:
        """Write the head of the chain outside the database whenever a task has ended."""
        async for item in self._broker.follow():
            if isinstance(item, Event) and isinstance(item.fact, TaskEnded):
                self._anchor()

    def _anchor(self) -> None:
        with suppress(OSError):  # no space: the next anchor vouches for these events too
            audit.anchor(self._opening.state, self._store.seq, self._store.head, self._opening.clock())

    # The six handles

    async def do(self, command: Command, *, actor: str | None = None) -> Reply:
        """Carry out a command as `actor`, by default the user of this process."""
        with _door():
            return await self._dispatch.do(command, actor or self._opening.user)

    async def read(self, query: Query) -> Any:
        """Answer a query."""
        if isinstance(query, ShowEngine):
            return self._info()
        if isinstance(query, ListPeople):
            return self.roster.people
        with _door():
            if isinstance(query, EstimatePlan):
                return await self._parts.planning.estimate(query, self._parts.inference)
            return await self._parts.queries.answer(query)

    def events(self, after: int | None = None) -> AsyncIterator[Item]:
        """Follow events and signals from this moment on; what was missed since `after` comes first."""
        published = self._broker.seq
        seen = published if after is None else after
        return self._follow(self._broker.follow(), self._parts.stalls.now, seen, published)

    async def _follow(
        self, follower: Follower, stalls: tuple[Item, ...], seen: int, published: int
    ) -> AsyncIterator[Item]:
        try:
            with _door():
                while seen < published and (missed := await self._store.read.events(seen, 1000)):
                    for event in missed:
                        yield event
                    seen = missed[-1].seq
                for stalled in stalls:
                    yield stalled
                async for item in follower:
                    if isinstance(item, Event) and item.seq <= seen:
                        continue
                    yield item
        except StoreError:
            if not self._broker.closed:
                raise
        finally:
            self._broker.leave(follower)

    async def read_log(self, run: int, offset: int, n: int) -> LogSlice:
        """Read a piece of a log."""
        with _door():
            return await self._parts.queries.read_log(run, offset, n)

    def look(self, task: int | None = None, step: str | None = None) -> None:
        """Let the others see what is read on the screen of this process."""
        if self._seat is None:
            user, now = self._opening.user, self._opening.clock()
            person = Person(user=user, role=Role.OPERATOR, pid=os.getpid(), since=now, label=terminal_name())
            self._seat = self.roster.enter(person)
        self.roster.look(self._seat, task, step)

    def look_away(self) -> None:
        """The screen of this process is gone."""
        if self._seat is not None:
            self.roster.leave(self._seat)
            self._seat = None

    async def close(self) -> None:
        """Let go: end what runs with the process, keep what waits, write the last anchor."""
        self._parts.scheduler.close()
        await self._parts.drafts.close()
        await self._parts.pool.close()
        await self._parts.confirmations.close()
        if self._opening.executes:
            self._anchors.cancel()
            self._telling.cancel()
            await self._parts.alerts.close()
            with suppress(StoreError):  # a full disk keeps nobody from leaving
                await self._store.record(EngineClosed(), patient=False)
            self._anchor()
        self.roster.close()
        self._broker.close()
        await self._store.close()

    def record(self, fact: Fact) -> None:
        """Keep a fact that changes nothing else, such as a refused client."""
        self._store.record(fact)

    # About itself

    @property
    def busy(self) -> bool:
        """Whether some task executes, or is planned by a model."""
        return self._parts.busy

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self._store.seq

    @property
    def running(self) -> int:
        """How many steps run now."""
        return self._parts.scheduler.running

    @property
    def moving(self) -> bool:
        """Whether something goes on by itself now; never False between the end of one task and the next one's begin."""
        return self._parts.scheduler.moving or self._parts.drafts.busy > 0

    async def begun(self) -> None:
        """Wait until what can begin now has begun, and what ends now has ended."""
        await self._parts.drafts.settled()
        await self._parts.scheduler.begun()

    def _info(self) -> EngineInfo:
        return EngineInfo(
            version=VERSION,
            pid=os.getpid(),
            user=self._opening.user,
            state=str(self._opening.state),
            level=self._parts.probe.level.value,
            level_reason=self._parts.probe.reason,
            seq=self._store.seq,
            running=self.running,
            parallel=self._opening.settings.parallel,
            head=self._store.head.hex(),
            fault=next((stalled.fault for stalled in self._parts.stalls.now), ""),
            settings=self._opening.settings.digest,
            model=self._opening.settings.model.name,
        )


@contextmanager
def _door() -> Iterator[None]:
    """What nobody foresaw leaves as an error of the tree, as it does through a socket. Raises `Unforeseen`."""
    try:
        yield
    except SignoffError:
        raise
    except Exception as error:
        raise Unforeseen(kind=type(error).__name__) from error


async def _no_probe() -> process.Probe:
    return process.Probe(process.Level.GROUP, "nothing runs in this process")


async def _probe(settings: Settings) -> process.Probe:
    """The sandbox level that works here and is allowed.

    Raises:
        SpawnFailed: the level that the settings name does not work.
        Refused: the best one that works is weaker than the policy accepts.
    """
    probe = await process.probe(process.Level(settings.sandbox) if settings.sandbox else None)
    least = settings.policy.minimum_level
    if least is not None and LEVELS.index(probe.level) < LEVELS.index(least):
        raise Refused(
            problem=f"The sandbox works at level {probe.level} here; the policy accepts {least} or better",
            hint="signoff doctor says why; apt install bubblewrap usually mends it",
        )
    return probe
