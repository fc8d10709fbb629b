"""A pseudo-terminal with a program in it, that answers what a terminal is asked."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

_ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[?2048$p": b"\x1b[?2048;0$y", b"\x1b[c": b"\x1b[?62;22c"}


class Terminal:
    """Reads all that the program writes; `close` ends the program."""

    def __init__(self, module: str, *arguments: str, size: tuple[int, int] = (80, 24)) -> None:
        self.written = bytearray()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
            environment.pop("NO_COLOR", None)
            os.execve(sys.executable, [sys.executable, "-m", module, *arguments], environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def read(self, seconds: float, enough: Callable[[bytes], bool] = lambda data: False) -> bytes:
        """What comes within some seconds, or until it is enough."""
        data, end = bytearray(), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not enough(bytes(data)):
            if not select.select([self.fd], [], [], left)[0]:
                break
            with suppress(OSError):  # the program has ended
                piece = os.read(self.fd, 1 << 16)
                for question, answer in _ANSWERS.items():
                    if question in piece:
                        os.write(self.fd, answer)
                data += piece
        self.written += data
        return bytes(data)

    def press(self, keys: Sequence[bytes]) -> None:
        for key in keys:
            os.write(self.fd, key)

    def cpu(self) -> float:
        """Seconds of processor time that the program used."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        with suppress(ProcessLookupError):  # it ended by itself
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
