"""The controlling terminal: the only place where a person can be asked, whatever stdin and stdout are (B5.10)."""

from __future__ import annotations

import asyncio
import os
import termios
from typing import TYPE_CHECKING, Protocol

from tui.cli.console import WIDTH
from tui.presentation.wrap import broken

if TYPE_CHECKING:
    from engine import EngineClient, StepStatus

LINE = 64 * 1024
"""Bytes of an answer that are read at most."""
HEIGHT = 24
"""Lines of a terminal that does not know."""
MORE = "more: enter, or q to stop: "


class Person(Protocol):
    """Somebody at a keyboard."""

    def tell(self, text: str) -> None:
        """Show some lines where the question will stand, wherever stdout goes."""

    async def read(self, text: str) -> bool:
        """Show a long text, a screen at a time; False where the person stopped before its end."""

    async def ask(self, prompt: str) -> str:
        """Show a line, return what was typed; empty for nothing or the end of input."""

    async def take(self, engine: EngineClient, task: int, step: str) -> StepStatus | None:
        """Hand the terminal to a step until it ends: how it ended, or None where the person came back before."""

    def close(self) -> None:
        """Let go of the terminal."""


class Terminal:
    """The person at `/dev/tty`. Waiting for the answer blocks nothing else and can be cancelled."""

    def __init__(self, file: int) -> None:
        self._file = file

    def tell(self, text: str) -> None:
        rest = f"{text.rstrip()}\n".encode(errors="backslashreplace")
        while rest:
            rest = rest[os.write(self._file, rest) :]

    async def read(self, text: str) -> bool:
        lines = text.rstrip().split("\n")
        page = max(2, (os.get_terminal_size(self._file).lines or HEIGHT) - 1)
        for first in range(0, len(lines), page):
            self.tell("\n".join(lines[first : first + page]))
            if first + page < len(lines) and await self.ask(MORE):
                return False
        return True

    async def ask(self, prompt: str) -> str:
        loop = asyncio.get_running_loop()
        termios.tcflush(self._file, termios.TCIFLUSH)  # what was typed ahead answers nothing
        shown = broken(prompt, os.get_terminal_size(self._file).columns or WIDTH)
        os.write(self._file, shown.encode(errors="backslashreplace"))  # so short that a terminal takes it whole
        readable = asyncio.Event()
        loop.add_reader(self._file, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._file)
        return os.read(self._file, LINE).decode(errors="surrogateescape").strip()

    async def take(self, engine: EngineClient, task: int, step: str) -> StepStatus | None:
        from tui.handover import hand_over

        return await hand_over(engine, task, step, self._file)

    def close(self) -> None:
        os.close(self._file)


def controlling_terminal() -> Terminal | None:
    """The terminal of this process; None where there is none."""
    try:
        return Terminal(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return None


async def says_yes(person: Person, prompt: str) -> bool:
    """Whether a person typed a yes; everything else is a no."""
    return (await person.ask(f"{prompt} [y/N] ")).lower() in ("y", "yes")
