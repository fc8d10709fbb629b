"""The gate: what is not signed does not run, and what is signed is exactly what was read (B5.1-B5.4, B4.5)."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from typing import Any

import pytest

from engine import (
    AcceptResult,
    ListTasks,
    MakePlan,
    Outcome,
    Phase,
    Reject,
    Remove,
    Reply,
    Return,
    ShowTask,
    Sign,
    StepState,
)
from engine.errors import (
    AlreadyJudged,
    IllegalTransition,
    NotSigned,
    Refused,
    StaleRevision,
    UnknownStep,
    UnknownTask,
    UsageError,
)
from engine.model.events import TaskEnded
from engine.model.run import Cause
from tests.engine.desk import Desk, step

DONE, SKIPPED = StepState.COMPLETED, StepState.SKIPPED


async def test_what_is_not_signed_never_runs(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    with pytest.raises(NotSigned):
        await desk.resume(task)
    await desk.reopen()
    assert (await desk.show(task)).task.phase is Phase.AWAITING_APPROVAL
    assert desk.script.ran == []


async def test_a_digest_that_changed_after_the_signature_never_runs(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"), step("b", "a"), step("tidy", "b", when="always"))
    await desk.started(task, "a")
    with sqlite3.connect(desk.state / "signoff.db") as store:
        store.execute("UPDATE tasks SET signed = 'another'")
    store.close()
    desk.script.release("a")
    view = await desk.ended(task)
    assert desk.script.ran == ["a"]
    assert (view.task.phase, await desk.states(task)) == (
        Phase.FAILED,
        {"a": DONE, "b": StepState.FAILED, "tidy": StepState.FAILED},
    )


async def test_a_queued_task_that_is_not_signed_is_refused_and_others_begin(desk: Desk) -> None:
    await desk.open(executes=False)
    bad, good = await desk.begin(step("a")), await desk.begin(step("b"))
    await desk.close()
    with sqlite3.connect(desk.state / "signoff.db") as store:
        store.execute("UPDATE tasks SET signed = 'another' WHERE id = ?", (bad,))
    store.close()
    await desk.open()
    assert (await desk.ended(good)).task.phase is Phase.COMPLETED
    assert (await desk.ended(bad)).task.phase is Phase.FAILED
    assert desk.script.ran == ["b"]


async def test_a_signature_of_other_bytes_is_refused_and_leaves_nothing(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    before = await desk.seq()
    with pytest.raises(StaleRevision):
        await desk.do(Sign(task=task, revision=1, digest="0" * 64))
    with pytest.raises(StaleRevision):
        await desk.do(Sign(task=task, revision=2, digest=(await desk.show(task)).task.digest))
    assert await desk.seq() == before
    assert (await desk.show(task)).signatures == ()


async def test_an_unknown_task_is_told_so_without_an_event(desk: Desk) -> None:
    await desk.open()
    before = await desk.seq()
    for command in (Sign(task=9, revision=1, digest="x"), Reject(task=9, revision=1, reason="x"), Remove(task=9)):
        with pytest.raises(UnknownTask):
            await desk.do(command)
    with pytest.raises(UnknownTask):
        await desk.engine.read(ShowTask(task=9))
    assert await desk.seq() == before


async def test_of_two_signers_at_once_one_signs_and_the_other_is_told(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    answers = await asyncio.gather(desk.sign(task, actor="ana"), desk.sign(task, actor="ben"), return_exceptions=True)
    first, late = answers
    assert isinstance(first, Reply)
    assert isinstance(late, AlreadyJudged)
    view = await desk.ended(task)
    assert [signature.actor for signature in view.signatures] == ["ana"]
    when = time.strftime("%H:%M on %Y-%m-%d", time.localtime(view.signatures[0].time))
    assert str(late) == f"Task {task} was signed already, by ana at {when}; nothing was recorded"
    assert desk.script.ran == ["a"]


async def test_rejecting_needs_a_reason_and_ends_the_task(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    with pytest.raises(UsageError):
        await desk.do(Reject(task=task, revision=1, reason=" "))
    await desk.do(Reject(task=task, revision=1, reason="too risky"))
    view = await desk.ended(task)
    assert (view.task.phase, view.task.outcome, view.task.error) == (Phase.CANCELLED, Outcome.REJECTED, "too risky")
    with pytest.raises(NotSigned):
        await desk.resume(task)
    assert desk.script.ran == []


async def test_a_returned_plan_is_never_taken_for_an_approval(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    digest = (await desk.show(task)).task.digest
    with pytest.raises(UsageError):
        await desk.do(Return(task=task, revision=1, note=""))
    await desk.do(Return(task=task, revision=1, note="approve, but smaller"))
    assert (await desk.show(task)).task.phase is Phase.PLANNING
    with pytest.raises(AlreadyJudged, match="was returned already, by ana"):
        await desk.do(Sign(task=task, revision=1, digest=digest))
    assert desk.script.ran == []


@pytest.mark.parametrize("skip", ["b", "2"])
async def test_what_a_signer_skips_is_skipped_with_its_dependents(desk: Desk, skip: str) -> None:
    await desk.open()
    task = await desk.plan(step("a"), step("b"), step("c", "b"))
    await desk.sign(task, skip=(skip,))
    view = await desk.ended(task)
    assert await desk.states(task) == {"a": DONE, "b": SKIPPED, "c": SKIPPED}
    assert (view.task.phase, view.task.outcome) == (Phase.COMPLETED, Outcome.PARTIAL)
    assert view.signatures[0].skipped == ("b",)
    assert (await desk.steps(task))["b"].cause is Cause.VERDICT


async def test_only_runs_what_is_listed(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"), step("b", "a"), step("c", "b"))
    await desk.sign(task, only=("a", "2"))
    assert await desk.ended(task)
    assert desk.script.ran == ["a", "b"]


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        ({"only": ("b",)}, UsageError),
        ({"only": ("nope",)}, UnknownStep),
        ({"skip": ("0",)}, UnknownStep),
        ({"skip": ("3",)}, UnknownStep),
        ({"skip": ("²",)}, UnknownStep),
    ],
)
async def test_a_choice_that_cannot_stand_is_an_error_and_signs_nothing(
    desk: Desk, choice: dict[str, Any], error: type[Exception]
) -> None:
    await desk.open()
    task = await desk.plan(step("a"), step("b", "a"))
    with pytest.raises(error):
        await desk.sign(task, **choice)
    view = await desk.show(task)
    assert (view.task.phase, view.signatures) == (Phase.AWAITING_APPROVAL, ())


async def test_a_left_out_step_stays_left_out_in_later_attempts(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "once", then_works=True)
    task = await desk.plan(step("a"), step("b"))
    await desk.sign(task, skip=("b",))
    first = await desk.ended(task)
    await desk.resume(task)
    view = await desk.ended(task, after=first.seq)
    assert (view.task.outcome, desk.script.ran) == (Outcome.PARTIAL, ["a", "a"])


async def test_a_person_accepts_what_ended_well(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("a"), accept="person")
    assert (await desk.ended(task)).task.phase is Phase.READY
    with pytest.raises(Refused):
        await desk.do(Remove(task=task))
    await desk.do(AcceptResult(task=task))
    assert (await desk.show(task)).task.phase is Phase.COMPLETED
    with pytest.raises(IllegalTransition):
        await desk.do(AcceptResult(task=task))


async def test_a_failed_task_waits_for_nobody_to_accept(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "no")
    view = await desk.run(step("a"), accept="person")
    assert view.task.phase is Phase.FAILED


async def test_a_removed_task_leaves_its_events_and_no_number_is_given_twice(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("b", "no")
    first = await desk.run(step("a"), step("b"))
    last_run = (await desk.runs(1))[-1].id
    await desk.do(Remove(task=first.task.id))
    with pytest.raises(UnknownTask):
        await desk.show(1)
    assert await desk.engine.read(ListTasks()) == ()
    await desk.reopen()
    view = await desk.run(step("c"))
    assert view.task.id == 2
    assert (await desk.runs(2))[0].id > last_run
    assert {"task_requested", "step_ended", "task_removed"} <= set(desk.kinds(1))


async def test_the_number_of_a_removed_question_is_not_given_again(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("a", tier="destructive"))
    question = await desk.asked(task)
    await desk.cancel(task)
    await desk.ended(task)
    await desk.do(Remove(task=task))
    await desk.reopen()
    other = await desk.begin(step("a", tier="destructive"))
    assert (await desk.asked(other)).id > question.id


async def test_the_same_key_is_carried_out_once(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    sign = Sign(task=task, revision=1, digest=(await desk.show(task)).task.digest)
    replies = await asyncio.gather(*(desk.do(sign) for _ in range(5)))
    await desk.ended(task)
    await desk.reopen()
    assert {reply.seq for reply in (*replies, await desk.do(sign))} == {replies[0].seq}
    made = MakePlan(
        root=str(desk.root), document='{"request": "x", "steps": [{"id": "a", "action": "plan", "text": "x"}]}'
    )
    assert {(await desk.do(made)).task for _ in range(3)} == {2}


async def test_a_command_that_was_refused_may_be_given_again(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    reject = Reject(task=task, revision=2, reason="x", key="k")
    with pytest.raises(StaleRevision):
        await desk.do(reject)
    await desk.do(Reject(task=task, revision=1, reason="x", key="k"))
    assert (await desk.show(task)).task.outcome is Outcome.REJECTED


async def test_a_task_can_be_signed_while_somebody_looks_at_it(desk: Desk) -> None:
    """A snapshot that is being read must not show an older moment to the engine's own reads."""
    await desk.open()

    async def look(task: int) -> None:
        while not any(isinstance(event.fact, TaskEnded) and event.task == task for event in desk.heard):
            await desk.engine.read(ShowTask(task=task))

    for _ in range(8):
        task = await desk.plan(*(step(f"s{number}") for number in range(20)))
        lookers = [asyncio.create_task(look(task)) for _ in range(4)]
        await desk.sign(task)
        assert (await desk.ended(task)).task.outcome is Outcome.OK
        await asyncio.gather(*lookers)


async def test_many_tasks_may_be_signed_at_once(desk: Desk) -> None:
    await desk.open()
    tasks = [await desk.plan(step("a", tier="write")) for _ in range(10)]
    await asyncio.gather(*(desk.sign(task) for task in tasks))
    for task in tasks:
        assert (await desk.ended(task)).task.phase is Phase.COMPLETED
    assert desk.script.peak == 1


async def test_text_that_is_no_text_is_refused_and_breaks_nothing(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    with pytest.raises(Exception, match="surrogates"):
        await desk.do(Reject(task=task, revision=1, reason="\udc80"))
    assert (await desk.show(task)).task.phase is Phase.AWAITING_APPROVAL
    await desk.sign(task)
    assert (await desk.ended(task)).task.phase is Phase.COMPLETED
