"""How long steps took before: of the same steps, in the same directory, where they ended well."""

from __future__ import annotations

from typing import Any

import pytest

from engine import ListLengths
from tests.engine.desk import Desk, step


async def took(desk: Desk, seconds: float, *steps: dict[str, Any], **fields: Any) -> int:
    """Run steps of which `a` takes some seconds; the number of the task."""
    desk.script.hold("a")
    task = await desk.begin(*steps, **fields)
    await desk.started(task, "a")
    desk.clock.offset += seconds
    desk.script.release("a")
    await desk.ended(task)
    return task


async def lengths(desk: Desk, task: int) -> dict[str, float]:
    found: dict[str, float] = await desk.engine.read(ListLengths(task=task))
    return found


async def test_the_middle_of_the_last_runs_counts(desk: Desk) -> None:
    await desk.open()
    for seconds in (9000, 9000, 9000, 20, 90, 30, 20, 30):
        await took(desk, seconds, step("a"))
    task = await desk.plan(step("a"))
    assert await lengths(desk, task) == {"a": pytest.approx(30, abs=5)}


async def test_a_step_is_known_in_another_plan_by_what_it_does(desk: Desk) -> None:
    await desk.open()
    await took(desk, 60, step("a"), step("b", "a"))
    alike = await desk.plan(step("c"), step("a", "c", description="now second"))
    assert await lengths(desk, alike) == {"a": pytest.approx(60, abs=5)}
    other = await desk.plan(step("a", text="another text"), step("d"))
    assert await lengths(desk, other) == {}


async def test_another_directory_and_a_failure_tell_nothing(desk: Desk) -> None:
    await desk.open()
    (elsewhere := desk.root.with_name("elsewhere")).mkdir()
    await took(desk, 60, step("a"), root=elsewhere)
    assert await lengths(desk, await desk.plan(step("a"))) == {}
    desk.script.fails("a", "no luck")
    await took(desk, 60, step("a"))
    assert await lengths(desk, await desk.plan(step("a"))) == {}
