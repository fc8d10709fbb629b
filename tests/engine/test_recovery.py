"""What an owner finds when the one before it was killed (B11.2, B11.3)."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from engine import Answer, Outcome, Phase, QuestionKind, RunState, StepState
from engine.model.events import EngineOpened, Event, StepEnded, TaskEnded
from engine.storage.writer import Writer
from tests.engine.desk import Desk, check_sound, step

DONE, FAILED, CANCELLED = StepState.COMPLETED, StepState.FAILED, StepState.CANCELLED


async def killed(desk: Desk, *steps: dict[str, object]) -> int:
    """A task whose step `a` ran when the engine was killed; its events from before are forgotten."""
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(*steps)
    await desk.started(task, "a")
    await desk.crash()
    desk.script.release("a")
    desk.script.ran.clear()
    return task


def recovered(desk: Desk) -> tuple[str, ...]:
    opened = [event.fact for event in desk.heard if isinstance(event.fact, EngineOpened)]
    return opened[-1].recovered


@pytest.mark.parametrize(
    ("answer", "state", "outcome", "ran"),
    [
        (Answer.AGAIN, DONE, Outcome.OK, ["a", "b"]),
        (Answer.DONE, DONE, Outcome.OK, ["b"]),
        (Answer.FAIL, FAILED, Outcome.STEP_FAILED, []),
    ],
)
async def test_a_person_decides_about_a_step_that_was_running(
    desk: Desk, answer: Answer, state: StepState, outcome: Outcome, ran: list[str]
) -> None:
    task = await killed(desk, step("a", tier="write"), step("b", "a"))
    await desk.open()
    question = await desk.asked(task)
    assert (question.kind, question.step, question.deadline) == (QuestionKind.INTERRUPTED, "a", None)
    assert (await desk.states(task))["a"] is StepState.INTERRUPTED
    assert (await desk.runs(task))[0].state is RunState.INTERRUPTED
    assert recovered(desk) == ("a of task 1 was interrupted",)
    assert desk.script.ran == []
    await desk.answer(question, answer)
    view = await desk.ended(task)
    assert (view.steps[0].state, view.task.outcome, desk.script.ran) == (state, outcome, ran)
    await check_sound(desk, task)


async def test_what_waits_after_a_crash_waits_through_another_one(desk: Desk) -> None:
    task = await killed(desk, step("a", tier="write"))
    await desk.open()
    question = await desk.asked(task)
    await desk.phase(task, Phase.BLOCKED)
    await desk.crash()
    await desk.open()
    assert await desk.questions() == (question,)
    await desk.answer(question, Answer.AGAIN)
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert desk.script.ran == ["a"]


async def test_a_step_is_never_found_interrupted_without_its_question(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are one transaction: a kill between them would leave a step that nobody is asked about."""
    batches = []
    transact = Writer._transact

    def spy(self: Writer, batch: list[Any]) -> list[Event]:
        events = transact(self, batch)
        batches.append([event.kind for event in events])
        return events

    await killed(desk, step("a", tier="write"))
    monkeypatch.setattr(Writer, "_transact", spy)
    await desk.open()
    assert [batch[:1] for batch in batches if "question_asked" in batch] == [["step_ended"]]


@pytest.mark.parametrize("fields", [{}, {"tier": "write", "idempotent": True}])
async def test_a_step_that_may_be_repeated_runs_again_unasked(desk: Desk, fields: dict[str, object]) -> None:
    task = await killed(desk, step("a", **fields), step("b", "a"))
    await desk.open()
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert desk.script.ran == ["a", "b"]
    assert recovered(desk) == ("a of task 1 was interrupted and runs again",)


async def test_a_destructive_step_is_confirmed_again_although_it_may_be_repeated(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a", tier="destructive", idempotent=True))
    first = await desk.asked(task)
    await desk.answer(first, Answer.ONCE)
    await desk.started(task, "a")
    await desk.crash()
    desk.script.release("a")
    seq = desk.heard[-1].seq
    await desk.open()
    await desk.asked(task, after=seq)
    assert desk.script.ran == ["a"]


@pytest.mark.parametrize(
    ("record", "state", "outcome"),
    [
        ({"code": 0, "signal": None}, DONE, Outcome.OK),
        ({"code": 3, "signal": None}, FAILED, Outcome.STEP_FAILED),
        ({"code": None, "signal": int(signal.SIGSEGV)}, FAILED, Outcome.STEP_FAILED),
    ],
)
async def test_what_the_supervisor_recorded_is_how_it_ended(
    desk: Desk, record: dict[str, object], state: StepState, outcome: Outcome
) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a", tier="write"))
    await desk.started(task, "a")
    log = Path((await desk.runs(task))[0].log)
    log.with_suffix(".exit").write_text(json.dumps(record))
    await desk.crash()
    await desk.open()
    view = await desk.ended(task)
    assert (view.steps[0].state, view.task.outcome) == (state, outcome)
    assert desk.script.ran == ["a"]


@pytest.mark.parametrize(
    ("command", "record"),
    [
        ("true", json.dumps({"code": None, "signal": int(signal.SIGKILL)})),
        ("true", json.dumps({"code": None, "signal": None})),
        ("true", '{"code": 0, "sig'),
        ("echo x > out.txt", json.dumps({"code": 0, "signal": None})),
    ],
)
async def test_a_record_that_leaves_doubt_is_asked_about(desk: Desk, command: str, record: str) -> None:
    """The supervisor kills by SIGKILL when the engine is gone; a redirect is applied by the engine after the exit."""
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin({"id": "a", "action": "execute", "command": command, "tier": "write"})
    await desk.started(task, "a")
    log = Path((await desk.runs(task))[0].log)
    log.with_suffix(".exit").write_text(record)
    await desk.crash()
    await desk.open()
    assert (await desk.asked(task)).kind is QuestionKind.INTERRUPTED


@pytest.mark.parametrize("cleanup", [[], [step("tidy", "a", when="always")]])
async def test_a_cancelled_task_stays_cancelled_and_its_cleanup_is_not_begun(
    desk: Desk, cleanup: list[dict[str, Any]]
) -> None:
    await desk.open()
    desk.script.hold("a")
    desk.script.stubborn.add("a")
    task = await desk.begin(step("a", tier="write"), *cleanup)
    await desk.started(task, "a")
    await desk.cancel(task)
    await desk.crash()
    desk.script.release("a")
    await desk.open()
    view = await desk.ended(task)
    assert view.task.phase is Phase.CANCELLED
    assert set((await desk.states(task)).values()) == {CANCELLED}
    assert (await desk.runs(task))[0].state is RunState.CANCELLED
    assert desk.script.ran == ["a"]
    await check_sound(desk, task)


async def test_a_cleanup_that_was_running_is_not_asked_about(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a", "tidy")
    task = await desk.begin(step("a"), step("tidy", "a", when="always", tier="write"))
    await desk.started(task, "a")
    await desk.cancel(task)
    await desk.started(task, "tidy")
    await desk.crash()
    await desk.open()
    await desk.fact(TaskEnded, task)
    assert await desk.questions() == ()
    await check_sound(desk, task)


async def test_queued_tasks_are_queued_again_and_completed_steps_are_not_repeated(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("b")
    first = await desk.begin(step("a", tier="write"), step("b", "a"))
    second = await desk.begin(step("c", tier="write"))
    await desk.started(first, "b")
    await desk.crash()
    desk.script.release("b")
    await desk.open()
    await desk.ended(first)
    await desk.ended(second)
    assert desk.script.ran == ["a", "b", "b", "c"]


async def test_a_failed_step_is_still_failed_and_its_cleanup_runs(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "no")
    desk.script.hold("b")
    tidy, mend = step("tidy", "a", "b", when="always"), step("mend", "b", when="failure")
    task = await desk.begin(step("a"), step("b"), tidy, mend)
    await desk.started(task, "b")
    await desk.fact(StepEnded, task, "a")
    await desk.crash()
    desk.script.release("b")
    await desk.open()
    view = await desk.ended(task)
    assert view.task.outcome is Outcome.STEP_FAILED
    assert desk.script.ran == ["a", "b", "b", "tidy"]


async def at_work(desk: Desk, seconds: float, **fields: object) -> int:
    """A task that may work for 100 s, has worked for so many, and whose step `a` runs."""
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a", **fields), step("b", "a"), timeout=100)
    await desk.started(task, "a")
    desk.clock.offset += seconds
    return task


async def test_the_timeout_of_a_task_runs_on_after_a_restart(desk: Desk) -> None:
    task = await at_work(desk, 99.9)
    await desk.reopen()
    assert (await desk.ended(task)).task.outcome is Outcome.TIMED_OUT


async def test_the_timeout_of_a_task_runs_on_after_two_restarts(desk: Desk) -> None:
    task = await at_work(desk, 50)
    seq = await desk.seq()
    await desk.reopen()
    await desk.started(task, "a", after=seq)
    desk.clock.offset += 49.9
    await desk.reopen()
    assert (await desk.ended(task)).task.outcome is Outcome.TIMED_OUT


async def test_what_had_begun_before_a_crash_counts_for_the_timeout(desk: Desk) -> None:
    task = await at_work(desk, 99.9)
    desk.script.hold("b")
    desk.script.release("a")
    await desk.started(task, "b")
    await desk.crash()
    await desk.open()
    assert (await desk.ended(task)).task.outcome is Outcome.TIMED_OUT


@pytest.mark.parametrize("crash", [False, True])
async def test_the_time_without_an_engine_counts_for_no_timeout(desk: Desk, crash: bool) -> None:
    task = await at_work(desk, 50)
    await (desk.crash() if crash else desk.close())
    desk.script.release("a")
    desk.clock.offset += 1000
    await desk.open()
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_the_time_that_people_took_counts_for_no_timeout_after_a_restart(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("a", tier="destructive"), timeout=100)
    question = await desk.asked(task)
    await desk.phase(task, Phase.BLOCKED)
    desk.clock.offset += 1000
    await desk.reopen()
    await desk.answer(question, Answer.ONCE)
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_another_attempt_has_its_whole_time(desk: Desk) -> None:
    task = await at_work(desk, 99.9)
    await desk.reopen()
    assert (await desk.ended(task)).task.outcome is Outcome.TIMED_OUT
    desk.script.release("a")
    seq = (await desk.resume(task)).seq
    assert (await desk.ended(task, after=seq)).task.outcome is Outcome.OK
