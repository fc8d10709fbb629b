"""Pictures of the workbench in its main states: 80 x 24 and 120 x 36, the clock standing at noon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from engine import Comment, TaskView
from tests.tui import scenes
from tests.tui.pilots import bench, opened, until
from tests.tui.spending import BUDGET
from tui.theme import Colours

SMALL, LARGE = (80, 24), (120, 36)
Compare = Callable[..., bool]


def _after(*keys: str) -> Callable[[Pilot[Any]], Any]:
    async def run(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await pilot.press(*keys)
        await opened(pilot)

    return run


def _marked() -> TaskView:
    """A step that ben holds, and one that he asked about."""
    view = scenes.waiting()
    steps = tuple(replace(each, held_by="ben") if each.id == "tell" else each for each in view.steps)
    note = Comment(id=1, task=12, revision=3, step="pins", author="ben", time=0.0, text="why?")
    return replace(view, steps=steps, comments=(note,))


STATES: dict[str, tuple[Callable[[], TaskView], tuple[str, ...]]] = {
    "running": (scenes.running, ()),
    "waiting": (scenes.waiting, ()),
    "failed": (scenes.failed, ()),
    "done": (scenes.done, ()),
    "cancelled": (scenes.cancelled, ()),
    "list": (scenes.running, ("w",)),
    "detail": (scenes.waiting, ("4",)),
    "marked": (_marked, ()),
    "marked-list": (_marked, ("w",)),
    "first-x": (scenes.running, ("x",)),
}


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_state(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    view, keys = STATES[name]
    app = scenes.app(scenes.engine(view(), *scenes.others()))
    assert snap_compare(app, terminal_size=size, run_before=_after(*keys))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_what_a_step_did(snap_compare: Compare, size: tuple[int, int]) -> None:
    engine = scenes.engine(scenes.reported(), *scenes.others())
    engine.runs = (scenes.report(),)
    assert snap_compare(scenes.app(engine), terminal_size=size, run_before=_after("4", "G"))


def test_what_was_spent(snap_compare: Compare) -> None:
    engine = scenes.engine(scenes.waiting(), *scenes.others())
    engine.budget = BUDGET
    assert snap_compare(scenes.app(engine), terminal_size=SMALL, run_before=_after())


def test_empty(snap_compare: Compare) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: pilot.app.screen_stack and bench(pilot).has_class("-empty"))

    assert snap_compare(scenes.app(scenes.engine()), terminal_size=SMALL, run_before=ready)


def test_ascii(snap_compare: Compare) -> None:
    app = scenes.app(scenes.engine(scenes.waiting(), *scenes.others()), ascii_only=True)
    assert snap_compare(app, terminal_size=SMALL, run_before=_after())


@pytest.mark.parametrize("colours", [Colours.NONE, Colours.LIGHT, Colours.ANSI_DARK, Colours.ANSI_LIGHT])
def test_colours(snap_compare: Compare, colours: Colours) -> None:
    app = scenes.app(scenes.engine(scenes.failed(), *scenes.others()), colours=colours)
    assert snap_compare(app, terminal_size=SMALL, run_before=_after())


def test_ten_thousand_steps(snap_compare: Compare) -> None:
    assert snap_compare(scenes.app(scenes.engine(scenes.many())), terminal_size=SMALL, run_before=_after())


def test_help(snap_compare: Compare) -> None:
    app = scenes.app(scenes.engine(scenes.running()))
    assert snap_compare(app, terminal_size=SMALL, run_before=_after("question_mark"))
