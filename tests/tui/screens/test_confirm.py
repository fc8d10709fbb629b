"""The question of a running task: what answers it, what never does, and what is shown before a yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from engine import Answer, Question, ReadContent, Resolve, StepState, TaskView
from engine.errors import AlreadyAnswered, StoreFull
from engine.model.events import QuestionAnswered
from engine.testing import ScriptedEngine
from tests.hostile import HOSTILE, is_control
from tests.tui import plans
from tests.tui.pilots import picture, until
from tests.tui.screens.test_workbench_hostile import poisoned
from tests.tui.stage import LARGE, SMALL, TRICKS, Clock, Restless, app, gone, opened, press, said, settle, show, utc  # noqa: F401
from tui.screens.confirm import ConfirmScreen

Compare = Callable[..., bool]
LOG = b"pg_dump: dumping contents of table sessions\n\x1b[31mALTER TABLE\x1b[0m sessions\nstill waiting for a lock\n"


pytestmark = pytest.mark.usefixtures("utc")


def _asked(question: Question) -> tuple[ScriptedEngine, TaskView]:
    interrupted = question is plans.INTERRUPTED
    state = StepState.INTERRUPTED if interrupted else StepState.AWAITING_CONFIRMATION
    view = plans.asking(question, state=state)
    view = plans.in_terminal(view, "push") if question is plans.TERMINAL else view
    engine = ScriptedEngine(view, logs={4: LOG})
    engine.contents = dict(plans.CONTENTS)
    return engine, view


def _short(question: Question = plans.QUESTION) -> tuple[Question, TaskView]:
    """A question whose whole operand is in sight at once."""
    asked = replace(question, step="push")
    return asked, plans.asking(asked)


def _one(engine: ScriptedEngine) -> Resolve:
    (command,) = engine.done
    assert isinstance(command, Resolve)
    return command


async def test_a_yes_sends_the_digest_that_was_shown() -> None:
    question, view = _short()
    engine, clock = ScriptedEngine(view), Clock()
    screen = ConfirmScreen(question, view, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "Y")
        await gone(pilot, screen)
    command = _one(engine)
    assert (command.question, command.answer, command.digest) == (7, Answer.ONCE, plans.QUESTION.digest)


async def test_the_screen_shows_what_a_signer_could_not_know() -> None:
    engine, view = _asked(plans.QUESTION)
    async with opened(engine, ConfirmScreen(plans.QUESTION, view, now=Clock())) as pilot:
        text = " ".join(picture(pilot).split())
    assert "1 of 1 waiting · task 12" in text
    assert "214 passed" in text
    assert "unchanged ✓" in text
    assert "skips 10 schema, 11 push, 12 notes" in text
    assert "unanswered by 11:55 tomorrow = not run" in text
    assert "[Later esc]" in text


async def test_a_yes_waits_until_the_end_of_the_operand_was_shown() -> None:
    engine, view = _asked(plans.QUESTION)
    clock = Clock()
    screen = ConfirmScreen(plans.QUESTION, view, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "Y")
        assert engine.done == []
        assert "Read the operand to its end first" in picture(pilot)
        await press(pilot, clock, "space", "Y")
        await gone(pilot, screen)
    assert _one(engine).answer is Answer.ONCE


async def test_how_much_is_left_is_said_and_the_end_is_one_key_away() -> None:
    engine, view = _asked(plans.QUESTION)
    clock = Clock()
    screen = ConfirmScreen(plans.QUESTION, view, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "Y")
        assert screen.operand.left > 0
        assert "space reads on, G goes to its end" in picture(pilot)
        assert "1-8 of 11 - space reads on" in picture(pilot)
        await press(pilot, clock, "G")
        assert screen.operand.left == 0
        await press(pilot, clock, "g")
        assert screen.operand.top == 0
        await press(pilot, clock, "Y")
        await gone(pilot, screen)
    assert _one(engine).answer is Answer.ONCE


async def test_how_much_of_a_difference_is_left_is_said() -> None:
    question = replace(plans.DRIFT, diff="".join(f"+line {n}\n" for n in range(40)))
    engine, view = _asked(question)
    screen = ConfirmScreen(question, view, now=Clock())
    async with opened(engine, screen) as pilot:
        left = screen.operand.left
        assert left > 20
        assert f" - {left} rows more, space reads on" in picture(pilot)


async def test_the_signed_files_can_be_read_on_below_and_hold_up_nobody() -> None:
    engine, view = _asked(plans.QUESTION)
    clock = Clock()
    screen = ConfirmScreen(plans.QUESTION, view, now=clock)
    async with opened(engine, screen) as pilot:
        assert "script_location" not in picture(pilot)
        while not screen.operand.at_end:
            assert "script_location" not in picture(pilot) or screen.seen
            await press(pilot, clock, "space")
        assert " 3  prepend_sys_path = ." in picture(pilot)
        await press(pilot, clock, "Y")
        await gone(pilot, screen)
    assert _one(engine).answer is Answer.ONCE


async def test_after_a_drift_no_signed_text_stands_for_the_present_bytes() -> None:
    engine, view = _asked(plans.DRIFT)
    screen = ConfirmScreen(plans.DRIFT, view, now=Clock())
    async with opened(engine, screen, LARGE):
        assert screen.operand.page.files == ()


async def test_a_drift_shows_the_difference_and_it_must_be_read_too() -> None:
    asked = replace(plans.DRIFT, step="push", diff="\n".join(f"+line {number}" for number in range(40)))
    view = plans.asking(asked)
    engine, clock = ScriptedEngine(view), Clock()
    screen = ConfirmScreen(asked, view, now=clock)
    async with opened(engine, screen) as pilot:
        assert "NOT the signed ones" in picture(pilot)
        await press(pilot, clock, "space", "Y")
        assert engine.done == []
        await press(pilot, clock, *["space"] * 8, "Y")
        await gone(pilot, screen)
    assert _one(engine).digest == plans.DRIFT.digest


async def test_what_another_step_made_must_be_read_too() -> None:
    asked = replace(plans.MADE, step="push", diff="\n".join(f"+line {number}" for number in range(40)))
    view = plans.asking(asked)
    engine, clock = ScriptedEngine(view), Clock()
    screen = ConfirmScreen(asked, view, now=clock)
    async with opened(engine, screen) as pilot:
        assert "what other steps made of the files it executes" in picture(pilot)
        await press(pilot, clock, "Y")
        assert engine.done == []
        await press(pilot, clock, *["space"] * 8, "Y")
        await gone(pilot, screen)
    assert _one(engine).digest == plans.MADE.digest


@pytest.mark.parametrize("key", ["Y", "D", "escape", "enter", "space"])
async def test_nothing_is_heard_in_the_first_300_ms(key: str) -> None:
    question, view = _short()
    engine, clock = ScriptedEngine(view), Clock()
    screen = ConfirmScreen(question, view, now=clock)
    async with opened(engine, screen) as pilot:
        before = picture(pilot)
        clock.at = 0.29
        await pilot.press(key)
        await settle(pilot)
        assert (engine.done, picture(pilot)) == ([], before)
        assert screen in pilot.app.screen_stack


async def test_what_was_typed_ahead_is_dropped() -> None:
    question, view = _short()
    engine, clock = ScriptedEngine(view), Clock(10.0)
    screen = ConfirmScreen(question, view, now=clock)
    async with opened(engine, screen) as pilot:
        clock.at = 30.0
        early = events.Key("Y", "Y")
        early.time = 9.9
        pilot.app.post_message(early)
        await settle(pilot)
        assert screen in pilot.app.screen_stack
    assert engine.done == []


async def test_pasted_text_answers_nothing() -> None:
    question, view = _short()
    engine, clock = ScriptedEngine(view), Clock()
    screen = ConfirmScreen(question, view, now=clock)
    async with opened(engine, screen) as pilot:
        clock.at = 5.0
        pilot.app.post_message(events.Paste("Y\nDno\n"))
        await settle(pilot)
        assert screen in pilot.app.screen_stack
        await pilot.press("x", "Y")
        await settle(pilot)
        assert "too quickly" in picture(pilot)
    assert engine.done == []


async def test_the_click_that_brings_the_focus_back_answers_nothing() -> None:
    question, view = _short()
    engine, clock = ScriptedEngine(view), Clock()
    screen = ConfirmScreen(question, view, now=clock)
    async with opened(engine, screen) as pilot:
        clock.at = 5.0
        pilot.app.app_focus = False
        pilot.app.app_focus = True
        clock.at = 5.1
        column = _column(pilot, "Y run once")
        await pilot.click("#choices", offset=(column, 0))
        await settle(pilot)
        assert engine.done == []
        clock.at = 6.0
        await pilot.click("#choices", offset=(column, 0))
        await gone(pilot, screen)
    assert _one(engine).answer is Answer.ONCE


def _column(pilot: Pilot[Any], label: str) -> int:
    return next(row.index(label) for row in picture(pilot).splitlines() if label in row)


async def test_later_has_the_focus_and_leaves_the_question_open() -> None:
    question, view = _short()
    for key in ("enter", "escape"):
        engine, clock = ScriptedEngine(view), Clock()
        screen = ConfirmScreen(question, view, now=clock)
        async with opened(engine, screen) as pilot:
            await press(pilot, clock, key)
            await gone(pilot, screen)
        assert engine.done == []


async def test_a_step_that_needs_the_terminal_gets_it_when_it_may_run(monkeypatch: pytest.MonkeyPatch) -> None:
    view = plans.in_terminal(plans.asking(plans.TERMINAL), "push")
    engine, clock = ScriptedEngine(view), Clock()
    screen = ConfirmScreen(plans.TERMINAL, view, now=clock)
    handed: list[tuple[int, str]] = []
    async with opened(engine, screen) as pilot:
        monkeypatch.setattr(pilot.app, "hand_over", lambda task, step: handed.append((task, step)))
        assert "Run 11 push in this terminal?" in picture(pilot)
        assert "needs your terminal" in " ".join(picture(pilot).split())
        await press(pilot, clock, "T")
        assert (engine.done, handed) == ([], [])
        await press(pilot, clock, "Y")
        await gone(pilot, screen)
    assert (_one(engine).answer, handed) == (Answer.ONCE, [(12, "push")])


async def test_a_denied_one_gets_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    view = plans.in_terminal(plans.asking(plans.TERMINAL), "push")
    engine, clock = ScriptedEngine(view), Clock()
    screen = ConfirmScreen(plans.TERMINAL, view, now=clock)
    handed: list[tuple[int, str]] = []
    async with opened(engine, screen) as pilot:
        monkeypatch.setattr(pilot.app, "hand_over", lambda task, step: handed.append((task, step)))
        await press(pilot, clock, "D", "n", "o", "enter")
        await gone(pilot, screen)
    assert (_one(engine).answer, handed) == (Answer.DENY, [])


async def test_a_denial_takes_words_and_enter() -> None:
    engine, view = _asked(plans.QUESTION)
    clock = Clock()
    screen = ConfirmScreen(plans.QUESTION, view, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "D", "enter")
        assert engine.done == []
        await press(pilot, clock, "Y", "o", "enter")
        await gone(pilot, screen)
    assert (_one(engine).answer, _one(engine).reason) == (Answer.DENY, "Yo")


async def test_an_option_is_chosen_by_number_and_sent_by_enter() -> None:
    engine, view = _asked(plans.ASK)
    clock = Clock()
    screen = ConfirmScreen(plans.ASK, view, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "2")
        assert engine.done == []
        await press(pilot, clock, "enter")
        await gone(pilot, screen)
    assert (_one(engine).answer, _one(engine).reason) == (Answer.TEXT, "production")


async def test_a_question_is_answered_in_free_words_too() -> None:
    engine, view = _asked(plans.ASK)
    clock = Clock()
    screen = ConfirmScreen(plans.ASK, view, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "Y", "T", "n", "o", "enter")
        await gone(pilot, screen)
    assert (_one(engine).answer, _one(engine).reason) == (Answer.TEXT, "no")


@pytest.mark.parametrize(("key", "answer"), [("M", Answer.DONE), ("F", Answer.FAIL), ("R", Answer.AGAIN)])
async def test_an_interrupted_step_takes_two_keys(key: str, answer: Answer) -> None:
    engine, view = _asked(plans.INTERRUPTED)
    clock = Clock()
    screen = ConfirmScreen(plans.INTERRUPTED, view, now=clock)
    async with opened(engine, screen) as pilot:
        assert "still waiting for a lock" in picture(pilot)
        await press(pilot, clock, "space", "space", key)
        assert engine.done == []
        await press(pilot, clock, "n", "y")
        assert engine.done == []
        await press(pilot, clock, key, "y")
        await gone(pilot, screen)
    assert _one(engine).answer is answer


async def test_an_answer_of_somebody_else_closes_it_saying_who() -> None:
    engine, view = _asked(plans.QUESTION)
    screen = ConfirmScreen(plans.QUESTION, view, now=Clock())
    async with opened(engine, screen) as pilot:
        closed = replace(plans.QUESTION, answer=Answer.DENY, answered_by="ben", answered=engine.now)
        engine.emit(QuestionAnswered(closed), task=12, step="migrate", actor="ben")
        await gone(pilot, screen)
        await until(pilot, lambda: said(pilot) == ["ben denied it: migrate"])
    assert engine.done == []


async def test_a_second_answer_is_told_that_it_is_one() -> None:
    question, view = _short()
    engine, clock = ScriptedEngine(view), Clock()
    screen = ConfirmScreen(question, view, now=clock)
    async with opened(engine, screen) as pilot:
        engine.refusal = AlreadyAnswered(what="push", answer="deny", actor="ben")
        await press(pilot, clock, "Y")
        await gone(pilot, screen)
        await until(pilot, lambda: said(pilot) == ["push was answered before: deny by ben"])
    assert engine.done == []


async def test_an_error_keeps_the_question_open_and_says_so() -> None:
    question, view = _short()
    engine, clock = ScriptedEngine(view), Clock()
    screen = ConfirmScreen(question, view, now=clock)
    async with opened(engine, screen) as pilot:
        engine.refusal = StoreFull()
        await press(pilot, clock, "Y")
        text = " ".join(picture(pilot).split())
        assert "The question stays open and nothing was run. Next: free some space" in text
        await press(pilot, clock, "Y")
        await gone(pilot, screen)


@pytest.mark.parametrize("tricks", TRICKS, ids="+".join)
async def test_hostile_text_in_every_field_reaches_no_terminal(tricks: tuple[str, ...]) -> None:
    text = "".join(HOSTILE[trick] for trick in tricks)
    for question in (plans.DRIFT, plans.ASK, plans.INTERRUPTED):
        engine, view = _asked(question)
        poison: TaskView = poisoned(view, text)
        engine.views = {12: poison}
        engine.logs = {4: text.encode("utf-8", "surrogatepass")}
        engine.answers[ReadContent] = lambda query: query.sha256.encode("utf-8", "surrogatepass")
        asked = poison.questions[0]
        async with opened(engine, ConfirmScreen(asked, poison, now=Restless()), LARGE) as pilot:
            pilot.app._filters.clear()
            for key in ("space", "1", "Y", "D"):
                await pilot.press(key)
                assert not any(map(is_control, picture(pilot).replace("\n", "")))


PICTURES: dict[str, tuple[Question, tuple[str, ...]]] = {
    "confirmation": (plans.QUESTION, ()),
    "unread": (plans.QUESTION, ("Y",)),
    "denying": (plans.QUESTION, ("D", "n", "o")),
    "drift": (plans.DRIFT, ("space",)),
    "made": (plans.MADE, ("space",)),
    "ask": (plans.ASK, ("2",)),
    "interrupted": (plans.INTERRUPTED, ("F",)),
    "terminal": (plans.TERMINAL, ()),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_picture(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    question, keys = PICTURES[name]
    engine, view = _asked(question)

    async def run(pilot: Pilot[Any]) -> None:
        clock = Clock()
        await show(pilot, ConfirmScreen(question, view, now=clock))
        await press(pilot, clock, *keys)

    assert snap_compare(app(engine), terminal_size=size, run_before=run)


@pytest.mark.parametrize(
    ("key", "answer", "seconds"), [("p", Answer.PLAN, None), ("1", Answer.TIMED, 600.0), ("6", Answer.TIMED, 3600.0)]
)
async def test_an_answer_that_holds_longer_takes_two_keys(key: str, answer: Answer, seconds: float | None) -> None:
    question, view = _short()
    engine, clock = ScriptedEngine(view), Clock()
    screen = ConfirmScreen(question, view, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "T")
        assert engine.done == []
        assert "9 migrate ask all the same: their bytes are made on the way" in " ".join(picture(pilot).split())
        await press(pilot, clock, key)
        await gone(pilot, screen)
    assert (_one(engine).answer, _one(engine).seconds) == (answer, seconds)


async def test_any_other_key_takes_the_longer_answer_back() -> None:
    question, view = _short()
    engine, clock = ScriptedEngine(view), Clock()
    async with opened(engine, ConfirmScreen(question, view, now=clock)) as pilot:
        await press(pilot, clock, "T", "y", "p", "T", "escape")
        assert engine.done == []
        assert "[Later esc]" in picture(pilot)


async def test_a_longer_answer_waits_until_the_end_was_shown() -> None:
    engine, view = _asked(plans.QUESTION)
    clock = Clock()
    async with opened(engine, ConfirmScreen(plans.QUESTION, view, now=clock)) as pilot:
        await press(pilot, clock, "T", "p")
        assert engine.done == []
        assert "Read the operand to its end first" in picture(pilot)
