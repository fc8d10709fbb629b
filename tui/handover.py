"""The person's terminal, handed to a step that needs one, and taken back: byte for byte both ways, until the step ends.

What the step shows is read from its log as it grows; what the person types goes to it and is kept nowhere. ctrl+]
comes back without ending the step. It is the same whether the engine is in this process or behind a socket.
"""

from __future__ import annotations

import asyncio
import os
import signal
import termios
import tty
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from engine import (
    EngineClient,
    Event,
    Gap,
    LogGrew,
    QuestionAsked,
    ShowTask,
    SignoffError,
    StepEnded,
    StepsChanged,
    StepStarted,
    StepState,
    StepStatus,
    TaskEnded,
    TaskView,
    Type,
)
from tui.presentation.safe import safe

ESCAPE = b"\x1d"
"""ctrl+], which no program that people use needs."""
_TAIL = 8192
"""Bytes of what was shown before that are shown again to whoever comes."""
_PIECE = 1 << 16
_MOST = 1 << 15
_UNDONE = b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[?1047l\x1b[?25h\x1b[0m\r\n"
"""Takes back what a program may have switched on and left so."""


async def hand_over(engine: EngineClient, task: int, step: str, file: int) -> StepStatus | None:
    """Hand the terminal over until the step has ended.

    Args:
        file: descriptor of the person's terminal, open for reading and writing.

    Returns:
        How the step ended; None where the person came back before, or it waits for something else.
    """
    with _raw(file):
        return await _Handover(engine, task, step, file).run()


@contextmanager
def _raw(file: int) -> Iterator[None]:
    """Every key as it is, and the terminal afterwards as it was; what was typed ahead goes to nobody."""
    try:
        before = termios.tcgetattr(file)
        tty.setraw(file, termios.TCSAFLUSH)
    except termios.error as error:
        raise OSError(*error.args) from error
    try:
        yield
    finally:
        with suppress(OSError, termios.error):  # the terminal itself may be gone
            os.write(file, _UNDONE)
            termios.tcsetattr(file, termios.TCSAFLUSH, before)


class _Handover:
    """One step, from when a person takes its terminal until they let go."""

    def __init__(self, engine: EngineClient, task: int, step: str, file: int) -> None:
        self._engine, self._task, self._step, self._file = engine, task, step, file
        self._run: int | None = None
        self._begun = asyncio.Event()
        self._shown = 0
        self._typed: asyncio.Queue[bytes | None] = asyncio.Queue()
        """What was typed; None for a new size."""
        self._over: asyncio.Future[StepStatus | None] = asyncio.get_running_loop().create_future()

    async def run(self) -> StepStatus | None:
        """Until it is over."""
        loop = asyncio.get_running_loop()
        view: TaskView = await self._engine.read(ShowTask(task=self._task))
        self._write(f"[{safe(self._step)} has this terminal; ctrl+] comes back, and the step goes on]\r\n".encode())
        chores = [asyncio.create_task(self._follow(view)), asyncio.create_task(self._send())]
        loop.add_reader(self._file, self._read)
        loop.add_signal_handler(signal.SIGWINCH, self._typed.put_nowait, None)
        try:
            return await self._over
        finally:
            loop.remove_reader(self._file)
            loop.remove_signal_handler(signal.SIGWINCH)
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)

    def _finish(self, status: StepStatus | None) -> None:
        if not self._over.done():
            self._over.set_result(status)

    # What the step shows

    async def _follow(self, view: TaskView) -> None:
        with suppress(SignoffError, OSError):  # the engine is gone: the screen behind tells
            await self._look(view)
            async for item in self._engine.events(view.seq):
                match item:
                    case LogGrew(run=run) if run == self._run:
                        await self._show()
                    case Event():
                        await self._happened(item)
                    case Gap():
                        await self._look(await self._engine.read(ShowTask(task=self._task)))
        self._finish(None)

    async def _look(self, view: TaskView) -> None:
        status = next((status for status in view.steps if status.id == self._step), None)
        if status is None or status.state.ended:
            await self._end(status)
        elif status.state is StepState.RUNNING and status.run is not None:
            await self._begin(status.run)

    async def _happened(self, event: Event) -> None:
        if event.task != self._task:
            return
        match event.fact:
            case StepStarted(status=status) if status.id == self._step and status.run is not None:
                await self._begin(status.run)
            case StepEnded(status=status) if status.id == self._step:
                await self._end(status)
            case StepsChanged(statuses=statuses):
                for status in statuses:
                    if status.id == self._step and status.state.ended:
                        await self._end(status)
            case QuestionAsked(question=question) if question.step == self._step:
                self._finish(None)
            case TaskEnded():
                self._finish(None)

    async def _begin(self, run: int) -> None:
        if self._run != run:
            self._run = run
            tail = await self._engine.read_log(run, -_TAIL, _TAIL)
            self._write(tail.data)
            self._shown = tail.offset + len(tail.data)
            self._typed.put_nowait(None)
            self._begun.set()

    async def _end(self, status: StepStatus | None) -> None:
        await self._show()
        self._finish(status)

    async def _show(self) -> None:
        if self._run is None:
            return
        while data := (await self._engine.read_log(self._run, self._shown, _PIECE)).data:
            self._shown += len(data)
            self._write(data)

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError:
            self._finish(None)

    # What the person types

    def _read(self) -> None:
        try:
            data = os.read(self._file, _MOST)
        except OSError:
            data = b""
        typed, escape, _ = data.partition(ESCAPE)
        if typed:
            self._typed.put_nowait(typed)
        if escape or not data:
            self._finish(None)

    async def _send(self) -> None:
        await self._begun.wait()
        while True:
            typed = await self._typed.get()
            size = os.get_terminal_size(self._file) if typed is None else os.terminal_size((0, 0))
            data = b64encode(typed or b"").decode()
            try:
                assert self._run is not None, "it has begun"
                await self._engine.do(Type(run=self._run, data=data, rows=size.lines, columns=size.columns))
            except SignoffError:
                continue  # it ended just now: that is told by its own event
