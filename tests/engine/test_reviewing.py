"""Reviewing together: quorum, verdicts on steps, comments (B5.4, B5.8, B14.2)."""

from __future__ import annotations

import asyncio
import json

import pytest

from engine import (
    Answer,
    Judge,
    Outcome,
    Phase,
    Reject,
    Resolve,
    ResolveComment,
    Return,
    Revise,
    Role,
    Sign,
    SignaturesVoided,
    StepState,
    TaskView,
    Verdict,
    Wait,
    WriteComment,
)
from engine.errors import InvalidPlan, Refused, StaleRevision, UnknownStep, UsageError
from engine.model.events import PhaseChanged
from engine.model.run import Cause
from tests.engine.desk import Desk, step

PEOPLE = ("ben", "cem", "dilan")
"""Who may sign besides the owner."""
TWO = {"policy": {"quorum": 2}}
NOT_ANA = {"policy": {"quorum": 2, "exclude_proposer": True}}
DONE, SKIPPED = StepState.COMPLETED, StepState.SKIPPED


async def judge(desk: Desk, task: int, step_id: str, verdict: Verdict, actor: str = "ana") -> None:
    revision = (await desk.show(task)).task.revision
    await desk.do(Judge(task=task, revision=revision, step=step_id, verdict=verdict), actor)


def signers(view: TaskView) -> list[str]:
    return [signature.actor for signature in view.signatures if not signature.void]


# Quorum


async def test_a_plan_runs_once_as_many_people_as_its_quorum_have_signed(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE[:2], Role.REVIEWER))
    task = await desk.plan(step("a"), **TWO)
    assert "1 more must sign" in (await desk.sign(task, "ana")).text
    assert (await desk.show(task)).task.phase is Phase.AWAITING_APPROVAL
    assert desk.script.ran == []
    await desk.sign(task, "ben")
    view = await desk.ended(task)
    assert (view.task.outcome, signers(view)) == (Outcome.OK, ["ana", "ben"])


async def test_one_person_counts_once(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE[:2], Role.REVIEWER))
    task = await desk.plan(step("a"), **TWO)
    await desk.sign(task, "ana")
    with pytest.raises(Refused, match="counts once"):
        await desk.sign(task, "ana")
    assert signers(await desk.show(task)) == ["ana"]


async def test_the_proposer_does_not_count_where_the_rule_excludes_them(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE[:2], Role.REVIEWER))
    task = await desk.plan(step("a"), **NOT_ANA)
    with pytest.raises(Refused, match="ana proposed this plan"):
        await desk.sign(task, "ana")
    await desk.sign(task, "ben")
    await desk.sign(task, "cem")
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_a_quorum_that_too_few_people_can_reach_is_a_fault(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE[:1], Role.REVIEWER))
    with pytest.raises(InvalidPlan) as refused:
        await desk.plan(step("a"), **NOT_ANA)
    assert [fault.field for fault in refused.value.faults] == ["policy.quorum"]


async def test_a_rejection_beats_the_signatures_before_it(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE[:2], Role.REVIEWER))
    task = await desk.plan(step("a"), **TWO)
    await desk.sign(task, "ana")
    await desk.do(Reject(task=task, revision=1, reason="not today"), "ben")
    with pytest.raises(Refused):
        await desk.sign(task, "cem")
    assert ((await desk.show(task)).task.outcome, desk.script.ran) == (Outcome.REJECTED, [])


async def test_a_returned_plan_keeps_no_signature(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE[:2], Role.REVIEWER))
    task = await desk.plan(step("a"), **TWO)
    await desk.sign(task, "ana")
    await desk.do(Return(task=task, revision=1, note="smaller steps, please"), "ben")
    view = await desk.show(task)
    assert view.task.phase is Phase.PLANNING
    assert [signature.void for signature in view.signatures if signature.verdict == "sign"] == ["returned"]


async def test_signatures_survive_a_restart(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE[:2], Role.REVIEWER))
    task = await desk.plan(step("a"), **TWO)
    await desk.sign(task, "ana")
    await desk.reopen(roles=dict.fromkeys(PEOPLE[:2], Role.REVIEWER))
    await desk.sign(task, "ben")
    assert (await desk.ended(task)).task.outcome is Outcome.OK


# Verdicts before it runs


async def test_a_skipped_step_is_left_out_with_what_needs_it(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"), step("b", "a"), step("c"))
    await judge(desk, task, "1", Verdict.SKIP)
    assert (await desk.states(task))["a"] is SKIPPED
    await desk.sign(task)
    view = await desk.ended(task)
    assert await desk.states(task) == {"a": SKIPPED, "b": SKIPPED, "c": DONE}
    assert (view.task.outcome, view.signatures[0].skipped, desk.script.ran) == (Outcome.PARTIAL, ("a",), ["c"])


async def test_narrowing_keeps_signatures_and_taking_in_again_voids_them(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE[:2], Role.REVIEWER))
    task = await desk.plan(step("a"), step("b"), **TWO)
    await judge(desk, task, "a", Verdict.SKIP)
    await desk.sign(task, "ana")
    await judge(desk, task, "b", Verdict.HOLD, "ben")
    assert signers(await desk.show(task)) == ["ana"]
    await judge(desk, task, "a", Verdict.TAKE_IN, "ben")
    voided = await desk.fact(SignaturesVoided, task)
    assert (voided.actors, signers(await desk.show(task))) == (("ana",), [])
    await desk.sign(task, "ana")
    await judge(desk, task, "b", Verdict.RELEASE, "ben")
    assert signers(await desk.show(task)) == []


async def test_who_signed_the_wider_plan_keeps_the_signature_when_a_skip_is_taken_back(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE[:2], Role.REVIEWER))
    task = await desk.plan(step("a"), step("b"), **TWO)
    await desk.sign(task, "ana")
    await judge(desk, task, "a", Verdict.SKIP, "ben")
    await judge(desk, task, "a", Verdict.TAKE_IN, "ben")
    assert signers(await desk.show(task)) == ["ana"]


async def test_a_signature_is_refused_if_more_would_run_than_was_shown(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"), step("b"))
    await judge(desk, task, "a", Verdict.SKIP)
    view = await desk.show(task)
    await judge(desk, task, "a", Verdict.TAKE_IN, "ben")
    with pytest.raises(Refused, match="a would run"):
        await desk.do(Sign(task=task, revision=1, digest=view.task.digest, spared=("a",)))
    assert (await desk.show(task)).signatures == ()


async def test_verdicts_that_do_not_fit_change_nothing(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    for verdict in (Verdict.RELEASE, Verdict.TAKE_IN):
        with pytest.raises(Refused):
            await judge(desk, task, "a", verdict)
    with pytest.raises(UnknownStep):
        await judge(desk, task, "z", Verdict.SKIP)
    await judge(desk, task, "a", Verdict.HOLD)
    with pytest.raises(Refused, match="held by ana"):
        await judge(desk, task, "a", Verdict.HOLD, "ben")
    assert (await desk.steps(task))["a"].held_by == "ana"


# Verdicts while it runs


@pytest.mark.parametrize("command", ["skip", "cancel"])
async def test_what_was_held_and_is_left_out_is_waited_for_no_more(desk: Desk, command: str) -> None:
    await desk.open()
    task = await desk.plan(step("a"), step("c", tier="destructive"))
    await judge(desk, task, "a", Verdict.HOLD)
    await desk.sign(task)
    await desk.asked(task, "c")
    blocked = await desk.phase(task, Phase.BLOCKED)
    assert isinstance(blocked.fact, PhaseChanged)
    assert blocked.fact.task.waits == (Wait.CONFIRMATION, Wait.HELD)
    await (judge(desk, task, "a", Verdict.SKIP) if command == "skip" else desk.cancel(task, "a"))
    waits = await desk.phase(task, Phase.BLOCKED, after=blocked.seq)
    assert isinstance(waits.fact, PhaseChanged)
    assert waits.fact.task.waits == (Wait.CONFIRMATION,)


async def test_a_held_step_waits_and_the_rest_goes_on(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"), step("b"), step("c", "a"))
    await judge(desk, task, "a", Verdict.HOLD)
    await desk.sign(task)
    blocked = await desk.phase(task, Phase.BLOCKED)
    assert isinstance(blocked.fact, PhaseChanged)
    assert (blocked.fact.task.waits, desk.script.ran) == ((Wait.HELD,), ["b"])
    await judge(desk, task, "a", Verdict.RELEASE, "ben")
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert desk.script.ran == ["b", "a", "c"]


async def test_a_hold_survives_a_restart(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    await judge(desk, task, "a", Verdict.HOLD)
    await desk.sign(task)
    await desk.phase(task, Phase.BLOCKED)
    await desk.crash()
    await desk.open()
    await judge(desk, task, "a", Verdict.RELEASE)
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_a_step_that_waits_in_the_pool_can_be_held(desk: Desk) -> None:
    await desk.open(parallel=1)
    desk.script.hold("a")
    task = await desk.begin(step("a"), step("b"))
    await desk.started(task, "a")
    await judge(desk, task, "b", Verdict.HOLD)
    desk.script.release("a")
    await desk.phase(task, Phase.BLOCKED)
    assert desk.script.ran == ["a"]
    await judge(desk, task, "b", Verdict.RELEASE)
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_a_step_that_asks_can_be_skipped_while_it_waits(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("a", tier="destructive"), step("b", "a"), step("c"))
    await desk.asked(task, "a")
    await judge(desk, task, "a", Verdict.SKIP, "ben")
    view = await desk.ended(task)
    assert (view.task.outcome, view.questions, desk.script.ran) == (Outcome.PARTIAL, (), ["c"])
    assert (await desk.steps(task))["a"].cause is Cause.VERDICT


async def test_what_runs_cannot_be_held_and_what_was_left_out_not_taken_in(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.plan(step("a"), step("b"))
    await judge(desk, task, "b", Verdict.SKIP)
    await desk.sign(task)
    await desk.started(task, "a")
    with pytest.raises(Refused, match="has started"):
        await judge(desk, task, "a", Verdict.HOLD)
    with pytest.raises(Refused, match="runs without b"):
        await judge(desk, task, "b", Verdict.TAKE_IN)
    desk.script.release("a")
    assert (await desk.ended(task)).task.outcome is Outcome.PARTIAL


async def test_cancelling_ends_what_is_held(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"), step("tidy", "a", when="always"))
    await judge(desk, task, "tidy", Verdict.HOLD)
    await desk.sign(task)
    await desk.phase(task, Phase.BLOCKED)
    await desk.cancel(task)
    assert (await desk.ended(task)).task.phase is Phase.CANCELLED
    assert (await desk.states(task))["tidy"] is StepState.CANCELLED


# Comments


async def test_comments_are_threads_of_steps_that_can_be_resolved(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    await desk.do(WriteComment(task=task, step="1", text=" is it empty? "), "ben")
    first = (await desk.show(task)).comments[0]
    assert (first.author, first.step, first.text, first.revision) == ("ben", "a", "is it empty?", 1)
    await desk.do(WriteComment(task=task, text="yes", answers=first.id), "ana")
    answer = (await desk.show(task)).comments[1]
    assert (answer.answers, answer.step) == (first.id, "a")
    await desk.do(WriteComment(task=task, text="good", answers=answer.id), "ben")
    assert [comment.answers for comment in (await desk.show(task)).comments] == [None, first.id, first.id]
    await desk.do(ResolveComment(comment=first.id), "ana")
    assert (await desk.show(task)).comments[0].resolved_by == "ana"
    with pytest.raises(Refused, match="resolved by ana"):
        await desk.do(ResolveComment(comment=first.id), "ben")
    await desk.reopen()
    assert len((await desk.show(task)).comments) == 3


async def test_a_comment_is_about_the_revision_that_was_read(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    document = json.dumps({"request": "try it", "steps": [step("b")]})
    await desk.do(Revise(task=task, revision=1, document=document, name="x"), "ben")
    await desk.do(WriteComment(task=task, text="why?", step="a", revision=1), "ana")
    (said,) = (await desk.show(task)).comments
    assert (said.step, said.revision) == ("a", 1)
    await desk.do(WriteComment(task=task, text="it went", answers=said.id, revision=2), "ben")
    assert (await desk.show(task)).comments[1].revision == 2
    with pytest.raises(UnknownStep):
        await desk.do(WriteComment(task=task, text="and a?", step="a", revision=2))
    with pytest.raises(UsageError, match="has no revision 9"):
        await desk.do(WriteComment(task=task, text="x", revision=9))


async def test_a_comment_that_says_nothing_or_lands_nowhere_is_refused(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    for wrong in (
        WriteComment(task=task, text="  "),
        WriteComment(task=task, text="x" * 5000),
        WriteComment(task=task, text="x", answers=7),
        ResolveComment(comment=7),
    ):
        with pytest.raises(UsageError):
            await desk.do(wrong)
    with pytest.raises(UnknownStep):
        await desk.do(WriteComment(task=task, step="z", text="x"))
    assert (await desk.show(task)).comments == ()


# Decisions that meet


async def test_what_is_taken_in_while_somebody_signs_without_it_never_runs_unsigned(desk: Desk) -> None:
    await desk.open()
    for _ in range(20):
        task = await desk.plan(step("x"), step("y"))
        await judge(desk, task, "x", Verdict.SKIP)
        digest = (await desk.show(task)).task.digest
        signing = desk.do(Sign(task=task, revision=1, digest=digest, spared=("x",)))
        taking_in = desk.do(Judge(task=task, revision=1, step="x", verdict=Verdict.TAKE_IN), "ben")
        signed, taken = await asyncio.gather(signing, taking_in, return_exceptions=True)
        assert isinstance(signed, Refused) != isinstance(taken, Refused)
        if not isinstance(signed, Refused):
            await desk.ended(task)
            assert (await desk.states(task))["x"] is SKIPPED


async def test_a_verdict_on_an_earlier_revision_is_refused(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    with pytest.raises(StaleRevision):
        await desk.do(Judge(task=task, revision=2, step="1", verdict=Verdict.SKIP))


async def test_a_hold_that_meets_an_answer_stays(desk: Desk) -> None:
    await desk.open()
    for _ in range(6):
        task = await desk.begin(step("a", tier="destructive"))
        question = await desk.asked(task)
        await asyncio.gather(desk.answer(question, Answer.ONCE), judge(desk, task, "a", Verdict.HOLD, "ben"))
        assert (await desk.steps(task))["a"].held_by == "ben"
        assert desk.script.ran == []
        await judge(desk, task, "a", Verdict.RELEASE)
        await desk.ended(task)
        desk.script.ran.clear()


async def test_a_held_step_is_released_before_it_begins_and_while_it_runs_alike(desk: Desk) -> None:
    await desk.open(executes=False)
    task = await desk.plan(step("a"))
    await judge(desk, task, "a", Verdict.HOLD)
    await desk.sign(task)
    await judge(desk, task, "a", Verdict.RELEASE, "ben")
    await desk.reopen()
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_a_repeated_command_that_was_refused_is_refused_again(desk: Desk) -> None:
    await desk.open(deadline=30.0)
    task = await desk.begin(step("a", tier="destructive"))
    question = await desk.asked(task)
    desk.clock.offset = 60
    late = Resolve(question=question.id, answer=Answer.ONCE, digest=question.digest)
    for _ in range(2):
        with pytest.raises(Refused):
            await desk.do(late)
