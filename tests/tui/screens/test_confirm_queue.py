"""Several questions wait: next, previous, what others answer meanwhile; and words that are written for an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from engine import (
    Answer,
    Command,
    Question,
    QuestionAnswered,
    QuestionAsked,
    QuestionChanged,
    Reply,
    Resolve,
    TaskView,
)
from engine.errors import AlreadyAnswered, NotAllowed, Refused, StaleQuestion
from engine.testing import NOON, ScriptedEngine
from tests.tui import plans
from tests.tui.pilots import picture, until
from tests.tui.stage import LARGE, SMALL, Clock, app, gone, opened, press, said, settle, show, utc  # noqa: F401
from tui.screens.confirm import ConfirmScreen

Compare = Callable[..., bool]
LONG = plans.QUESTION
"""Its operand is longer than the screen."""
SHORT = replace(plans.QUESTION, id=20, step="push", asked=NOON - 200)
"""Its operand is in sight at once."""
ELSEWHERE = replace(plans.QUESTION, id=21, task=13, step="notes", asked=NOON - 100)

pytestmark = pytest.mark.usefixtures("utc")


def _views(*questions: Question) -> list[TaskView]:
    here = plans.asking(*(question for question in questions if question.task == 12))
    other = [question for question in questions if question.task == 13]
    made = plans.asking(*other)
    return [here, replace(made, task=replace(made.task, id=13, request="Rotate the logs"))][: 1 + bool(other)]


def _begun(*questions: Question) -> tuple[ScriptedEngine, Clock, ConfirmScreen]:
    """The first one is open, the others wait."""
    views, clock = _views(*questions), Clock()
    return ScriptedEngine(*views), clock, ConfirmScreen(questions[0], views[0], now=clock)


def _close(engine: ScriptedEngine, question: Question, answer: Answer = Answer.DENY) -> None:
    """Ben answers it."""
    view = engine.views[question.task]
    engine.views[question.task] = replace(view, questions=tuple(q for q in view.questions if q.id != question.id))
    closed = replace(question, answer=answer, answered_by="ben", answered=NOON)
    engine.emit(QuestionAnswered(closed), task=question.task, step=question.step, actor="ben")


def _text(pilot: Pilot[Any]) -> str:
    return " ".join(picture(pilot).split())


async def test_next_and_previous_walk_through_all_that_waits_over_all_tasks_in_the_order_they_came() -> None:
    engine, clock, screen = _begun(LONG, SHORT, ELSEWHERE)
    async with opened(engine, screen) as pilot:
        assert "Run 9 migrate now?" in _text(pilot) and "1 of 3 waiting · task 12" in _text(pilot)
        assert "n next" in _text(pilot)
        await press(pilot, clock, "n")
        assert "Run 11 push now?" in _text(pilot) and "2 of 3 waiting · task 12" in _text(pilot)
        await press(pilot, clock, "n")
        assert "Run 12 notes now?" in _text(pilot) and "3 of 3 waiting · task 13" in _text(pilot)
        await press(pilot, clock, "n")
        assert "1 of 3 waiting" in _text(pilot)
        await press(pilot, clock, "N", "N")
        assert "2 of 3 waiting" in _text(pilot)
        assert pilot.app.screen is screen
    assert engine.done == []


async def test_where_one_waits_there_is_no_next() -> None:
    engine, clock, screen = _begun(SHORT)
    async with opened(engine, screen) as pilot:
        assert "n next" not in _text(pilot)
        await press(pilot, clock, "n", "N")
        assert "1 of 1 waiting" in _text(pilot)


async def test_the_one_that_is_shown_is_the_one_that_is_answered() -> None:
    engine, clock, screen = _begun(LONG, SHORT)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "n", "Y")
        await gone(pilot, screen)
    (command,) = engine.done
    assert isinstance(command, Resolve) and (command.question, command.digest) == (SHORT.id, SHORT.digest)


async def test_what_was_read_of_one_counts_for_no_other() -> None:
    engine, clock, screen = _begun(SHORT, LONG)
    async with opened(engine, screen) as pilot:
        assert screen.seen
        await press(pilot, clock, "n", "Y")
        assert engine.done == []
        assert "Read the operand to its end first" in _text(pilot)
        await press(pilot, clock, "n", "n", "Y")
        assert engine.done == []


async def test_the_next_one_is_as_deaf_in_its_first_300_ms_as_the_first() -> None:
    engine, clock, screen = _begun(LONG, SHORT)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "n")
        clock.at += 0.29
        for key in ("Y", "D", "escape", "enter"):
            await pilot.press(key)
            await settle(pilot)
        assert engine.done == [] and pilot.app.screen is screen
        await press(pilot, clock, "Y")
        await gone(pilot, screen)
    assert len(engine.done) == 1


async def test_later_has_the_focus_again() -> None:
    engine, clock, screen = _begun(SHORT, LONG)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "right")
        assert "[Y run once]" in _text(pilot)
        await press(pilot, clock, "n")
        assert "[Later esc]" in _text(pilot)
        await press(pilot, clock, "enter")
        await gone(pilot, screen)
    assert engine.done == []


async def test_an_answer_elsewhere_takes_it_away_says_who_and_goes_on_to_the_one_behind() -> None:
    engine, clock, screen = _begun(LONG, SHORT, ELSEWHERE)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "n")
        _close(engine, SHORT)
        await until(pilot, lambda: "Run 12 notes now?" in _text(pilot))
        await until(pilot, lambda: said(pilot) == ["ben denied it: push"])
        assert "2 of 2 waiting · task 13" in _text(pilot)
        await settle(pilot)
        clock.at += 0.2
        await pilot.press("Y")
        await settle(pilot)
        assert engine.done == []
        _close(engine, ELSEWHERE)
        await until(pilot, lambda: "Run 9 migrate now?" in _text(pilot))
        _close(engine, LONG)
        await gone(pilot, screen)


async def test_an_answer_elsewhere_to_another_one_and_a_new_one_are_counted() -> None:
    engine, _, screen = _begun(SHORT, LONG)
    async with opened(engine, screen) as pilot:
        assert "2 of 2 waiting" in _text(pilot)
        _close(engine, LONG)
        await until(pilot, lambda: "1 of 1 waiting" in _text(pilot))
        assert "n next" not in _text(pilot)
        engine.emit(QuestionAsked(ELSEWHERE), task=13, step="notes")
        await until(pilot, lambda: "1 of 2 waiting" in _text(pilot))
        assert "n next" in _text(pilot) and "[Later esc]" in _text(pilot)


async def test_a_second_answer_is_told_who_was_first_and_the_next_one_comes() -> None:
    engine, clock, screen = _begun(SHORT, LONG)
    async with opened(engine, screen) as pilot:
        engine.refusal = AlreadyAnswered(what="push", answer="deny", actor="ben")
        await press(pilot, clock, "Y")
        await until(pilot, lambda: "Run 9 migrate now?" in _text(pilot))
        await until(pilot, lambda: said(pilot) == ["push was answered before: deny by ben"])
    assert engine.done == []


async def test_whoever_looks_away_meanwhile_comes_back_to_the_next_one() -> None:
    engine, clock, screen = _begun(SHORT, LONG)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "question_mark")
        assert "Next question that waits" in picture(pilot)
        _close(engine, SHORT)
        await until(pilot, lambda: said(pilot) == ["ben denied it: push"])
        await press(pilot, clock, "escape")
        await until(pilot, lambda: "Run 9 migrate now?" in _text(pilot))


# Words


async def test_the_question_stays_in_sight_while_its_reason_is_written() -> None:
    engine, clock, screen = _begun(LONG, SHORT)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "D")
        text = _text(pilot)
        assert "Run 9 migrate now?" in text and "set -euo pipefail" in text and "skips 10 schema" in text
        assert "Why is it denied?" in text
        await press(pilot, clock, *"not now")
        assert "set -euo pipefail" in _text(pilot) and "not now" in _text(pilot)


async def test_while_words_are_written_every_key_is_a_letter() -> None:
    engine, clock, screen = _begun(SHORT, LONG)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "D")
        screen.set_focus(None)
        await press(pilot, clock, *"YnTq 1D?")
        assert screen.words.value == "YnTq 1D?"
        assert engine.done == [] and screen.question is SHORT


async def test_a_quick_writer_is_heard_and_a_paste_as_keys_is_not() -> None:
    engine, clock, screen = _begun(SHORT)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "D")
        await pilot.press(*"no", "enter")
        await settle(pilot)
        assert engine.done == [] and screen.words.value == "no"
        assert "too quickly" in _text(pilot)
        clock.at += 0.06
        await pilot.press("!")
        await settle(pilot)
        clock.at += 0.06
        await pilot.press("enter")
        await gone(pilot, screen)
    (command,) = engine.done
    assert isinstance(command, Resolve) and (command.answer, command.reason) == (Answer.DENY, "no!")


async def test_keys_that_come_before_the_field_has_the_focus_are_written_into_it() -> None:
    engine, clock, screen = _begun(SHORT)
    async with opened(engine, screen) as pilot:
        clock.at += 5
        for key in ("D", "Y", "o"):
            pilot.app.post_message(events.Key(key, key))
        await settle(pilot)
        assert (screen.words.value, engine.done) == ("Yo", [])


async def test_nobody_who_writes_is_moved_on() -> None:
    engine, clock, screen = _begun(SHORT, replace(SHORT, id=22, step="notes"))
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "D", "n")
        _close(engine, SHORT, Answer.ONCE)
        await until(pilot, lambda: "ben let it run once: push" in _text(pilot))
        await press(pilot, clock, "Y", "enter")
        assert engine.done == [] and screen.words.value == "nY" and "Run 11 push now?" in _text(pilot)
        await press(pilot, clock, "escape")
        assert "Run 12 notes now?" in _text(pilot)
        assert "too quickly" not in _text(pilot)


# Bytes that change while it is asked about them


def _changes(engine: ScriptedEngine, question: Question) -> Question:
    """The file that it executes becomes another one, and the engine has seen that."""
    changed = replace(plans.DRIFT, id=question.id, step=question.step)
    view = engine.views[question.task]
    questions = tuple(changed if each.id == question.id else each for each in view.questions)
    engine.views[question.task] = replace(view, questions=questions)
    engine.emit(QuestionChanged(changed), task=question.task, step=question.step)
    return changed


async def test_the_bytes_are_looked_at_whenever_somebody_comes_reads_or_says_yes() -> None:
    engine, clock, screen = _begun(SHORT, LONG)
    async with opened(engine, screen) as pilot:
        assert engine.looked_at == [SHORT.id]
        await press(pilot, clock, "space")
        assert len(engine.looked_at) == 2
        await press(pilot, clock, "question_mark", "escape")
        assert len(engine.looked_at) == 3
        pilot.app.app_focus = False
        pilot.app.app_focus = True
        await settle(pilot)
        assert len(engine.looked_at) == 4
        await press(pilot, clock, "n")
        assert engine.looked_at[4:] == [LONG.id]
        await press(pilot, clock, "n", "Y")
        await gone(pilot, screen)
    assert engine.looked_at[5:] == [SHORT.id, SHORT.id]


async def test_bytes_that_changed_are_shown_with_their_difference_and_are_to_be_read_anew() -> None:
    engine, clock, screen = _begun(SHORT)
    async with opened(engine, screen) as pilot:
        assert "unchanged ✓" in _text(pilot)
        await press(pilot, clock, "T")
        changed = _changes(engine, SHORT)
        await until(pilot, lambda: "Bytes changed: run 11 push?" in _text(pilot))
        text = _text(pilot)
        assert "+script_location = /tmp/other" in text and "NOT the signed ones" in text
        assert "What it would run has changed" in text and "unchanged ✓" not in text
        await press(pilot, clock, "p")
        assert engine.done == []
        await press(pilot, clock, "space", "Y")
        assert engine.done == [] and "Y again runs it as it is now" in _text(pilot)
        await press(pilot, clock, "Y")
        await gone(pilot, screen)
    (command,) = engine.done
    assert isinstance(command, Resolve) and (command.answer, command.digest) == (Answer.ONCE, changed.digest)


async def test_a_yes_to_what_was_shown_before_is_refused_and_stays_unsaid() -> None:
    engine, clock, screen = _begun(SHORT)
    async with opened(engine, screen) as pilot:
        engine.refusal = Refused(problem="What push would run has changed since it was shown; nothing was recorded")
        await press(pilot, clock, "Y")
        _changes(engine, SHORT)
        await until(pilot, lambda: "+script_location = /tmp/other" in _text(pilot))
        assert engine.done == [] and "[Later esc]" in _text(pilot)


async def test_who_is_told_that_the_bytes_changed_is_shown_them_before_the_news_comes() -> None:
    engine, clock, screen = _begun(SHORT)
    async with opened(engine, screen) as pilot:

        async def overtaken(command: Command, *, actor: str | None = None) -> Reply:
            if not isinstance(command, Resolve):
                return Reply()
            view = engine.views[SHORT.task]
            changed = replace(plans.DRIFT, id=SHORT.id, step=SHORT.step)
            engine.views[SHORT.task] = replace(view, questions=(changed,))
            raise StaleQuestion(step=SHORT.step)

        engine.do = overtaken  # type: ignore[method-assign]
        await press(pilot, clock, "Y")
        await until(pilot, lambda: "+script_location = /tmp/other" in _text(pilot))
        assert "[Later esc]" in _text(pilot)


async def test_words_that_are_written_outlive_a_change() -> None:
    engine, clock, screen = _begun(SHORT)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "D", *"not")
        _changes(engine, SHORT)
        await until(pilot, lambda: "+script_location = /tmp/other" in _text(pilot))
        await press(pilot, clock, *" so", "enter")
        await gone(pilot, screen)
    (command,) = engine.done
    assert isinstance(command, Resolve) and (command.answer, command.reason) == (Answer.DENY, "not so")


async def test_whoever_may_only_watch_is_told_nothing_about_looking() -> None:
    engine, clock, screen = _begun(SHORT)
    watches = _Watches(*engine.views.values())
    async with opened(watches, screen) as pilot:
        await press(pilot, clock, "space")
        assert "reviewer" not in _text(pilot)


class _Watches(ScriptedEngine):
    """The engine of somebody who is a viewer here."""

    async def do(self, command: Command, *, actor: str | None = None) -> Reply:
        raise NotAllowed(actor="cara", role="viewer", command=type(command).__name__, needed="reviewer")


PICTURES: dict[str, tuple[str, ...]] = {
    "several": (),
    "second": ("n",),
    "denying": ("D", *"not on a Friday"),
    "longer": ("space", "T"),
    "changed": ("space",),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_picture(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    engine, clock, screen = _begun(LONG, SHORT)

    async def run(pilot: Pilot[Any]) -> None:
        await show(pilot, screen)
        await press(pilot, clock, *PICTURES[name])
        if name == "changed":
            _changes(engine, LONG)
            await until(pilot, lambda: "Bytes changed" in _text(pilot))
            await press(pilot, clock, "space")

    assert snap_compare(app(engine), terminal_size=size, run_before=run)
