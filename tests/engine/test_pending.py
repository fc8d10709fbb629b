"""A revision that waits to be signed while its attempt goes on: what it does not touch runs on (B4.3, B5.5, B8.2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from engine import (
    Answer,
    Event,
    Outcome,
    Pause,
    Phase,
    PlanSigned,
    PlanWritten,
    QuestionKind,
    Reject,
    RepairFailed,
    Reply,
    Return,
    Revise,
    RevisionTakenUp,
    Role,
    Sign,
    StepStarted,
    StepState,
    TaskView,
    Verdict,
    Wait,
    WriteComment,
)
from engine.commands import Judge
from engine.errors import AlreadyJudged, Refused, UsageError
from tests.engine.desk import Desk, check_sound, step
from tests.engine.scripted_model import ScriptedModel, answer
from tests.engine.test_replanning import new
from tests.patience import PATIENCE

PLAN = (step("first"), step("broken", "first"), step("last", "broken"), step("slow"), step("then", "slow"))
"""`broken` fails while `slow` runs."""


async def begun(
    desk: Desk,
    *answers: str,
    steps: tuple[dict[str, Any], ...] = PLAN,
    model: ScriptedModel | None = None,
    **fields: Any,
) -> int:
    """A task of which `broken` failed while `slow` runs, with steps in its place written; its number."""
    model = model or ScriptedModel(*(answers or [answer(new("mend"))]))
    await desk.open(model=model, roles={"ben": Role.OPERATOR, "cem": Role.OPERATOR})
    desk.script.hold("slow")
    desk.script.fails("broken", "it broke")
    task = await desk.begin(*steps, **fields)
    await written(desk, task)
    return task


async def written(desk: Desk, task: int, revision: int = 2) -> TaskView:
    def holds(event: Event) -> bool:
        fact = event.fact
        return isinstance(fact, PlanWritten) and (fact.task.id, fact.task.revision) == (task, revision)

    await desk.until(holds)
    return await desk.show(task)


async def sign(desk: Desk, task: int, actor: str | None = None, **how: Any) -> Reply:
    """Sign what waits."""
    plan = (await desk.show(task)).pending
    assert plan is not None
    return await desk.do(Sign(task=task, revision=plan.revision, digest=plan.digest, **how), actor)


def often(desk: Desk) -> Counter[str]:
    """How often each step ran."""
    return Counter(desk.script.ran)


# Waiting


async def test_the_planner_is_asked_while_others_run_and_its_answer_waits_beside_them(desk: Desk) -> None:
    task = await begun(desk)
    view = await desk.show(task)
    assert view.pending is not None and view.plan is not None
    assert (view.task.phase, view.task.revision, view.task.signed) == (Phase.EXECUTING, 1, view.plan.digest)
    assert (view.task.pending, view.task.planner, view.task.attempt) == (2, "", 1)
    assert (view.pending.revision, view.pending.failure, view.pending.replans) == (2, "broken failed: it broke", 1)
    assert (await desk.states(task))["slow"] is StepState.RUNNING
    assert "mend" not in desk.script.ran


async def test_signed_it_is_taken_up_at_once_and_nothing_is_repeated(desk: Desk) -> None:
    task = await begun(desk)
    reply = await sign(desk, task)
    assert reply.text.endswith("; it is taken up")
    await desk.until(lambda event: event.kind == "step_ended" and event.step == "last")
    view = await desk.show(task)
    assert (view.task.phase, view.task.revision, view.task.pending, view.task.attempt) == (Phase.EXECUTING, 2, 0, 1)
    assert view.plan is not None and view.task.signed == view.task.digest == view.plan.digest
    assert [status.id for status in view.steps] == [planned.id for planned in view.plan.steps]
    assert (await desk.states(task))["slow"] is StepState.RUNNING
    desk.script.release("slow")
    view = await desk.ended(task)
    assert (view.task.outcome, view.task.attempt) == (Outcome.AFTER_REPAIR, 1)
    assert often(desk) == dict.fromkeys(("first", "broken", "slow", "mend", "last", "then"), 1)
    await check_sound(desk, task)


async def test_unsigned_it_never_runs_and_is_the_next_revision_when_the_attempt_has_ended(desk: Desk) -> None:
    task = await begun(desk)
    desk.script.release("slow")
    assert (await desk.ended(task)).task.error == ""
    view = await desk.show(task)
    assert (view.task.phase, view.task.revision, view.task.pending) == (Phase.AWAITING_APPROVAL, 2, 0)
    assert (view.task.attempt, view.task.signed) == (2, "")
    assert often(desk) == dict.fromkeys(("first", "broken", "slow", "then"), 1)
    await desk.sign(task)
    view = await desk.ended(task, after=view.seq)
    assert view.task.outcome is Outcome.AFTER_REPAIR
    assert often(desk) == dict.fromkeys(("first", "broken", "slow", "then", "mend", "last"), 1)


async def test_what_waits_is_noted_on_and_its_steps_take_no_verdict(desk: Desk) -> None:
    task = await begun(desk)
    await desk.do(WriteComment(task=task, step="mend", text="is this enough?"))
    (comment,) = (await desk.show(task)).comments
    assert (comment.revision, comment.step) == (2, "mend")
    with pytest.raises(Refused, match="Revision 2 of task 1 waits to be signed"):
        await desk.do(Judge(task=task, revision=2, step="mend", verdict=Verdict.HOLD))
    with pytest.raises(UsageError, match="signed whole"):
        await sign(desk, task, skip=("mend",))
    with pytest.raises(Refused, match="cannot be edited while it is under way"):
        await desk.do(Revise(task=task, revision=1, document="{}"))


async def test_who_else_is_waited_for_is_told_with_it(desk: Desk) -> None:
    asks = {"id": "ask", "action": "ask", "question": "which?"}
    task = await begun(desk, steps=(*PLAN, asks))
    desk.script.release("slow")
    await desk.phase(task, Phase.BLOCKED)
    assert (await desk.show(task)).task.waits == (Wait.QUESTION, Wait.APPROVAL)
    await sign(desk, task)
    await desk.phase(task, Phase.EXECUTING, after=await desk.seq() - 3)
    await desk.answer(await desk.asked(task, "ask"), Answer.TEXT, "that")
    assert (await desk.ended(task)).task.outcome is Outcome.AFTER_REPAIR


# What has started


async def test_what_has_started_is_not_changed_it_begins_when_that_has_ended(desk: Desk) -> None:
    undo = step("undo", "broken", when="failure")
    desk.script.hold("undo")
    task = await begun(desk, steps=(*PLAN, undo))
    await desk.started(task, "undo")
    reply = await sign(desk, task)
    assert reply.text.endswith("; it begins when what runs has ended")
    assert (await desk.show(task)).task.revision == 1 and "mend" not in desk.script.ran
    desk.script.release("slow")
    desk.script.release("undo")
    first = await desk.fact(StepStarted, task, "mend")
    assert first.status.attempt == 1
    seq = next(event.seq for event in desk.heard if event.kind == "task_ended")
    view = await desk.ended(task, after=seq)
    assert (view.task.outcome, view.task.attempt, view.task.revision) == (Outcome.AFTER_REPAIR, 2, 2)
    assert often(desk) == dict.fromkeys(("first", "broken", "slow", "then", "mend", "last", "undo"), 1)


async def test_a_question_of_an_untouched_step_is_answered_after_others_moved_its_place(desk: Desk) -> None:
    risky = step("risky", tier="destructive")
    task = await begun(desk, answer(new("a1"), new("a2"), new("a3")), steps=(*PLAN, risky))
    question = await desk.asked(task, "risky")
    assert question.kind is QuestionKind.CONFIRMATION
    await asyncio.gather(sign(desk, task), desk.answer(question, Answer.ONCE))
    desk.script.release("slow")
    assert (await desk.ended(task)).task.outcome is Outcome.AFTER_REPAIR
    assert often(desk)["risky"] == 1
    await check_sound(desk, task)


async def test_in_a_pause_it_is_taken_up_and_begins_nothing(desk: Desk) -> None:
    task = await begun(desk)
    await desk.do(Pause(task=task))
    await sign(desk, task)
    view = await desk.show(task)
    assert (view.task.phase, view.task.revision) == (Phase.PAUSED, 2)
    desk.script.release("slow")
    await desk.until(lambda event: event.kind == "step_ended" and event.step == "slow")
    assert "mend" not in desk.script.ran
    await desk.resume(task)
    assert (await desk.ended(task)).task.outcome is Outcome.AFTER_REPAIR


# Who decides


async def test_of_two_who_sign_at_once_the_second_is_told_of_the_first(desk: Desk) -> None:
    task = await begun(desk)
    plan = (await desk.show(task)).pending
    assert plan is not None
    both = [desk.do(Sign(task=task, revision=2, digest=plan.digest), actor) for actor in ("ben", "cem")]
    answers = await asyncio.gather(*both, return_exceptions=True)
    late = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(late) == 1 and isinstance(late[0], AlreadyJudged) and "signed already, by ben" in str(late[0])
    desk.script.release("slow")
    assert (await desk.ended(task)).task.outcome is Outcome.AFTER_REPAIR
    assert often(desk)["mend"] == 1
    assert len([event for event in desk.heard if isinstance(event.fact, RevisionTakenUp)]) == 1


async def test_it_wants_as_many_signatures_as_ever(desk: Desk) -> None:
    task = await begun_by_two(desk)
    assert "1 more must sign" in (await sign(desk, task, "ben")).text
    with pytest.raises(Refused, match="ben has signed"):
        await sign(desk, task, "ben")
    assert (await desk.show(task)).task.pending == 2 and "mend" not in desk.script.ran
    assert "it is taken up" in (await sign(desk, task, "cem")).text
    desk.script.release("slow")
    assert (await desk.ended(task)).task.outcome is Outcome.AFTER_REPAIR


async def begun_by_two(desk: Desk) -> int:
    """As `begun`, where two must sign."""
    await desk.open(model=ScriptedModel(answer(new("mend"))), roles={"ben": Role.OPERATOR, "cem": Role.OPERATOR})
    desk.script.hold("slow")
    desk.script.fails("broken", "it broke")
    task = await desk.plan(*PLAN, policy={"quorum": 2})
    for actor in ("ben", "cem"):
        await desk.sign(task, actor)
    await written(desk, task)
    return task


async def test_signatures_hold_over_the_end_of_the_attempt(desk: Desk) -> None:
    task = await begun_by_two(desk)
    await sign(desk, task, "ben")
    desk.script.release("slow")
    view = await desk.ended(task)
    assert (view.task.phase, view.task.revision) == (Phase.AWAITING_APPROVAL, 2)
    await desk.sign(task, "cem")
    assert (await desk.ended(task, after=view.seq)).task.outcome is Outcome.AFTER_REPAIR


async def test_rejected_all_ends_as_it_would_have_ended(desk: Desk) -> None:
    task = await begun(desk)
    plan = (await desk.show(task)).pending
    assert plan is not None
    assert "what runs goes on" in (await desk.do(Reject(task=task, revision=2, reason="no"), "ben")).text
    assert (await desk.show(task)).task.pending == 0
    with pytest.raises(AlreadyJudged, match="rejected already, by ben"):
        await desk.do(Sign(task=task, revision=2, digest=plan.digest))
    desk.script.release("slow")
    view = await desk.ended(task)
    assert (view.task.phase, view.task.outcome, view.task.revision) == (Phase.FAILED, Outcome.STEP_FAILED, 1)
    assert "mend" not in desk.script.ran and not desk.engine.busy
    assert [given.void for given in view.signatures if given.verdict == "sign"] == [""]
    document = '{"request": "mine", "steps": [{"id": "mine", "action": "plan", "text": "x"}]}'
    await desk.do(Revise(task=task, revision=1, document=document))
    assert (await desk.show(task)).task.revision == 3


async def test_returned_it_is_written_anew_with_the_note(desk: Desk) -> None:
    model = ScriptedModel(answer(new("mend")), answer(new("better")))
    task = await begun(desk, model=model)
    await desk.do(Return(task=task, revision=2, note="look first"))
    view = await written(desk, task, 3)
    assert (view.task.pending, view.task.phase) == (3, Phase.EXECUTING)
    assert "was returned:\n\nlook first" in model.told and "revision 2 of the plan" in model.told
    await sign(desk, task)
    desk.script.release("slow")
    view = await desk.ended(task)
    assert (view.task.outcome, view.task.revision) == (Outcome.AFTER_REPAIR, 3)
    assert "mend" not in desk.script.ran and often(desk)["better"] == 1


async def test_reject_beats_a_signature_that_comes_at_the_same_time_or_is_too_late(desk: Desk) -> None:
    task = await begun(desk)
    plan = (await desk.show(task)).pending
    assert plan is not None
    answers = await asyncio.gather(
        desk.do(Reject(task=task, revision=2, reason="no"), "ben"),
        desk.do(Sign(task=task, revision=2, digest=plan.digest), "cem"),
        return_exceptions=True,
    )
    taken = (await desk.show(task)).task.revision == 2
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(error, Refused) for error in refused)
    desk.script.release("slow")
    view = await desk.ended(task)
    assert view.task.outcome is (Outcome.AFTER_REPAIR if taken else Outcome.STEP_FAILED)
    assert ("mend" in desk.script.ran) == taken
    await check_sound(desk, task)


# Ends


async def test_cancelled_it_is_void_and_a_late_signature_is_told_so(desk: Desk) -> None:
    task = await begun(desk)
    plan = (await desk.show(task)).pending
    assert plan is not None
    await desk.cancel(task)
    view = await desk.ended(task)
    assert (view.task.phase, view.task.pending, view.task.revision) == (Phase.CANCELLED, 0, 1)
    with pytest.raises(Refused, match=r"Revision 2 of task 1 waited beside an attempt that is over \(cancelled\)"):
        await desk.do(Sign(task=task, revision=2, digest=plan.digest))
    with pytest.raises(Refused, match="waited beside an attempt that is over"):
        await desk.do(Reject(task=task, revision=2, reason="no"))
    assert "mend" not in desk.script.ran
    await desk.resume(task)
    assert (await desk.ended(task, after=view.seq)).task.revision in (1, 2)


@pytest.mark.parametrize("step_id", ["", "slow"])
async def test_cancelling_while_it_is_written_stops_it_only_with_the_task(desk: Desk, step_id: str) -> None:
    model = ScriptedModel(answer(new("mend")))
    model.hold()
    await desk.open(model=model)
    desk.script.hold("slow", "other")
    desk.script.fails("broken", "it broke")
    task = await desk.begin(*PLAN, step("other"))
    await asyncio.wait_for(model.asked.wait(), PATIENCE)
    assert (await desk.show(task)).task.planner == "llm"
    await desk.cancel(task, step_id or None)
    if step_id:
        model.released.set()
        assert (await written(desk, task)).task.pending == 2
        return
    view = await desk.ended(task)
    await desk.engine.begun()
    assert not desk.engine.busy and model.released.is_set()
    assert (view.task.planner, view.task.pending) == ("", 0)
    assert "plan_written" not in desk.kinds(task)[desk.kinds(task).index("plan_signed") :]


async def test_going_on_after_a_pause_stops_no_draft(desk: Desk) -> None:
    model = ScriptedModel(answer(new("mend")))
    model.hold()
    await desk.open(model=model)
    desk.script.hold("slow")
    desk.script.fails("broken", "it broke")
    task = await desk.begin(*PLAN)
    await asyncio.wait_for(model.asked.wait(), PATIENCE)
    await desk.do(Pause(task=task))
    await desk.resume(task)
    model.released.set()
    assert (await written(desk, task)).task.pending == 2


async def test_it_ends_with_the_time_of_its_task(desk: Desk) -> None:
    task = await begun(desk, steps=PLAN, timeout=1.0)
    view = await desk.ended(task)
    assert (view.task.phase, view.task.pending) == (Phase.TIMED_OUT, 0)
    assert "mend" not in desk.script.ran


async def test_no_usable_answer_leaves_all_as_it_was(desk: Desk) -> None:
    await desk.open(model=ScriptedModel(answer(), answer()))
    desk.script.hold("slow")
    desk.script.fails("broken", "it broke")
    task = await desk.begin(*PLAN)
    assert "Write 1 to 6 steps" in (await desk.fact(RepairFailed, task)).reason
    view = await desk.show(task)
    assert (view.task.phase, view.task.planner, view.task.pending) == (Phase.EXECUTING, "", 0)


# More failures


async def test_what_fails_meanwhile_is_asked_about_after_the_first_is_taken_up(desk: Desk) -> None:
    other = (step("other", "first"), step("after", "other"))
    desk.script.hold("other")
    desk.script.fails("other", "worse")
    task = await begun(desk, answer(new("mend")), answer(new("mend2")), steps=(*PLAN, *other))
    desk.script.release("other")
    await desk.until(lambda event: event.kind == "step_ended" and event.step == "other")
    await sign(desk, task)
    view = await written(desk, task, 3)
    assert view.pending is not None and (view.task.revision, view.pending.replans) == (2, 2)
    assert view.pending.failure == "other failed: worse"
    await sign(desk, task)
    desk.script.release("slow")
    assert (await desk.ended(task)).task.outcome is Outcome.AFTER_REPAIR
    assert often(desk) == dict.fromkeys(
        ("first", "broken", "other", "slow", "then", "mend", "last", "mend2", "after"), 1
    )


async def test_what_waits_for_less_than_failed_in_the_end_is_asked_for_anew(desk: Desk) -> None:
    desk.script.hold("other")
    desk.script.fails("other", "worse")
    task = await begun(desk, answer(new("mend")), answer(new("both")), steps=(*PLAN, step("other")))
    desk.script.release("other")
    desk.script.release("slow")
    view = await written(desk, task, 3)
    assert (view.task.phase, view.task.revision, view.task.attempt) == (Phase.AWAITING_APPROVAL, 3, 2)
    assert view.plan is not None
    assert {planned.id for planned in view.plan.steps} == {"first", "last", "slow", "then", "both"}


async def test_at_most_twice_in_one_attempt_too(desk: Desk) -> None:
    task = await begun(desk, answer(new("mend")), answer(new("mend2")))
    desk.script.fails("mend", "again")
    desk.script.fails("mend2", "and again")
    await sign(desk, task)
    await written(desk, task, 3)
    await sign(desk, task)
    await desk.until(lambda event: event.kind == "step_ended" and event.step == "mend2")
    desk.script.release("slow")
    view = await desk.ended(task)
    assert (view.task.outcome, view.task.revision) == (Outcome.STEP_FAILED, 3)
    assert not desk.engine.busy


# After a crash


async def test_after_a_crash_it_is_still_there_and_is_signed_then(desk: Desk) -> None:
    task = await begun(desk)
    await desk.crash()
    await desk.open(model=ScriptedModel())
    view = await desk.show(task)
    assert (view.task.pending, view.task.revision, view.task.phase) == (2, 1, Phase.EXECUTING)
    await sign(desk, task)
    desk.script.release("slow")
    assert (await desk.ended(task)).task.outcome is Outcome.AFTER_REPAIR
    assert often(desk)["mend"] == 1


async def test_signed_before_a_crash_it_is_taken_up_after_it(desk: Desk) -> None:
    task = await begun(desk)
    await desk.crash()
    await desk.open(executes=False)
    assert "it begins when" in (await sign(desk, task)).text
    await desk.crash()
    await desk.open(model=ScriptedModel())
    await desk.fact(RevisionTakenUp, task)
    await desk.started(task, "mend")
    desk.script.release("slow")
    view = await desk.ended(task)
    assert (view.task.outcome, view.task.attempt, view.task.revision) == (Outcome.AFTER_REPAIR, 1, 2)
    assert often(desk)["mend"] == often(desk)["first"] == often(desk)["broken"] == 1


async def test_rejected_before_a_crash_it_is_not_asked_for_again(desk: Desk) -> None:
    task = await begun(desk)
    await desk.do(Reject(task=task, revision=2, reason="no"))
    await desk.crash()
    model = ScriptedModel()
    await desk.open(model=model)
    desk.script.release("slow")
    view = await desk.ended(task)
    await desk.engine.begun()
    assert (view.task.outcome, view.task.pending, model.heard) == (Outcome.STEP_FAILED, 0, [])


@pytest.mark.parametrize("kind", [PlanWritten, PlanSigned, RevisionTakenUp, StepStarted])
async def test_a_kill_at_any_moment_runs_nothing_twice_and_nothing_unsigned(desk: Desk, kind: type) -> None:
    steps = tuple(each | {"tier": "write"} for each in PLAN)
    task = await begun(desk, answer(new("mend", tier="write")), steps=steps)
    after = (await desk.show(task)).seq
    if kind is not PlanWritten:
        await sign(desk, task)
        await desk.until(lambda event: isinstance(event.fact, kind), after)
    ran = list(desk.script.ran)
    await desk.crash()
    desk.script.ran = ran  # what the closing engine still began never was
    await desk.open(model=ScriptedModel())
    if kind is PlanWritten:
        assert (await desk.show(task)).task.pending == 2 and "mend" not in desk.script.ran
        await sign(desk, task)
    desk.script.release("slow")
    answered: set[int] = set()
    while not (await desk.show(task)).task.phase.ended:
        for question in await desk.questions():
            if question.id not in answered:
                answered.add(question.id)
                done = question.step in desk.script.ran
                await desk.answer(question, Answer.DONE if done else Answer.AGAIN)
        await desk.pass_time(0.01)
    view = await desk.show(task)
    assert (view.task.outcome, view.task.revision, view.task.attempt) == (Outcome.AFTER_REPAIR, 2, 1)
    assert set(often(desk).values()) == {1}
    await check_sound(desk, task)
