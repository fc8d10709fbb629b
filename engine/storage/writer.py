"""The one writer: changes that wait together become one transaction, with their events chained behind them.

`apply` appends a change and returns a future; a single task takes the whole list, writes it in one transaction in the
database's thread, resolves the futures and publishes the events. So the end of one step and the start of the next cost
one sync to disk together, and a thousand ends cost one.

A change is guarded: its first statement must touch exactly one row, else the change is refused as a `Conflict` and
writes nothing. On a full disk, changes of the engine itself are kept and tried again until there is space; a person's
command fails at once and says so.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import aiosqlite

from engine.errors import Conflict, StoreError, StoreFull
from engine.model.events import Event, Fact
from engine.model.task import ENGINE
from engine.storage.chain import GENESIS, link
from engine.storage.connect import in_thread, translate
from engine.wire import encode

Statement = tuple[str, Sequence[Any]]
RETRY_SECONDS = 1.0
"""How often a full disk is tried again."""

_INSERT = (
    "INSERT INTO events (seq, time, actor, kind, task, step, payload, payload_sha256, hash) VALUES (?,?,?,?,?,?,?,?,?)"
)


@dataclass(slots=True)
class Change:
    """State rows and the events that tell of them, written together or not at all."""

    writes: list[Statement] = field(default_factory=list)
    facts: list[tuple[Fact, int | None, str | None]] = field(default_factory=list)
    """Each fact with its task and step."""
    many: list[tuple[str, Sequence[Sequence[Any]]]] = field(default_factory=list)
    """Statements that are run once per row of parameters."""
    guard: Statement | None = None
    """Must touch exactly one row."""
    actor: str = ENGINE
    what: str = "it"
    """What a `Conflict` calls the thing that was guarded."""
    patient: bool = True
    """Whether to wait for space on a full disk instead of failing."""


@dataclass(slots=True)
class _Pending:
    change: Change
    future: asyncio.Future[int]
    error: StoreError | None = None
    seq: int = 0


class Writer:
    """Owns the writing connection, the number of the last event and the head of the chain."""

    def __init__(
        self, connection: aiosqlite.Connection, clock: Callable[[], float], publish: Callable[[list[Event]], None]
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._publish = publish
        self._waiting: list[_Pending] = []
        self._task: asyncio.Task[None] | None = None
        self.seq = 0
        self.head = GENESIS
        self.fault: StoreError | None = None
        """Why nothing can be written now."""

    async def load(self) -> None:
        """Find the end of the chain."""
        async with self._connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1") as cursor:
            row = await cursor.fetchone()
        if row is not None:
            self.seq, self.head = row[0], row[1]

    def apply(self, change: Change) -> asyncio.Future[int]:
        """Write a change with the next batch; the future gives the number of the last event once it is durable.

        The future raises `Conflict` if the guard touched no row, `StoreFull` or another `StoreError` if it cannot be
        written and the change is not patient.
        """
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Pending(change, future))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain(), name="store writer")
        return future

    async def _drain(self) -> None:
        try:
            # One turn of the loop, so that whoever ends a step can start the next ones in the same transaction.
            await asyncio.sleep(0)
            while batch := self._waiting:
                self._waiting = []
                await self._write(batch)
        finally:
            self._task = None

    async def _write(self, batch: list[_Pending]) -> None:
        while batch:
            try:
                events = await in_thread(self._connection, self._transact, batch)
            except sqlite3.Error as error:
                batch = await self._failed(batch, translate(error))
                continue
            self.fault = None
            for pending in batch:
                _settle(pending)
            self._publish(events)
            return

    async def _failed(self, batch: list[_Pending], fault: StoreError) -> list[_Pending]:
        """Refuse the impatient changes; give back the patient ones after a while."""
        self.fault = fault
        kept = []
        for pending in batch:
            pending.error = None
            if pending.change.patient and isinstance(fault, StoreFull):
                kept.append(pending)
            elif not pending.future.done():
                pending.future.set_exception(fault)
        if kept:
            await asyncio.sleep(RETRY_SECONDS)
        return kept

    def _transact(self, batch: list[_Pending]) -> list[Event]:
        """In the database's thread: one transaction for the whole batch."""
        execute = self._connection._conn.execute
        seq, head, events, rows = self.seq, self.head, list[Event](), list[tuple[Any, ...]]()
        execute("BEGIN IMMEDIATE")
        try:
            for pending in batch:
                change = pending.change
                if change.guard is not None and execute(*change.guard).rowcount != 1:
                    pending.error = Conflict(what=change.what)
                    continue
                for statement in change.writes:
                    execute(*statement)
                for sql, parameters in change.many:
                    self._connection._conn.executemany(sql, parameters)
                for fact, task, step in change.facts:
                    seq += 1
                    event = Event(seq, self._clock(), change.actor, task, step, fact)
                    row = _row(event, head)
                    head = row[-1]
                    rows.append(row)
                    events.append(event)
                pending.seq = seq
            self._connection._conn.executemany(_INSERT, rows)
            execute("COMMIT")
        except BaseException:
            if self._connection._conn.in_transaction:
                execute("ROLLBACK")
            raise
        self.seq, self.head = seq, head
        return events

    async def close(self) -> None:
        """Write what still waits, then close the connection."""
        while self._task is not None and self.fault is None:
            await asyncio.shield(self._task)
        if self._task is not None:
            self._task.cancel()
        await self._connection.close()


def _row(event: Event, head: bytes) -> tuple[Any, ...]:
    """The row of an event behind `head`; its last column is the new head."""
    payload = encode(event.fact)
    digest = sha256(payload.encode()).digest()
    header = (event.seq, event.time, event.actor, event.kind, event.task, event.step)
    return (*header, payload, digest, link(head, *header, digest))


def _settle(pending: _Pending) -> None:
    if pending.future.done():
        return
    if pending.error is not None:
        pending.future.set_exception(pending.error)
    else:
        pending.future.set_result(pending.seq)
