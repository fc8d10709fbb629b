"""Two people at once: whoever comes too late is told who was first, and not that a store has a conflict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine import AcceptResult, Command, Phase, Resume
from engine.errors import Overtaken
from tests.engine.desk import Desk, step


async def ready(desk: Desk) -> int:
    task = await desk.begin(step("a"), accept="person")
    await desk.phase(task, Phase.READY)
    return task


async def failed(desk: Desk) -> int:
    desk.script.fails("a", "no")
    return (await desk.run(step("a"))).task.id


@pytest.mark.parametrize(
    ("before", "command", "now"),
    [
        (ready, lambda task: AcceptResult(task=task), "completed"),
        (failed, lambda task: Resume(task=task), "queued|executing|failed"),
    ],
)
async def test_who_comes_too_late_is_told_who_was_first(
    desk: Desk, before: Callable[[Desk], object], command: Callable[[int], Command], now: str
) -> None:
    await desk.open()
    task: int = await before(desk)  # type: ignore[misc]
    both = [desk.do(command(task), actor) for actor in ("ben", "cara")]
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert not isinstance(first, BaseException)
    assert isinstance(second, Overtaken), second
    assert second.facts["phase"] in now.split("|")
    assert "nothing was recorded" in str(second)
    assert "signoff show" in second.hint
