"""The process that the shell waits for, and the one that does the work.

`launch` forks before anything heavy is imported and before there are threads. The parent only waits and passes on the
exit code; the child owns engine and screen. So the child can let go of the terminal and go on while the shell gets its
prompt back, and it can send the launcher to sleep (ctrl+z) without the engine noticing.

Standard library only: this module is imported before everything else.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
from collections.abc import Callable
from typing import Any, NoReturn

_UNDONE = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[<u\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l"
    b"\x1b[0m\x1b[?1049l\x1b[?25h"
)
"""Takes back all that a screen switches on in a terminal; what was not on stays off."""
_KILLED = "signoff: the working process was killed by signal %d; what was recorded is kept. Start again with: %s\n"
_LOST = "signoff: killed from outside; %s\n"


class Leash:
    """What ties the working process to its launcher and its terminal.

    Args:
        tell: the end of a pipe whose other end the launcher alone holds.
        before: how the terminal was.
        again: the command that comes back.
    """

    def __init__(self, launcher: int, tell: int, before: list[Any], again: str) -> None:
        self._launcher, self._tell, self._before = launcher, tell, before
        self._lost: Callable[[], object] = lambda: None
        self._kept = ""
        self.again = again
        self.loose = False
        """Whether the terminal was let go."""

    def mind(self, lost: Callable[[], object], kept: str) -> None:
        """From now on the end of the launcher gives the terminal back, with what is `kept` in a line, and calls `lost`.

        Call it in the running loop.
        """
        import asyncio

        self._lost, self._kept = lost, kept
        asyncio.get_running_loop().add_reader(self._tell, self.lose)

    def lose(self) -> None:
        """The terminal is the shell's, without anybody having left: give it back as it was."""
        if not self.loose:
            terminal, say = os.dup(0), os.dup(2)
            self.leave()  # what is being drawn goes nowhere from here on
            _give_back(terminal, self._before, say, _LOST % self._kept)
            os.close(terminal)
            os.close(say)
            self._lost()

    def leave(self, code: int = 0) -> None:
        """Let go of the terminal, then let the launcher exit with `code`; this process goes on without either."""
        if self.loose:
            return
        import asyncio

        self.loose = True
        asyncio.get_running_loop().remove_reader(self._tell)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                continue  # The terminal is gone already; nobody can read what was left to say.
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        os.close(nothing)
        os.setsid()
        with contextlib.suppress(BrokenPipeError):  # the launcher went away with its terminal
            os.write(self._tell, bytes([code]))
        os.close(self._tell)

    async def away(self) -> None:
        """Stop the launcher, so that the shell takes the terminal; return when it is ours again."""
        import asyncio

        loop = asyncio.get_running_loop()
        back = asyncio.Event()
        loop.add_signal_handler(signal.SIGCONT, back.set)
        try:
            while True:
                os.kill(self._launcher, signal.SIGTSTP)
                await back.wait()
                if os.tcgetpgrp(0) == os.getpgrp():
                    return
                back.clear()  # Continued in the background: the terminal is still the shell's.
        finally:
            loop.remove_signal_handler(signal.SIGCONT)


def launch(body: Callable[[Leash], int], again: str) -> NoReturn:
    """Run `body` in a child and exit as it says; `again` is the command that comes back when it was killed."""
    listen, tell = os.pipe()
    launcher, parent, before = os.getpid(), _parent(), termios.tcgetattr(0)
    child = os.fork()
    if child == 0:
        for descriptor in (listen, *parent):
            os.close(descriptor)
        sys.exit(body(Leash(launcher, tell, before, again)))
    os.close(tell)
    _wait(parent, child, listen, before, again)


def _parent() -> list[int]:
    """What tells that our parent has ended; nothing without pidfds, or where the parent is outside of our namespace."""
    try:
        return [os.pidfd_open(os.getppid())]
    except (AttributeError, OSError):
        return []


def _wait(parent: list[int], child: int, listen: int, before: list[Any], again: str) -> NoReturn:
    # A person's ctrl+c reaches the child by itself; the launcher must outlive it to pass on the exit code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _: os.kill(child, number))
    if listen not in select.select([listen, *parent], [], [])[0]:
        os._exit(128 + signal.SIGHUP)  # What started us was killed, and a shell has the terminal: the child notices.
    if word := os.read(listen, 1):
        os._exit(word[0])
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # The shell may have the terminal already.
        _give_back(0, before, 2, _KILLED % (-code, again))
    os._exit(code if code >= 0 else 128 - code)


def _give_back(terminal: int, before: list[Any], say: int, told: str) -> None:
    """A process that is killed leaves its screen behind: give the terminal back as it was, and tell why."""
    with contextlib.suppress(OSError, termios.error):  # The terminal is gone as well.
        os.write(terminal, _UNDONE)
        if not termios.tcgetattr(terminal)[3] & termios.ISIG:  # else a shell edits its line there: it has its own modes
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
        os.write(say, f"\r{told}".encode())
