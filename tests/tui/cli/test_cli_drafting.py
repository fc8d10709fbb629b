"""A plan that a model writes, on the command line: who is asked and for how much, and how the waiting ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from engine import (
    CallReserved,
    Command,
    Estimate,
    Item,
    MakePlan,
    Outcome,
    Phase,
    PhaseChanged,
    Planner,
    PlanningText,
    Reply,
    Sign,
    TaskEnded,
    TaskView,
)
from engine.model.call import Call, Purpose, Usage
from engine.testing import ScriptedEngine
from tests.tui import plans
from tests.tui.cli.outside import Obedient, Typist, call


class Writing(ScriptedEngine):
    """An engine with a model: as soon as somebody follows, the planning goes on to its end."""

    def __init__(self, end: TaskView, usage: Usage) -> None:
        task = replace(end.task, phase=Phase.PLANNING, revision=0, digest="", planner="llm", outcome=None)
        super().__init__(TaskView(task=task))
        self.end, self.usage = end, usage

    async def do(self, command: Command, *, actor: str | None = None) -> Reply:
        await super().do(command, actor=actor)
        return Reply(task=self.end.task.id)

    async def events(self, after: int | None = None) -> AsyncIterator[Item]:
        async for item in self._told():
            yield item

    async def _told(self) -> AsyncIterator[Item]:
        task = self.end.task.id
        call = Call(id=1, task=task, purpose=Purpose.PLAN, model="scripted", started=0)
        yield self.emit(CallReserved(call, self.usage), task=task)
        yield PlanningText(task=task, text="{", offset=0)
        self.views[task] = self.end
        yield self.emit(PhaseChanged(self.end.task), task=task)


@pytest.mark.parametrize(
    ("cost", "said"),
    [(0.25, "≈ $0.25 at most"), (0.001, "≈ $0.001 at most"), (0.2512, "≈ $0.26 at most"), (None, "price unknown")],
)
def test_who_is_asked_and_for_how_much_is_said_before_the_plan(cost: float | None, said: str) -> None:
    engine = Writing(plans.to_review(), Usage(tokens_in=1204, tokens_out=4096, cost=cost))
    told = call(engine, "plan", "upgrade", "it")
    assert told.code == 0
    assert f"signoff: scripted plans: {said}, 1,204 tokens in, up to 4,096 out" in told.err.replace("~", "≈")
    assert "digest" in told.out and "{" not in told.out
    assert isinstance(engine.done[0], MakePlan) and engine.done[0].planner is Planner.AUTO


def test_who_plans_can_be_chosen() -> None:
    engine = Writing(plans.to_review(), Usage())
    assert call(engine, "plan", "--planner", "repo", "upgrade").code == 0
    assert isinstance(engine.done[0], MakePlan) and engine.done[0].planner is Planner.REPO


@pytest.mark.parametrize(
    ("phase", "outcome", "code", "said"),
    [
        (Phase.FAILED, Outcome.NO_PLAN, 1, "Task 12 has no plan: it cannot be reached"),
        (Phase.CANCELLED, Outcome.CANCELLED, 4, "Cancelled: the planning of task 12"),
    ],
)
def test_without_a_plan_it_says_why_and_how_to_plan_it_again(
    phase: Phase, outcome: Outcome, code: int, said: str
) -> None:
    task = replace(plans.to_review().task, phase=phase, outcome=outcome, error="it cannot be reached", revision=0)
    told = call(Writing(TaskView(task=task), Usage()), "plan", "upgrade")
    assert (told.code, told.out) == (code, "")
    assert said in told.err and "plan it again: signoff run 12" in told.err


def test_what_was_put_right_stands_in_the_plan() -> None:
    view = plans.to_review()
    assert view.plan is not None
    view = replace(view, plan=replace(view.plan, planner="llm", model="scripted", corrections=("a slip", "another")))
    told = call(Writing(view, Usage()), "plan", "upgrade")
    text = " ".join(told.out.split())
    assert "planner llm (scripted)" in text
    assert "put right: a slip" in text and "put right: another" in text


def test_who_returns_a_plan_waits_for_the_next_one() -> None:
    engine = Writing(plans.to_review(), Usage())
    told = call(engine, "return", "12", "--note", "smaller")
    assert told.code == 0
    assert "scripted plans: price unknown" in told.err
    assert "sign it: signoff approve 12" in told.out


def test_who_returns_a_plan_is_told_the_price_before_it_is_asked() -> None:
    engine = Writing(plans.to_review(), Usage())
    engine.estimate = Estimate(model="scripted", usage=Usage(tokens_in=1204, tokens_out=4096, cost=0.25))
    told = call(engine, "return", "12", "--note", "smaller").err.replace("~", "≈")
    asked = "A return asks scripted for the next revision: ≈ $0.25 at most, 1,204 tokens in, up to 4,096 out."
    assert 0 <= told.index(asked) < told.index("scripted plans: price unknown")


class Repairing(Obedient):
    """An engine whose first attempt fails; a model then writes steps in the place of what failed, or none."""

    def __init__(self, mends: bool) -> None:
        super().__init__(plans.to_review())
        self.mends = mends
        self.on[Sign] = lambda engine, command: self.attempt()
        self.followed = 0

    def attempt(self) -> None:
        first = len([command for command in self.done if isinstance(command, Sign)]) == 1
        if first:
            self.becomes(Phase.FAILED, Outcome.STEP_FAILED, "llm")
        else:
            self.becomes(Phase.COMPLETED, Outcome.AFTER_REPAIR)
        self.emit(TaskEnded(self.views[12].task), task=12)

    def becomes(self, phase: Phase, outcome: Outcome | None, planner: str = "") -> None:
        view = self.views[12]
        self.views[12] = replace(view, task=replace(view.task, phase=phase, outcome=outcome, planner=planner))
        self.emit(PhaseChanged(self.views[12].task), task=12)

    async def events(self, after: int | None = None) -> AsyncIterator[Item]:
        self.followed += 1
        following = super().events(after)
        if self.followed == 2:
            phase, outcome = (Phase.AWAITING_APPROVAL, None) if self.mends else (Phase.FAILED, Outcome.STEP_FAILED)
            self.becomes(phase, outcome)
            yield self.emit(PhaseChanged(self.views[12].task), task=12)
        async for item in following:
            yield item


def test_steps_in_the_place_of_what_failed_are_put_to_the_person_and_run() -> None:
    engine = Repairing(mends=True)
    told = call(engine, "run", "12", person=Typist("y", "y"))
    assert told.code == 0
    assert len([command for command in engine.done if isinstance(command, Sign)]) == 2


def test_without_such_steps_the_task_stays_failed() -> None:
    told = call(Repairing(mends=False), "run", "12", person=Typist("y"))
    assert told.code == 1
    assert "no steps were found in its place; the task stays as it was" in told.err


def test_yes_signs_no_steps_that_it_did_not_see() -> None:
    engine = Repairing(mends=True)
    assert call(engine, "run", "12", "--yes").code == 1
    assert len([command for command in engine.done if isinstance(command, Sign)]) == 1
