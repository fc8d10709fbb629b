"""A terminal for one step: the step has one end, whoever takes it types at the other; what it shows goes to the log.

Nothing is echoed here: whether what is typed appears, is for the program to say, as at any terminal.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
from contextlib import suppress

ROWS, COLUMNS = 24, 80
TYPE = "xterm-256color"
"""What it calls itself."""
_MOST = 1 << 20
"""Bytes typed ahead of a program that does not read; what comes after them is dropped."""


class Terminal:
    """Opened before the step starts, closed when its tree is gone."""

    def __init__(self) -> None:
        self.ours, self.theirs = os.openpty()
        os.set_blocking(self.ours, False)
        self._loop = asyncio.get_running_loop()
        self._typed = b""
        self.resize(ROWS, COLUMNS)

    def type(self, data: bytes) -> None:
        """Hand over what a person typed; it waits while the program does not read."""
        self._typed = (self._typed + data)[:_MOST]
        self._hand_over()

    def resize(self, rows: int, columns: int) -> None:
        """Take the size of the person's own; programs are told."""
        with suppress(OSError):  # closed meanwhile
            fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def close(self) -> None:
        """Nobody can type any more."""
        self._loop.remove_writer(self.ours)
        self._typed = b""
        for descriptor in (self.ours, self.theirs):
            os.close(descriptor)
        self.ours = self.theirs = -1

    def _hand_over(self) -> None:
        if self.ours < 0:
            return
        with suppress(BlockingIOError):
            while self._typed:
                self._typed = self._typed[os.write(self.ours, self._typed) :]
        if self._typed:
            self._loop.add_writer(self.ours, self._hand_over)
        else:
            self._loop.remove_writer(self.ours)
