"""Draws the pictures of the README with the program itself, from a scripted engine and a clock that stands.

uv run python -m screenshots
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from engine import Grant, Person, Role, TaskView, grantable
from engine.testing import NOON, ScriptedEngine
from tests.tui import plans, scenes
from tests.tui.pilots import opened, picture, until
from tests.tui.screens.shared import said
from tests.tui.screens.test_planning import TASK, Planner
from tests.tui.stage import show
from tui.app import SignoffApp
from tui.screens.inbox import InboxScreen
from tui.screens.planning import PlanningScreen

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


async def _inbox(pilot: Pilot[Any]) -> None:
    await opened(pilot)
    await pilot.app.push_screen(InboxScreen())
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def _planning(pilot: Pilot[Any]) -> None:
    app: Any = pilot.app
    await show(pilot, PlanningScreen(TASK.id))
    app.engine.begins()
    await until(pilot, lambda: "2 deps" in picture(pilot))


async def _draw(name: str, engine: ScriptedEngine, size: tuple[int, int], act: Act) -> None:
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
    await _draw("workbench", scenes.engine(scenes.running(), *others), LARGE, _look)
    await _draw("running", scenes.engine(scenes.running(), *others), SMALL, _look)
    await _draw("review", scenes.engine(plans.to_review()), SMALL, _keys("r"))
    await _draw("confirm", scenes.engine(plans.asking(plans.QUESTION)), SMALL, _keys("i"))
    await _draw("drift", scenes.engine(plans.asking(plans.DRIFT)), LARGE, _keys("i"))
    await _draw("cancelled", scenes.engine(scenes.cancelled(), *others), SMALL, _look)
    await _draw("together", _with_ben(), SMALL, _keys("r"))
    await _draw("changes", _revised(), LARGE, _keys("r", "tab"))
    await _draw("grant", scenes.engine(_granted()), SMALL, _keys("r", "space", "space", "A"))
    push = replace(plans.QUESTION, id=99, step="push")
    await _draw("planning", Planner(), SMALL, _planning)
    await _draw("repair", _repairing(), SMALL, _keys("r"))
    await _draw("inbox", scenes.engine(plans.asking(plans.QUESTION, push, plans.ASK), *others), SMALL, _inbox)


def _with_ben() -> ScriptedEngine:
    """Two must sign; ben has, and reads on."""
    noted = replace(plans.to_review(), comments=(said("are the sessions empty?"),))
    engine = scenes.engine(plans.quorum_of(2, noted, replace(plans.SIGNED, actor="ben")))
    engine.people = (
        Person(user="ben", role=Role.REVIEWER, pid=7, since=NOON - 60, label="pts/4", task=12, step="migrate"),
    )
    return engine


def _repairing() -> ScriptedEngine:
    """What a model wrote in the place of what failed, beside the attempt that goes on."""
    view = scenes.repairing()
    engine = scenes.engine(view)
    assert view.plan and view.pending
    engine.plans |= {3: view.plan, 4: view.pending}
    return engine


def _granted() -> TaskView:
    """The second step may run unasked for the next half hour."""
    view = plans.in_sight()
    steps = grantable(planned for planned in view.plan.steps if planned.id == "push") if view.plan else {}
    grant = Grant(id=1, task=12, revision=3, steps=steps, given_by="ana", given=NOON - 60, expires=NOON + 1740)
    return replace(view, grants=(grant,))


def _revised() -> ScriptedEngine:
    engine = scenes.engine(plans.to_review())
    engine.plans[2] = plans.before()
    return engine


if __name__ == "__main__":
    asyncio.run(main())
