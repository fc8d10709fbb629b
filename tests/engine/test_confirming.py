"""Questions to people: confirmations, answers, deadlines, `ask`; and pausing and resuming (B5.6, B5.7, B4.6)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from engine import (
    Answer,
    ListQuestions,
    ListTasks,
    MakePlan,
    Outcome,
    Pause,
    Phase,
    QuestionKind,
    Resolve,
    StepState,
    Wait,
)
from engine.actions import Result
from engine.errors import AlreadyAnswered, IllegalTransition, Owned, Refused, UnknownStep, UsageError
from engine.model.events import PhaseChanged, QuestionAnswered
from engine.model.policy import Policy
from engine.model.run import Cause
from tests.engine.desk import Desk, check_sound, step

DONE, FAILED, CANCELLED, SKIPPED = StepState.COMPLETED, StepState.FAILED, StepState.CANCELLED, StepState.SKIPPED


def wipe(step_id: str = "wipe", *needs: str, **fields: object) -> dict[str, object]:
    return step(step_id, *needs, tier="destructive", **fields)


async def test_a_read_step_asks_nobody_and_a_destructive_one_asks_once(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("a"), wipe("wipe", "a"), step("b", "wipe"))
    question = await desk.asked(task)
    assert (question.kind, question.step, desk.script.ran) == (QuestionKind.CONFIRMATION, "wipe", ["a"])
    assert question.news[0].startswith("a completed") and question.news[-1] == "nothing failed"
    blocked = await desk.phase(task, Phase.BLOCKED)
    assert isinstance(blocked.fact, PhaseChanged) and blocked.fact.task.waits == (Wait.CONFIRMATION,)
    await desk.answer(question, Answer.ONCE)
    view = await desk.ended(task)
    assert (desk.script.ran, view.task.outcome) == (["a", "wipe", "b"], Outcome.OK)
    await check_sound(desk, task)


async def test_the_task_executes_while_others_run_and_is_blocked_only_then(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"), wipe())
    await desk.asked(task)
    await desk.started(task, "a")
    assert (await desk.show(task)).task.phase is Phase.EXECUTING
    desk.script.release("a")
    await desk.phase(task, Phase.BLOCKED)


async def test_a_waiting_confirmation_holds_no_slot(desk: Desk) -> None:
    await desk.open(parallel=1)
    task = await desk.begin(wipe("a"), step("b"))
    await desk.asked(task)
    await desk.fact(PhaseChanged, task)
    await desk.phase(task, Phase.BLOCKED)
    assert desk.script.ran == ["b"]


async def test_a_denied_step_never_runs_and_the_task_ends_denied(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(wipe(), step("b", "wipe"), step("c"), step("tidy", "wipe", when="always"))
    question = await desk.asked(task)
    with pytest.raises(UsageError, match="reason"):
        await desk.answer(question, Answer.DENY)
    await desk.answer(question, Answer.DENY, "not on a Friday", actor="ben")
    view = await desk.ended(task)
    assert await desk.states(task) == {"wipe": CANCELLED, "b": SKIPPED, "c": DONE, "tidy": DONE}
    assert (view.task.phase, view.task.outcome) == (Phase.FAILED, Outcome.DENIED)
    assert "not on a Friday" in view.task.error and "ben" in view.task.error
    assert "wipe" not in desk.script.ran
    await check_sound(desk, task)


async def test_the_first_answer_wins_and_the_second_is_told_who_was_first(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(wipe())
    question = await desk.asked(task)
    answers = await asyncio.gather(
        desk.answer(question, Answer.ONCE, actor="ana"),
        desk.answer(question, Answer.DENY, "no", actor="ben"),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers].count(AlreadyAnswered) == 1
    view = await desk.ended(task)
    with pytest.raises(AlreadyAnswered, match=r"once by ana|deny by ben"):
        await desk.answer(question, Answer.ONCE, actor="eve")
    assert sum(isinstance(event.fact, QuestionAnswered) for event in desk.heard) == 1
    assert (view.task.outcome is Outcome.OK) == (desk.script.ran == ["wipe"])


async def test_an_answer_to_other_bytes_or_of_another_kind_is_refused(desk: Desk) -> None:
    await desk.open()
    question = await desk.asked(await desk.begin(wipe()))
    with pytest.raises(Refused, match="changed since"):
        await desk.do(Resolve(question=question.id, answer=Answer.ONCE, digest="0" * 64))
    for answer in (Answer.AGAIN, Answer.DONE, Answer.TEXT, Answer.EXPIRED, Answer.MOOT):
        with pytest.raises(UsageError):
            await desk.answer(question, answer, "x")
    with pytest.raises(UsageError, match="no question"):
        await desk.do(Resolve(question=99, answer=Answer.ONCE))
    assert desk.script.ran == []
    assert [waiting.id for waiting in await desk.questions()] == [question.id]


async def test_nobody_answers_and_the_step_expires_without_running(desk: Desk) -> None:
    await desk.open(deadline=0.05)
    task = await desk.begin(wipe(), step("b", "wipe"))
    view = await desk.ended(task)
    assert (view.task.outcome, view.steps[0].cause, desk.script.ran) == (Outcome.EXPIRED, Cause.EXPIRED, [])
    await desk.resume(task)
    again = await desk.asked(task, after=view.seq)
    assert again.kind is QuestionKind.CONFIRMATION


@pytest.mark.parametrize("shift", [3600.0, -3600.0])
async def test_a_clock_that_leaves_the_deadline_expires_the_question(desk: Desk, shift: float) -> None:
    await desk.open(deadline=60.0)
    task = await desk.begin(wipe())
    question = await desk.asked(task)
    desk.clock.offset = shift
    with pytest.raises(Refused, match="deadline"):
        await desk.answer(question, Answer.ONCE)
    view = await desk.ended(task)
    assert (view.task.outcome, desk.script.ran) == (Outcome.EXPIRED, [])


@pytest.mark.parametrize("shift", [3600.0, -3600.0])
async def test_a_deadline_that_passed_while_nobody_was_there_expires_on_open(desk: Desk, shift: float) -> None:
    await desk.open(deadline=60.0)
    task = await desk.begin(wipe())
    await desk.asked(task)
    await desk.close()
    desk.clock.offset = shift
    await desk.open(deadline=60.0)
    assert (await desk.ended(task)).task.outcome is Outcome.EXPIRED
    assert desk.script.ran == []


async def test_an_answer_is_good_for_one_run(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("wipe", "one", then_works=True)
    task = await desk.begin(wipe(retry={"attempts": 2, "delay": 0.01}))
    first = await desk.asked(task)
    await desk.answer(first, Answer.ONCE)
    second = await desk.asked_next(first)
    assert desk.script.ran == ["wipe"]
    await desk.answer(second, Answer.ONCE)
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert desk.script.ran == ["wipe", "wipe"]


async def test_confirmations_do_not_hold_for_a_later_attempt(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("wipe", "broken", then_works=True)
    task = await desk.begin(wipe())
    await desk.answer(await desk.asked(task), Answer.ONCE)
    first = await desk.ended(task)
    await desk.resume(task)
    await desk.answer(await desk.asked(task, after=first.seq), Answer.ONCE)
    assert (await desk.ended(task, after=first.seq)).task.outcome is Outcome.OK


async def test_what_waited_waits_again_after_a_restart(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(wipe(), step("b", "wipe"))
    question = await desk.asked(task)
    await desk.phase(task, Phase.BLOCKED)
    await desk.reopen()
    assert (await desk.engine.read(ListQuestions()))[0] == question
    await desk.answer(question, Answer.ONCE)
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert desk.script.ran == ["wipe", "b"]


async def test_a_step_may_ask_and_the_answer_is_its_result(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(
        {"id": "ask", "action": "ask", "question": "Which?", "options": ["a", "b"]}, step("b", "ask"), step("c")
    )
    question = await desk.asked(task)
    assert (question.kind, question.options, question.deadline) == (QuestionKind.ASK, ("a", "b"), None)
    await desk.phase(task, Phase.BLOCKED)
    assert desk.script.ran == ["c"]
    with pytest.raises(UsageError):
        await desk.answer(question, Answer.TEXT, " ")
    await desk.answer(question, Answer.TEXT, "b")
    view = await desk.ended(task)
    assert (view.steps[0].summary, view.steps[0].state, view.task.outcome) == ("b", DONE, Outcome.OK)


# Pausing and resuming


async def test_a_pause_starts_nothing_new_and_resuming_goes_on(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"), step("b", "a"))
    await desk.started(task, "a")
    await desk.do(Pause(task=task))
    desk.script.release("a")
    await desk.until(lambda event: event.kind == "step_ended")
    await desk.run(step("other"))
    assert desk.script.ran == ["a", "other"]
    assert (await desk.show(task)).task.phase is Phase.PAUSED
    with pytest.raises(IllegalTransition):
        await desk.do(Pause(task=task))
    await desk.resume(task)
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert desk.script.ran == ["a", "other", "b"]


async def test_an_answer_in_a_pause_is_kept_until_it_is_over(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(wipe())
    question = await desk.asked(task)
    await desk.do(Pause(task=task))
    await desk.answer(question, Answer.ONCE)
    assert desk.script.ran == []
    await desk.resume(task)
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_a_pause_outlives_the_engine(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"), step("b"), wipe())
    await desk.started(task, "a")
    question = await desk.asked(task)
    await desk.do(Pause(task=task))
    await desk.reopen()
    await desk.run(step("other"))
    assert (await desk.show(task)).task.phase is Phase.PAUSED
    await desk.answer(question, Answer.DENY, "no")
    desk.script.ran.clear()
    desk.script.release("a")
    await desk.resume(task)
    view = await desk.ended(task)
    assert (desk.script.ran, view.task.outcome) == (["a"], Outcome.DENIED)


async def test_pausing_a_queued_task_keeps_it_back(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    first = await desk.begin(step("a", tier="write"))
    second = await desk.begin(step("b", tier="write"))
    await desk.started(first, "a")
    await desk.do(Pause(task=second))
    desk.script.release("a")
    await desk.ended(first)
    await desk.run(step("c", tier="write"))
    assert desk.script.ran == ["a", "c"]
    await desk.resume(second)
    await desk.ended(second)


async def test_resuming_keeps_what_completed(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("b", "no", then_works=True)
    first = await desk.run(step("a"), step("b", "a"), step("c", "b"))
    await desk.resume(1)
    view = await desk.ended(1, after=first.seq)
    assert (desk.script.ran, view.task.outcome, view.task.attempt) == (["a", "b", "b", "c"], Outcome.OK, 2)
    assert [(run.step, run.task_attempt) for run in await desk.runs(1)] == [("a", 1), ("b", 1), ("b", 2), ("c", 2)]


async def test_resuming_from_a_step_runs_it_and_its_dependents_again(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("d", "no", then_works=True)
    first = await desk.run(step("a"), step("b", "a"), step("c", "a"), step("d", "b"))
    with pytest.raises(UnknownStep):
        await desk.resume(1, from_step="z")
    await desk.resume(1, from_step="b")
    await desk.ended(1, after=first.seq)
    assert desk.script.ran == ["a", "b", "c", "d", "b", "d"]


async def test_a_completed_task_cannot_be_resumed(desk: Desk) -> None:
    await desk.open()
    await desk.run(step("a"))
    with pytest.raises(Refused, match="Task 1 is completed"):
        await desk.resume(1)


@pytest.mark.parametrize(
    ("answer", "state", "outcome", "runs"),
    [
        (Answer.AGAIN, DONE, Outcome.OK, 2),
        (Answer.DONE, DONE, Outcome.OK, 1),
        (Answer.FAIL, FAILED, Outcome.STEP_FAILED, 1),
    ],
)
async def test_a_step_that_had_started_asks_before_it_runs_again(
    desk: Desk, answer: Answer, state: StepState, outcome: Outcome, runs: int
) -> None:
    await desk.open()
    desk.script.fails("a", "no", then_works=True)
    first = await desk.run(step("a", tier="write"))
    await desk.resume(1)
    question = await desk.asked(1, after=first.seq)
    assert question.kind is QuestionKind.INTERRUPTED
    await desk.answer(question, answer)
    view = await desk.ended(1, after=first.seq)
    assert (view.steps[0].state, view.task.outcome, len(desk.script.ran)) == (state, outcome, runs)


@pytest.mark.parametrize("fields", [{"tier": "read"}, {"tier": "write", "idempotent": True}])
async def test_a_step_that_may_be_repeated_asks_nobody(desk: Desk, fields: dict[str, object]) -> None:
    await desk.open()
    desk.script.fails("a", "no", then_works=True)
    first = await desk.run(step("a", **fields))
    await desk.resume(1)
    assert (await desk.ended(1, after=first.seq)).task.outcome is Outcome.OK


# Owners and roots


async def test_one_writing_task_per_root_and_readers_beside_it(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a", "r")
    first = await desk.begin(step("a", tier="write"))
    second = await desk.begin(step("b", tier="write"))
    reader = await desk.begin(step("r"))
    elsewhere = desk.root.parent / "elsewhere"
    elsewhere.mkdir()
    other = await desk.begin(step("o", tier="write"), root=elsewhere)
    await desk.started(reader, "r")
    await desk.ended(other)
    assert (await desk.show(second)).task.phase is Phase.QUEUED
    assert "b" not in desk.script.ran
    desk.script.release("a")
    await desk.ended(first)
    await desk.ended(second)
    desk.script.release("r")
    await desk.ended(reader)


async def test_after_a_restart_still_one_writing_task_per_root(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("one", "no", then_works=True)
    desk.script.hold("two")
    first = await desk.run(step("one", tier="write", idempotent=True))
    second = await desk.begin(step("two", tier="write", idempotent=True))
    await desk.started(second, "two")
    await desk.resume(first.task.id)
    seq = await desk.seq()
    await desk.reopen()
    await desk.started(second, "two", after=seq)
    assert (await desk.show(first.task.id)).task.phase is Phase.QUEUED
    desk.script.release("two")
    await desk.ended(second, after=seq)
    await desk.ended(first.task.id, after=seq)
    assert desk.script.peak == 1


async def test_a_second_owner_is_refused_and_told_who_owns(desk: Desk, tmp_path: Path) -> None:
    await desk.open()
    other = Desk(tmp_path / "other")
    other.state = desk.state
    with pytest.raises(Owned, match=str(os.getpid())):
        await other.open()
    assert (await desk.run(step("a"))).task.outcome is Outcome.OK


async def test_an_owner_that_only_decides_records_and_starts_nothing(desk: Desk) -> None:
    await desk.open(executes=False)
    task = await desk.begin(step("a"), wipe())
    assert (await desk.show(task)).task.phase is Phase.QUEUED
    await desk.reopen()
    question = await desk.asked(task)
    await desk.phase(task, Phase.BLOCKED)
    await desk.reopen(executes=False)
    await desk.answer(question, Answer.ONCE)
    assert desk.script.ran == ["a"]
    await desk.reopen()
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert desk.script.ran == ["a", "wipe"]


async def test_an_engine_that_was_closed_begins_nothing_more(desk: Desk) -> None:
    await desk.open()
    desk.script.results["a"] = [Result(error="no", failure="exit"), Result()]
    task = await desk.begin(step("a", retry={"attempts": 1, "delay": 0.05, "jitter": False}), timeout=0.2)
    await desk.changed(task, "a", StepState.READY)
    await desk.close()
    await desk.pass_time(0.3)
    assert desk.script.ran == ["a"]


async def test_an_answer_that_lets_run_names_what_was_shown(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("a", tier="destructive"))
    question = await desk.asked(task, "a")
    with pytest.raises(Refused, match="has changed since it was shown"):
        await desk.do(Resolve(question=question.id, answer=Answer.ONCE))
    assert desk.script.ran == []


async def test_how_a_question_was_answered_is_kept(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("a", tier="destructive"))
    question = await desk.asked(task, "a")
    answer = Resolve(question=question.id, answer=Answer.ONCE, digest=question.digest, means="run --confirm")
    await desk.do(answer)
    told = await desk.fact(QuestionAnswered, task)
    assert told.question.means == "run --confirm"
    await desk.ended(task)


async def test_a_command_is_carried_out_once_whatever_it_is_answered(desk: Desk) -> None:
    await desk.open()
    document = '{"request": "x", "steps": [{"id": "a", "action": "plan", "text": "a"}]}'
    command = MakePlan(root=str(desk.root), document=document)
    first = await desk.do(command)
    await desk.crash()
    await desk.reopen()
    assert await desk.do(command) == first
    assert len(await desk.engine.read(ListTasks())) == 1


async def test_the_policy_can_keep_run_yes_from_signing(desk: Desk) -> None:
    await desk.open(policy=Policy(allow_yes=False))
    task = await desk.plan(step("a"))
    with pytest.raises(Refused, match="run --yes"):
        await desk.sign(task, means="run --yes")
    await desk.sign(task)
    await desk.ended(task)


async def test_the_policy_can_ask_for_lower_tiers(desk: Desk) -> None:
    await desk.open(policy=Policy(ask=("write",)))
    task = await desk.begin(step("a", tier="write"))
    question = await desk.asked(task, "a")
    assert (await desk.show(task)).plan.steps[0].asks  # type: ignore[union-attr]
    await desk.answer(question, Answer.ONCE)
    await desk.ended(task)


async def test_a_question_with_options_takes_one_of_them(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin({"id": "which", "action": "ask", "question": "Which?", "options": ["red", "blue"]})
    question = await desk.asked(task, "which")
    with pytest.raises(UsageError, match="red, blue"):
        await desk.answer(question, Answer.TEXT, "purple")
    await desk.answer(question, Answer.TEXT, "blue")
    view = await desk.ended(task)
    assert view.steps[0].summary == "blue"


async def test_who_follows_is_told_of_a_question_that_a_cancellation_made_moot(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("a", tier="destructive"))
    question = await desk.asked(task)
    await desk.cancel(task)
    closed = (await desk.fact(QuestionAnswered, task)).question
    assert (closed.id, closed.answer, closed.answered_by) == (question.id, Answer.MOOT, "ana")
