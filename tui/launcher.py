"""The process that the shell waits for, and the one that does the work.

`launch` forks before anything heavy is imported and before there are threads. The parent only waits and passes on the
exit code; the child owns engine and screen. So the child can let go of the terminal and go on while the shell gets its
prompt back, and it can send the launcher to sleep (ctrl+z) without the engine noticing.

Standard library only: this module is imported before everything else.
"""

from __future__ import annotations

import contextlib
import os
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
_KILLED = "signoff: the working process was killed by signal %d; what was recorded is kept. Start again with: signoff\n"


class Leash:
    """What ties the working process to its launcher and its terminal."""

    def __init__(self, launcher: int, tell: int) -> None:
        self._launcher = launcher
        self._tell = tell
        self.loose = False
        """Whether the terminal was let go."""

    def leave(self, code: int = 0) -> None:
        """Let go of the terminal, then let the launcher exit with `code`; this process goes on without either."""
        if self.loose:
            return
        self.loose = True
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


def launch(body: Callable[[Leash], int]) -> NoReturn:
    """Run `body` in a child and exit as it says."""
    listen, tell = os.pipe()
    launcher, before = os.getpid(), termios.tcgetattr(0)
    child = os.fork()
    if child == 0:
        os.close(listen)
        sys.exit(body(Leash(launcher, tell)))
    os.close(tell)
    _wait(child, listen, before)


def _wait(child: int, listen: int, before: list[Any]) -> NoReturn:
    # A person's ctrl+c reaches the child by itself; the launcher must outlive it to pass on the exit code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _: os.kill(child, number))
    word = os.read(listen, 1)
    if word:
        os._exit(word[0])
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        _restore(before, -code)
    os._exit(code if code >= 0 else 128 - code)


def _restore(before: list[Any], number: int) -> None:
    """A process that is killed leaves its screen behind: give the terminal back as it was."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # The shell may have the terminal already.
    try:
        os.write(1, _UNDONE)
        termios.tcsetattr(0, termios.TCSAFLUSH, before)
        os.write(2, (_KILLED % number).encode())
    except (OSError, termios.error):
        return  # The terminal is gone as well.
