"""Draws the pictures of the README with the program itself, from a scripted engine and a clock that stands.

    uv run python -m screenshots
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from engine import TaskView
from tests.tui import plans, scenes
from tests.tui.pilots import opened
from tui.app import SignoffApp

HERE = Path(__file__).parent
SMALL, LARGE = (80, 24), (120, 36)
Act = Callable[[Pilot[Any]], Awaitable[None]]


async def _look(pilot: Pilot[Any]) -> None:
    await opened(pilot)


def _keys(*keys: str) -> Act:
    async def press(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await pilot.press(*keys)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()

    return press


async def _draw(name: str, views: tuple[TaskView, ...], size: tuple[int, int], act: Act) -> None:
    engine = scenes.engine(*views)
    engine.contents = dict(plans.CONTENTS)
    app: SignoffApp = scenes.app(engine)
    async with app.run_test(size=size) as pilot:
        await act(pilot)
        (HERE / f"{name}.svg").write_text(app.export_screenshot(title="signoff"))


async def main() -> None:
    """Draw all of them."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    others = scenes.others()
    await _draw("workbench", (scenes.running(), *others), LARGE, _look)
    await _draw("running", (scenes.running(), *others), SMALL, _look)
    await _draw("review", (plans.to_review(),), SMALL, _keys("r"))
    await _draw("confirm", (plans.asking(plans.QUESTION),), SMALL, _keys("i"))
    await _draw("drift", (plans.asking(plans.DRIFT),), LARGE, _keys("i"))
    await _draw("cancelled", (scenes.cancelled(), *others), SMALL, _look)


if __name__ == "__main__":
    asyncio.run(main())
