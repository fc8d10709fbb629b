"""The engine of one state directory: builds the rooms and opens the six handles. The rules live in the rooms."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import audit, process
from engine.actions import ACTIONS, MODEL_ACTIONS, Act
from engine.alerts import Alerts
from engine.answering import Queries
from engine.broker import Broker, Follower
from engine.budgets import Budgets
from engine.channels import Channels, configured_channels
from engine.client import Item, LogSlice, Person
from engine.commands import (
    AcceptResult,
    Cancel,
    Command,
    Forget,
    GiveGrant,
    Judge,
    Kill,
    LookAgain,
    MakePlan,
    Pause,
    RaiseBudget,
    Reject,
    Remove,
    Reply,
    Resolve,
    ResolveComment,
    Resume,
    Return,
    Revise,
    RevokeGrant,
    RevokeTrust,
    Role,
    Shutdown,
    Sign,
    Trust,
    Type,
    WriteComment,
)
from engine.comments import Comments
from engine.confirmations import Confirmations
from engine.errors import Refused, StoreError
from engine.grants import Grants
from engine.inference import Inference
from engine.llm import Model
from engine.memory import Memories
from engine.model.events import EngineClosed, EngineOpened, Event, Fact, TaskEnded
from engine.model.plan import Action
from engine.model.policy import LEVELS
from engine.models import configured_model
from engine.person import terminal_name, user_name
from engine.planning import Planning
from engine.planning.drafts import Drafts
from engine.policies import Policies
from engine.pool import Pool
from engine.queries import EstimatePlan, ListPeople, Query, ShowEngine
from engine.raising import Raising
from engine.recovery import Recovery
from engine.replanning import Replanning
from engine.reviews import Reviews
from engine.revisions import Revisions
from engine.roster import Roster
from engine.runner import Runner
from engine.scheduler import Scheduler
from engine.settings import Settings
from engine.spending import Spending
from engine.stalls import Stalls
from engine.storage.store import Store
from engine.trust import Trusting
from engine.verdicts import Verdicts
from engine.version import VERSION
from engine.views import EngineInfo

YOUNG = 100_000
"""New objects before the collector looks for cycles. Steps make few, and a thousand that start together are forty
thousand objects: to walk over them, and over everything that is loaded, takes longer than a tenth of the plan."""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """How an engine is opened.

    `executes` is False for a process that only records a decision and leaves.
    """

    state: Path
    settings: Settings = field(default_factory=Settings)
    executes: bool = True
    clock: Callable[[], float] = time.time
    actions: Mapping[Action, Act] = field(default_factory=lambda: ACTIONS)
    user: str = field(default_factory=user_name)
    channels: Channels = field(default_factory=configured_channels)
    """Ways to people who look at no terminal."""
    model: Model | None = None
    """Who plans, researches and reviews; None: whom the settings name."""


class Engine:
    """Owns a state directory while it is open. Made by `Engine.open`; satisfies `EngineClient`."""

    def __init__(
        self,
        opening: Opening,
        store: Store,
        broker: Broker,
        stalls: Stalls,
        probe: process.Probe,
        policies: Policies,
    ) -> None:
        self._opening = opening
        self._store = store
        self._broker = broker
        self._stalls = stalls
        self._probe = probe
        clock, settings = opening.clock, opening.settings
        self._budgets = Budgets(store, Spending(store.read, settings.budget, policies, clock), clock)
        model = opening.model or configured_model(settings.model)
        self.inference = Inference(model, self._budgets)
        actions = {**(MODEL_ACTIONS if self.inference.configured else {}), **opening.actions}
        runner = Runner(
            store,
            settings,
            policies,
            actions,
            probe.level,
            opening.state,
            clock,
            broker.signal,
            stalls.log,
            opening.channels,
            self.inference,
        )
        self._alerts = Alerts(store, opening.channels, settings.notify)
        self._pool = Pool(settings.parallel)
        deciding = asyncio.Lock()
        self._grants = Grants(store, clock)
        self._confirmations = Confirmations(store, self._grants, clock, settings.deadline)
        self._scheduler = Scheduler(
            store, runner, self._pool, self._confirmations, self._grants, clock, opening.executes, deciding
        )
        self._recovery = Recovery(store, self._scheduler, self._confirmations, opening.state, clock)
        self._drafts = Drafts(store, self.inference, clock, opening.state, broker.signal)
        reviews = Reviews(store, clock, policies, self._scheduler.queue, deciding, self._drafts.planner)
        configured = frozenset(actions) | {Action.ASK}
        self._planning = Planning(store, clock, settings, policies, configured, opening.channels, self._drafts)
        trusting = Trusting(store, clock, policies)
        self._revisions = Revisions(store, self._planning, self._drafts, clock, self._scheduler, deciding)
        replanning = Replanning(store, self._planning, self._drafts, self._revisions, opening.state)
        self._scheduler.ended = replanning.ended
        comments = Comments(store, clock)
        self._queries = Queries(
            store.read,
            opening.state,
            settings.policy,
            settings.budget,
            model.estimate if model else None,
        )
        self._inflight: dict[tuple[str, str], asyncio.Task[Reply]] = {}
        self._handlers: dict[type[Command], Callable[[Any, str], Awaitable[Reply]]] = {
            MakePlan: self._planning.make,
            Revise: self._ends_draft(self._revisions.revise),
            Judge: Verdicts(store, self._scheduler, clock, deciding).judge,
            WriteComment: comments.write,
            ResolveComment: comments.resolve,
            GiveGrant: self._confirmations.grant,
            RevokeGrant: self._grants.revoke,
            Sign: reviews.sign,
            Reject: reviews.reject,
            Return: self._revisions.after(reviews.give_back),
            AcceptResult: reviews.accept,
            Remove: self._ends_draft(reviews.remove),
            Resolve: self._confirmations.resolve,
            LookAgain: self._confirmations.look_again,
            RaiseBudget: Raising(store, self._scheduler, self._confirmations, clock).raise_budget,
            Cancel: self._ends_draft(self._scheduler.cancel),
            Kill: self._ends_draft(self._scheduler.kill),
            Pause: self._scheduler.pause,
            Resume: self._resume,
            Trust: trusting.trust,
            RevokeTrust: trusting.revoke,
            Forget: Memories(store).forget,
            Type: runner.terminals.type,
            Shutdown: self._shutdown,
        }
        self.roster = Roster(broker.signal)
        """Who is here: this process as soon as somebody looks, and those who attach."""
        self._seat: int | None = None
        self.closing = asyncio.Event()
        """Set when somebody asked the engine to close."""

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
            engine = cls(opening, store, broker, stalls, probe, policies)
            await engine._grants.load()
            if opening.executes:
                await engine._begin()
        except BaseException:
            await store.close()
            raise
        return engine

    async def _begin(self) -> None:
        process.adopt_orphans()
        process.guard_memory()
        closed = (self._recovery.close_runs(), self._recovery.close_drafts(), self._budgets.recover())
        recovered = [sentence for sentences in closed for sentence in await sentences]
        opened = EngineOpened(VERSION, os.getpid(), self._probe.level.value, tuple(recovered))
        await self._store.record(opened)
        self._anchors = asyncio.create_task(self._keep_anchors(), name="anchors")
        self._telling = asyncio.create_task(self._alerts.follow(self.events()), name="alerts")
        await self._recovery.take_up()

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
        who = actor or self._opening.user
        key = who, command.key
        running = self._inflight.get(key)
        if running is None:
            running = self._inflight[key] = asyncio.create_task(self._once(command, who), name=type(command).__name__)
            running.add_done_callback(lambda _: self._inflight.pop(key, None))
        return await asyncio.shield(running)

    async def _once(self, command: Command, actor: str) -> Reply:
        if isinstance(command, Type | LookAgain):  # typing and looking are no decisions: no key of them is kept
            return await self._handlers[type(command)](command, actor)
        if reply := await self._store.read.reply(command.key):
            return reply
        if not isinstance(command, Cancel | Kill | Shutdown):
            self._store.check()
        self._store.carry(command, actor)
        reply = await self._handlers[type(command)](command, actor)
        if isinstance(command, Cancel | Kill) and not self._opening.executes:
            await self._recovery.close_runs()  # nobody else is there to end what a dead owner left
        if not isinstance(command, Shutdown):
            await self._store.remember(command, actor, reply)
        return reply

    async def read(self, query: Query) -> Any:
        """Answer a query."""
        if isinstance(query, ShowEngine):
            return self._info()
        if isinstance(query, ListPeople):
            return self.roster.people
        if isinstance(query, EstimatePlan):
            return await self._planning.estimate(query, self.inference)
        return await self._queries.answer(query)

    def events(self, after: int | None = None) -> AsyncIterator[Item]:
        """Follow events and signals from this moment on; what was missed since `after` comes first."""
        published = self._broker.seq
        seen = published if after is None else after
        return self._follow(self._broker.follow(), self._stalls.now, seen, published)

    async def _follow(
        self, follower: Follower, stalls: tuple[Item, ...], seen: int, published: int
    ) -> AsyncIterator[Item]:
        try:
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
        return await self._queries.read_log(run, offset, n)

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
        self._scheduler.close()
        await self._drafts.close()
        await self._pool.close()
        await self._confirmations.close()
        if self._opening.executes:
            self._anchors.cancel()
            self._telling.cancel()
            await self._alerts.close()
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
        return self._scheduler.executing > 0 or self._drafts.busy > 0

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self._store.seq

    @property
    def running(self) -> int:
        """How many steps run now."""
        return self._scheduler.running

    @property
    def moving(self) -> bool:
        """Whether something goes on by itself now; never False between the end of one task and the next one's begin."""
        return self._scheduler.moving or self._drafts.busy > 0

    async def begun(self) -> None:
        """Wait until what can begin now has begun, and what ends now has ended."""
        await self._drafts.settled()
        await self._scheduler.begun()

    def _info(self) -> EngineInfo:
        return EngineInfo(
            version=VERSION,
            pid=os.getpid(),
            user=self._opening.user,
            state=str(self._opening.state),
            level=self._probe.level.value,
            level_reason=self._probe.reason,
            seq=self._store.seq,
            running=self.running,
            parallel=self._opening.settings.parallel,
            head=self._store.head.hex(),
            fault=next((stalled.fault for stalled in self._stalls.now), ""),
        )

    async def _resume(self, command: Resume, actor: str) -> Reply:
        """Another attempt: at the plan where there is none yet, else at its steps."""
        task = await self._store.read.task(command.task)
        if not task.unplanned:
            return await self._ends_draft(self._scheduler.resume)(command, actor)
        return await (self._revisions.again if task.revision else self._planning.again)(command, actor)

    def _ends_draft(self, decide: Callable[[Any, str], Awaitable[Reply]]) -> Callable[[Any, str], Awaitable[Reply]]:
        """A decision after which nobody waits for what a model is writing of the task."""

        async def decided(command: Any, actor: str) -> Reply:
            reply = await decide(command, actor)
            self._drafts.stop(command.task)
            return reply

        return decided

    async def _shutdown(self, command: Shutdown, actor: str) -> Reply:
        if self.busy and not command.force:
            raise Refused(
                problem="Something still runs; nothing was closed", hint="cancel it first, or end it with --force"
            )
        self.closing.set()
        return Reply(seq=self._store.seq, text="the engine closes")


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
