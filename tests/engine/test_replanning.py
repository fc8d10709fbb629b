"""After a failure a model is asked for steps in its place: a revision to be signed, at most twice, never repeating."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine import (
    Answer,
    Cancel,
    Outcome,
    Phase,
    PlanWritten,
    ReadPlan,
    RepairFailed,
    Rule,
    StepState,
    TaskView,
    compare,
)
from engine.errors import ModelFailed
from engine.model.call import ModelFailure, Purpose
from engine.model.events import CallReserved
from tests.engine.desk import Desk, step
from tests.engine.scripted_model import ScriptedModel, answer
from tests.patience import PATIENCE

PLAN = (step("first"), step("broken", "first"), step("last", "broken"))


def new(step_id: str, *needs: str, **fields: Any) -> dict[str, Any]:
    return step(step_id, *needs) | {"text": f"do {step_id}", **fields}


async def failed(desk: Desk, model: ScriptedModel, *steps: dict[str, Any]) -> int:
    """A task that failed at `broken`; its number."""
    await desk.open(model=model)
    desk.script.fails("broken", "it broke")
    task = await desk.begin(*(steps or PLAN))
    assert (await desk.ended(task)).task.outcome is Outcome.STEP_FAILED
    return task


async def repaired(desk: Desk, task: int, revision: int = 2) -> TaskView:
    await desk.until(lambda event: isinstance(event.fact, PlanWritten) and event.fact.task.revision == revision)
    return await desk.show(task)


async def unrepaired(desk: Desk, task: int) -> str:
    """Why there is no repair; the task is as it was."""
    reason = (await desk.fact(RepairFailed, task)).reason
    view = await desk.show(task)
    assert (view.task.phase, view.task.outcome) == (Phase.FAILED, Outcome.STEP_FAILED)
    assert (view.task.revision, view.task.planner, view.task.error) == (1, "", "broken failed: it broke")
    return reason


async def test_steps_stand_in_the_place_of_what_failed_and_are_signed_before_they_run(desk: Desk) -> None:
    model = ScriptedModel(answer(new("mend"), new("again", "mend", text="broken")))
    task = await failed(desk, model)
    view = await repaired(desk, task)
    assert view.plan is not None
    assert (view.task.phase, view.task.signed, view.task.attempt) == (Phase.AWAITING_APPROVAL, "", 2)
    assert {planned.id: planned.step.needs for planned in view.plan.steps} == {
        "first": (),
        "mend": (),
        "again": ("mend",),
        "last": ("again",),
    }
    assert (view.plan.failure, view.plan.replans, view.plan.planner) == ("broken failed: it broke", 1, "llm")
    assert {status.id: status.state for status in view.steps}["first"] is StepState.COMPLETED
    ran = list(desk.script.ran)
    await desk.sign(task)
    view = await desk.ended(task, after=view.seq)
    assert view.task.outcome is Outcome.AFTER_REPAIR
    assert sorted(desk.script.ran[len(ran) :]) == ["again", "last", "mend"]


async def test_the_model_is_told_what_succeeded_what_failed_and_why(desk: Desk) -> None:
    model = ScriptedModel(answer(new("mend")))
    task = await failed(desk, model)
    assert (await desk.fact(CallReserved, task)).call.purpose is Purpose.REPLAN
    await repaired(desk, task)
    for word in ("- broken\n", "it broke", "output of step first", "first done", "try it", "1 to 6 steps"):
        assert word in model.told
    assert "output of step last" not in model.told


async def test_it_asks_again_because_it_widens(desk: Desk) -> None:
    task = await failed(desk, ScriptedModel(answer(new("mend"))))
    view = await repaired(desk, task)
    before = await desk.engine.read(ReadPlan(task=task, revision=1))
    assert view.plan is not None
    rules = {widening.rule for widening in compare(before, view.plan).widened}
    assert {Rule.NEW_STEP, Rule.REMOVED_NEED} <= rules


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([], "Write 1 to 6 steps"),
        ([new(f"s{n}") for n in range(7)], "Write 1 to 6 steps"),
        ([new("again", text="first")], "repeats first, which succeeded"),
        ([new("again", text="  broken ")], "tries broken again as it was"),
        ([new("broken")], "the plan has a step 'broken' already"),
        ([new("mend", "nowhere")], "no step 'nowhere'"),
        ([{"id": "mend", "action": "execute", "command": "no-such-program"}], "was not found on PATH"),
    ],
)
async def test_what_is_no_repair_goes_back_once_and_leaves_the_task_as_it_was(
    desk: Desk, steps: list[dict[str, Any]], why: str
) -> None:
    model = ScriptedModel(*2 * [answer(*steps)])
    assert why in await unrepaired(desk, await failed(desk, model))
    assert len(model.heard) == 2


async def test_no_answer_leaves_the_task_as_it_was(desk: Desk) -> None:
    down = ModelFailed(failure=ModelFailure.UNAVAILABLE, problem="it cannot be reached")
    assert await unrepaired(desk, await failed(desk, ScriptedModel(down))) == "it cannot be reached"


async def test_at_most_twice(desk: Desk) -> None:
    model = ScriptedModel(answer(new("mend")), answer(new("mend2")))
    task = await failed(desk, model)
    for revision, culprit in ((2, "mend"), (3, "mend2")):
        view = await repaired(desk, task, revision)
        desk.script.fails(culprit, "worse")
        await desk.sign(task)
        await desk.ended(task, after=view.seq)
    await desk.engine.begun()
    assert len(model.heard) == 2 and not desk.engine.busy
    assert (await desk.show(task)).task.outcome is Outcome.STEP_FAILED


async def test_never_after_a_cancellation_or_a_persons_no(desk: Desk) -> None:
    model = ScriptedModel()
    await desk.open(model=model)
    desk.script.hold("broken")
    desk.script.fails("broken", "it broke")
    task = await desk.begin(step("broken"), step("other"))
    await desk.started(task, "broken")
    await desk.cancel(task)
    await desk.ended(task)
    desk.script.hold("broken")
    task = await desk.begin(step("broken"), step("risky", tier="destructive"))
    await desk.answer(await desk.asked(task, "risky"), Answer.DENY, "no")
    desk.script.release("broken")
    await desk.ended(task)
    assert not desk.engine.busy and not model.heard


async def test_stopping_it_leaves_the_task_as_it_was(desk: Desk) -> None:
    model = ScriptedModel(answer(new("mend")))
    model.hold()
    task = await failed(desk, model)
    assert (await desk.show(task)).task.planner == "llm"
    await asyncio.wait_for(model.asked.wait(), PATIENCE)
    await desk.do(Cancel(task=task))
    await unrepaired(desk, task)


async def test_who_tries_again_meanwhile_is_first(desk: Desk) -> None:
    model = ScriptedModel(answer(new("mend")))
    model.hold()
    task = await failed(desk, model)
    await asyncio.wait_for(model.asked.wait(), PATIENCE)
    desk.script.results.clear()
    seq = await desk.seq()
    await desk.resume(task)
    view = await desk.ended(task, after=seq)
    assert (view.task.outcome, view.task.revision, view.task.planner) == (Outcome.OK, 1, "")


async def test_a_crash_gives_the_repair_up(desk: Desk) -> None:
    model = ScriptedModel(answer(new("mend")))
    model.hold()
    task = await failed(desk, model)
    await asyncio.wait_for(model.asked.wait(), PATIENCE)
    await desk.crash()
    await desk.open(model=ScriptedModel())
    assert "the engine ended" in await unrepaired(desk, task)


async def test_without_a_model_nothing_is_asked(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("broken", "it broke")
    view = await desk.run(*PLAN)
    assert (view.task.outcome, view.task.planner) == (Outcome.STEP_FAILED, "")
