"""A task at a cap: it is paused, nothing is killed, and a person says how it goes on (B10.2)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any

import pytest

from engine import (
    Answer,
    BudgetView,
    ListCosts,
    Outcome,
    Phase,
    Question,
    QuestionKind,
    Reply,
    Resolve,
    RunState,
    ShowBudget,
    StepState,
)
from engine.commands import MakePlan, Pause, RaiseBudget
from engine.errors import AlreadyAnswered, Refused, UsageError
from engine.llm import Estimate
from engine.model.budget import Way
from engine.model.call import Usage
from engine.model.events import BudgetRaised, QuestionAnswered, QuestionAsked, StepEnded
from engine.model.prompt import Message
from engine.model.run import Cause
from engine.model.state import Wait
from engine.settings import Caps, OverallCaps
from tests.engine.desk import Desk, research, step
from tests.engine.scripted_model import ScriptedModel, priced
from tests.patience import PATIENCE

DONE, SKIPPED, CANCELLED = StepState.COMPLETED, StepState.SKIPPED, StepState.CANCELLED
ONE: dict[str, Any] = {"budget": {"money": 1}}


async def at_the_cap(desk: Desk, *steps: dict[str, Any], **fields: Any) -> tuple[int, Question]:
    """A task that has come to its cap, and what is asked then."""
    task = await desk.begin(*steps, **(fields or ONE))
    question = await desk.asked(task)
    await desk.phase(task, Phase.PAUSED)
    return task, question


async def decide(desk: Desk, question: Question, answer: Answer, reason: str = "") -> Reply:
    return await desk.do(Resolve(question=question.id, answer=answer, reason=reason))


async def test_a_task_at_its_cap_is_paused_and_a_person_is_asked(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    desk.script.hold("slow")
    task, question = await at_the_cap(desk, step("slow"), research("a"), research("b", "a"), step("c", "b"))
    assert (question.kind, question.deadline) == (QuestionKind.BUDGET, None)
    assert question.options == (Way.RAISE, Way.CHEAP, Way.STOP)
    assert "task 1 may cost $1.00 and has used $0.60; scripted may take $0.60" in question.news[0]
    view = await desk.show(task)
    assert (view.task.phase, view.task.waits) == (Phase.PAUSED, (Wait.BUDGET,))
    assert (await desk.states(task))["slow"] is StepState.RUNNING, "nothing is killed"
    runs = {run.step: run for run in await desk.runs(task)}
    assert (runs["b"].state, runs["b"].failure) == (RunState.FAILED, "budget")
    desk.script.release("slow")


async def test_a_raise_lets_it_go_on_and_is_an_event_of_its_own(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    task, question = await at_the_cap(desk, research("a"), research("b", "a"), step("c", "b"))
    reply = await desk.do(RaiseBudget(task=task, money=0.2))
    assert reply.text == "task 1 may use $0.20 more"
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert (await desk.fact(BudgetRaised, task)).more.micros == 200_000
    closed = (await desk.fact(QuestionAnswered, task)).question
    assert (closed.id, closed.answer, closed.answered_by) == (question.id, Answer.RAISE, "ana")
    with pytest.raises(AlreadyAnswered, match="raise by ana"):
        await decide(desk, question, Answer.STOP)


async def test_too_small_a_raise_asks_again(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    task, question = await at_the_cap(desk, research("a"), research("b", "a"))
    await desk.do(RaiseBudget(task=task, money=0.1))
    again = await desk.asked_next(question)
    assert "may cost $1.10" in again.news[0]
    await desk.do(RaiseBudget(task=task, money=0.1))
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_to_finish_cheaply_skips_what_costs_and_what_needs_it(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    desk.script.hold("free")
    steps = (research("a"), research("b", "a"), research("c", "b"), step("d", "b"), step("free"), research("e", "free"))
    task, question = await at_the_cap(desk, *steps, step("f", "free"), step("tidy", "b", when="always"))
    await decide(desk, question, Answer.CHEAP)
    desk.script.release("free")
    view = await desk.ended(task)
    states = await desk.states(task)
    assert {name for name, state in states.items() if state is DONE} == {"a", "free", "f", "tidy"}
    assert {name for name, state in states.items() if state is SKIPPED} == {"b", "c", "d", "e"}
    assert (await desk.steps(task))["b"].cause is Cause.BUDGET
    assert (view.task.phase, view.task.outcome) == (Phase.COMPLETED, Outcome.PARTIAL)


async def test_a_step_under_way_that_comes_to_the_cap_later_is_left_out_too(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    desk.script.hold("b", "c")
    task = await desk.begin(research("a"), research("b"), research("c"), **ONE)
    for each in ("b", "c"):
        await desk.started(task, each)
    await desk.phase(task, Phase.EXECUTING)
    desk.script.release("b")
    question = await desk.asked(task)
    await decide(desk, question, Answer.CHEAP)
    desk.script.release("c")
    assert (await desk.ended(task)).task.outcome is Outcome.PARTIAL
    assert sorted((await desk.states(task)).values()) == [DONE, SKIPPED, SKIPPED]


async def test_what_finished_cheaply_can_be_resumed_with_more(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    desk.script.fails("free", "no luck", then_works=True)
    task, question = await at_the_cap(desk, research("a"), research("b", "a"), step("free", "b", when="always"))
    await decide(desk, question, Answer.CHEAP)
    ended = await desk.ended(task)
    assert ended.task.outcome is Outcome.STEP_FAILED
    await desk.do(RaiseBudget(task=task, money=5.0))
    await desk.resume(task)
    assert (await desk.ended(task, after=ended.seq)).task.outcome is Outcome.OK
    assert set((await desk.states(task)).values()) == {DONE}


async def test_to_stop_ends_it_over_budget_after_its_cleanup(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    desk.script.hold("slow")
    task, question = await at_the_cap(
        desk, step("slow"), research("a"), research("b", "a"), step("tidy", "a", when="always")
    )
    await decide(desk, question, Answer.STOP, "too dear")
    view = await desk.ended(task)
    assert (view.task.phase, view.task.outcome, view.task.error) == (
        Phase.BUDGET_EXCEEDED,
        Outcome.OVER_BUDGET,
        "too dear",
    )
    states = await desk.states(task)
    assert (states["a"], states["b"], states["slow"], states["tidy"]) == (DONE, CANCELLED, CANCELLED, DONE)


async def test_to_stop_after_a_restart_ends_it_after_its_cleanup_too(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    task, question = await at_the_cap(
        desk, research("a"), research("b", "a"), step("c", "b"), step("tidy", "b", "c", when="always")
    )
    await desk.reopen(model=priced(cost=0.6, most=0.6))
    await decide(desk, question, Answer.STOP, "too dear")
    view = await desk.ended(task)
    assert (view.task.phase, view.task.outcome) == (Phase.BUDGET_EXCEEDED, Outcome.OVER_BUDGET)
    assert await desk.states(task) == {"a": DONE, "b": CANCELLED, "c": CANCELLED, "tidy": DONE}


async def test_a_stopped_task_can_be_resumed_once_it_may_use_more(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    task, question = await at_the_cap(desk, research("a"), research("b", "a"))
    await decide(desk, question, Answer.STOP)
    ended = await desk.ended(task)
    await desk.do(RaiseBudget(task=task, money=1.0))
    await desk.resume(task)
    assert (await desk.ended(task, after=ended.seq)).task.outcome is Outcome.OK


async def test_several_steps_at_the_cap_ask_once(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    desk.script.hold("b", "c")
    task = await desk.begin(research("a"), research("b", "a"), research("c", "a"), **ONE)
    for each in ("b", "c"):
        await desk.started(task, each)
        desk.script.release(each)
    await desk.asked(task)
    while any(state is StepState.RUNNING for state in (await desk.states(task)).values()):
        await desk.pass_time(0.01)
    assert len(await desk.questions()) == 1
    await desk.do(RaiseBudget(task=task, money=1.0))
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert sum(isinstance(event.fact, QuestionAsked) for event in desk.heard) == 1


@pytest.mark.parametrize(
    ("way", "phase"),
    [("raise", Phase.COMPLETED), ("cheap", Phase.COMPLETED), ("stop", Phase.BUDGET_EXCEEDED)],
)
async def test_after_a_restart_the_question_is_still_asked(desk: Desk, way: str, phase: Phase) -> None:
    model = priced(cost=0.6, most=0.6)
    await desk.open(model=model)
    task, question = await at_the_cap(desk, research("a"), research("b", "a"))
    await desk.reopen(model=model)
    assert [each.id for each in await desk.questions()] == [question.id]
    with pytest.raises(Refused, match="at a cap of its budget"):
        await desk.resume(task)
    if way == "raise":
        await desk.do(RaiseBudget(task=task, money=1.0))
    else:
        await decide(desk, question, Answer(way))
    assert (await desk.ended(task)).task.phase is phase
    assert (await desk.questions()) == ()


@pytest.mark.parametrize(("answer", "phase"), [(Answer.STOP, Phase.BUDGET_EXCEEDED), (Answer.CHEAP, Phase.COMPLETED)])
async def test_what_a_crash_kept_from_being_done_at_a_cap_is_done_by_the_next_owner(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: Answer, phase: Phase
) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    task, question = await at_the_cap(desk, research("a"), research("b", "a"), step("c", "a"))

    async def dies(question: Question) -> None:
        raise Refused(problem="the power went")

    monkeypatch.setattr(desk.engine._parts.confirmations, "decided", dies)
    with pytest.raises(Refused, match="the power went"):
        await decide(desk, question, answer, "enough")
    await desk.crash()
    await desk.open(model=priced(cost=0.6, most=0.6))
    view = await desk.ended(task)
    assert (view.task.phase, await desk.questions()) == (phase, ())
    if answer is Answer.STOP:
        assert view.task.error == "enough"


async def test_who_only_decides_leaves_it_to_the_next_owner(desk: Desk) -> None:
    model = priced(cost=0.6, most=0.6)
    await desk.open(model=model)
    task, _ = await at_the_cap(desk, research("a"), research("b", "a"))
    await desk.reopen(executes=False)
    await desk.do(RaiseBudget(task=task, money=1.0))
    assert (await desk.show(task)).task.phase is Phase.QUEUED
    await desk.reopen(model=model)
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_a_call_that_a_crash_cut_short_counts_when_its_step_runs_again(desk: Desk) -> None:
    model = priced(cost=0.1, most=0.6)
    model.hold()
    await desk.open(model=model)
    task = await desk.begin(research("a"), **ONE)
    await model.asked.wait()
    await desk.crash()
    await desk.open(model=priced(cost=0.1, most=0.6))
    question = await desk.asked(task)
    assert "may cost $1.00 and has used $0.60" in question.news[0]
    await desk.do(RaiseBudget(task=task, money=0.2))
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_to_resume_or_pause_at_a_cap_changes_nothing(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    task, _ = await at_the_cap(desk, research("a"), research("b", "a"))
    with pytest.raises(Refused, match="at a cap of its budget"):
        await desk.resume(task)
    with pytest.raises(Refused):
        await desk.do(Pause(task=task))
    assert (await desk.show(task)).task.phase is Phase.PAUSED


@pytest.mark.parametrize("way", ["raise", "cheap"])
@pytest.mark.parametrize("reopened", [False, True], ids=["here", "reopened"])
async def test_a_pause_that_a_person_made_outlives_what_is_decided_about_the_cap(
    desk: Desk, way: str, reopened: bool
) -> None:
    model = priced(cost=0.6, most=0.6)
    await desk.open(model=model)
    desk.script.hold("b")
    task = await desk.begin(research("a"), research("b", "a"), step("c", "b", when="always"), **ONE)
    await desk.started(task, "b")
    await desk.do(Pause(task=task))
    desk.script.release("b")
    question = await desk.asked(task)
    if reopened:
        await desk.reopen(model=model)
    raised = way == "raise"
    reply = await (desk.do(RaiseBudget(task=task, money=1.0)) if raised else decide(desk, question, Answer.CHEAP))
    assert reply.text.endswith(f"; it is still paused, as a person had it; go on: signoff resume {task}")
    assert (await desk.show(task)).task.phase is Phase.PAUSED
    assert (await desk.states(task))["c"] is StepState.PENDING
    assert await desk.questions() == ()
    await desk.resume(task)
    outcome = (await desk.ended(task)).task.outcome
    assert outcome is (Outcome.OK if raised else Outcome.PARTIAL)


async def test_a_raise_of_a_task_that_only_a_person_paused_leaves_the_pause(desk: Desk) -> None:
    await desk.open(model=priced())
    desk.script.hold("a")
    task = await desk.begin(research("a"), step("b", "a"), **ONE)
    await desk.started(task, "a")
    await desk.do(Pause(task=task))
    reply = await desk.do(RaiseBudget(task=task, money=1.0))
    assert reply.text == (
        f"task {task} may use $1.00 more; it is still paused, as a person had it; go on: signoff resume {task}"
    )
    assert (await desk.show(task)).task.phase is Phase.PAUSED
    desk.script.release("a")


async def test_a_cancelled_task_asks_no_more(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6))
    task, _ = await at_the_cap(desk, research("a"), research("b", "a"))
    await desk.cancel(task)
    await desk.ended(task)
    assert await desk.questions() == ()
    assert (await desk.fact(QuestionAnswered, task)).question.answer is Answer.MOOT


async def test_a_paused_task_that_is_cancelled_after_a_restart_asks_no_more(desk: Desk) -> None:
    model = priced(cost=0.6, most=0.6)
    await desk.open(model=model)
    task, _ = await at_the_cap(desk, research("a"), research("b", "a"))
    await desk.reopen(model=model)
    await desk.cancel(task)
    assert await desk.questions() == ()


async def test_a_price_that_nobody_knows_is_asked_about_once(desk: Desk) -> None:
    await desk.open(model=priced(cost=None, most=None), budget=OverallCaps(day=5.0))
    task, question = await at_the_cap(desk, research("a"), research("b", "a"), timeout="1h")
    assert question.options == (Way.UNPRICED, Way.CHEAP, Way.STOP)
    await desk.do(RaiseBudget(task=task, unpriced=True))
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert sum(isinstance(event.fact, QuestionAsked) for event in desk.heard) == 1


async def test_working_time_is_a_budget_that_asks(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task, question = await at_the_cap(desk, step("a"), step("b", "a"), budget={"time": 0.05})
    assert (question.options, question.news) == (
        (Way.RAISE, Way.STOP),
        ("Task 1 has worked for the 0.05 s of its budget",),
    )
    with pytest.raises(UsageError, match="raise or stop"):
        await decide(desk, question, Answer.CHEAP)
    desk.script.release("a")
    await desk.fact(StepEnded, task, "a")
    assert (await desk.states(task))["b"] is StepState.PENDING
    await desk.do(RaiseBudget(task=task, seconds=60.0))
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_a_question_that_the_end_of_the_task_makes_moot_is_closed(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task, _ = await at_the_cap(desk, step("a"), budget={"time": 0.05})
    desk.script.release("a")
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert await desk.questions() == ()


async def test_a_raise_says_by_how_much_and_for_a_task_that_can_use_it(desk: Desk) -> None:
    await desk.open()
    task = (await desk.run(step("a"))).task.id
    with pytest.raises(UsageError, match="by how much"):
        await desk.do(RaiseBudget(task=task))
    with pytest.raises(Refused, match="is completed"):
        await desk.do(RaiseBudget(task=task, money=1.0))


async def test_planning_that_would_cost_too_much_leaves_the_request_and_says_how_to_go_on(desk: Desk) -> None:
    model = priced(cost=0.6, most=0.6)
    await desk.open(model=model, budget=OverallCaps(day=0.5))
    task = (await desk.do(MakePlan(root=str(desk.root), request="look around"))).task or 0
    view = await desk.ended(task)
    assert (view.task.phase, view.task.outcome, model.heard) == (Phase.FAILED, Outcome.NO_PLAN, [])
    assert "all tasks this day may cost $0.50 and have used $0.00" in view.task.error
    assert f"signoff budget raise {task} +0.1 --beyond day" in view.task.error
    await desk.do(RaiseBudget(task=task, money=0.1, beyond="day"))
    await desk.resume(task)
    await asyncio.wait_for(model.asked.wait(), PATIENCE)


async def test_what_steps_are_expected_to_cost_is_what_they_cost_before_else_the_most_of_a_call(desk: Desk) -> None:
    model = priced(cost=0.2, most=0.6)
    await desk.open(model=model)
    await desk.run(research("a"))
    task = await desk.plan(research("a"), research("b"), step("c"))
    assert await desk.engine.read(ListCosts(task=task)) == {"a": 200_000, "b": 600_000}
    model.most = None
    assert await desk.engine.read(ListCosts(task=task)) == {"a": 200_000, "b": None}
    assert await desk.engine.read(ListCosts(task=await desk.plan(step("c")))) == {}


async def test_how_caps_stand_is_told_over_all_by_model_and_of_a_task(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.2, most=0.6), budget=OverallCaps(day=5.0, models={"x": Caps(hour=1.0)}))
    task = (await desk.run(research("a"), budget={"money": 1, "day": 0.9})).task.id
    view: BudgetView = await desk.engine.read(ShowBudget(task=task))
    told = [(str(each.cap), each.spent.micros, each.limit) for each in view.standings]
    assert told == [
        ("all tasks this hour", 200_000, None),
        ("all tasks this day", 200_000, 5_000_000),
        ("all tasks this month", 200_000, None),
        ("scripted this month", 200_000, None),
        ("x this hour", 0, 1_000_000),
        ("task 1 this day", 200_000, 900_000),
        ("task 1", 200_000, 1_000_000),
    ]


async def test_a_cap_of_all_tasks_is_lifted_only_by_a_raise_that_calls_it_and_for_that_task_alone(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.6, most=0.6), budget=OverallCaps(day=0.8))
    task, question = await at_the_cap(desk, research("a"), research("b", "a"), budget={"money": 5})
    assert question.cap == "day"
    assert question.news == (
        "all tasks this day may cost $0.80 and have used $0.60; scripted may take $0.60; nothing was sent",
        f"to let task {task} alone go beyond that: signoff budget raise {task} +0.4 --beyond day",
    )
    own = await desk.do(RaiseBudget(task=task, money=9.0))
    assert own.text == f"task {task} may use $9.00 more; it still waits: {'; '.join(question.news)}"
    assert (await desk.show(task)).task.phase is Phase.PAUSED
    reply = await desk.do(RaiseBudget(task=task, money=0.4, beyond="day"))
    assert reply.text == f"task {task} may go $0.40 beyond the $0.80 of all tasks this day; the others keep to it"
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    view: BudgetView = await desk.engine.read(ShowBudget())
    beyond = {str(each.cap): each.beyond for each in view.standings if each.beyond}
    assert beyond == {"all tasks this day": ((task, 400_000),)}
    _, another = await at_the_cap(desk, research("a"), budget={"money": 5})
    assert another.cap == "day"


async def test_a_raise_that_is_proposed_fits_under_every_cap_of_the_task(desk: Desk) -> None:
    await desk.open(model=priced(cost=0.31165, most=0.31165))
    task, question = await at_the_cap(desk, research("a"), research("b", "a"), budget={"hour": 0.5, "money": 0.4})
    assert question.news[1] == f"it fits after signoff budget raise {task} +0.2233"
    await desk.do(RaiseBudget(task=task, money=0.2233))
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_a_cap_of_a_model_is_called_by_its_name(desk: Desk) -> None:
    caps = OverallCaps(models={"scripted": Caps(hour=0.8)})
    await desk.open(model=priced(cost=0.6, most=0.6), budget=caps)
    task, question = await at_the_cap(desk, research("a"), research("b", "a"), timeout="1h")
    assert question.cap == "scripted hour"
    assert question.news[1].endswith(f"signoff budget raise {task} +0.4 --beyond 'scripted hour'")
    await desk.reopen(model=priced(cost=0.6, most=0.6), budget=caps)
    assert [each.cap for each in await desk.questions()] == ["scripted hour"]
    await desk.do(RaiseBudget(task=task, money=0.4, beyond="scripted hour"))
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_what_a_raise_would_not_lift_is_refused_with_what_there_is_to_lift(desk: Desk) -> None:
    await desk.open(model=priced(), budget=OverallCaps(day=5.0, models={"x": Caps(hour=1.0)}))
    task = await desk.plan(research("a"))
    with pytest.raises(UsageError, match="has no cap of its own that could be raised; nothing was recorded") as refused:
        await desk.do(RaiseBudget(task=task, money=1.0))
    assert refused.value.hint == "it can go beyond: --beyond day, --beyond 'x hour'"
    with pytest.raises(UsageError, match="There is no cap 'month'"):
        await desk.do(RaiseBudget(task=task, money=1.0, beyond="month"))
    with pytest.raises(UsageError, match="Beyond a cap goes money"):
        await desk.do(RaiseBudget(task=task, seconds=1.0, beyond="day"))
    assert (await desk.engine.read(ShowBudget(task=task))).standings[1].beyond == ()


class Chain(ScriptedModel):
    """Three models that may answer, each at its own price."""

    def __init__(self, *answers: str, **prices: float | None) -> None:
        super().__init__(*answers)
        self.prices = prices

    def estimate(self, messages: Sequence[Message], model: str = "") -> Estimate:
        names = (model,) if model else tuple(self.prices)
        most = max((self.prices[name] for name in names), key=lambda cost: math.inf if cost is None else cost)
        return Estimate(model=names[0], usage=Usage(cost=most), others=names[1:])


@pytest.mark.parametrize("reopened", [False, True], ids=["here", "reopened"])
async def test_to_finish_cheaply_goes_on_with_the_cheapest_model_where_that_fits(desk: Desk, reopened: bool) -> None:
    chain = Chain("one", "two", "three", dear=0.2, mini=0.05, unknown=None, small=0.1)
    await desk.open(model=chain, real=True, budget=OverallCaps(day=0.06))
    task, question = await at_the_cap(desk, research("a"), research("b", "a", model="small"), timeout="1h")
    assert (question.cheaper, question.options) == ("mini", (Way.RAISE, Way.CHEAP, Way.STOP))
    if reopened:
        await desk.reopen(model=chain, real=True, budget=OverallCaps(day=0.06))
        assert [each.cheaper for each in await desk.questions()] == ["mini"]
    reply = await decide(desk, question, Answer.CHEAP)
    assert reply.text == f"task {task}: goes on with mini"
    again = await desk.asked_next(question)
    assert (again.cheaper, "small may take $0.10" in again.news[0]) == ("", True), "a step keeps the model it names"
    assert chain.models == ["mini"]
    assert (await decide(desk, again, Answer.CHEAP)).text == f"task {task}: goes on without what costs"
    assert (await desk.ended(task)).task.outcome is Outcome.PARTIAL
    assert await desk.states(task) == {"a": DONE, "b": SKIPPED}


async def test_no_cheaper_model_is_offered_where_it_does_not_fit_either(desk: Desk) -> None:
    caps = OverallCaps(day=1.0, models={"mini": Caps(hour=0.01)})
    await desk.open(model=Chain("one", dear=2.0, mini=0.05), real=True, budget=caps)
    _, question = await at_the_cap(desk, research("a"), timeout="1h")
    assert (question.cap, question.cheaper) == ("day", "")


async def test_a_real_research_step_comes_to_the_cap_as_well(desk: Desk) -> None:
    await desk.open(model=ScriptedModel("yes", "yes"), real=True, budget=OverallCaps(day=0.2))
    task = await desk.begin(research("a"), research("b", "a"))
    question = await desk.asked(task)
    assert "all tasks this day may cost $0.20" in question.news[0]
    await desk.do(RaiseBudget(task=task, money=5.0, beyond="day"))
    assert (await desk.ended(task)).task.outcome is Outcome.OK
