"""The review over the engine itself: what others do is seen, what is shown is signed, and both agree on what counts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import Judge, Revise, Role, ShowTask, Verdict
from tests.engine.desk import Desk, step
from tests.tui.pilots import picture, until
from tests.tui.stage import LARGE, SMALL, Clock, gone, press, show
from tui.app import Options, SignoffApp
from tui.screens.review import ReviewScreen
from tui.screens.step_form import StepForm
from tui.theme import Colours

TWO = {"policy": {"quorum": 2}}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    await made.open(roles={"ben": Role.REVIEWER})
    yield made
    await made.close()


async def test_two_people_review_one_plan(desk: Desk, tmp_path: Path) -> None:
    task, clock = await desk.plan(step("a"), step("b"), step("c"), **TWO), Clock()
    options = Options(root=str(tmp_path), user="ana", state=tmp_path, colours=Colours.DARK)
    async with SignoffApp(desk.engine, options).run_test(size=LARGE) as pilot:
        screen = ReviewScreen(task, now=clock)
        await show(pilot, screen)
        await desk.do(Judge(task=task, revision=1, step="c", verdict=Verdict.SKIP), "ben")
        await until(pilot, lambda: "skipped 1" in picture(pilot))
        await press(pilot, clock, "A", "y")
        await until(pilot, lambda: "signed 1 of 2  ana ✓" in picture(pilot))
        await desk.do(Judge(task=task, revision=1, step="c", verdict=Verdict.TAKE_IN), "ben")
        await until(pilot, lambda: "signed 0 of 2" in picture(pilot))
        document = json.dumps({"request": "try it", "steps": [step("a"), step("b"), step("d")], **TWO})
        await desk.do(Revise(task=task, revision=1, document=document), "ben")
        await until(pilot, lambda: "since rev 1 (yours): ~0 +1 -1" in picture(pilot))
        await press(pilot, clock, "A")
        assert "Read 3 d to the end first" in picture(pilot)
        await press(pilot, clock, "space", "A", "y")
        await until(pilot, lambda: "signed 1 of 2  ana ✓" in picture(pilot))
        await desk.sign(task, "ben")
        await until(pilot, lambda: "signed 2 of 2" in picture(pilot))
        await desk.ended(task)
    assert sorted(desk.script.ran) == ["a", "b", "d"]


async def test_a_step_is_edited_in_the_review_until_the_engine_takes_it(desk: Desk, tmp_path: Path) -> None:
    task, clock = await desk.plan(step("a"), step("b", "a"), step("c", "b")), Clock()
    options = Options(root=str(tmp_path), user="ana", state=tmp_path, colours=Colours.DARK)
    async with SignoffApp(desk.engine, options).run_test(size=SMALL) as pilot:
        await show(pilot, ReviewScreen(task, now=clock))
        await press(pilot, clock, "enter", "j", "j", "e")
        form = pilot.app.screen
        assert isinstance(form, StepForm)
        await pilot.press("tab", "ctrl+u", *"aa", "ctrl+s")
        await until(pilot, lambda: "✗ no step 'aa' (did you mean 'a'?)  plan-1.yaml:" in picture(pilot))
        await pilot.press("backspace", "tab", *"any", "ctrl+s")
        await gone(pilot, form)
        await until(pilot, lambda: "since rev 1: ~1 +0 -0" in picture(pilot))
    plan = (await desk.engine.read(ShowTask(task=task))).plan
    changed = next(planned.step for planned in plan.steps if planned.id == "b")
    assert (plan.revision, plan.author, changed.needs, changed.network) == (2, "ana", ("a",), True)
