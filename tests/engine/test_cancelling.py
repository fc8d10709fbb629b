"""Cancelling a task or a step: flipped first, then fired, told once, and never overwritten (B7)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine import Answer, Kill, Outcome, Pause, Phase, Remove, Resume, RunState, StepState
from engine.errors import IllegalTransition, Refused, UnknownStep
from engine.model.events import RunCancelled, StepStarted, TaskEnded
from engine.model.run import Cause
from tests.engine.desk import Desk, check_sound, shell, step

DONE, CANCELLED, SKIPPED = StepState.COMPLETED, StepState.CANCELLED, StepState.SKIPPED


async def test_cancelling_before_the_signature_runs_nothing(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    await desk.cancel(task, reason="not now")
    view = await desk.ended(task)
    assert (view.task.phase, view.task.outcome, view.task.error) == (Phase.CANCELLED, Outcome.CANCELLED, "not now")
    with pytest.raises(IllegalTransition):
        await desk.sign(task)
    assert desk.script.ran == []


async def test_cancelling_a_queued_task_runs_nothing_and_lets_the_next_one_begin(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    first = await desk.begin(step("a", tier="write"))
    second = await desk.begin(step("b", tier="write"))
    third = await desk.begin(step("c", tier="write"))
    await desk.started(first, "a")
    await desk.cancel(second)
    desk.script.release("a")
    await desk.ended(third)
    assert desk.script.ran == ["a", "c"]
    assert (await desk.show(second)).task.phase is Phase.CANCELLED


async def test_cancelling_as_a_task_begins_is_never_refused(desk: Desk) -> None:
    await desk.open()
    for _ in range(30):
        task = await desk.plan(step("a"))
        await asyncio.gather(desk.sign(task), desk.cancel(task), return_exceptions=True)
        await desk.cancel(task)
        assert (await desk.show(task)).task.phase in (Phase.CANCELLED, Phase.COMPLETED)


@pytest.mark.parametrize("turns", range(0, 12, 2))
async def test_a_cancel_that_crosses_the_begin_wins(desk: Desk, turns: int) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.plan(step("a"))
    signing = asyncio.create_task(desk.sign(task))
    await desk.phase(task, Phase.QUEUED)
    for _ in range(turns):
        await asyncio.sleep(0)
    await desk.cancel(task)
    await signing
    assert (await desk.show(task)).task.phase is Phase.CANCELLED
    await desk.until(lambda event: event.kind in ("task_ended", "phase_changed") and event.task == task)


async def test_cancelling_ends_what_runs_and_what_waits(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"), step("b", "a"), step("c", tier="destructive"))
    await desk.started(task, "a")
    await desk.asked(task, "c")
    await desk.cancel(task, reason="enough")
    view = await desk.ended(task)
    assert await desk.states(task) == {"a": CANCELLED, "b": CANCELLED, "c": CANCELLED}
    assert {status.cause for status in view.steps} == {Cause.CANCELLED}
    assert (view.task.phase, view.task.outcome) == (Phase.CANCELLED, Outcome.CANCELLED)
    assert (await desk.runs(task))[0].state is RunState.CANCELLED
    await check_sound(desk, task)


async def deaf(desk: Desk, *others: dict[str, Any]) -> int:
    """A task whose step `a` runs and does not heed its cancellation until it is released."""
    await desk.open()
    desk.script.hold("a")
    desk.script.stubborn.add("a")
    task = await desk.begin(step("a"), *others)
    await desk.started(task, "a")
    return task


async def test_a_late_result_changes_nothing(desk: Desk) -> None:
    task = await deaf(desk, step("b", "a"))
    await desk.cancel(task)
    assert (await desk.runs(task))[0].state is RunState.CANCELLING
    assert (await desk.states(task))["a"] is CANCELLED
    desk.script.release("a")
    view = await desk.ended(task)
    assert (view.task.phase, view.steps[0].state) == (Phase.CANCELLED, CANCELLED)
    assert desk.script.ran == ["a"]
    assert desk.kinds(task, "a") == ["step_started", "run_cancelled"]


async def test_until_the_tree_is_gone_nothing_else_may_be_done(desk: Desk) -> None:
    task = await deaf(desk)
    await desk.cancel(task)
    with pytest.raises(Refused, match="still being cancelled"):
        await desk.resume(task)
    with pytest.raises(Refused):
        await desk.do(Remove(task=task))
    with pytest.raises(IllegalTransition):
        await desk.do(Pause(task=task))
    assert not any(isinstance(event.fact, TaskEnded) for event in desk.heard)
    desk.script.release("a")
    await desk.ended(task)
    await desk.resume(task)
    await desk.phase(task, Phase.EXECUTING, after=await desk.seq() - 3)


async def test_cancelling_again_does_nothing_more(desk: Desk) -> None:
    task = await deaf(desk)
    await desk.cancel(task)
    seq = await desk.seq()
    await desk.cancel(task)
    await desk.cancel(task)
    assert await desk.seq() == seq
    desk.script.release("a")
    await desk.ended(task)
    await desk.cancel(task)
    assert desk.phases(task).count(Phase.CANCELLED) == 1


async def test_cancelling_what_ended_says_so_and_does_nothing(desk: Desk) -> None:
    await desk.open()
    view = await desk.run(step("a"))
    assert "completed already" in (await desk.cancel(1)).text
    assert await desk.seq() == view.seq


async def test_completed_steps_stay_completed(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("b")
    task = await desk.begin(step("a"), step("b", "a"), step("c", "b"))
    await desk.started(task, "b")
    await desk.cancel(task)
    await desk.ended(task)
    assert await desk.states(task) == {"a": DONE, "b": CANCELLED, "c": CANCELLED}


async def test_one_step_is_cancelled_and_its_siblings_go_on(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a", "b")
    task = await desk.begin(step("a"), step("b"), step("c", "a"), step("d", "b"))
    await desk.started(task, "a")
    await desk.started(task, "b")
    await desk.cancel(task, "a")
    desk.script.release("b")
    view = await desk.ended(task)
    assert await desk.states(task) == {"a": CANCELLED, "b": DONE, "c": SKIPPED, "d": DONE}
    assert (view.task.phase, view.task.outcome) == (Phase.COMPLETED, Outcome.PARTIAL)
    await check_sound(desk, task)


async def test_cancelling_a_step_that_waits_or_ended_or_is_unknown(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("b")
    task = await desk.begin(step("a"), step("b", "a"), step("c", "b"), step("d", tier="destructive"))
    await desk.started(task, "b")
    await desk.asked(task, "d")
    seq = await desk.seq()
    assert "ended already" in (await desk.cancel(task, "a")).text
    with pytest.raises(UnknownStep):
        await desk.cancel(task, "z")
    assert await desk.seq() == seq
    await desk.cancel(task, "c")
    await desk.cancel(task, "d")
    assert await desk.questions() == ()
    desk.script.release("b")
    view = await desk.ended(task)
    assert await desk.states(task) == {"a": DONE, "b": DONE, "c": CANCELLED, "d": CANCELLED}
    assert view.task.outcome is Outcome.PARTIAL


async def test_cleanup_after_one_cancelled_step_waits_for_its_tree(desk: Desk) -> None:
    task = await deaf(desk, step("tidy", "a", when="always"))
    await desk.cancel(task, "a")
    other = await desk.run(step("other"))
    assert other.task.phase is Phase.COMPLETED
    assert "tidy" not in desk.script.ran
    desk.script.release("a")
    await desk.ended(task)
    assert desk.script.ran == ["a", "other", "tidy"]


async def test_cleanup_runs_on_cancel_when_the_trees_are_gone(desk: Desk) -> None:
    task = await deaf(desk, step("b", "a"), step("tidy", "b", when="always"), step("report", "tidy", when="always"))
    await desk.cancel(task)
    assert desk.script.ran == ["a"]
    desk.script.release("a")
    view = await desk.ended(task)
    assert desk.script.ran == ["a", "tidy", "report"]
    assert await desk.states(task) == {"a": CANCELLED, "b": CANCELLED, "tidy": DONE, "report": DONE}
    assert view.task.phase is Phase.CANCELLED
    order = [type(event.fact) for event in desk.heard if event.step in ("a", "tidy")]
    assert order[:3] == [StepStarted, RunCancelled, StepStarted]


async def test_cleanup_of_what_never_began_does_not_run(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"), step("b", tier="destructive"), step("tidy", "b", when="always"))
    await desk.started(task, "a")
    await desk.asked(task, "b")
    await desk.cancel(task)
    await desk.ended(task)
    assert desk.script.ran == ["a"]


async def cleaning(desk: Desk) -> int:
    """A task that was cancelled, and whose cleanup `tidy` runs until it is released."""
    await desk.open()
    desk.script.hold("a", "tidy")
    task = await desk.begin(step("a"), step("tidy", "a", when="always"))
    await desk.started(task, "a")
    await desk.cancel(task)
    await desk.started(task, "tidy")
    return task


async def test_killing_ends_the_cleanup(desk: Desk) -> None:
    task = await cleaning(desk)
    assert [run.state for run in await desk.runs(task)] == [RunState.CANCELLED, RunState.RUNNING]
    await desk.do(Kill(task=task))
    await desk.ended(task)
    assert await desk.states(task) == {"a": CANCELLED, "tidy": CANCELLED}
    await check_sound(desk, task)


async def test_cancelling_again_leaves_the_cleanup_and_says_what_ends_it(desk: Desk) -> None:
    task = await cleaning(desk)
    assert "--kill" in (await desk.cancel(task)).text
    desk.script.release("tidy")
    await desk.ended(task)
    assert await desk.states(task) == {"a": CANCELLED, "tidy": DONE}


async def test_two_people_who_cancel_at_the_same_moment_cancel_once(desk: Desk) -> None:
    task = await deaf(desk, step("tidy", "a", when="always"))
    first, second = await asyncio.gather(desk.cancel(task), desk.cancel(task))
    assert first.seq == second.seq
    desk.script.release("a")
    await desk.ended(task)
    assert await desk.states(task) == {"a": CANCELLED, "tidy": DONE}
    assert desk.phases(task).count(Phase.CANCELLED) == 1


async def paused_over_a_restart(desk: Desk, *cleanup: dict[str, Any], **how: Any) -> int:
    """A task that paused after its step `a`, before `b`, under an owner that is gone."""
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a", tier="write", idempotent=True), step("b", "a"), *cleanup)
    await desk.started(task, "a")
    await desk.do(Pause(task=task))
    desk.script.release("a")
    await desk.until(lambda event: event.kind == "step_ended" and event.step == "a")
    await desk.reopen(**how)
    return task


async def test_cleanup_of_a_task_that_is_paused_over_a_restart_runs_when_it_is_cancelled(desk: Desk) -> None:
    task = await paused_over_a_restart(desk, step("tidy", "a", "b", when="always"), step("free", "a", when="always"))
    await desk.cancel(task, reason="enough")
    view = await desk.ended(task)
    assert sorted(desk.script.ran) == ["a", "free", "tidy"]
    assert await desk.states(task) == {"a": DONE, "b": CANCELLED, "tidy": DONE, "free": DONE}
    assert (view.task.phase, view.task.error) == (Phase.CANCELLED, "enough")
    await check_sound(desk, task)


async def test_such_a_cleanup_waits_until_its_directory_is_free(desk: Desk) -> None:
    task = await paused_over_a_restart(desk, step("tidy", "a", "b", when="always"))
    desk.script.hold("w")
    other = await desk.begin(step("w", tier="write"))
    await desk.started(other, "w")
    await desk.cancel(task)
    assert desk.script.ran == ["a", "w"]
    for command in (Remove(task=task), Resume(task=task)):
        with pytest.raises(Refused, match="its cleanup"):
            await desk.do(command)
    desk.script.release("w")
    await desk.ended(task)
    assert desk.script.ran == ["a", "w", "tidy"]


async def test_such_a_cleanup_that_waits_is_ended_by_a_kill(desk: Desk) -> None:
    task = await paused_over_a_restart(desk, step("tidy", "a", "b", when="always"))
    desk.script.hold("w")
    other = await desk.begin(step("w", tier="write"))
    await desk.started(other, "w")
    await desk.cancel(task)
    await desk.do(Kill(task=task))
    await desk.ended(task)
    assert await desk.states(task) == {"a": DONE, "b": CANCELLED, "tidy": CANCELLED}
    desk.script.release("w")
    await desk.ended(other)
    assert desk.script.ran == ["a", "w"]


async def test_killing_what_is_paused_over_a_restart_lets_no_cleanup_begin(desk: Desk) -> None:
    task = await paused_over_a_restart(desk, step("tidy", "a", "b", when="always"))
    await desk.do(Kill(task=task))
    await desk.ended(task)
    assert desk.script.ran == ["a"]
    await check_sound(desk, task)


async def test_where_nothing_runs_the_cleanup_says_that_it_did_not(desk: Desk) -> None:
    task = await paused_over_a_restart(desk, step("tidy", "a", "b", when="always"), executes=False)
    await desk.cancel(task)
    await desk.ended(task)
    tidy = (await desk.steps(task))["tidy"]
    assert (tidy.state, "did not begin" in tidy.error) == (CANCELLED, True)


async def test_an_attempt_that_has_not_begun_has_nothing_to_clean_up(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "no")
    await desk.run(step("a", tier="write", idempotent=True), step("tidy", "a", when="always"))
    desk.script.hold("w")
    await desk.begin(step("w", tier="write"))
    await desk.resume(1, from_step="a")
    await desk.do(Pause(task=1))
    await desk.reopen()
    await desk.cancel(1)
    assert await desk.states(1) == {"a": CANCELLED, "tidy": CANCELLED}


async def test_a_cleanup_that_runs_already_is_not_marked_as_cancelling(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("b", "tidy")
    task = await desk.begin(step("a"), step("b"), step("tidy", "a", when="always"))
    await desk.started(task, "tidy")
    await desk.started(task, "b")
    await desk.cancel(task)
    states = {run.step: run.state for run in await desk.runs(task)}
    assert states["tidy"] is RunState.RUNNING
    desk.script.release("tidy")
    await desk.ended(task)
    assert await desk.states(task) == {"a": DONE, "b": CANCELLED, "tidy": DONE}


async def test_a_cleanup_that_a_pause_kept_back_runs_after_the_cancel(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a", "b")
    task = await desk.begin(step("a"), step("b"), step("tidy", "a", when="always"))
    await desk.started(task, "a")
    await desk.started(task, "b")
    await desk.do(Pause(task=task))
    desk.script.release("a")
    await desk.until(lambda event: event.kind == "step_ended" and event.step == "a")
    await desk.cancel(task)
    await desk.ended(task)
    assert desk.script.ran == ["a", "b", "tidy"]
    await check_sound(desk, task)


async def test_killing_lets_no_cleanup_begin(desk: Desk) -> None:
    task = await deaf(desk, step("tidy", "a", when="always"))
    await desk.do(Kill(task=task))
    desk.script.release("a")
    await desk.ended(task)
    assert desk.script.ran == ["a"]
    assert await desk.states(task) == {"a": CANCELLED, "tidy": CANCELLED}


async def test_a_cleanup_that_must_be_confirmed_is_asked_about_after_the_cancel(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"), step("tidy", "a", when="always", tier="destructive"))
    await desk.started(task, "a")
    await desk.cancel(task)
    question = await desk.asked(task, "tidy")
    await desk.answer(question, Answer.ONCE)
    view = await desk.ended(task)
    assert desk.script.ran == ["a", "tidy"]
    assert view.task.phase is Phase.CANCELLED
    await check_sound(desk, task)


async def test_a_cleanup_that_waited_for_its_answer_still_waits_after_the_cancel(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("b")
    task = await desk.begin(step("a"), step("b"), step("tidy", "a", when="always", tier="destructive"))
    question = await desk.asked(task, "tidy")
    await desk.cancel(task)
    assert [open_one.id for open_one in await desk.questions()] == [question.id]
    await desk.answer(question, Answer.DENY, "leave it")
    view = await desk.ended(task)
    assert (view.task.phase, view.steps[2].cause) == (Phase.CANCELLED, Cause.DENIED)


async def test_a_retry_that_waits_is_cancelled_at_once(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "no")
    task = await desk.begin(step("a", retry={"attempts": 3, "delay": 3600}))
    await desk.changed(task, "a", StepState.READY)
    await desk.cancel(task)
    await desk.ended(task)
    assert desk.script.ran == ["a"]


async def test_a_step_waiting_for_a_slot_is_cancelled_at_once(desk: Desk) -> None:
    await desk.open(parallel=1)
    desk.script.hold("a")
    first = await desk.begin(step("a"))
    second = await desk.begin(step("b"))
    await desk.started(first, "a")
    await desk.cancel(second)
    await desk.ended(second)
    desk.script.release("a")
    await desk.ended(first)
    assert desk.script.ran == ["a"]


async def test_a_task_timeout_ends_all_and_is_no_step_failure(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    view = await desk.run(step("a"), step("b", "a"), step("tidy", "a", when="always"), timeout=0.1)
    assert (view.task.phase, view.task.outcome) == (Phase.TIMED_OUT, Outcome.TIMED_OUT)
    assert await desk.states(1) == {"a": CANCELLED, "b": CANCELLED, "tidy": DONE}
    assert "0.1 s" in view.task.error
    await check_sound(desk, 1)


async def test_the_clock_of_a_task_stands_while_it_waits_for_a_person(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("a", tier="destructive"), step("b", "a"), timeout=0.3)
    question = await desk.asked(task)
    await desk.phase(task, Phase.BLOCKED)
    desk.script.fails("slow", "once", then_works=True)
    await desk.run(step("slow", retry={"attempts": 1, "delay": 0.5, "jitter": False}))
    await desk.answer(question, Answer.ONCE)
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_a_timeout_does_not_ring_after_a_cancel(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a", "tidy")
    task = await desk.begin(step("a"), step("tidy", "a", when="always"), timeout=0.2)
    await desk.started(task, "a")
    await desk.cancel(task)
    await desk.started(task, "tidy")
    desk.script.fails("slow", "once", then_works=True)
    await desk.run(step("slow", retry={"attempts": 1, "delay": 0.4, "jitter": False}))
    desk.script.release("tidy")
    await desk.ended(task)
    assert await desk.states(task) == {"a": CANCELLED, "tidy": DONE}


async def test_killing_gives_no_more_grace(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group", grace=60.0)
    task = await desk.begin(shell("deaf", "trap '' TERM; echo up; sleep 50"))
    await desk.spoke(task, "deaf")
    await desk.do(Kill(task=task))
    view = await asyncio.wait_for(desk.ended(task), 10)
    assert view.task.phase is Phase.CANCELLED
    (run,) = await desk.runs(task)
    assert run.receipt is not None
    assert run.receipt.seconds < 10
    assert not run.receipt.survivors
