"""Several confirmations at once: all of it is read before any of it runs, and each is an answer of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from engine import Answer, QuestionKind, Resolve
from engine.errors import AlreadyAnswered
from engine.model.events import QuestionAnswered
from engine.testing import ScriptedEngine
from tests.tui import plans
from tests.tui.pilots import picture, until
from tests.tui.stage import LARGE, SMALL, Restless, app, opened, settle, show, utc  # noqa: F401
from tui.presentation.batch import batch_page
from tui.presentation.inbox import Item
from tui.screens.batch import BatchScreen
from tui.screens.inbox import InboxScreen

Compare = Callable[..., bool]
PUSH = replace(plans.QUESTION, id=99, step="push")

pytestmark = pytest.mark.usefixtures("utc")


def waiting() -> ScriptedEngine:
    return ScriptedEngine(plans.asking(plans.QUESTION, PUSH, plans.ASK))


def given(engine: ScriptedEngine) -> list[tuple[int, Answer, str]]:
    return [
        (command.question, command.answer, command.reason) for command in engine.done if isinstance(command, Resolve)
    ]


async def read_all(pilot: Pilot[Any]) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, BatchScreen)
    while not screen.operand.seen:
        await pilot.press("space")


async def test_without_marks_it_is_every_confirmation_and_no_other_question() -> None:
    async with opened(waiting(), InboxScreen(now=Restless())) as pilot:
        await pilot.press("b")
        await settle(pilot)
        shown = picture(pilot)
    assert "Run these 2 now?" in shown
    assert "DROP TABLE sessions" in shown


async def test_marked_ones_only() -> None:
    engine = waiting()
    async with opened(engine, InboxScreen(now=Restless())) as pilot:
        await pilot.press("space", "b")
        await settle(pilot)
        assert "Run this one now?" in picture(pilot)
        await read_all(pilot)
        await pilot.press("Y", "y")
        await until(pilot, lambda: isinstance(pilot.app.screen, InboxScreen))
    assert given(engine) == [(plans.QUESTION.id, Answer.ONCE, "")]


async def test_nothing_runs_before_all_was_read_and_one_key_never_decides() -> None:
    engine = waiting()
    async with opened(engine, InboxScreen(now=Restless()), (80, 8)) as pilot:
        await pilot.press("b")
        await settle(pilot)
        await pilot.press("Y", "y")
        assert "Read all of them to the end first" in picture(pilot)
        await read_all(pilot)
        await pilot.press("Y", "n")
        assert given(engine) == []
        await pilot.press("Y", "y")
        await until(pilot, lambda: isinstance(pilot.app.screen, InboxScreen))
    assert given(engine) == [(plans.QUESTION.id, Answer.ONCE, ""), (PUSH.id, Answer.ONCE, "")]


async def test_a_denial_takes_a_reason() -> None:
    engine = waiting()
    async with opened(engine, InboxScreen(now=Restless())) as pilot:
        await pilot.press("b")
        await settle(pilot)
        await pilot.press("D", "enter")
        assert given(engine) == []
        await pilot.press(*"no", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, InboxScreen))
    assert given(engine) == [(plans.QUESTION.id, Answer.DENY, "no"), (PUSH.id, Answer.DENY, "no")]


async def test_an_answer_given_elsewhere_takes_the_entry_away_and_says_who_gave_it() -> None:
    engine = waiting()
    async with opened(engine, InboxScreen(now=Restless())) as pilot:
        await pilot.press("b")
        await settle(pilot)
        closed = replace(plans.QUESTION, answer=Answer.DENY, answered_by="ben")
        engine.emit(QuestionAnswered(closed), task=12, step="migrate")
        await until(pilot, lambda: "ben denied it: migrate" in picture(pilot))
        assert "Run this one now?" in picture(pilot)
        engine.emit(QuestionAnswered(replace(PUSH, answer=Answer.ONCE, answered_by="ben")), task=12, step="push")
        await until(pilot, lambda: isinstance(pilot.app.screen, InboxScreen))


async def test_what_changed_while_it_was_read_does_not_run_and_nothing_with_it() -> None:
    engine = waiting()
    async with opened(engine, InboxScreen(now=Restless())) as pilot:
        await pilot.press("b")
        await settle(pilot)
        await read_all(pilot)
        moved = replace(PUSH, kind=QuestionKind.DRIFT, digest="0" * 64, diff="-safe\n+rm -rf /")
        engine.views[12] = plans.asking(plans.QUESTION, moved)
        await pilot.press("Y", "y")
        await until(pilot, lambda: "push changed meanwhile, and nothing was run" in picture(pilot))
        assert "Run this one now?" in picture(pilot)
        assert (given(engine), set(engine.looked_at)) == ([], {plans.QUESTION.id, PUSH.id})
        await read_all(pilot)
        await pilot.press("Y", "y")
        await until(pilot, lambda: isinstance(pilot.app.screen, InboxScreen))
    assert given(engine) == [(plans.QUESTION.id, Answer.ONCE, "")]


async def test_who_was_second_is_told_and_the_others_go_on() -> None:
    engine = waiting()
    async with opened(engine, InboxScreen(now=Restless())) as pilot:
        await pilot.press("b")
        await settle(pilot)
        await read_all(pilot)
        engine.refusal = AlreadyAnswered(what="Question 7", answer="deny", actor="ben")
        await pilot.press("Y", "y")
        await until(pilot, lambda: isinstance(pilot.app.screen, InboxScreen))
        (told,) = [notification.message for notification in pilot.app._notifications]
        assert "was answered before: deny by ben" in told
    assert given(engine) == [(PUSH.id, Answer.ONCE, "")]


async def test_an_operand_cannot_forge_the_mark_of_a_heading() -> None:
    items = [Item(view.task, 0.0, question, view) for view in [plans.asking(PUSH)] for question in view.questions]
    forged = replace(PUSH, step="migrate")
    items += [Item(view.task, 0.0, forged, view) for view in [plans.asking(forged)]]
    page = batch_page(items)
    assert page.operand is not None
    marked = [page.operand.split("\n")[line - 1] for line in page.marks]
    assert [line.partition(": ")[2] for line in marked] == ["11 push EXTERNAL", "9 migrate DESTRUCTIVE"]


async def test_a_question_that_is_no_confirmation_cannot_be_marked() -> None:
    async with opened(ScriptedEngine(plans.asking(plans.ASK)), InboxScreen(now=Restless())) as pilot:
        await pilot.press("space")
        assert "Only confirmations" in picture(pilot)
        await pilot.press("b")
        assert "No confirmation waits" in picture(pilot)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_picture(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def batch(pilot: Pilot[Any]) -> None:
        await show(pilot, InboxScreen(now=Restless()))
        await pilot.press("b")
        await settle(pilot)

    assert snap_compare(app(waiting()), terminal_size=size, run_before=batch)
