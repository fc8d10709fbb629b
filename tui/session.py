"""One sitting at a terminal: the engine or the way to it, the screen, and what happens when the terminal goes away.

The loop owns the engine and the screen is a task in it, never the reverse. Leaving with work running, or losing the
terminal, ends the screen; the engine goes on until nothing executes any more, and whoever comes next attaches to it.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from engine import Arriving, EngineClient, ListGrants, ListQuestions, ListTasks, Owner, ShowTask, SignoffError
from tui.launcher import Leash
from tui.widgets.task_window import PAGE

if TYPE_CHECKING:
    from tui.app import SignoffApp

SETTLED = 2.0
"""Seconds after which the first frame has long been drawn."""


def sit(
    make: Callable[[EngineClient, Leash], SignoffApp],
    leash: Leash,
    arriving: Coroutine[Any, Any, Arriving],
) -> int:
    """Run the screen that `make` builds over an engine; returns the exit code."""
    return asyncio.run(_sit(make, leash, arriving))


async def _sit(
    make: Callable[[EngineClient, Leash], SignoffApp], leash: Leash, arriving: Coroutine[Any, Any, Arriving]
) -> int:
    engine = await arriving
    try:
        await _look_ahead(engine)
        app = make(engine, leash)
        asyncio.get_running_loop().call_later(SETTLED, _collect_again)
        return await attended(engine, leash, _screen(app, engine), app.exit, waiting=True)
    finally:
        await engine.close()


async def _look_ahead(engine: Arriving) -> None:
    """What the workbench asks first is read before it asks, so that its first frame is a whole one."""
    with suppress(SignoffError):  # it will hear of it
        await engine.foresee(ListGrants())
        await engine.foresee(ListQuestions())
        for newest in (await engine.foresee(ListTasks(limit=PAGE)))[:1]:
            await engine.foresee(ShowTask(task=newest.task.id))


def _collect_again() -> None:
    """Thousands of classes and functions are made until the first frame, and none of them is garbage."""
    gc.freeze()
    gc.enable()


async def _screen(app: SignoffApp, engine: Arriving) -> int:
    word = await app.run_async()
    await engine.wanted()  # or say what kept it from opening
    if word:
        print(word)  # noqa: T201
    return app.return_code or 0


async def attended(
    engine: EngineClient,
    leash: Leash,
    foreground: Coroutine[Any, Any, int],
    hang_up: Callable[[], object],
    *,
    waiting: bool,
) -> int:
    """Run the foreground until it ends or the terminal hangs up; then let the engine finish what it has begun.

    Args:
        hang_up: ends the foreground when its terminal is gone.
        waiting: stay also for tasks that only wait for a person.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def gone() -> None:
        leash.leave()
        hang_up()

    def end() -> None:
        ended.set()
        hang_up()

    leash.mind(hang_up, f"what was recorded is kept and what runs goes on. Come back with: {leash.again}")
    loop.add_signal_handler(signal.SIGHUP, gone)
    loop.add_signal_handler(signal.SIGTERM, end)
    async with ending_with(engine, hang_up):
        code = await foreground
    waiting = waiting or leash.loose
    engine = await _at_hand(engine)
    if isinstance(engine, Owner) and (engine.busy(waiting=waiting) or not engine.alone) and not ended.is_set():
        leash.leave(code)
        await _first(engine.until_idle(waiting=waiting), engine.until_closed(), ended.wait())
    return code


@asynccontextmanager
async def ending_with(engine: EngineClient, hang_up: Callable[[], object]) -> AsyncIterator[None]:
    """Hang up as soon as somebody asks the engine of this process to close."""

    async def hear() -> None:
        owner = await _at_hand(engine)
        if isinstance(owner, Owner):
            await owner.until_closed()
            hang_up()

    hearing = asyncio.create_task(hear(), name="until somebody closes the engine")
    try:
        yield
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)


async def _at_hand(engine: EngineClient) -> EngineClient:
    return await engine.opened() if isinstance(engine, Arriving) else engine


async def _first(*waits: Coroutine[Any, Any, object]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
