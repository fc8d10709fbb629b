"""The review over the engine itself: what others do is seen, what is shown is signed, and both agree on what counts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import Judge, Outcome, PlanWritten, Reject, Revise, Role, ShowTask, Verdict
from tests.engine.desk import Desk, step
from tests.engine.scripted_model import ScriptedModel, answer
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
        await until(pilot, lambda: "✗ no step 'aa' (did you mean 'a'?)" in picture(pilot))
        assert "plan-1.yaml" not in picture(pilot)
        await pilot.press("backspace", "tab", *"any", "ctrl+s")
        await gone(pilot, form)
        await until(pilot, lambda: "since rev 1: ~1 +0 -0" in picture(pilot))
    plan = (await desk.engine.read(ShowTask(task=task))).plan
    changed = next(planned.step for planned in plan.steps if planned.id == "b")
    assert (plan.revision, plan.author, changed.needs, changed.network) == (2, "ana", ("a",), True)


async def waiting(desk: Desk) -> int:
    """A task of which a step failed while another runs, with steps in its place to be signed."""
    await desk.close()
    mend = step("mend", tier="destructive") | {"text": "rm -rf build"}
    await desk.open(model=ScriptedModel(answer(mend)), roles={"ben": Role.REVIEWER})
    desk.script.hold("slow")
    desk.script.fails("broken", "exit 1: no space left")
    task = await desk.begin(step("broken"), step("last", "broken"), step("slow"))
    await desk.until(lambda event: isinstance(event.fact, PlanWritten) and event.fact.task.pending == 2)
    return task


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_what_waits_beside_a_running_attempt_is_read_beside_the_failure_and_signed(
    desk: Desk, tmp_path: Path, size: tuple[int, int]
) -> None:
    task, clock = await waiting(desk), Clock()
    options = Options(root=str(desk.root), user="ana", state=tmp_path, colours=Colours.DARK)
    async with SignoffApp(desk.engine, options).run_test(size=size) as pilot:
        await until(pilot, lambda: "rev 2 waits to be signed: r" in picture(pilot))
        screen = ReviewScreen(task, now=clock)
        await show(pilot, screen)
        await until(pilot, lambda: "pending · not signed" in picture(pilot))
        told = " ".join(picture(pilot).split())
        assert "rev 2" in told and "in the place of what failed: broken failed: exit 1: no space left" in told
        await press(pilot, clock, "A")
        assert "to the end first" in picture(pilot)
        await press(pilot, clock, "space", "space", "A", "y")
        await gone(pilot, screen)
        question = await desk.asked(task, "mend")
        view = await desk.engine.read(ShowTask(task=task))
        assert (view.task.revision, view.task.pending, question.step) == (2, 0, "mend")
        await desk.cancel(task)
        await desk.ended(task)


async def test_what_somebody_rejects_while_it_is_read_gives_place_to_what_runs(desk: Desk, tmp_path: Path) -> None:
    task, clock = await waiting(desk), Clock()
    options = Options(root=str(desk.root), user="ana", state=tmp_path, colours=Colours.DARK)
    async with SignoffApp(desk.engine, options).run_test(size=LARGE) as pilot:
        await show(pilot, ReviewScreen(task, now=clock))
        await until(pilot, lambda: "pending · not signed" in picture(pilot))
        await desk.do(Reject(task=task, revision=2, reason="no"), "ben")
        await until(pilot, lambda: "Revision 2 waits no more: this is revision 1, which runs." in picture(pilot))
        await press(pilot, clock, "A")
        assert "there is nothing to sign" in picture(pilot)
        desk.script.release("slow")
        assert (await desk.ended(task)).task.outcome is Outcome.STEP_FAILED
