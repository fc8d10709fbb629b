"""The app with one screen on top, over a scripted engine; a clock that tests turn, and keys that a person presses."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from engine.testing import ScriptedEngine
from tests.hostile import HOSTILE
from tests.tui.pilots import until
from tui.app import Options, SignoffApp
from tui.theme import Colours

SMALL, LARGE = (80, 24), (120, 36)
_NAMES = tuple(HOSTILE)
TRICKS = tuple(_NAMES[start : start + 6] for start in range(0, len(_NAMES), 6))
"""The hostile strings by name, some at a time."""


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day as in Greenwich, wherever the tests run."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Clock:
    """Monotonic seconds that pass only when told to; a screen that appeared at 0 has stood for ten."""

    def __init__(self, at: float = 0.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


class Restless(Clock):
    """A clock on which each look takes a second: everything is pressed calmly."""

    def __call__(self) -> float:
        self.at += 1
        return self.at


def app(engine: ScriptedEngine, *, root: str = "/home/ana/api", ascii_only: bool = False) -> SignoffApp:
    """The app in its dark colours, standing at noon."""
    return SignoffApp(
        engine,
        Options(
            root=root,
            user="ana",
            state=Path("/nowhere"),
            ascii_only=ascii_only,
            colours=Colours.DARK,
            clock=lambda: engine.now,
        ),
    )


@asynccontextmanager
async def opened(
    engine: ScriptedEngine, screen: Screen[Any], size: tuple[int, int] = SMALL, *, ascii_only: bool = False
) -> AsyncIterator[Pilot[Any]]:
    """The screen, mounted and painted."""
    made = app(engine, ascii_only=ascii_only)
    async with made.run_test(size=size) as pilot:
        await show(pilot, screen)
        yield pilot


async def show(pilot: Pilot[Any], screen: Screen[Any]) -> None:
    """Push a screen once the app has done what it does at its start."""
    await settle(pilot)
    await pilot.app.push_screen(screen)
    await settle(pilot)


async def settle(pilot: Pilot[Any]) -> None:
    """Until no worker of a screen has anything left to do."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def press(pilot: Pilot[Any], clock: Clock, *keys: str) -> None:
    """Keys as a calm person presses them: a second apart."""
    for key in keys:
        clock.at += 1
        await pilot.press(key)
        await settle(pilot)


def said(pilot: Pilot[Any]) -> list[str]:
    """What the toasts say."""
    return [notification.message for notification in pilot.app._notifications]


async def gone(pilot: Pilot[Any], screen: Screen[Any]) -> None:
    """Until a screen has left the stack."""
    await until(pilot, lambda: screen not in pilot.app.screen_stack)
