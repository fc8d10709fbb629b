"""A request that no planner can serve stays, and is planned again with what the repository offers by then (B2.4)."""

from __future__ import annotations

import asyncio

import pytest

from engine import ListEvents, ListTasks, MakePlan, Outcome, Phase
from engine.errors import InvalidPlan, NothingFits, NotSigned, Overtaken, Refused
from engine.model.events import PhaseChanged
from tests.engine.desk import Desk, step


async def asked_in_vain(desk: Desk) -> int:
    """A task whose request nothing serves."""
    with pytest.raises(NothingFits) as caught:
        await desk.do(MakePlan(root=str(desk.root), request="paint"))
    (summary,) = await desk.engine.read(ListTasks())
    assert f"signoff run {summary.task.id}" in caught.value.hint
    task: int = summary.task.id
    return task


def declare(desk: Desk) -> None:
    (desk.root / "Makefile").write_text("paint:\n\techo green\n")


async def test_what_cannot_be_planned_stays_as_failed_with_its_reason(desk: Desk) -> None:
    await desk.open()
    view = await desk.show(await asked_in_vain(desk))
    assert (view.task.phase, view.task.outcome, view.task.revision) == (Phase.FAILED, Outcome.NO_PLAN, 0)
    assert view.task.error.startswith("This directory declares no targets")
    assert view.task.unplanned


async def test_it_is_planned_again_with_the_present_targets_signed_and_run(desk: Desk) -> None:
    await desk.open()
    task = await asked_in_vain(desk)
    declare(desk)
    await desk.resume(task)
    view = await desk.show(task)
    assert (view.task.phase, view.task.attempt, view.task.revision) == (Phase.AWAITING_APPROVAL, 2, 1)
    assert (view.task.outcome, view.task.error, view.task.ended) == (None, "", None)
    assert view.plan is not None
    assert [planned.step.operand for planned in view.plan.steps] == ["make paint"]
    assert [status.id for status in view.steps] == ["paint"]
    await desk.sign(task)
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert desk.phases(task)[:4] == [Phase.FAILED, Phase.PLANNING, Phase.AWAITING_APPROVAL, Phase.QUEUED]
    assert len(await desk.engine.read(ListTasks())) == 1


async def test_in_vain_again_is_another_attempt_of_the_same_task(desk: Desk) -> None:
    await desk.open()
    task = await asked_in_vain(desk)
    for attempt in (2, 3):
        with pytest.raises(NothingFits):
            await desk.resume(task)
        view = await desk.show(task)
        assert (view.task.phase, view.task.outcome, view.task.attempt) == (Phase.FAILED, Outcome.NO_PLAN, attempt)
    assert len(await desk.engine.read(ListTasks())) == 1


async def test_of_two_who_plan_it_again_at_once_one_does(desk: Desk) -> None:
    await desk.open()
    task = await asked_in_vain(desk)
    declare(desk)
    answers = await asyncio.gather(desk.resume(task), desk.resume(task), return_exceptions=True)
    (late,) = (answer for answer in answers if isinstance(answer, BaseException))
    assert isinstance(late, Overtaken) and "is awaiting_approval by now: ana changed it" in str(late)
    events = await desk.engine.read(ListEvents(task=task))
    written = [event.fact for event in events if isinstance(event.fact, PhaseChanged)]
    assert [fact.task.phase for fact in written] == [Phase.FAILED, Phase.PLANNING, Phase.AWAITING_APPROVAL]


async def test_what_has_a_plan_is_not_planned_again(desk: Desk) -> None:
    await desk.open()
    waiting, done = await desk.plan(step("a")), (await desk.run(step("a"))).task.id
    with pytest.raises(NotSigned):
        await desk.resume(waiting)
    with pytest.raises(Refused, match=f"Task {done} is completed: nothing is left to run; nothing was changed"):
        await desk.resume(done)


async def test_what_is_under_way_is_not_resumed_and_says_how_it_stands(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    first = await desk.begin(step("a", tier="write"))
    await desk.started(first, "a")
    second = await desk.begin(step("b", tier="write"))
    third = await desk.begin({"id": "c", "action": "ask", "question": "which?"})
    await desk.phase(third, Phase.BLOCKED)
    fourth = await desk.run(step("d"), accept="person")
    for task, stands in (
        (first, "runs already"),
        (second, "is queued already: it begins as soon as its directory is free"),
        (third, "is under way already, and waits for a person"),
        (fourth.task.id, "ended well, and waits to be accepted"),
    ):
        with pytest.raises(Refused, match=f"^Task {task} {stands}; nothing was changed$") as caught:
            await desk.resume(task)
        assert caught.value.hint


async def test_the_plan_tells_which_words_nothing_was_made_of(desk: Desk) -> None:
    await desk.open()
    declare(desk)
    await desk.do(MakePlan(root=str(desk.root), request="paint slowly"))

    (summary,) = await desk.engine.read(ListTasks())
    plan = (await desk.show(summary.task.id)).plan
    assert plan is not None and plan.corrections == ("took make paint; not understood: slowly",)


async def test_a_write_around_the_state_is_refused_before_anybody_signs(desk: Desk) -> None:
    await desk.open()

    with pytest.raises(InvalidPlan) as caught:
        await desk.plan(step("a", writes=[".."]))

    (fault,) = caught.value.faults
    assert fault.field == "steps[0].writes[0]" and f"holds {desk.state}" in fault.message


async def test_a_plan_that_is_refused_takes_no_number_away(desk: Desk) -> None:
    await desk.open()
    with pytest.raises(InvalidPlan):
        await desk.plan(step("a", "gone"))

    assert await desk.plan(step("a")) == 1
