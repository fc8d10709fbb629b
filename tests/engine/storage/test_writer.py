"""The one writer: batches, guards, faults, and the chain behind them; without the rest of the store."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import Conflict, StoreError, StoreFull
from engine.model.events import Event, Notified
from engine.model.task import ENGINE
from engine.storage import writer as writer_room
from engine.storage.connect import open_writer
from engine.storage.writer import Change, Writer
from tests.engine.process.process_room import until
from tests.patience import PATIENCE


class Bench:
    """A writer over a new database; `told` is what was published."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.told: list[Event] = []

    async def open(self) -> Writer:
        self.connection: aiosqlite.Connection = await open_writer(self.state)
        self.writer = Writer(self.connection, lambda: 1.0, self.told.extend)
        await self.writer.load()
        return self.writer

    async def column(self, sql: str) -> list[object]:
        with sqlite3.connect(self.state / "signoff.db") as store:
            found = [row[0] for row in store.execute(sql)]
        store.close()
        return found


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    await made.open()
    yield made
    await made.writer.close()


def content(name: str, **how: object) -> Change:
    """A change that writes one row and one event."""
    change = Change(**how)  # type: ignore[arg-type]
    change.writes.append(("INSERT INTO contents (sha256, body) VALUES (?, x'00')", (name,)))
    change.facts.append((Notified("terminal", name), None, None))
    return change


def guarded(name: str, holds: bool) -> Change:
    change = content(name)
    change.guard = ("INSERT INTO contents (sha256, body) SELECT ?, x'00' WHERE ?", (f"guard {name}", holds))
    return change


async def test_changes_that_wait_together_are_one_transaction_in_order(bench: Bench) -> None:
    commits: list[str] = []
    await bench.connection.set_trace_callback(commits.append)
    futures = [bench.writer.apply(content(f"c{number}")) for number in range(100)]
    assert [await future for future in futures] == list(range(1, 101))
    assert commits.count("COMMIT") == 1
    assert [event.fact.message for event in bench.told if isinstance(event.fact, Notified)] == [
        f"c{number}" for number in range(100)
    ]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(holds=st.lists(st.booleans(), min_size=1, max_size=20))
def test_a_guard_that_fails_takes_nothing_with_it(tmp_path_factory: pytest.TempPathFactory, holds: list[bool]) -> None:
    async def scenario() -> None:
        bench = Bench(tmp_path_factory.mktemp("store"))
        writer = await bench.open()
        changes = [guarded(f"c{number}", hold) for number, hold in enumerate(holds)]
        results = await asyncio.gather(*map(writer.apply, changes), return_exceptions=True)
        await writer.close()
        assert [isinstance(result, Conflict) for result in results] == [not hold for hold in holds]
        written = await bench.column("SELECT sha256 FROM contents WHERE sha256 LIKE 'c%' ORDER BY rowid")
        assert written == [f"c{number}" for number, hold in enumerate(holds) if hold]
        assert await bench.column("SELECT seq FROM events") == list(range(1, sum(holds) + 1))
        assert [event.seq for event in bench.told] == list(range(1, sum(holds) + 1))

    asyncio.run(scenario())


async def test_a_change_that_can_never_be_written_fails_alone(bench: Bench) -> None:
    twice = [bench.writer.apply(content("same")), bench.writer.apply(content("same"))]
    surrogate = bench.writer.apply(content("\udc80"))
    late = bench.writer.apply(content("late"))
    results = await asyncio.gather(*twice, surrogate, late, return_exceptions=True)
    assert [type(result) for result in results] == [int, StoreError, StoreError, int]
    assert bench.writer.fault is None
    assert await bench.column("SELECT sha256 FROM contents ORDER BY rowid") == ["same", "late"]
    assert await bench.writer.apply(content("after")) == 3


@pytest.mark.parametrize(("actor", "times"), [(ENGINE, 1), ("ana", 0)])
async def test_a_change_of_the_engine_that_can_never_be_written_goes_not_unseen(
    bench: Bench, actor: str, times: int
) -> None:
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["message"]))
    with pytest.raises(StoreError):
        await bench.writer.apply(content("\udc80", actor=actor))
    assert told == ["notified could not be written"] * times


async def test_a_database_that_cannot_be_written_keeps_the_engines_changes_and_refuses_a_persons(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_room, "RETRY_SECONDS", 0.01)
    await bench.connection.execute("PRAGMA query_only = ON")
    kept, refused = bench.writer.apply(content("kept")), bench.writer.apply(content("refused", patient=False))
    with pytest.raises(StoreError):
        await refused
    assert bench.writer.fault is not None and not kept.done()
    with pytest.raises(StoreError):
        await bench.writer.apply(content("also refused", patient=False))
    await bench.connection.execute("PRAGMA query_only = OFF")
    await kept
    assert bench.writer.fault is None
    assert await bench.column("SELECT sha256 FROM contents") == ["kept"]


async def test_a_fault_ends_by_itself_although_nothing_waits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_room, "RETRY_SECONDS", 0.01)
    await bench.connection.execute("PRAGMA max_page_count = 1")
    large = Change(writes=[("INSERT INTO contents VALUES ('x', zeroblob(100000))", ())], patient=False)
    with pytest.raises(StoreFull):
        await bench.writer.apply(large)
    assert isinstance(bench.writer.fault, StoreFull)
    await bench.connection.execute("PRAGMA max_page_count = 1000000")
    assert await until(lambda: bench.writer.fault is None)
    assert await bench.column("SELECT key FROM commands") == []


async def test_closing_writes_what_waits(bench: Bench) -> None:
    futures = [bench.writer.apply(content(f"c{number}")) for number in range(10)]
    await bench.writer.close()
    assert [future.result() for future in futures] == list(range(1, 11))
    await bench.open()


async def test_closing_does_not_wait_for_a_disk_that_stays_full(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_room, "RETRY_SECONDS", 0.01)
    await bench.connection.execute("PRAGMA query_only = ON")
    kept = bench.writer.apply(content("kept"))
    async with asyncio.timeout(PATIENCE):
        await bench.writer.close()
    with pytest.raises(StoreError):
        await kept
    await bench.open()


async def test_the_chain_goes_on_where_it_ended(bench: Bench) -> None:
    await bench.writer.apply(content("a"))
    head = bench.writer.head
    await bench.writer.close()
    writer = await bench.open()
    assert (writer.seq, writer.head) == (1, head)
    assert await writer.apply(content("b")) == 2
