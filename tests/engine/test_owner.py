"""An owner that waits until nothing goes on by itself: not a moment too early, and not for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine import MakePlan, Need, Owner, Phase, ShowTask, Sign, TaskView, connect
from engine.settings import Settings
from tests.engine.desk import shell
from tests.patience import PATIENCE

HELD = "until test -e go; do sleep 0.05; done"
ASKED = {"id": "asked", "action": "ask", "question": "Go on?"}


@pytest.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Owner]:
    client = await connect(tmp_path / "state", Need.EXECUTE, Settings(sandbox="group"))
    assert isinstance(client, Owner)
    yield client
    await client.close()


@pytest.fixture(autouse=True)
def roots(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()


async def signed(owner: Owner, root: Path, *steps: dict[str, Any]) -> int:
    reply = await owner.do(MakePlan(root=str(root), document=json.dumps({"request": "try", "steps": steps})))
    assert reply.task is not None
    task = (await shown(owner, reply.task)).task
    await owner.do(Sign(task=task.id, revision=task.revision, digest=task.digest))
    return task.id


async def shown(owner: Owner, task: int) -> TaskView:
    view: TaskView = await owner.read(ShowTask(task=task))
    return view


async def phases(owner: Owner, *tasks: int) -> list[Phase]:
    return [(await shown(owner, task)).task.phase for task in tasks]


async def test_it_waits_for_the_tasks_that_begin_when_others_have_ended(owner: Owner, tmp_path: Path) -> None:
    tasks = [await signed(owner, tmp_path / "one", shell("a", f"touch {n}; {HELD}")) for n in range(3)]
    assert await phases(owner, *tasks[1:]) == [Phase.QUEUED, Phase.QUEUED]
    (tmp_path / "one" / "go").touch()
    await asyncio.wait_for(owner.until_still(), PATIENCE)
    assert await phases(owner, *tasks) == [Phase.COMPLETED] * 3


async def test_what_waits_for_a_person_and_what_waits_behind_it_keep_nobody(owner: Owner, tmp_path: Path) -> None:
    waits = await signed(owner, tmp_path / "two", ASKED, shell("after", "touch a", "asked"))
    behind = await signed(owner, tmp_path / "two", shell("b", "touch b"))
    ends = await signed(owner, tmp_path / "one", shell("c", "touch c"))
    await asyncio.wait_for(owner.until_still(), PATIENCE)
    assert await phases(owner, waits, behind, ends) == [Phase.BLOCKED, Phase.QUEUED, Phase.COMPLETED]
    assert owner.busy(waiting=True)
    assert not owner.busy(waiting=False)
