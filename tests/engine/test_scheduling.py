"""Order, width, failures, conditions and retries of steps, with scripted steps (B6.1, B8.1, B8.3)."""

from __future__ import annotations

import sqlite3
import time
from itertools import pairwise

import pytest

from engine import Outcome, Pause, Phase, StepState
from engine.actions import Result
from engine.model.events import StepEnded, StepsChanged
from engine.model.run import Cause
from tests.engine.desk import Desk, check_sound, step

DONE, FAILED, SKIPPED = StepState.COMPLETED, StepState.FAILED, StepState.SKIPPED


async def test_a_diamond_runs_in_order_and_leaves_the_canonical_events(desk: Desk) -> None:
    await desk.open()
    view = await desk.run(step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"))
    assert (view.task.phase, view.task.outcome) == (Phase.COMPLETED, Outcome.OK)
    assert desk.script.ran == ["a", "b", "c", "d"]
    assert desk.phases(1) == [
        Phase.AWAITING_APPROVAL, Phase.QUEUED, Phase.EXECUTING, Phase.RECONCILING, Phase.COMPLETED,
    ]  # fmt: skip
    assert desk.kinds(1) == [
        "task_requested", "plan_written", "phase_changed", "plan_signed", "phase_changed", "phase_changed",
        "step_started", "step_ended", "step_started", "step_started", "step_ended", "step_ended",
        "step_started", "step_ended", "phase_changed", "phase_changed", "task_ended",
    ]  # fmt: skip
    await check_sound(desk, 1)


async def test_the_rows_of_the_log_are_the_events_that_were_told(desk: Desk) -> None:
    await desk.open()
    view = await desk.run(step("a"), step("b", "a"))
    with sqlite3.connect(desk.state / "signoff.db") as store:
        stored = store.execute("SELECT seq, kind, actor, task, step FROM events ORDER BY seq").fetchall()
        phase = store.execute("SELECT phase FROM tasks").fetchone()
    store.close()
    assert [(event.seq, event.kind, event.actor, event.task, event.step) for event in desk.heard] == stored
    assert phase == (view.task.phase,)


async def test_the_order_is_the_same_every_time(desk: Desk) -> None:
    await desk.open(parallel=1)
    plan = [step("z"), step("m", "z"), step("a"), step("k", "a"), step("b", "a", "z")]
    orders = []
    for _ in range(5):
        desk.script.ran.clear()
        await desk.run(*plan)
        orders.append(list(desk.script.ran))
    assert orders == [["a", "z", "b", "k", "m"]] * 5


async def test_a_failed_step_skips_its_dependents_and_nothing_else(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("b", "no such luck")
    view = await desk.run(step("a"), step("b", "a"), step("c", "a"), step("d", "b"), step("e", "d"), step("f", "c"))
    assert await desk.states(1) == {"a": DONE, "b": FAILED, "c": DONE, "d": SKIPPED, "e": SKIPPED, "f": DONE}
    assert (view.task.phase, view.task.outcome) == (Phase.FAILED, Outcome.STEP_FAILED)
    assert "b failed: no such luck" in view.task.error
    assert (await desk.steps(1))["d"].error == "dependency b failed"
    await check_sound(desk, 1)


@pytest.mark.parametrize("width", [1, 4])
async def test_no_more_run_than_the_width_allows(desk: Desk, width: int) -> None:
    await desk.open(parallel=width)
    names = [f"s{number}" for number in range(6)]
    desk.script.hold(*names)
    task = await desk.begin(*map(step, names))
    for name in names:
        await desk.started(task, name)
        desk.script.release(name)
    await desk.ended(task)
    assert desk.script.peak == width


async def test_independent_steps_overlap(desk: Desk) -> None:
    await desk.open(parallel=4)
    names = ["a", "b", "c", "d"]
    desk.script.hold(*names)
    task = await desk.begin(*map(step, names))
    for name in names:
        await desk.started(task, name)
    for name in names:
        desk.script.release(name)
    await desk.ended(task)
    assert desk.script.peak == 4


async def test_cleanup_runs_after_a_failure_and_a_failure_handler_too(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "broken")
    view = await desk.run(
        step("a"), step("b", "a"), step("tidy", "b", when="always"), step("mend", "a", when="failure")
    )
    assert await desk.states(1) == {"a": FAILED, "b": SKIPPED, "tidy": DONE, "mend": DONE}
    assert view.task.outcome is Outcome.STEP_FAILED


async def test_a_failure_handler_is_skipped_when_nothing_failed(desk: Desk) -> None:
    await desk.open()
    view = await desk.run(step("a"), step("mend", "a", when="failure"), step("tidy", "a", when="always"))
    steps = await desk.steps(1)
    assert (steps["mend"].state, steps["mend"].cause, steps["tidy"].state) == (SKIPPED, Cause.NOT_NEEDED, DONE)
    assert view.task.outcome is Outcome.OK


async def test_a_retry_mends_a_passing_failure(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "one", "two", then_works=True)
    view = await desk.run(step("a", retry={"attempts": 2, "delay": 0.01, "jitter": False}), step("b", "a"))
    assert desk.script.ran == ["a", "a", "a", "b"]
    assert (view.task.outcome, view.steps[0].attempt) == (Outcome.OK, 3)
    assert [run.state.value for run in await desk.runs(1)] == ["failed", "failed", "completed", "completed"]


async def test_an_identical_failure_twice_is_not_tried_a_third_time(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "same")
    view = await desk.run(step("a", retry={"attempts": 5, "delay": 0.01}))
    assert (desk.script.ran, view.task.outcome) == (["a", "a"], Outcome.STEP_FAILED)


@pytest.mark.parametrize(("backoff", "delays"), [("linear", [0.02, 0.04, 0.06]), ("exponential", [0.02, 0.04, 0.08])])
async def test_the_delay_between_tries_grows(desk: Desk, backoff: str, delays: list[float]) -> None:
    await desk.open()
    desk.script.fails("a", "1", "2", "3", "4")
    await desk.run(step("a", retry={"attempts": 3, "delay": 0.02, "backoff": backoff, "jitter": False}))
    runs = await desk.runs(1)
    waited = [after.started - (before.ended or 0) for before, after in pairwise(runs)]
    assert len(waited) == 3
    assert all(wait >= delay - 0.002 for wait, delay in zip(waited, delays, strict=True))


async def test_a_retry_holds_no_slot_while_it_waits(desk: Desk) -> None:
    await desk.open(parallel=1)
    desk.script.fails("a", "once", then_works=True)
    await desk.run(step("a", retry={"attempts": 1, "delay": 0.2, "jitter": False}), step("z"))
    assert desk.script.ran == ["a", "z", "a"]


async def test_a_retry_that_a_pause_kept_back_goes_on_counting_and_asks_nobody(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "one", "two", "three", then_works=True)
    task = await desk.begin(step("a", tier="write", retry={"attempts": 2, "delay": 0.05, "jitter": False}))
    await desk.fact(StepEnded, task, "a")
    await desk.do(Pause(task=task))
    await desk.changed(task, "a", StepState.READY)
    seq = await desk.seq()
    other = await desk.begin(step("other", retry={"attempts": 1, "delay": 0.1, "jitter": False}))
    await desk.ended(other)
    await desk.resume(task)
    view = await desk.ended(task, after=seq)
    assert [name for name in desk.script.ran if name == "a"] == ["a"] * 3
    assert (view.task.outcome, view.steps[0].error) == (Outcome.STEP_FAILED, "three")


async def test_a_step_whose_action_breaks_fails_and_the_rest_goes_on(desk: Desk) -> None:
    await desk.open()
    desk.script.results["a"] = [RuntimeError("a bug")]
    view = await desk.run(step("a"), step("b", "a"), step("c"))
    assert await desk.states(1) == {"a": FAILED, "b": SKIPPED, "c": DONE}
    assert "a bug" in view.task.error


async def test_a_result_is_kept_with_its_step_and_its_run(desk: Desk) -> None:
    await desk.open()
    desk.script.results["a"] = [Result(summary="all green", exit_code=0)]
    view = await desk.run(step("a"))
    run = (await desk.runs(1))[0]
    assert (view.steps[0].summary, run.summary, run.exit_code) == ("all green", "all green", 0)
    assert view.steps[0].run == run.id


async def test_ten_thousand_steps_end_in_linear_time(desk: Desk) -> None:
    await desk.open(parallel=64)
    took = []
    for count in (1_000, 10_000):
        steps = [step(f"s{number}", *([f"s{number - 100}"] if number >= 100 else [])) for number in range(count)]
        task = await desk.plan(*steps)
        begun = time.perf_counter()
        await desk.sign(task)
        await desk.until(lambda event, task=task: event.kind == "task_ended" and event.task == task)  # type: ignore[misc]
        took.append((time.perf_counter() - begun) / count)
        assert set((await desk.states(task)).values()) == {DONE}
    assert took[1] < 3 * took[0]


async def test_the_skips_of_a_cascade_are_one_event(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "no")
    await desk.run(step("a"), *(step(f"s{number}", "a") for number in range(50)))
    skips = [event.fact for event in desk.heard if isinstance(event.fact, StepsChanged)]
    assert [len(fact.statuses) for fact in skips] == [50]


async def test_a_failure_handler_does_not_wait_for_needs_that_still_run(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "no")
    desk.script.hold("b")
    task = await desk.begin(step("a"), step("b"), step("mend", "a", "b", when="failure"))
    await desk.started(task, "mend")
    desk.script.release("b")
    assert (await desk.ended(task)).task.outcome is Outcome.STEP_FAILED
