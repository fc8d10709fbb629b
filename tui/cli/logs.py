"""`log`: what steps printed, made safe for a terminal line by line; byte for byte only into a file or a pipe."""

from __future__ import annotations

import asyncio
import re
from argparse import ArgumentParser
from collections.abc import AsyncIterator

from engine import EngineClient, ListRuns, Run, RunState, ShowTask, TaskView
from engine.errors import UsageError
from tui.cli.arguments import step_argument, task_argument
from tui.cli.call import Call, Verb
from tui.cli.steps import step_id
from tui.presentation.safe import safe

CHUNK = 256 * 1024
POLL = 0.2
"""Seconds between two looks at a log that is being written: it may be another process that writes it."""
LINE = 64 * 1024
"""Bytes after which a line without an end is printed as it is so far."""
_BLANKS = 1000
_COLOUR = re.compile(rb"\x1b\[[0-9;:]*m")


def _log_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    step_argument(parser, optional=True)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the steps have ended")
    parser.add_argument("--raw", action="store_true", help="the bytes as they are; not to a terminal")


async def _log(call: Call) -> int:
    if call.args.raw and call.console.tty:
        raise UsageError(problem="Raw bytes are not printed to a terminal", hint="write them to a file: > step.log")
    async with call.engine("read") as engine:
        view: TaskView = await engine.read(ShowTask(task=call.args.task))
        if call.args.step:
            await _one(call, engine, step_id(view, call.args.step))
        else:
            await _all(call, engine, view)
    return 0


async def _all(call: Call, engine: EngineClient, view: TaskView) -> None:
    """Every step in turn, under its name."""
    if not call.args.follow and all(status.run is None for status in view.steps):
        call.console.note(f"no step of task {view.task.id} has run: there is no log")
    for number, status in enumerate(view.steps, start=1):
        if status.run is not None or call.args.follow:
            if not call.args.raw:
                call.console.say(f"== {number} {safe(status.id)}")
            await _one(call, engine, status.id)


async def _one(call: Call, engine: EngineClient, step: str) -> None:
    """The latest run of a step; a step that never ran has nothing to print."""
    run = await _latest(call, engine, step)
    if run is None:
        call.console.note(f"{safe(step)} has not run: there is no log")
        return
    rest, size = b"", 0
    async for data in _pieces(call, engine, run):
        size += len(data)
        if call.args.raw:
            call.world.out.buffer.write(data)
            call.world.out.buffer.flush()
            continue
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            call.console.say(_shown(line), exact=True)
        if len(rest) > LINE:
            call.console.say(_shown(rest), exact=True)
            rest = b""
    if rest:
        call.console.say(_shown(rest), exact=True)
    if not size and not call.args.raw:
        call.console.note(f"{safe(step)} has written nothing")


async def _latest(call: Call, engine: EngineClient, step: str) -> Run | None:
    """The run to print; when following, wait for one until the step or the task has ended."""
    while True:
        view: TaskView = await engine.read(ShowTask(task=call.args.task))
        status = next(status for status in view.steps if status.id == step)
        if status.run is not None:
            runs: tuple[Run, ...] = await engine.read(ListRuns(task=call.args.task, step=step))
            return next((run for run in runs if run.id == status.run), None)
        if not call.args.follow or status.state.ended or view.task.phase.ended or call.ownerless:
            return None
        await asyncio.sleep(POLL)


async def _pieces(call: Call, engine: EngineClient, run: Run) -> AsyncIterator[bytes]:
    """The log from its beginning; when following, until the run has ended and everything was read."""
    offset = 0
    while True:
        ownerless = call.ownerless  # before the look at the run: an owner that ends it may leave then
        alive = call.args.follow and await _alive(engine, run)
        while (piece := await engine.read_log(run.id, offset, CHUNK)).data:
            offset = piece.offset + len(piece.data)
            yield piece.data
        if alive and ownerless:
            call.console.note(f"signoff: nobody runs task {run.task}; go on: signoff run {run.task}")
        if not alive or ownerless:
            return
        await asyncio.sleep(POLL)


async def _alive(engine: EngineClient, run: Run) -> bool:
    runs: tuple[Run, ...] = await engine.read(ListRuns(task=run.task, step=run.step))
    return any(other.id == run.id and other.state in (RunState.RUNNING, RunState.CANCELLING) for other in runs)


def _shown(line: bytes) -> str:
    """One line of output: colour dropped, everything else that a terminal may obey made visible."""
    text = _COLOUR.sub(b"", line).removesuffix(b"\r").decode("utf-8", "surrogateescape")
    return safe(text, tab="        ", blanks=_BLANKS)


VERBS = {"log": Verb(_log, _log_arguments, "signoff log 12 tests --follow")}
