"""Reading: snapshots of one moment, and readers that give up."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

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


async def test_a_closed_store_leaves_one_whole_file(tmp_path: Path) -> None:
    store = await Store.open(tmp_path, lambda: 1.0, lambda events: None)
    await store.record(Notified("terminal", "x"))
    await store.close()
    assert sorted(os.listdir(tmp_path)) == ["owner", "signoff.db"]
    again = await Store.open(tmp_path, lambda: 1.0, lambda events: None)
    assert again.seq == 1
    await again.close()
