"""An engine that can be read before it is there: what opens it, what it is until then, and how it comes to its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import (
    Arriving,
    EngineInfo,
    EngineOpened,
    Event,
    ListTasks,
    MakePlan,
    Need,
    Owner,
    ShowEngine,
    ShowTask,
    TaskRequested,
    TaskSummary,
    connect,
)
from engine.errors import Owned, StoreDamaged
from engine.settings import Settings
from engine.storage.lock import OwnerLock
from tests.patience import PATIENCE

PLAN = json.dumps({"request": "look", "steps": [{"id": "a", "action": "execute", "command": "ls"}]})


@pytest.fixture
async def state(tmp_path: Path) -> Path:
    """A state directory with one task in it, and no owner."""
    engine = await connect(tmp_path / "state", Need.DECIDE, Settings())
    await engine.do(MakePlan(root=str(tmp_path), document=PLAN))
    await engine.close()
    return tmp_path / "state"


@pytest.fixture
async def engine(state: Path) -> AsyncIterator[Arriving]:
    arriving = await Arriving.begin(state, Settings(sandbox="group"))
    yield arriving
    await arriving.close()


def owned(state: Path) -> bool:
    return (state / "socket").exists()


async def listed(engine: Arriving) -> list[int]:
    found: tuple[TaskSummary, ...] = await engine.read(ListTasks())
    return [summary.task.id for summary in found]


async def test_what_is_recorded_can_be_read_and_opens_nothing(state: Path, engine: Arriving) -> None:
    assert await listed(engine) == [1]
    assert (await engine.read(ShowTask(task=1))).task.request == "look"
    assert not owned(state)


async def test_an_empty_state_directory_shows_nothing_and_is_not_made(tmp_path: Path) -> None:
    engine = await Arriving.begin(tmp_path / "state", Settings())
    assert await listed(engine) == []
    await engine.close()
    assert not (tmp_path / "state").exists()


async def test_what_only_an_engine_knows_opens_it(state: Path, engine: Arriving) -> None:
    info: EngineInfo = await engine.read(ShowEngine())
    assert info.level == "group"
    assert owned(state)
    assert isinstance(await engine.opened(), Owner)


async def test_a_command_opens_it_and_is_read_at_once(tmp_path: Path, state: Path, engine: Arriving) -> None:
    reply = await engine.do(MakePlan(root=str(tmp_path), document=PLAN))
    assert reply.task == 2
    assert await listed(engine) == [2, 1]


async def test_following_opens_nothing_and_misses_nothing(tmp_path: Path, state: Path, engine: Arriving) -> None:
    following = engine.events()
    first = asyncio.ensure_future(anext(following))
    assert await listed(engine) == [1]
    assert not owned(state)
    between = await connect(state, Need.DECIDE, Settings())
    await between.do(MakePlan(root=str(tmp_path), document=PLAN))
    await between.close()
    await engine.wanted()
    async with asyncio.timeout(PATIENCE):
        seen = [await first]
        while not isinstance(seen[-1], Event) or not isinstance(seen[-1].fact, EngineOpened):
            seen.append(await anext(following))
    made = [item.task for item in seen if isinstance(item, Event) and isinstance(item.fact, TaskRequested)]
    assert made == [2]


async def test_what_was_foreseen_is_answered_once_without_a_wait(tmp_path: Path, state: Path, engine: Arriving) -> None:
    assert [summary.task.id for summary in await engine.foresee(ListTasks())] == [1]
    other = await connect(state, Need.DECIDE, Settings())
    await other.do(MakePlan(root=str(tmp_path), document=PLAN))
    await other.close()
    with pytest.raises(StopIteration) as answered:
        engine.read(ListTasks()).send(None)
    assert [summary.task.id for summary in answered.value.value] == [1]
    assert await listed(engine) == [2, 1]


async def test_where_nothing_can_be_read_it_opens_at_once_and_says_why_not(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "signoff.db").write_bytes(b"this was a database" * 500)
    with pytest.raises(StoreDamaged):
        await Arriving.begin(state, Settings())


async def test_an_owner_that_does_not_let_us_in_is_told(
    state: Path, engine: Arriving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.opening.PATIENCE", 3)
    lock = OwnerLock(state)
    lock.take()
    assert await listed(engine) == [1]
    with pytest.raises(Owned):
        await engine.wanted()
    lock.release()


async def test_it_attaches_to_the_owner_there_is(state: Path, engine: Arriving) -> None:
    owner = await connect(state, Need.EXECUTE, Settings(sandbox="group"))
    info: EngineInfo = await engine.read(ShowEngine())
    assert not isinstance(await engine.opened(), Owner)
    assert info.level == "group"
    await engine.close()
    await owner.close()
