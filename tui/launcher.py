"""The process that the shell waits for, and the one that does the work.

`launch` forks before anything heavy is imported and before there are threads. The parent only waits and passes on the
exit code; the child owns engine and screen. So the child can let go of the terminal and go on while the shell gets its
prompt back, and it can send the launcher to sleep (ctrl+z) without the engine noticing.

Standard library only: this module is imported before everything else.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn


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
        os.write(self._tell, bytes([code]))
        os.close(self._tell)

    async def away(self) -> None:
        """Stop the launcher, so that the shell takes the terminal; return when it is ours again."""
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
    launcher = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(listen)
        sys.exit(body(Leash(launcher, tell)))
    os.close(tell)
    _wait(child, listen)


def _wait(child: int, listen: int) -> NoReturn:
    # A person's ctrl+c reaches the child by itself; the launcher must outlive it to pass on the exit code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _: os.kill(child, number))
    word = os.read(listen, 1)
    if word:
        os._exit(word[0])
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code if code >= 0 else 128 - code)
