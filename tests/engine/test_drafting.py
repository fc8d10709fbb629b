"""A model writes the plan of a task in the background: durable before it is asked, told as it comes, ended once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine import (
    Cancel,
    EstimatePlan,
    ListEvents,
    MakePlan,
    Outcome,
    Phase,
    Planner,
    ReadDraft,
    Remove,
    Reply,
    Return,
    Revise,
    Role,
    Rule,
    SignoffError,
    TaskView,
    WriteComment,
    compare,
)
from engine.errors import ModelFailed, NoModel, Overtaken
from engine.llm import Estimate
from engine.model.call import ModelFailure, Purpose, Usage
from engine.model.events import CallReserved, PlanWritten
from tests.engine.desk import Desk, step
from tests.engine.scripted_model import ScriptedModel, answer
from tests.patience import PATIENCE

LOOK = {"id": "look", "action": "execute", "command": "ls -l"}
MORE = {"id": "more", "action": "execute", "command": "ls -a", "needs": ["look"]}
DOWN = ModelFailed(failure=ModelFailure.UNAVAILABLE, problem="scripted cannot be reached")


async def asked(desk: Desk, **fields: Any) -> int:
    """A task that a model plans; its number."""
    reply: Reply = await desk.do(MakePlan(root=str(desk.root), request="look around", **fields))
    assert reply.task is not None
    return reply.task


async def planned(desk: Desk, task: int) -> TaskView:
    await desk.phase(task, Phase.AWAITING_APPROVAL)
    return await desk.show(task)


async def begun(model: ScriptedModel) -> None:
    """The model has said its first piece."""
    await asyncio.wait_for(model.asked.wait(), PATIENCE)


async def test_the_task_is_there_at_once_and_its_plan_when_the_model_has_written_it(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK, MORE))
    model.hold()
    await desk.open(model=model)
    task = await asked(desk)
    view = await desk.show(task)
    assert (view.task.phase, view.task.planner, view.task.revision, view.task.request) == (
        Phase.PLANNING,
        "llm",
        0,
        "look around",
    )
    model.released.set()
    view = await planned(desk, task)
    assert view.plan is not None
    assert (view.plan.planner, view.plan.model, view.task.planner) == ("llm", "scripted", "")
    assert [status.id for status in view.steps] == ["look", "more"]
    await desk.sign(task)
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_who_is_asked_and_for_how_much_at_most_is_told_before(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK))
    model.hold()
    await desk.open(model=model)
    task = await asked(desk)
    fact = await desk.fact(CallReserved, task)
    assert (fact.call.purpose, fact.call.model) == (Purpose.PLAN, "scripted")
    assert fact.expected == Usage(tokens_in=100, tokens_out=200, cost=0.25)
    estimate = await desk.engine.read(EstimatePlan(root=str(desk.root), request="look around"))
    assert estimate == Estimate(model="scripted", usage=fact.expected)
    model.released.set()
    await planned(desk, task)
    kinds = desk.kinds(task)
    assert kinds.index("call_reserved") < kinds.index("plan_written")


async def test_the_text_is_told_as_it_comes_and_kept(desk: Desk) -> None:
    text = answer(LOOK)
    await desk.open(model=ScriptedModel(text))
    task = await asked(desk)
    await planned(desk, task)
    assert "".join(piece.text for piece in desk.drafted) == text
    assert desk.drafted[0].offset == 0
    assert await desk.engine.read(ReadDraft(task=task)) == text
    assert await desk.engine.read(ReadDraft(task=task + 1)) == ""


async def test_what_earlier_runs_taught_is_told_as_data(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK))
    await desk.open(model=model)
    earlier = await desk.run(step("hidden"), request="look around for hidden files")
    await planned(desk, await asked(desk))
    assert f"an earlier run, task {earlier.task.id} step hidden" in model.told


async def test_corrections_are_told_with_the_revision(desk: Desk) -> None:
    await desk.open(model=ScriptedModel(answer(LOOK, MORE | {"needs": 0})))
    task = await asked(desk)
    view = await planned(desk, task)
    assert view.plan is not None and len(view.plan.corrections) == 2
    assert (await desk.fact(PlanWritten, task)).notes == view.plan.corrections
    await desk.reopen(model=ScriptedModel())
    assert (await desk.show(task)).plan == view.plan


async def test_what_the_model_cannot_plan_ends_failed_and_can_be_planned_again(desk: Desk) -> None:
    model = ScriptedModel(DOWN, answer(LOOK))
    await desk.open(model=model)
    task = await asked(desk)
    view = await desk.ended(task)
    assert (view.task.phase, view.task.outcome) == (Phase.FAILED, Outcome.NO_PLAN)
    assert view.task.error == "scripted cannot be reached" and view.task.unplanned
    await desk.resume(task)
    view = await planned(desk, task)
    assert view.task.attempt == 2
    assert "scripted cannot be reached" in model.told


async def test_cancelling_closes_the_call_and_keeps_request_and_draft(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK))
    model.hold()
    engine = await desk.open(model=model)
    task = await asked(desk)
    await begun(model)
    await desk.do(Cancel(task=task))
    await desk.ended(task)
    await engine.begun()
    assert model.released.is_set() and not engine.busy
    view = await desk.show(task)
    assert (view.task.phase, view.task.outcome, view.task.request) == (
        Phase.CANCELLED,
        Outcome.CANCELLED,
        "look around",
    )
    assert answer(LOOK).startswith(await engine.read(ReadDraft(task=task))) and view.task.unplanned
    assert "plan_written" not in desk.kinds(task)


async def test_planning_again_at_once_after_cancelling_keeps_only_the_new_draft(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK), answer(LOOK, MORE))
    model.hold()
    await desk.open(model=model)
    task = await asked(desk)
    await begun(model)
    await desk.do(Cancel(task=task))
    await desk.resume(task)
    view = await planned(desk, task)
    assert len(view.steps) == 2
    assert await desk.engine.read(ReadDraft(task=task)) == answer(LOOK, MORE)


async def test_after_a_crash_it_is_failed_and_says_how_to_plan_it_again(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK))
    model.hold()
    await desk.open(model=model)
    task = await asked(desk)
    await begun(model)
    await desk.crash()
    await desk.open(model=ScriptedModel(answer(LOOK)))
    view = await desk.show(task)
    assert (view.task.phase, view.task.outcome, view.task.planner) == (Phase.FAILED, Outcome.NO_PLAN, "")
    assert view.task.error == f"interrupted while it was planned; signoff run {task} plans it again"
    await desk.resume(task)
    await planned(desk, task)


async def test_who_only_decides_plans_too_and_an_engine_that_plans_is_busy(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK))
    model.hold()
    engine = await desk.open(model=model, executes=False)
    task = await asked(desk)
    assert engine.busy and engine.moving
    model.released.set()
    await planned(desk, task)
    await engine.begun()
    assert not engine.busy


@pytest.mark.parametrize("fields", [{"planner": Planner.REPO}, {"targets": ("paint",)}])
async def test_the_repository_plans_where_that_is_wanted(desk: Desk, fields: dict[str, Any]) -> None:
    (desk.root / "Makefile").write_text("paint:\n\techo green\n")
    await desk.open(model=ScriptedModel())
    reply = await desk.do(MakePlan(root=str(desk.root), request="paint", **fields))
    assert reply.task is not None
    view = await desk.show(reply.task)
    assert view.plan is not None and view.plan.planner == "repo"


async def test_without_a_model_none_is_asked(desk: Desk) -> None:
    await desk.open()
    with pytest.raises(NoModel):
        await asked(desk, planner=Planner.LLM)
    assert await desk.engine.read(ListEvents()) == tuple(desk.heard)
    with pytest.raises(NoModel):
        await desk.engine.read(EstimatePlan(root=str(desk.root), request="x"))


# Returning


async def returned(desk: Desk, task: int, note: str = "also the hidden ones") -> None:
    view = await desk.show(task)
    await desk.do(Return(task=task, revision=view.task.revision, note=note))


async def test_a_resume_that_is_refused_stops_no_draft(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK), answer(LOOK, MORE))
    await desk.open(model=model)
    task = await asked(desk)
    await planned(desk, task)
    model.hold()
    model.asked.clear()
    await returned(desk, task)
    await begun(model)
    with pytest.raises(SignoffError):
        await desk.resume(task)
    model.released.set()
    await written(desk, 2)
    assert (await desk.show(task)).task.phase is Phase.AWAITING_APPROVAL


async def test_the_next_revision_keeps_who_signs_and_what_it_may_use(desk: Desk) -> None:
    weaker = answer(LOOK, MORE, policy={"quorum": 1}, budget={"money": 90})
    await desk.open(model=ScriptedModel(weaker), roles={"ben": Role.REVIEWER, "cara": Role.REVIEWER})
    task = await desk.plan(step("a"), policy={"quorum": 2, "exclude_proposer": True}, budget={"money": 1.5})
    await returned(desk, task)
    await written(desk, 2)
    plan = (await desk.show(task)).plan
    assert plan is not None
    assert (plan.policy.quorum, plan.policy.exclude_proposer, plan.budget.money) == (2, True, 1.5)


async def test_a_removed_task_ends_the_call_of_its_repair(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK))
    model.hold()
    await desk.open(model=model)
    desk.script.fails("a", "it broke")
    task = (await desk.run(step("a"))).task.id
    await begun(model)
    await desk.do(Remove(task=task))
    await asyncio.wait_for(desk.engine.begun(), PATIENCE)
    assert not desk.engine.moving


async def test_no_secret_in_an_output_reaches_a_model(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK))
    await desk.open(model=model)
    secret = "ghp_" + "a1B2" * 9
    desk.script.fails("a", f"denied for {secret}")
    task = (await desk.run(step("a"))).task.id
    await desk.fact(CallReserved, task)
    await begun(model)
    assert secret not in str(model.heard)


async def written(desk: Desk, revision: int) -> None:
    await desk.until(lambda event: isinstance(event.fact, PlanWritten) and event.fact.task.revision == revision)


async def test_a_returned_plan_is_written_again_with_note_present_revision_and_comments(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK), answer(LOOK, MORE))
    await desk.open(model=model)
    task = await asked(desk)
    first = (await planned(desk, task)).plan
    await desk.do(WriteComment(task=task, step="look", text="what of dot files?"), actor="ben")
    await returned(desk, task)
    await written(desk, 2)
    view = await desk.show(task)
    assert view.plan is not None and first is not None
    assert (view.task.phase, view.task.revision, view.plan.author) == (Phase.AWAITING_APPROVAL, 2, "@engine")
    assert view.plan.note == "ana asked: also the hidden ones"
    assert [str(each) for each in compare(first, view.plan).widened] == [f"more: {Rule.NEW_STEP}"]
    for word in ("also the hidden ones", "command: ls -l", "ben on step look: what of dot files?", "Revision 1"):
        assert word in model.told


async def test_an_id_does_not_come_back_as_another_step_and_no_change_is_no_revision(desk: Desk) -> None:
    other = MORE | {"id": "other"}
    model = ScriptedModel(answer(LOOK, MORE), answer(LOOK), answer(LOOK), answer(LOOK, other))
    await desk.open(model=model)
    task = await asked(desk)
    await planned(desk, task)
    for revision in (2, 3):
        await returned(desk, task)
        await written(desk, revision)
    assert "this is the plan that was returned" in model.told
    model.answers += [answer(LOOK, MORE | {"command": "ls -R"}), answer(LOOK, MORE)]
    await returned(desk, task)
    await written(desk, 4)
    assert "id 'more' was another step in revision 1" in model.told


async def test_a_returned_plan_that_cannot_be_written_can_be_tried_again_or_edited(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK), DOWN, answer(LOOK, MORE))
    await desk.open(model=model)
    task = await asked(desk)
    await planned(desk, task)
    await returned(desk, task)
    view = await desk.ended(task)
    assert (view.task.phase, view.task.outcome, view.task.revision) == (Phase.FAILED, Outcome.NO_PLAN, 1)
    await desk.resume(task)
    await written(desk, 2)
    assert "scripted cannot be reached" in model.told and "also the hidden ones" in model.told


async def test_who_edits_while_the_model_writes_is_first(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK), answer(LOOK, MORE))
    engine = await desk.open(model=model)
    task = await asked(desk)
    await planned(desk, task)
    model.hold()
    model.asked.clear()
    await returned(desk, task)
    await begun(model)
    mine = '{"request": "mine", "steps": [{"id": "mine", "action": "plan", "text": "x"}]}'
    await desk.do(Revise(task=task, revision=1, document=mine))
    await engine.begun()
    view = await desk.show(task)
    assert (view.task.revision, view.task.phase, [status.id for status in view.steps]) == (
        2,
        Phase.AWAITING_APPROVAL,
        ["mine"],
    )


async def test_without_a_model_a_returned_plan_waits_for_a_person_over_a_crash_too(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    await returned(desk, task)
    await desk.crash()
    await desk.open()
    view = await desk.show(task)
    assert (view.task.phase, view.task.planner, view.task.revision) == (Phase.PLANNING, "", 1)


async def test_an_order_that_breaks_ends_the_task_and_it_can_be_planned_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ScriptedModel(answer(LOOK), answer(LOOK, MORE))
    await desk.open(model=model)
    with monkeypatch.context() as broken:
        broken.setattr("engine.planning.Planning.derivation", breaking)
        task = await asked(desk)
        view = await desk.ended(task)
    assert (view.task.phase, view.task.planner, view.task.error) == (Phase.FAILED, "", "RuntimeError: broken")
    await desk.resume(task)
    await planned(desk, task)
    with monkeypatch.context() as broken:
        broken.setattr("engine.planning.again.returned", breaking)
        before = await desk.seq()
        await returned(desk, task)
        view = await desk.ended(task, after=before)
    assert (view.task.phase, view.task.planner, view.task.error) == (Phase.FAILED, "", "RuntimeError: broken")
    await desk.resume(task)
    await written(desk, 2)


def breaking(*_: object, **__: object) -> None:
    raise RuntimeError("broken")


async def test_of_two_who_ask_the_model_again_at_once_the_second_is_told_of_the_first(desk: Desk) -> None:
    model = ScriptedModel(DOWN, answer(LOOK), DOWN, answer(LOOK, MORE))
    await desk.open(model=model)
    task = await asked(desk)
    await desk.ended(task)
    for revision in (1, 2):
        answers = await asyncio.gather(desk.resume(task), desk.resume(task), return_exceptions=True)
        (late,) = (answer for answer in answers if isinstance(answer, BaseException))
        assert isinstance(late, Overtaken) and "by now: ana changed it" in str(late)
        await written(desk, revision)
        if revision == 1:
            before = await desk.seq()
            await returned(desk, task)
            await desk.ended(task, after=before)


async def test_an_engine_that_closes_while_it_plans_says_so_and_leaves_nothing_in_planning(desk: Desk) -> None:
    model = ScriptedModel(answer(LOOK))
    model.hold()
    await desk.open(model=model)
    task = await asked(desk)
    await begun(model)
    await desk.close()
    await desk.open(executes=False)
    view = await desk.show(task)
    assert (view.task.phase, view.task.outcome, view.task.planner) == (Phase.FAILED, Outcome.NO_PLAN, "")
    assert view.task.error == "Cancelled: the engine closed while it was written"
    await desk.reopen(model=ScriptedModel(answer(LOOK)))
    await desk.resume(task)
    await planned(desk, task)
