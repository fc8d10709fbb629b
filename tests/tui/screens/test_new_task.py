"""A new task: from words, from ticked targets, or from a plan file; and what a refusal looks like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from engine import Fault, InvalidPlan, MakePlan, Target, Variable
from engine.errors import NothingFits
from engine.testing import ScriptedEngine
from tests.hostile import HOSTILE, is_control
from tests.tui.pilots import picture, until
from tests.tui.screens.test_workbench_hostile import poisoned
from tests.tui.stage import LARGE, SMALL, TRICKS, app, gone, opened, settle, show
from tui.screens.new_task import NewTaskScreen

Compare = Callable[..., bool]
TARGETS = (
    Target(name="test", tool="make", command="make test", file="Makefile", line=12, description="Run the tests"),
    Target(name="lint", tool="npm", command="npm run lint", file="package.json", line=8),
    Target(name="release", tool="just", command="just release", file="justfile", line=40, description="Tag and push"),
)
DEPLOY = Target(
    name="deploy",
    tool="recipe",
    command="signoff run deploy",
    file=".signoff/recipes/deploy.yaml",
    description="Deploy the service",
    variables=(
        Variable(name="env", default="staging"),
        Variable(name="region"),
        Variable(name="note", default=""),
    ),
)
FAULTS = InvalidPlan(
    (
        Fault("no step 'prot' (did you mean 'port'?)", "steps[2].needs", "plan.yaml", 14, 12),
        Fault("a duration is more than zero and at most a year", "steps[4].timeout", "plan.yaml", 31, 14),
    )
)


def _engine() -> ScriptedEngine:
    engine = ScriptedEngine()
    engine.targets = TARGETS
    return engine


def _one(engine: ScriptedEngine) -> MakePlan:
    (command,) = engine.done
    assert isinstance(command, MakePlan)
    return command


async def test_words_of_several_lines_become_the_request() -> None:
    engine, screen = _engine(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen) as pilot:
        await pilot.press("o", "n", "e", "enter", "q", "ctrl+s")
        await gone(pilot, screen)
    command = _one(engine)
    assert (command.root, command.request, command.document, command.targets) == ("/home/ana/api", "one\nq", None, ())


async def test_ticked_targets_are_sent_in_the_order_of_ticking() -> None:
    engine, screen = _engine(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen) as pilot:
        await pilot.press("tab", "j", "space", "k", "space", "j", "j", "space", "space")
        assert "2 of 3 ticked" in picture(pilot)
        await pilot.press("ctrl+s")
        await gone(pilot, screen)
    assert _one(engine).targets == ("lint", "test")


async def test_targets_are_ticked_by_click() -> None:
    engine, screen = _engine(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen) as pilot:
        await pilot.click("#targets", offset=(3, 0))
        assert "1 of 3 ticked" in picture(pilot)


async def test_a_plan_file_is_read_and_sent_as_text(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("request: x\n")
    engine, screen = _engine(), NewTaskScreen(str(tmp_path))
    async with opened(engine, screen) as pilot:
        screen.query_one("#file", Input).focus()
        await pilot.press("p", "l")
        await until(pilot, lambda: screen.query_one("#file", Input)._suggestion == "plan.yaml")
        await pilot.press("right", "enter")
        await gone(pilot, screen)
    assert (_one(engine).document, _one(engine).name) == ("request: x\n", "plan.yaml")


@pytest.mark.parametrize(("data", "said"), [(None, "No such file"), (b"\xff\xfe", "is not UTF-8")])
async def test_a_plan_file_that_cannot_be_read_is_a_fault(tmp_path: Path, data: bytes | None, said: str) -> None:
    if data is not None:
        (tmp_path / "plan.yaml").write_bytes(data)
    engine, screen = _engine(), NewTaskScreen(str(tmp_path))
    async with opened(engine, screen) as pilot:
        screen.query_one("#file", Input).value = "plan.yaml"
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert said in picture(pilot)
        assert screen in pilot.app.screen_stack
    assert engine.done == []


async def test_every_fault_of_a_plan_is_listed_with_its_place() -> None:
    engine, screen = _engine(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen, LARGE) as pilot:
        engine.refusal = FAULTS
        await pilot.press("x", "ctrl+s")
        await settle(pilot)
        text = picture(pilot)
    assert "2 faults in the plan. Nothing was stored and nothing was run" in text
    assert "plan.yaml:14:12  steps[2].needs: no step 'prot' (did you mean 'port'?)" in text
    assert "plan.yaml:31:14" in text


async def test_a_request_that_nothing_serves_shows_what_was_found_and_the_ways_on() -> None:
    engine, screen = _engine(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen, LARGE) as pilot:
        engine.refusal = NothingFits(problem="No target of this repository serves that request")
        await pilot.press("x", "ctrl+s")
        await settle(pilot)
        text = picture(pilot)
        assert screen.query_one("#request", TextArea).text == "x"
    assert "found    test, lint, release" in text.replace("found     ", "found    ")
    assert "signoff agent-guide" in text


async def test_an_empty_form_asks_for_something() -> None:
    engine, screen = _engine(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen) as pilot:
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert "Write what shall be done" in picture(pilot)
    assert engine.done == []


async def test_nobody_loses_what_they_wrote_by_one_key() -> None:
    screen = NewTaskScreen("/home/ana/api")
    async with opened(_engine(), screen) as pilot:
        await pilot.press("x", "escape")
        assert "esc again leaves" in picture(pilot)
        await pilot.press("y", "escape")
        assert screen in pilot.app.screen_stack
        await pilot.press("escape")
        await gone(pilot, screen)


@pytest.mark.parametrize("tricks", TRICKS, ids="+".join)
async def test_hostile_targets_errors_and_pastes_reach_no_terminal(tmp_path: Path, tricks: tuple[str, ...]) -> None:
    text = "".join(HOSTILE[trick] for trick in tricks)
    engine, screen = _engine(), NewTaskScreen(str(tmp_path))
    engine.targets = poisoned((DEPLOY, *TARGETS), text)
    async with opened(engine, screen, LARGE) as pilot:
        await pilot.press("tab", "space", "shift+tab")
        await settle(pilot)
        for refusal in (InvalidPlan((Fault(text, text, text, 1, 1),)), NothingFits(problem=text, hint=text)):
            engine.refusal = refusal
            await pilot.press("x", "ctrl+s")
            await settle(pilot)
            pilot.app.post_message(events.Paste(text[:500]))
            await pilot.press("tab")
            assert not any(map(is_control, _written(pilot)))


def _written(pilot: Pilot[Any]) -> str:
    return picture(pilot).replace("\n", "")


# Variables


def _with_recipe() -> ScriptedEngine:
    engine = _engine()
    engine.targets = (DEPLOY, *TARGETS)
    return engine


async def test_a_ticked_recipe_shows_its_variables_with_their_defaults_and_sends_what_is_written() -> None:
    engine, screen = _with_recipe(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen) as pilot:
        assert "Variables of" not in picture(pilot)
        await pilot.press("tab", "space")
        await settle(pilot)
        text = " ".join(picture(pilot).split())
        assert "Variables of deploy" in text
        assert "env default staging" in text and "region no default must be given" in text
        assert "note default: empty" in text
        await pilot.press("tab", *"a b;c", "enter", *"eu")
        await pilot.press("ctrl+s")
        await gone(pilot, screen)
    command = _one(engine)
    assert (command.recipe, command.targets, command.variables) == ("deploy", (), {"env": "a b;c", "region": "eu"})


async def test_a_variable_without_a_value_is_named_and_nothing_is_sent() -> None:
    engine, screen = _with_recipe(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen) as pilot:
        await pilot.press("tab", "space", "ctrl+s")
        await settle(pilot)
        assert "region has no default: write a value" in " ".join(picture(pilot).split())
    assert engine.done == []


async def test_a_recipe_that_is_not_ticked_any_more_takes_its_variables_along() -> None:
    engine, screen = _with_recipe(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen) as pilot:
        await pilot.press("tab", "space", "space", "j", "space", "ctrl+s")
        await gone(pilot, screen)
    assert (_one(engine).targets, _one(engine).variables) == (("test",), {})


async def test_what_was_written_for_a_variable_is_not_lost_by_one_key() -> None:
    engine, screen = _with_recipe(), NewTaskScreen("/home/ana/api")
    async with opened(engine, screen) as pilot:
        await pilot.press("tab", "space", "tab", "x", "escape")
        assert "esc again leaves" in picture(pilot)


PICTURES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "variables": (None, ("tab", "space", "tab", "p", "r", "o", "d", "ctrl+s")),
    "opened": (None, ()),
    "ticked": (None, ("tab", "space")),
    "faults": (FAULTS, ("x", "ctrl+s")),
    "nothing-fits": (NothingFits(problem="No target of this repository serves that request"), ("x", "ctrl+s")),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_picture(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    engine = _with_recipe() if name == "variables" else _engine()
    refusal, keys = PICTURES[name]

    async def run(pilot: Pilot[Any]) -> None:
        await show(pilot, NewTaskScreen("/home/ana/api"))
        engine.refusal = refusal
        await pilot.press(*keys)
        await settle(pilot)

    assert snap_compare(app(engine), terminal_size=size, run_before=run)
