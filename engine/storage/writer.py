"""The one writer: changes that wait together become one transaction, with their events chained behind them.

`apply` appends a change and returns a future; a single task takes the whole list, writes it in one transaction in the
database's thread, resolves the futures and publishes the events. So the end of one step and the start of the next cost
one sync to disk together, and a thousand ends cost one.

A change is guarded: its first statement must touch exactly one row, else the change is refused as a `Conflict` and
writes nothing. While the database cannot be written (a full disk), changes of the engine itself are kept and tried
again until it can; a person's command fails at once and says so. A change that can never be written fails alone.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import aiosqlite

from engine.errors import Conflict, StoreError
from engine.model.events import Event, Fact
from engine.model.task import ENGINE
from engine.storage.chain import GENESIS, link
from engine.storage.connect import in_thread, is_unwritable, translate
from engine.wire import encode

Statement = tuple[str, Sequence[Any]]
Told = tuple[Fact, int | None, str | None]
"""A fact with its task and step."""
RETRY_SECONDS = 1.0
"""How often a full disk is tried again."""
_PROBE: Sequence[Statement] = (
    ("INSERT INTO commands (key, time, actor, kind, reply) VALUES ('', 0, '', '', '')", ()),
    ("DELETE FROM commands WHERE key = ''", ()),
)
"""What is tried when nothing else waits, so that a fault ends when its cause does."""

_INSERT = (
    "INSERT INTO events (seq, time, actor, kind, task, step, payload, payload_sha256, hash) VALUES (?,?,?,?,?,?,?,?,?)"
)


CARRIED: ContextVar[list[Statement] | None] = ContextVar("carried", default=None)
"""What the first change of the command that is carried out here writes besides: the key of the command."""


@dataclass(slots=True)
class Change:
    """State rows and the events that tell of them, written together or not at all."""

    writes: list[Statement] = field(default_factory=list)
    facts: list[Told] = field(default_factory=list)
    many: list[tuple[str, Sequence[Sequence[Any]]]] = field(default_factory=list)
    """Statements that are run once per row of parameters."""
    guard: Statement | None = None
    """Must touch exactly one row."""
    actor: str = ENGINE
    what: str = "it"
    """What a `Conflict` calls the thing that was guarded."""
    patient: bool = True
    """Whether to wait for space on a full disk instead of failing."""
    durable: asyncio.Future[int] = field(init=False)
    """Set by the writer, as are the next two."""
    error: StoreError | None = None
    """Why it was not written."""
    seq: int = 0
    """The last event once it was written."""


class Writer:
    """Owns the writing connection, the number of the last event and the head of the chain."""

    def __init__(
        self,
        connection: aiosqlite.Connection,
        clock: Callable[[], float],
        publish: Callable[[list[Event]], None],
        stalled: Callable[[StoreError | None], None] = lambda error: None,
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._publish = publish
        self._stalled = stalled
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Change] = []
        self._task: asyncio.Task[None] | None = None
        self.seq = 0
        self.head = GENESIS
        self._closing = False
        self.fault: StoreError | None = None
        """Why nothing can be written now."""

    async def load(self) -> None:
        """Find the end of the chain. Raises a `StoreError` where nothing can be written behind it."""
        async with self._connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1") as cursor:
            row = await cursor.fetchone()
        if row is not None:
            self.seq, self.head = row[0], row[1]
        await self.apply(Change(writes=list(_PROBE), patient=False))

    def apply(self, change: Change) -> asyncio.Future[int]:
        """Write a change with the next batch; the future gives the number of the last event once it is durable.

        The future raises `Conflict` if the guard touched no row, `StoreFull` or another `StoreError` if it cannot be
        written and the change is not patient.
        """
        if carried := CARRIED.get():
            change.writes.append(carried.pop())
        change.durable = self._loop.create_future()
        self._waiting.append(change)
        if self._task is None:
            self._task = self._loop.create_task(self._drain(), name="store writer")
        return change.durable

    async def _drain(self) -> None:
        try:
            # One turn of the loop, so that whoever ends a step can start the next ones in the same transaction.
            await asyncio.sleep(0)
            while batch := self._waiting:
                self._waiting = []
                await self._write(batch)
        finally:
            self._task = None

    async def _write(self, batch: list[Change]) -> None:
        while batch:
            try:
                events = await in_thread(self._connection, self._transact, batch)
            except Exception as error:  # whatever it is, whoever waits is told
                batch = await self._failed(batch, error)
                continue
            self._find(None)
            for change in batch:
                _settle(change)
            self._publish(events)
            return

    async def _failed(self, batch: list[Change], error: Exception) -> list[Change]:
        """Refuse what cannot be written; give back what may be, after a while."""
        if not isinstance(error, sqlite3.Error) or not is_unwritable(error):
            await self._apart(batch, error)
            return []
        fault = self._find(translate(error))
        batch, self._waiting = batch + self._waiting, []
        kept = []
        for change in batch:
            if change.patient and not self._closing:
                kept.append(change)
            else:
                change.error = fault
                _settle(change)
        if self._closing:
            return []
        await asyncio.sleep(RETRY_SECONDS)
        return kept or [self._probe()]

    def _find(self, fault: StoreError | None) -> StoreError | None:
        """It is told once when it begins, and once when it is over."""
        told, self.fault = self.fault, fault
        if (told is None) != (fault is None):
            self._stalled(fault)
        return fault

    def _probe(self) -> Change:
        probe = Change(writes=list(_PROBE))
        probe.durable = self._loop.create_future()
        return probe

    async def _apart(self, batch: list[Change], error: Exception) -> None:
        """One of these changes is wrong in itself: write each alone, so that it takes no other with it."""
        if len(batch) > 1:
            for change in batch:
                await self._write([change])
            return
        change = batch[0]
        change.error = StoreError(reason=error)
        if change.actor == ENGINE:  # nobody waits for most of these: what they would have told is lost
            told = ", ".join(fact.kind for fact, *_ in change.facts)
            self._loop.call_exception_handler({"message": f"{told} could not be written", "exception": error})
        _settle(change)

    def _transact(self, batch: list[Change]) -> list[Event]:
        """In the database's thread: one transaction for the whole batch."""
        cursor = self._connection._conn.cursor()
        execute = cursor.execute
        seq, head, events, rows = self.seq, self.head, list[Event](), list[tuple[Any, ...]]()
        execute("BEGIN IMMEDIATE")
        try:
            for change in batch:
                change.error = None
                if change.guard is not None and execute(*change.guard).rowcount != 1:
                    change.error = Conflict(what=change.what)
                    continue
                for statement in change.writes:
                    execute(*statement)
                for sql, parameters in change.many:
                    cursor.executemany(sql, parameters)
                for fact, task, step in change.facts:
                    seq += 1
                    event = Event(seq, self._clock(), change.actor, task, step, fact)
                    row = _row(event, head)
                    head = row[-1]
                    rows.append(row)
                    events.append(event)
                change.seq = seq
            cursor.executemany(_INSERT, rows)
            execute("COMMIT")
        except BaseException:
            if self._connection._conn.in_transaction:
                execute("ROLLBACK")
            raise
        self.seq, self.head = seq, head
        return events

    async def close(self) -> None:
        """Write what still waits, if that is possible at all, then close the connection."""
        self._closing = True
        while self._task is not None:
            await asyncio.shield(self._task)
        await self._connection.close()


def _row(event: Event, head: bytes) -> tuple[Any, ...]:
    """The row of an event behind `head`; its last column is the new head."""
    payload = encode(event.fact)
    digest = sha256(payload.encode()).digest()
    header = (event.seq, event.time, event.actor, event.kind, event.task, event.step)
    return (*header, payload, digest, link(head, *header, digest))


def _settle(change: Change) -> None:
    if change.durable.done():
        return
    if change.error is not None:
        change.durable.set_exception(change.error)
        change.durable.exception()  # the engine's own changes have nobody who waits for them
    else:
        change.durable.set_result(change.seq)
