"""Events make of an old view what a fresh snapshot would show."""

from __future__ import annotations

from dataclasses import replace

from engine import Phase, StepState
from engine.model.events import (
    Event,
    Fact,
    PhaseChanged,
    PlanSigned,
    PlanWritten,
    QuestionAnswered,
    QuestionAsked,
    StepsChanged,
    StepStarted,
)
from engine.model.question import Answer
from engine.testing import NOON
from tests.tui import scenes
from tui.follow import follow, open_questions, places


def _events(*facts: Fact, first: int = 1) -> tuple[Event, ...]:
    return tuple(Event(first + number, NOON, "ana", 12, None, fact) for number, fact in enumerate(facts))


def test_statuses_phase_questions_and_signatures_are_taken_over() -> None:
    view = scenes.running()
    begun = scenes.status("migrate", StepState.RUNNING, 1, run=9)
    skipped = scenes.status("tell", StepState.SKIPPED)
    blocked = replace(view.task, phase=Phase.BLOCKED)
    facts = (
        StepStarted(begun, "/logs/9"),
        StepsChanged((skipped,), "cascade"),
        PhaseChanged(blocked),
        QuestionAsked(scenes.QUESTION),
        PlanSigned(scenes.SIGNED[0]),
    )
    followed = follow(view, _events(*facts), places(view))
    assert followed.changed == ("migrate", "tell")
    assert followed.view.steps[-2:] == (begun, skipped)
    assert followed.view.task is blocked
    assert followed.view.questions == (scenes.QUESTION,)
    assert followed.view.logs["migrate"] == "/logs/9"
    assert followed.view.seq == 5
    assert not followed.stale


def test_old_events_and_those_of_other_tasks_change_nothing() -> None:
    view = replace(scenes.running(), seq=7)
    fact = PhaseChanged(replace(view.task, phase=Phase.PAUSED))
    other = Event(9, NOON, "ana", 99, None, fact)
    assert follow(view, (*_events(fact, first=7), other), places(view)).view == view


def test_a_new_plan_makes_the_view_stale() -> None:
    view = scenes.running()
    assert follow(view, _events(PlanWritten(view.task, "file", 6)), places(view)).stale
    unknown = StepsChanged((scenes.status("nobody", StepState.READY),), "replan")
    assert follow(view, _events(unknown), places(view)).stale


def test_questions_of_all_tasks_open_and_close() -> None:
    asked = _events(QuestionAsked(scenes.QUESTION), QuestionAsked(scenes.DRIFT))
    both = open_questions((), asked)
    assert both == (scenes.QUESTION, scenes.DRIFT)
    closed = QuestionAnswered(replace(scenes.QUESTION, answer=Answer.ONCE))
    assert open_questions(both, _events(closed)) == (scenes.DRIFT,)
