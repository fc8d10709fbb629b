"""Hostile text in every field of a task and in every pane: it never reaches the terminal raw, and nothing crashes."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from enum import Enum
from typing import Any

import pytest
from textual._compositor import CompositorUpdate

from engine import ListEvents, TaskView
from engine.model.events import Event, PlanSigned, QuestionAsked, StepEnded, StepsChanged, TaskRequested
from engine.testing import NOON, ScriptedEngine
from tests.hostile import BENIGN, HOSTILE, is_control
from tests.tui import scenes
from tests.tui.pilots import bench, picture, until
from tui.app import SignoffApp
from tui.presentation.safe import is_safe
from tui.theme import Colours


def poisoned(noun: Any, text: str) -> Any:
    """The noun with `text` in every field of free text, ids included."""
    if isinstance(noun, Enum) or noun is None or isinstance(noun, bool | int | float):
        return noun
    if isinstance(noun, str):
        return f"{noun}{text}"
    if isinstance(noun, tuple):
        return tuple(poisoned(item, text) for item in noun)
    if isinstance(noun, Mapping):
        return {poisoned(key, text): poisoned(value, text) for key, value in noun.items()}
    if dataclasses.is_dataclass(noun) and not isinstance(noun, type):
        changed = {field.name: poisoned(getattr(noun, field.name), text) for field in fields(noun) if field.init}
        return replace(noun, **changed)
    raise TypeError(f"no way to poison {type(noun).__name__}")


def _engine(text: str) -> ScriptedEngine:
    view: TaskView = poisoned(replace(scenes.waiting(), questions=(scenes.DRIFT,)), text)
    engine = scenes.engine(view)
    log = text.encode("utf-8", "surrogatepass") + b"\n" + text.encode("utf-8", "replace")
    engine.logs = dict.fromkeys(range(9), log)
    engine.info = poisoned(engine.info, text)
    engine.runs = poisoned(engine.runs, text)
    engine.answers[ListEvents] = lambda query: tuple(_events(view, text))
    return engine


def _events(view: TaskView, text: str) -> Iterator[Event]:
    facts = (
        TaskRequested(view.task),
        PlanSigned(view.signatures[0]),
        StepEnded(view.steps[0]),
        StepsChanged(view.steps, text),
        QuestionAsked(view.questions[0]),
    )
    for number, fact in enumerate(facts, start=1):
        yield Event(number, NOON, text, 12, text, fact)


_TRICKS = list(HOSTILE)
GROUPS = {
    **{"+".join(names): names for names in (_TRICKS[start : start + 6] for start in range(0, len(_TRICKS), 6))},
    "ascii": [trick for trick in _TRICKS if trick not in ("long", "wide")],
}
_OURS = re.compile(r"\x1b\[[0-9;]*[mH]|\x1b\[\?2026[hl]|\n|\r")
"""What the compositor itself writes: styles, places, line ends."""
KEYS = ("1", "2", "w", "4", "G", "right_square_bracket", "right_square_bracket", "3", "x", "X", "h", "l")


def written(app: SignoffApp) -> str:
    """What the driver would be given for a whole screen, without the sequences that are ours."""
    update = app.screen._compositor.render_update(full=True)
    assert isinstance(update, CompositorUpdate)
    return _OURS.sub("", update.render_segments(app.console))


@pytest.mark.parametrize("group", GROUPS)
async def test_every_field_of_a_task(group: str) -> None:
    plain, text = group == "ascii", "".join(HOSTILE[trick] for trick in GROUPS[group])
    app = scenes.app(_engine(text), ascii_only=plain, colours=Colours.DARK)
    app.root = f"/home/{text}"
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: pilot.app.screen_stack and bench(pilot).view is not None)
        app.say(text)
        for key in KEYS:
            await pilot.press(key)
            await pilot.pause()
            sent = written(app)
            assert not any(is_control(character) for character in sent)
            assert is_safe(sent)
            assert not plain or sent.isascii()


@pytest.mark.parametrize("text", BENIGN)
async def test_benign_text_is_shown_as_it_is(text: str) -> None:
    view = scenes.running()
    engine = scenes.engine(replace(view, task=replace(view.task, request=text)))
    engine.logs = {4: text.encode()}
    async with scenes.app(engine).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: pilot.app.screen_stack and bench(pilot).log_view.visible_text())
        await pilot.pause()
        assert picture(pilot).count(text) >= 2


def test_the_corpus_can_fail() -> None:
    """The check of the walk sees what it must see."""
    assert any(is_control(character) for character in HOSTILE["escape"])
    assert not is_safe(HOSTILE["bidi"])
