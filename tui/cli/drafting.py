"""Waiting for a plan that a model writes: says who is asked and for how much, then counts what has come.

Ctrl-C cancels the planning; request and draft are kept.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from engine import (
    CallReserved,
    Cancel,
    EngineClient,
    Event,
    Gap,
    Item,
    Outcome,
    Phase,
    PlanningText,
    ShowTask,
    TaskView,
)
from engine.errors import Cancelled, EngineGone, SignoffError
from tui.cli.call import Call
from tui.presentation.amounts import number
from tui.presentation.calls import at_most, tokens
from tui.presentation.safe import safe


class NoPlan(SignoffError):
    """Task {task} has no plan: {reason}"""


async def until_written(call: Call, engine: EngineClient, view: TaskView) -> TaskView:
    """The task with its plan, once a model has written it; at once where none is writing, or only beside an attempt.

    Raises:
        NoPlan: there will be none; the request is kept.
        Cancelled: somebody cancelled it.
        EngineGone: the engine closed meanwhile.
    """
    task = view.task.id
    if not view.task.planner or view.task.phase.under_way:
        return view
    chores: set[asyncio.Task[object]] = set()
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        chores.add(asyncio.create_task(_cancel(engine, task)))

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        async for item in engine.events(view.seq):
            _tell(call, task, item)
            if _moved(task, item):
                view = await engine.read(ShowTask(task=task))
                if not view.task.planner:
                    return _planned(view)
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        call.console.bar("")
        await asyncio.gather(*chores)
    raise EngineGone


def _moved(task: int, item: Item) -> bool:
    return isinstance(item, Gap) or (isinstance(item, Event) and item.task == task)


def _tell(call: Call, task: int, item: Item) -> None:
    ascii_only = call.console.ascii_only
    match item:
        case Event(task=number_, fact=CallReserved(call=asked, expected=expected)) if number_ == task:
            price = at_most(expected, ascii_only=ascii_only)
            call.console.note(f"signoff: {safe(asked.model)} plans: {price}, {tokens(expected)}")
        case PlanningText(task=number_) if number_ == task:
            call.console.bar(f"planning: {number(item.offset + len(item.text))} characters; Ctrl-C stops it")


def _planned(view: TaskView) -> TaskView:
    task = view.task
    again = f"the request is kept; plan it again: signoff run {task.id}"
    if task.phase is Phase.CANCELLED:
        raise Cancelled(reason=f"the planning of task {task.id}", hint=again)
    if task.phase is Phase.FAILED and task.outcome is Outcome.NO_PLAN:
        raise NoPlan(task=task.id, reason=task.error, hint=again)
    return view


async def _cancel(engine: EngineClient, task: int) -> None:
    with suppress(SignoffError):  # it has ended meanwhile
        await engine.do(Cancel(task=task, reason="Ctrl-C"))
