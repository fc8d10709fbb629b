"""The hash chain: every edit, deletion, swap and cut tail is found and the first bad row named (B16)."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import AuditReport, ListTasks, Need, VerifyAudit, audit, connect
from engine.settings import Settings
from tests.engine.desk import Desk, step

COLUMNS = ("time", "actor", "kind", "task", "step", "payload", "payload_sha256", "hash")


class Log:
    """A state directory with a log in it, copied anew for each forgery."""

    def __init__(self, state: Path, folder: Path) -> None:
        self.original = state
        self._folder = folder
        self._copies = 0
        self.last = self.ask("SELECT MAX(seq) FROM events")[0][0]

    def ask(self, sql: str) -> list[tuple[int, ...]]:
        store = sqlite3.connect(self.original / "signoff.db")
        try:
            return store.execute(sql).fetchall()
        finally:
            store.close()

    async def verify(self, *forgery: tuple[str, tuple[object, ...]], anchors: bool = True) -> AuditReport:
        """What a reader finds after these statements."""
        self._copies += 1
        state = self._folder / f"copy{self._copies}"
        shutil.copytree(self.original, state)
        if not anchors:
            (state / "anchors.log").unlink()
        store = sqlite3.connect(state / "signoff.db", isolation_level=None)
        for sql, parameters in forgery:
            store.execute(sql, parameters)
        store.close()
        client = await connect(state, Need.READ, Settings())
        try:
            report: AuditReport = await client.read(VerifyAudit())
        finally:
            await client.close()
            shutil.rmtree(state)
        return report


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    desk = Desk(tmp_path)
    await desk.open()
    await desk.run(step("a"), step("b", "a"))
    await desk.close()
    yield Log(desk.state, tmp_path)


async def test_an_untouched_log_verifies_up_to_its_anchor(log: Log) -> None:
    report = await log.verify()
    assert (report.ok, report.events, report.anchored) == (True, log.last, log.last)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_every_edit_of_every_column_is_found(log: Log, data: st.DataObject) -> None:
    seq = data.draw(st.integers(1, log.last))
    column = data.draw(st.sampled_from(COLUMNS))
    forged = {
        "time": "time + 0.001", "task": "COALESCE(task, 0) + 1", "payload": "replace(payload, '{', '{ ')",
        "payload_sha256": "zeroblob(32)", "hash": "zeroblob(32)",
    }.get(column, f"COALESCE({column}, '') || 'x'")  # fmt: skip
    report = await log.verify((f"UPDATE events SET {column} = {forged} WHERE seq = ?", (seq,)))
    assert (report.ok, report.first_bad) == (False, seq)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_every_deleted_stretch_is_found(log: Log, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, log.last))
    last = data.draw(st.integers(first, log.last))
    report = await log.verify(("DELETE FROM events WHERE seq BETWEEN ? AND ?", (first, last)))
    assert not report.ok
    assert report.first_bad == (first if last == log.last else last + 1)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_every_swap_is_found(log: Log, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, log.last - 1))
    second = data.draw(st.integers(first + 1, log.last))
    swap = "UPDATE events SET seq = ? WHERE seq = ?"
    report = await log.verify((swap, (-1, first)), (swap, (first, second)), (swap, (second, -1)))
    assert (report.ok, report.first_bad) == (False, first)


async def test_a_deleted_row_behind_which_all_were_renumbered_is_found(log: Log) -> None:
    report = await log.verify(
        ("DELETE FROM events WHERE seq = 3", ()),
        ("UPDATE events SET seq = -seq WHERE seq > 3", ()),
        ("UPDATE events SET seq = -seq - 1 WHERE seq < 0", ()),
    )
    assert (report.ok, report.first_bad) == (False, 3)


async def test_a_cut_tail_is_found_by_the_anchor_and_only_by_it(log: Log) -> None:
    cut = ("DELETE FROM events WHERE seq > 5", ())
    report = await log.verify(cut)
    assert (report.ok, report.first_bad) == (False, 6)
    assert "cut off" in report.problem
    assert (await log.verify(cut, anchors=False)).ok


async def test_rows_written_anew_do_not_fit_their_anchor(log: Log) -> None:
    from engine.storage.chain import GENESIS, link

    rows = log.ask("SELECT seq, time, actor, kind, task, step, payload_sha256 FROM events ORDER BY seq")
    anew = "UPDATE events SET actor = '@nobody', step = ?, hash = ? WHERE seq = ?"
    head, forged = GENESIS, list[tuple[str, tuple[object, ...]]]()
    for seq, time, _, kind, task, step_id, digest in rows:
        head = link(head, seq, time, "@nobody", str(kind), task, str(step_id), bytes(digest))
        forged.append((anew, (str(step_id), head, seq)))
    assert (await log.verify(*forged, anchors=False)).ok
    report = await log.verify(*forged)
    assert not report.ok and "anchor" in report.problem


async def test_an_emptied_payload_still_verifies(log: Log) -> None:
    assert (await log.verify(("UPDATE events SET payload = NULL WHERE seq < 5", ()))).ok


async def test_a_damaged_anchor_file_breaks_nothing(log: Log) -> None:
    with (log.original / "anchors.log").open("a") as anchors:
        anchors.write("² x 1\nno anchor\n\n7\n")
    assert (await log.verify()).ok


async def test_other_questions_are_answered_while_the_chain_is_walked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row takes so long to look at that a walk on the event loop would keep everybody waiting."""
    await desk.open()
    await desk.run(step("a"))
    looked, others = 0, threading.Event()
    fault = audit._fault

    def slowly(*row: object) -> str:
        nonlocal looked
        looked += 1
        assert others.wait(5), "nobody else was answered meanwhile"
        return fault(*row)  # type: ignore[arg-type]

    monkeypatch.setattr(audit, "_fault", slowly)
    walking = asyncio.create_task(desk.engine.read(VerifyAudit()))
    while not looked:
        assert (await desk.engine.read(ListTasks()))[0].task.id == 1
    others.set()
    assert (await walking).ok
