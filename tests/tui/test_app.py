"""The app around the screens: leaving, themes, questions in their turn, the bridge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from engine import Gap, LogGrew, StepState
from engine.model.events import QuestionAsked, StepEnded
from engine.testing import ScriptedEngine
from tests.tui import scenes
from tests.tui.pilots import bench, opened, picture, until
from tui.app import SignoffApp
from tui.theme import Colours, colours_of

SIZE = (80, 24)


def _engine() -> ScriptedEngine:
    return scenes.engine(scenes.running(), *scenes.others())


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_leaving_says_that_work_goes_on_and_how_to_come_back(key: str) -> None:
    app = scenes.app(_engine())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press(key)
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value == "2 steps go on. Come back with: signoff"


async def test_ctrl_c_hints_and_does_not_leave() -> None:
    app = scenes.app(_engine())
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "q leaves" in picture(pilot))
        assert app.is_running


async def test_a_closed_engine_ends_the_screen_with_a_sentence() -> None:
    engine = _engine()
    app = scenes.app(engine)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await engine.close()
        await until(pilot, lambda: app.return_value is not None)
    assert "closed" in (app.return_value or "")


async def test_the_palette_runs_a_command_where_it_is_heard() -> None:
    app = scenes.app(_engine())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("colon")
        await until(pilot, lambda: app.screen is not bench(pilot))
        await pilot.press(*"list or graph")
        await until(pilot, lambda: "List or graph" in picture(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is bench(pilot) and bench(pilot).graph.list_mode)


async def test_the_theme_turns_over() -> None:
    app = scenes.app(_engine())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await app.run_action("theme")
        assert app.theme == Colours.LIGHT


@pytest.mark.parametrize(
    ("environment", "colours"),
    [
        ({"TERM": "xterm-256color"}, Colours.DARK),
        ({"COLORTERM": "truecolor", "COLORFGBG": "0;15"}, Colours.LIGHT),
        ({"TERM": "linux"}, Colours.ANSI_DARK),
        ({"TERM": "xterm", "COLORFGBG": "0;7"}, Colours.ANSI_LIGHT),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Colours.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, Colours.DARK),
    ],
)
def test_colours_of_a_terminal(environment: dict[str, str], colours: Colours) -> None:
    assert colours_of(environment) is colours


async def test_after_a_gap_everything_is_read_again() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        engine.views[12] = scenes.done()
        engine.signal(Gap(seq=40))
        await until(pilot, lambda: "✓ done" in picture(pilot))


async def test_a_storm_of_events_costs_frames_and_loses_none() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        for exit_code in range(2000):
            status = replace(scenes.status("tests", StepState.RUNNING, 41, run=4), exit_code=exit_code)
            engine.emit(StepEnded(status), task=12, step="tests")
        await until(pilot, lambda: screen.view is not None and screen.view.seq == 2000)
        status = screen.status_of("tests")  # type: ignore[assignment]
        assert status.exit_code == 1999


async def test_a_log_that_grows_is_followed() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        engine.logs[4] += b"and one more line\n"
        engine.signal(LogGrew(task=12, step="tests", run=4, size=len(engine.logs[4])))
        await until(pilot, lambda: "and one more line" in picture(pilot))


async def _questions(pilot: Pilot[Any], engine: ScriptedEngine) -> list[int]:
    opened_questions: list[int] = []
    app = pilot.app
    assert isinstance(app, SignoffApp)
    app.ask = lambda question: opened_questions.append(question.id)  # type: ignore[method-assign]
    engine.emit(QuestionAsked(scenes.QUESTION), task=12, step="migrate")
    await until(pilot, lambda: bench(pilot).questions)
    await pilot.pause()
    return opened_questions


async def test_a_question_opens_when_nobody_types() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        assert await _questions(pilot, engine) == [1]


@pytest.mark.parametrize("keys", [("j",), ("slash", "a")])
async def test_a_question_waits_for_who_types(keys: tuple[str, ...]) -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press(*keys)
        assert await _questions(pilot, engine) == []
