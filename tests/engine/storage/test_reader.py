"""Reading: snapshots of one moment, and readers that give up."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from engine import ReadContent
from engine.errors import StoreError
from engine.model.events import Notified
from engine.storage.store import Store
from tests.engine.desk import Desk, step


async def test_a_reader_that_gives_up_leaves_the_others_in_the_present(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    for turns in range(12):
        looking = asyncio.create_task(desk.show(task))
        for _ in range(turns):
            await asyncio.sleep(0)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    await desk.sign(task)
    view = await desk.ended(task)
    assert view.steps[0].state.ended


async def test_kept_bytes_that_are_no_longer_the_signed_ones_are_not_shown(desk: Desk) -> None:
    (desk.root / "deploy.sh").write_text("echo signed")
    await desk.open()
    task = await desk.plan({"id": "deploy", "action": "execute", "command": "cat deploy.sh"})
    plan = (await desk.show(task)).plan
    assert plan is not None
    digest = plan.steps[0].files[0].sha256
    assert await desk.engine.read(ReadContent(sha256=digest)) == b"echo signed"
    with sqlite3.connect(desk.state / "signoff.db") as store:
        store.execute("UPDATE contents SET body = ?", (b"echo another",))
    assert await desk.engine.read(ReadContent(sha256=digest)) is None


async def test_who_reads_while_the_store_is_closed_is_told_so(tmp_path: Path) -> None:
    store = await Store.open(tmp_path, lambda: 1.0, lambda events: None)
    reading = asyncio.gather(*(store.read.seq() for _ in range(20)), return_exceptions=True)
    for _ in range(2):
        await asyncio.sleep(0)
    await store.close()
    found = await reading
    assert all(isinstance(each, int | StoreError) for each in found), found
    with pytest.raises(StoreError):
        await store.read.seq()


async def test_a_closed_store_leaves_one_whole_file(tmp_path: Path) -> None:
    store = await Store.open(tmp_path, lambda: 1.0, lambda events: None)
    await store.record(Notified("terminal", "x"))
    await store.close()
    assert sorted(os.listdir(tmp_path)) == ["owner", "signoff.db"]
    again = await Store.open(tmp_path, lambda: 1.0, lambda events: None)
    assert again.seq == 1
    await again.close()
