"""Events make of an old view what a fresh snapshot would show."""

from __future__ import annotations

from dataclasses import replace

from engine import Phase, StepState
from engine.model.events import (
    Event,
    Fact,
    PhaseChanged,
    PlanRejected,
    PlanSigned,
    PlanWritten,
    QuestionAnswered,
    QuestionAsked,
    SignaturesVoided,
    StepsChanged,
    StepStarted,
)
from engine.model.question import Answer
from engine.testing import NOON
from tests.tui import plans, scenes
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


def test_a_view_is_of_the_revision_whose_plan_it_has_until_it_is_read_again() -> None:
    view = plans.to_review()
    assert view.plan is not None
    written = replace(plans.revised().task, error="told")
    followed = follow(view, _events(PhaseChanged(written)), places(view))
    task = followed.view.task
    assert followed.stale and task.error == "told"
    assert (task.revision, task.digest) == (view.plan.revision, view.plan.digest)


def test_a_task_without_a_plan_is_shown_as_it_is_told() -> None:
    view = replace(plans.to_review(), plan=None)
    task = plans.revised().task
    assert follow(view, _events(PhaseChanged(task)), places(view)).view.task == task


ANA, BEN = replace(plans.SIGNED, actor="ana"), plans.SIGNED
EARLIER = replace(ANA, revision=ANA.revision - 1)
NO = replace(plans.SIGNED, actor="cara", verdict="reject", reason="not like this")


def test_a_rejection_leaves_no_signature_standing() -> None:
    view = replace(plans.to_review(), signatures=(EARLIER, ANA, BEN))
    signatures = follow(view, _events(PlanRejected(NO)), places(view)).view.signatures
    assert [(each.actor, each.void) for each in signatures] == [
        ("ana", "rejected"),
        ("ana", "rejected"),
        ("ben", "rejected"),
        ("cara", ""),
    ]


def test_who_rejects_what_waits_leaves_the_signatures_on_what_runs() -> None:
    made = plans.to_review()
    view = replace(made, task=replace(made.task, pending=NO.revision), signatures=(EARLIER, BEN))
    signatures = follow(view, _events(PlanRejected(NO)), places(view)).view.signatures
    assert [each.void for each in signatures] == ["", "rejected", ""]


def test_a_wider_plan_voids_what_was_signed_on_it_and_nothing_else() -> None:
    view = replace(plans.to_review(), signatures=(EARLIER, ANA, BEN))
    signatures = follow(view, _events(SignaturesVoided(("ana",), "wider")), places(view)).view.signatures
    assert [each.void for each in signatures] == ["", "wider", ""]


def test_questions_of_all_tasks_open_and_close() -> None:
    asked = _events(QuestionAsked(scenes.QUESTION), QuestionAsked(scenes.DRIFT))
    both = open_questions((), asked)
    assert both == (scenes.QUESTION, scenes.DRIFT)
    closed = QuestionAnswered(replace(scenes.QUESTION, answer=Answer.ONCE))
    assert open_questions(both, _events(closed)) == (scenes.DRIFT,)
