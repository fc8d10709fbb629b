"""The controlling terminal as a person reads it: a long text comes a screen at a time, and can be left."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import termios
import tty
from collections.abc import Iterator

import pytest

from tests.patience import PATIENCE
from tui.cli.terminal import MORE, Terminal

TEXT = "\n".join(f"line {number}" for number in range(1, 31))


class Screen:
    """Ten lines, and the keyboard that belongs to them."""

    def __init__(self) -> None:
        self._ours, theirs = pty.openpty()
        tty.setraw(theirs)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 80, 0, 0))
        self.terminal = Terminal(theirs)
        self.text = ""

    async def see(self, text: str) -> None:
        """Read on until a text has come."""
        async with asyncio.timeout(PATIENCE):
            while not self.text.endswith(text):
                self.text += (await asyncio.to_thread(os.read, self._ours, 4096)).decode()

    def type(self, line: str) -> None:
        os.write(self._ours, f"{line}\n".encode())

    def close(self) -> None:
        self.terminal.close()
        os.close(self._ours)


@pytest.fixture
def screen() -> Iterator[Screen]:
    made = Screen()
    yield made
    made.close()


async def test_a_long_text_comes_a_screen_at_a_time(screen: Screen) -> None:
    reading = asyncio.create_task(screen.terminal.read(TEXT))
    for last in (9, 18, 27):
        await screen.see(f"line {last}\n{MORE}")
        assert f"line {last + 1}" not in screen.text
        screen.type("")
    await reading
    await screen.see("line 30\n")


async def test_who_has_read_enough_is_shown_no_more(screen: Screen) -> None:
    reading = asyncio.create_task(screen.terminal.read(TEXT))
    await screen.see(f"line 9\n{MORE}")
    screen.type("q")
    await reading
    asking = asyncio.create_task(screen.terminal.ask("Sign? "))
    await screen.see("Sign? ")
    assert "line 10" not in screen.text
    screen.type("n")
    assert await asking == "n"


async def test_what_fits_is_shown_at_once(screen: Screen) -> None:
    await screen.terminal.read("one\ntwo")
    await screen.see("one\ntwo\n")
    assert MORE not in screen.text
