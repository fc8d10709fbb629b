"""The inbox: one queue of everything that waits, over all tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from engine import Answer, Gap, ListQuestions, ListTasks, Phase, TaskView
from engine.errors import StoreDamaged
from engine.model.events import PhaseChanged, PlanWritten, QuestionAnswered, QuestionAsked
from engine.testing import NOON, ScriptedEngine
from tests.hostile import HOSTILE, is_control
from tests.tui import plans
from tests.tui.pilots import picture, until
from tests.tui.screens.test_workbench_hostile import poisoned
from tests.tui.stage import LARGE, SMALL, TRICKS, Restless, app, opened, settle, show, utc  # noqa: F401
from tui.screens.confirm import ConfirmScreen
from tui.screens.inbox import InboxScreen
from tui.screens.review import ReviewScreen

Compare = Callable[..., bool]


pytestmark = pytest.mark.usefixtures("utc")


def _waiting() -> tuple[TaskView, ...]:
    to_review = plans.to_review()
    other = replace(to_review, task=replace(to_review.task, id=13, request="Rotate the logs", created=NOON - 200))
    return plans.asking(plans.QUESTION, plans.ASK), other


async def test_what_waits_longest_stands_first() -> None:
    async with opened(ScriptedEngine(*_waiting()), InboxScreen()) as pilot:
        rows = picture(pilot).splitlines()[1:4]
    assert [row[1:].split()[0] for row in rows] == ["confirm", "review", "asks"]
    assert "DESTRUCTIVE" in rows[0]
    assert "5 min ago, by 11:55 tomorrow" in rows[0]
    assert "13 Rotate the logs" in rows[1]


async def test_enter_opens_the_question_and_the_review() -> None:
    async with opened(ScriptedEngine(*_waiting()), InboxScreen(now=Restless())) as pilot:
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, ConfirmScreen)
        await pilot.press("escape", "j", "enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, ReviewScreen)


async def test_a_click_opens_the_row_that_has_the_cursor() -> None:
    async with opened(ScriptedEngine(*_waiting()), InboxScreen()) as pilot:
        await pilot.click("#queue", offset=(5, 1))
        assert isinstance(pilot.app.screen, InboxScreen)
        await pilot.click("#queue", offset=(5, 1))
        await settle(pilot)
        assert isinstance(pilot.app.screen, ReviewScreen)


async def test_it_follows_what_happens() -> None:
    engine = ScriptedEngine()
    async with opened(engine, InboxScreen()) as pilot:
        assert "Nothing waits for you" in picture(pilot)
        engine.views = {12: plans.asking(plans.QUESTION)}
        engine.emit(QuestionAsked(plans.QUESTION), task=12, step="migrate")
        await until(pilot, lambda: "1 waiting" in picture(pilot))
        engine.views = {12: plans.asking()}
        engine.emit(QuestionAnswered(replace(plans.QUESTION, answer=Answer.ONCE)), task=12, step="migrate")
        await until(pilot, lambda: "Nothing waits for you" in picture(pilot))


async def test_old_plans_are_found_behind_any_number_of_newer_tasks() -> None:
    old = plans.to_review()
    done = plans.view_of(phase=Phase.COMPLETED)
    newer = (replace(done, task=replace(done.task, id=number)) for number in range(20, 1300))
    async with opened(ScriptedEngine(old, *newer), InboxScreen()) as pilot:
        assert "1 waiting" in picture(pilot)


async def test_tasks_are_looked_through_once_and_then_followed() -> None:
    engine = ScriptedEngine(plans.view_of(phase=Phase.EXECUTING))
    async with opened(engine, InboxScreen()) as pilot:
        assert "Nothing waits for you" in picture(pilot)
        engine.answers[ListTasks] = lambda query: pytest.fail("every task was read again")
        engine.emit(PlanWritten(plans.task(), "file", 12), task=12)
        await until(pilot, lambda: "1 waiting" in picture(pilot))
        engine.emit(PhaseChanged(plans.task(Phase.QUEUED)), task=12)
        await until(pilot, lambda: "Nothing waits for you" in picture(pilot))


async def test_a_store_that_cannot_be_read_is_told_and_not_a_traceback() -> None:
    engine = ScriptedEngine()

    def refuse(_: object) -> Any:
        raise StoreDamaged(path="x.db", reason="not a database")

    screen = InboxScreen()
    async with opened(engine, screen, LARGE) as pilot:
        engine.answers[ListQuestions] = refuse
        engine.signal(Gap(seq=1))
        await until(pilot, lambda: screen.query_one("#notice").has_class("-shown"))
        assert "is damaged (not a database)" in picture(pilot)


@pytest.mark.parametrize("tricks", TRICKS, ids="+".join)
async def test_hostile_text_in_every_field_reaches_no_terminal(tricks: tuple[str, ...]) -> None:
    text = "".join(HOSTILE[trick] for trick in tricks)
    async with opened(ScriptedEngine(*(poisoned(view, text) for view in _waiting())), InboxScreen(), LARGE) as pilot:
        pilot.app._filters.clear()
        await pilot.press("j")
        assert not any(map(is_control, picture(pilot).replace("\n", "")))


def _shown(*views: TaskView) -> Callable[[Pilot[Any]], Any]:
    async def run(pilot: Pilot[Any]) -> None:
        await show(pilot, InboxScreen())

    return run


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_picture(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(ScriptedEngine(*_waiting())), terminal_size=size, run_before=_shown())


def test_picture_of_nothing(snap_compare: Compare) -> None:
    assert snap_compare(app(ScriptedEngine()), terminal_size=SMALL, run_before=_shown())
