"""Control of tasks: cancel, pause, accept, rm."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from engine import (
    AcceptResult,
    Cancel,
    Command,
    EngineClient,
    Event,
    Kill,
    ListRuns,
    Pause,
    Remove,
    Reply,
    Run,
    RunState,
    ShowTask,
    Stalled,
    TaskView,
)
from engine.errors import EngineGone, IllegalTransition, UsageError
from tui.cli import lines
from tui.cli.arguments import set_option, step_argument, task_argument
from tui.cli.call import Call, Verb
from tui.cli.exits import of_task
from tui.cli.steps import step_id
from tui.presentation.safe import safe
from tui.presentation.trouble import disk

_ALIVE = (RunState.RUNNING, RunState.CANCELLING)


def _task_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    set_option(parser)


def _cancel_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    step_argument(parser, optional=True)
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; it is recorded")
    parser.add_argument("--kill", action="store_true", help="end a task at once: no cleanup, no more grace")
    set_option(parser)


@asynccontextmanager
async def _telling_of_the_disk(call: Call, engine: EngineClient) -> AsyncIterator[None]:
    """Say so while what was asked for waits for the disk: it is done, and recorded as soon as it can be."""

    async def tell() -> None:
        async for item in engine.events():
            if isinstance(item, Stalled):
                call.console.note(f"signoff: {disk(item)}")

    telling = asyncio.create_task(tell(), name="tell of the disk")
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _cancel(call: Call) -> int:
    if call.args.kill and call.args.step:
        raise UsageError(problem="A step alone cannot be killed", hint="leave out --kill, or the step")
    async with call.engine("decide") as engine, _telling_of_the_disk(call, engine):
        view: TaskView = await engine.read(ShowTask(task=call.args.task))
        step = step_id(view, call.args.step) if call.args.step else None
        dying = await _alive(engine, view.task.id, step)
        cancel = Cancel(task=view.task.id, step=step, reason=call.args.reason)
        reply: Reply = await engine.do(Kill(task=view.task.id) if call.args.kill else cancel)
        call.console.say(safe(reply.text))
        with suppress(EngineGone):  # an owner whose last task this was leaves with it; the store tells the rest
            await _gone(engine, view, step)
    async with call.engine("read") as store:
        await _receipts(call, store, view.task.id, dying)
        view = await store.read(ShowTask(task=view.task.id))
    if step is not None:
        return 0
    for line in lines.summary_lines(view, call.console):
        call.console.say(line)
    return of_task(view.task)


async def _gone(engine: EngineClient, before: TaskView, step: str | None) -> None:
    """Wait until nothing of it is alive, cleanup steps included."""
    task = before.task.id
    if await _over(engine, task, step):
        return
    async for item in engine.events(before.seq):
        if isinstance(item, Event) and item.task == task and await _over(engine, task, step):
            return


async def _over(engine: EngineClient, task: int, step: str | None) -> bool:
    if await _alive(engine, task, step):
        return False
    view: TaskView = await engine.read(ShowTask(task=task))
    return step is not None or not view.task.phase.ended or all(status.state.ended for status in view.steps)


async def _alive(engine: EngineClient, task: int, step: str | None) -> set[int]:
    runs: tuple[Run, ...] = await engine.read(ListRuns(task=task, step=step))
    return {run.id for run in runs if run.state in _ALIVE}


async def _receipts(call: Call, engine: EngineClient, task: int, dying: set[int]) -> None:
    """Print how each tree went that was alive before (B7.3)."""
    runs: tuple[Run, ...] = await engine.read(ListRuns(task=task))
    for run in runs:
        if run.id in dying and run.receipt is not None:
            for line in lines.receipt_lines(run.step, run.receipt):
                call.console.say(line)


async def _do(call: Call, command: Command) -> int:
    async with call.engine("decide") as engine:
        try:
            reply: Reply = await engine.do(command)
        except IllegalTransition as error:
            view: TaskView = await engine.read(ShowTask(task=call.args.task))
            raise IllegalTransition(hint=lines.how_to_go_on(view.task), **error.facts) from error
    call.console.say(safe(reply.text))
    return 0


async def _pause(call: Call) -> int:
    return await _do(call, Pause(task=call.args.task))


async def _accept(call: Call) -> int:
    return await _do(call, AcceptResult(task=call.args.task))


async def _rm(call: Call) -> int:
    return await _do(call, Remove(task=call.args.task))


VERBS = {
    "cancel": Verb(_cancel, _cancel_arguments, "signoff cancel 12 tests"),
    "pause": Verb(_pause, _task_arguments, "signoff pause 12"),
    "accept": Verb(_accept, _task_arguments, "signoff accept 12"),
    "rm": Verb(_rm, _task_arguments, "signoff rm 12"),
}
