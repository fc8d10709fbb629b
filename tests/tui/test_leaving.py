"""What is told on leaving: how much goes on and how much waits, as far as the screen and the engine know it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import TaskView
from tests.tui import scenes
from tests.tui.pilots import opened, until


@pytest.mark.parametrize(
    ("view", "running", "told"),
    [
        (scenes.running(), 0, "1 step goes on. Come back with: signoff"),  # the bar on top has not heard of it yet
        (scenes.running(), 3, "3 steps go on. Come back with: signoff"),  # two of them in tasks that are not shown
        (scenes.waiting(), 1, "1 step goes on and 1 question waits for you. Come back with: signoff"),
        (scenes.done(), 0, ""),
    ],
    ids=["shown", "elsewhere", "waiting", "nothing"],
)
async def test_leaving_counts_what_goes_on_and_what_waits(view: TaskView, running: int, told: str) -> None:
    engine = scenes.engine(view)
    engine.info = replace(engine.info, running=running)
    app = scenes.app(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("q")
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value == told
