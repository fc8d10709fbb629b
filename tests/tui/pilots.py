"""Waiting for what a screen does: conditions, never a length of time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

from tests.patience import PATIENCE
from tui.screens.workbench import Workbench


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Let messages be handled until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await pilot.pause()


def bench(pilot: Pilot[Any]) -> Workbench:
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, Workbench)
    return screen


async def opened(pilot: Pilot[Any]) -> Workbench:
    """The workbench, when it shows a task and its log, if there is one."""
    await until(pilot, lambda: pilot.app.screen_stack and bench(pilot).view is not None)
    screen = bench(pilot)
    await until(pilot, lambda: screen.log_view.run_id is None or screen.log_view.visible_text())
    await pilot.pause()
    return screen


def shown(pilot: Pilot[Any]) -> list[str]:
    """The rows of the screen as text."""
    strips = pilot.app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def picture(pilot: Pilot[Any]) -> str:
    return "\n".join(shown(pilot))
