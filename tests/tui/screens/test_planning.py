"""Looking on while a model writes a plan: from New task and from the workbench; stopping it, leaving it, its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine import (
    CallReserved,
    Cancel,
    Command,
    Estimate,
    Outcome,
    Phase,
    PhaseChanged,
    PlanningText,
    ReadDraft,
    Reply,
    Return,
    Task,
    TaskView,
)
from engine.model.call import Call, Purpose, Usage
from engine.testing import NOON, ScriptedEngine
from tests.hostile import HOSTILE, is_control
from tests.tui import plans
from tests.tui.pilots import bench, picture, until
from tests.tui.stage import LARGE, SMALL, Clock, app, gone, opened, press, settle, show
from tui.screens.new_task import NewTaskScreen
from tui.screens.planning import PlanningScreen
from tui.screens.review import ReviewScreen

Compare = Callable[..., bool]
USAGE = Usage(tokens_in=3210, tokens_out=4096, cost=0.07)
TASK = Task(
    id=12,
    request="Bring the service up to SQLAlchemy 2.1 and keep the tests green",
    root="/home/ana/api",
    phase=Phase.PLANNING,
    proposer="ana",
    created=NOON,
    planner="llm",
)
CALL = Call(id=1, task=12, purpose=Purpose.PLAN, model="anthropic/claude-sonnet-4-5", started=NOON)
DRAFT = (
    '{"steps": [{"id": "baseline", "action": "test", "command": "pytest -q"},\n'
    '{"id": "deps", "action": "execute", "command": "uv sync", "needs": ["baseline"]}, {"id": "mi'
)


class Planner(ScriptedEngine):
    """An engine whose model is writing the plan of task 12."""

    def __init__(self) -> None:
        super().__init__(TaskView(task=TASK))
        self.estimate = Estimate(model="anthropic/claude-sonnet-4-5", usage=USAGE)

    async def do(self, command: Command, *, actor: str | None = None) -> Reply:
        await super().do(command, actor=actor)
        if isinstance(command, Cancel):
            self.ends(Phase.CANCELLED, Outcome.CANCELLED)
        return Reply(task=TASK.id)

    def begins(self, draft: str = DRAFT) -> None:
        self.emit(CallReserved(CALL, USAGE), task=TASK.id)
        self.grows(draft)

    def grows(self, text: str, offset: int = 0) -> None:
        self.signal(PlanningText(task=TASK.id, text=text, offset=offset))

    def ends(self, phase: Phase, outcome: Outcome | None = None, error: str = "") -> None:
        task = replace(TASK, phase=phase, outcome=outcome, error=error, planner="")
        self.views[TASK.id] = TaskView(task=task)
        self.emit(PhaseChanged(task), task=TASK.id)


async def test_what_has_come_is_shown_step_by_step() -> None:
    engine = Planner()
    async with opened(engine, PlanningScreen(TASK.id)) as pilot:
        assert "nothing has come yet" in picture(pilot)
        engine.begins()
        await until(pilot, lambda: "deps" in picture(pilot))
        text = picture(pilot)
        assert "1 baseline  test  pytest -q" in text and "2 deps  execute  uv sync" in text
        assert '{"id": "mi' in text
        assert "anthropic/claude-sonnet-4-5 ≈ $0.07 at most" in text
        engine.grows('grate", "action": "shell", "script": "a\\nb"}', len(DRAFT))
        await until(pilot, lambda: "3 migrate  shell  a b" in picture(pilot))


async def test_what_was_missed_is_read() -> None:
    engine = Planner()
    async with opened(engine, PlanningScreen(TASK.id)) as pilot:
        engine.answers[ReadDraft] = lambda _: DRAFT
        engine.grows("more", len(DRAFT))
        await until(pilot, lambda: "2 deps" in picture(pilot))
        assert "1 baseline  test  pytest -q" in picture(pilot)


async def test_who_comes_late_sees_what_has_come() -> None:
    engine = Planner()
    engine.drafts[TASK.id] = DRAFT
    async with opened(engine, PlanningScreen(TASK.id)) as pilot:
        await until(pilot, lambda: "2 deps" in picture(pilot))
        assert "1 baseline  test  pytest -q" in picture(pilot)


async def test_escape_stops_it_and_new_task_keeps_the_request() -> None:
    engine, screen = Planner(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen) as pilot:
        await until(pilot, lambda: "anthropic/claude-sonnet-4-5 plans it, ≈ $0.07 at most" in picture(pilot))
        await pilot.press("u", "p", "ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanningScreen))
        engine.begins()
        await until(pilot, lambda: "2 deps" in picture(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        await until(pilot, lambda: "the planning was stopped" in picture(pilot))
        text = picture(pilot)
        assert " up" in text and "signoff run 12 plans it" in text
    assert isinstance(engine.done[-1], Cancel) and engine.done[-1].task == TASK.id


async def test_a_plan_that_was_written_leads_back_to_the_workbench() -> None:
    engine, screen = Planner(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen) as pilot:
        await pilot.press("u", "p", "ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanningScreen))
        engine.ends(Phase.AWAITING_APPROVAL)
        await gone(pilot, screen)
        assert pilot.app.screen is bench(pilot)


async def test_why_there_is_no_plan_is_told_below_the_request() -> None:
    engine, screen = Planner(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen) as pilot:
        await pilot.press("u", "p", "ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanningScreen))
        engine.ends(Phase.FAILED, Outcome.NO_PLAN, "the key was refused")
        await until(pilot, lambda: "the key was refused" in picture(pilot))
        assert pilot.app.screen is screen


async def test_leaving_lets_it_go_on_and_review_leads_back_and_on_to_the_plan() -> None:
    engine = Planner()
    async with app(engine).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: bench(pilot).view is not None)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanningScreen))
        await pilot.press("q")
        await until(pilot, lambda: pilot.app.screen is bench(pilot))
        assert not [command for command in engine.done if isinstance(command, Cancel)]
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanningScreen))
        await settle(pilot)
        view = plans.to_review()
        engine.views[TASK.id] = view
        engine.emit(PhaseChanged(view.task), task=TASK.id)
        await until(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen))


async def test_the_review_tells_who_wrote_it_and_what_was_put_right() -> None:
    view = plans.to_review()
    assert view.plan is not None
    plan = replace(view.plan, model="scripted", corrections=("needs 0 stands for baseline",), revision=1)
    engine = ScriptedEngine(replace(view, plan=plan, task=replace(view.task, revision=1)))
    async with opened(engine, ReviewScreen(TASK.id)) as pilot:
        await until(pilot, lambda: "Written by scripted; put right: needs 0 stands for baseline." in picture(pilot))


async def test_steps_in_the_place_of_what_failed_are_looked_at_too() -> None:
    engine = Planner()
    failed = replace(TASK, phase=Phase.FAILED, outcome=Outcome.STEP_FAILED, revision=1)
    engine.views[TASK.id] = TaskView(task=failed)
    async with opened(engine, screen := PlanningScreen(TASK.id)) as pilot:
        engine.begins()
        await until(pilot, lambda: "2 deps" in picture(pilot))
        engine.ends(Phase.FAILED, Outcome.STEP_FAILED)
        await gone(pilot, screen)
        assert pilot.app.screen is bench(pilot)


@pytest.mark.parametrize("name", HOSTILE)
async def test_no_draft_acts_on_the_terminal(name: str) -> None:
    engine = Planner()
    engine.drafts[TASK.id] = f'{{"steps": [{{"id": {HOSTILE[name]!r}}}, {{"id": "x'
    async with opened(engine, PlanningScreen(TASK.id)) as pilot:
        await settle(pilot)
        assert not any(is_control(character) for character in picture(pilot).replace("\n", ""))


async def _written(pilot: Any) -> None:
    engine = pilot.app.engine
    await show(pilot, PlanningScreen(TASK.id))
    engine.begins()
    await until(pilot, lambda: "2 deps" in picture(pilot))


async def _new_task(pilot: Any) -> None:
    await show(pilot, NewTaskScreen("/home/ana/api"))
    await until(pilot, lambda: "plans it" in picture(pilot))


@pytest.mark.parametrize("scene", [_written, _new_task], ids=["writing", "new"])
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_picture(snap_compare: Compare, size: tuple[int, int], scene: Callable[..., Any]) -> None:
    assert snap_compare(app(Planner()), terminal_size=size, run_before=scene)


async def test_a_return_tells_who_is_asked_and_for_how_much_before_it_is_sent() -> None:
    engine, clock = Planner(), Clock()
    engine.views[12] = plans.to_review()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "R")
        await until(pilot, lambda: "A return asks anthropic/claude-sonnet-4-5 for the next revision" in picture(pilot))
        assert "$0.07 at most" in " ".join(picture(pilot).split())
        assert not any(isinstance(command, Return) for command in engine.done)
