"""The three ways to hold a process tree: what its members are, how its end shows, and how it is killed.

Each is a `Running`; what they share, and the one way of cancelling, stands there.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress

from engine.process import tree
from engine.process.capture import Capture
from engine.process.launch import MARKER, Launch, Level
from engine.process.running import Running
from engine.process.supervisor import descendants, end_all, marked


class Sandboxed(Running):
    """Level bubblewrap: the namespace's init is the tree; when it is gone, the kernel has ended every member."""

    level = Level.BUBBLEWRAP
    _init: int | None = None
    _ended: int | None = None

    def _learned(self) -> None:
        pid = self._facts.get("child-pid")
        if pid is not None and self._init is None and not self._ready.is_set():
            with suppress(ProcessLookupError):
                self._init = os.pidfd_open(pid)
                if tree.is_init_of_namespace(pid):
                    self._loop.add_reader(self._init, self._init_ended)
                else:
                    self._forget_init()
        super()._learned()

    def _members(self) -> list[int]:
        return descendants(self._facts["child-pid"]) if self._init is not None else []

    def _hold(self) -> None:
        """Bubblewrap's outer process ends with the command, and the namespace with it: it is stopped meanwhile."""
        if self._ended is None:
            os.kill(self.pid, signal.SIGSTOP)

    async def _kill(self, deaths: tree.Deaths) -> None:
        if self._init is not None:
            signal.pidfd_send_signal(self._init, signal.SIGKILL)
        elif self._ended is None:
            os.kill(self.pid, signal.SIGKILL)

    def _init_ended(self) -> None:
        self._forget_init()
        if self._ended is None:
            os.kill(self.pid, signal.SIGCONT)
        else:
            self._tell()

    def _leader_ended(self) -> None:
        self._ended = self._reaped()
        if self._init is None:
            self._tell()

    def _forget_init(self) -> None:
        if self._init is not None:
            self._loop.remove_reader(self._init)
            os.close(self._init)
            self._init = None

    def _tell(self) -> None:
        code = self._facts.get("exit-code")
        if code is not None:
            self._settle(*_as_the_shell_says(code))
        elif self._ended is not None and self._ended < 0:
            self._settle(None, -self._ended)
        else:
            self._never_started(" ".join(self._capture.log.stderr_tail()) or "the sandbox could not be set up")


class Supervised(Running):
    """Level supervisor: it is the subreaper of the tree, and the end of its control pipe ends the tree."""

    level = Level.SUPERVISOR

    def __init__(
        self, launch: Launch, pid: int, capture: Capture, status: int, clean: Callable[[], None], control: int
    ) -> None:
        self._control: int | None = control
        super().__init__(launch, pid, capture, status, clean)

    def _members(self) -> list[int]:
        return descendants(self.pid)

    def _hold(self) -> None:
        if self._control is not None:
            with suppress(BrokenPipeError):  # it has ended meanwhile
                os.write(self._control, b"h")

    async def _kill(self, deaths: tree.Deaths) -> None:
        self._close_control()

    def _leader_ended(self) -> None:
        self._reaped()
        self._close_control()
        if "failed" in self._facts:
            self._never_started(self._facts["failed"])
        elif "gone" in self._facts:
            self._settle(self._facts["code"], self._facts["signal"])
        else:  # someone ended the supervisor itself: its orphans came to the engine
            self._loop.run_in_executor(None, tree.end_marked, self._launch.environment[MARKER]).add_done_callback(
                lambda _: self._settle(None, signal.SIGKILL)
            )

    def _close_control(self) -> None:
        if self._control is not None:
            os.close(self._control)
            self._control = None


class Grouped(Running):
    """Level group: the session of the command, best effort. The leader stays a zombie until the end is told, so that
    its number is not given to another group meanwhile.
    """

    level = Level.GROUP
    _killing = False

    def __init__(
        self, launch: Launch, pid: int, capture: Capture, status: int | None, clean: Callable[[], None]
    ) -> None:
        self._leader_dead = asyncio.Event()
        super().__init__(launch, pid, capture, status, clean)
        self._ready.set()

    def _members(self) -> list[int]:
        found = dict.fromkeys((self.pid, *descendants(self.pid), *marked({self._launch.entry})))
        return [pid for pid in found if self._lives(pid)]

    def _lives(self, pid: int) -> bool:
        return tree.is_alive(pid) and not (pid == self.pid and self._leader_dead.is_set())

    def _hold(self) -> None:
        """`_leader_ended` sees that a cancellation is under way. Where no member can be found, the group is told."""
        if not hasattr(os, "pidfd_open"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGTERM)

    async def _gone_within(self, deaths: tree.Deaths, grace: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leader_dead.wait(), grace)
        gone = await deaths.all_dead(max(0.0, grace - deaths.seconds)) and not self._members()
        if gone:
            self._tell()
        return gone

    async def _kill(self, deaths: tree.Deaths) -> None:
        self._killing = True
        self._end_group()
        await asyncio.to_thread(end_all, lambda: self._left(deaths), tree.reap_orphans)
        if self._leader_dead.is_set() and not self._gone.done():
            self._tell()

    def _left(self, deaths: tree.Deaths) -> list[int]:
        return [pid for pid in {*self._members(), *deaths.watched} if self._lives(pid)]

    def _leader_ended(self) -> None:
        self._leader_dead.set()
        if self._cancelling is None or self._killing:
            self._end_group()
            self._tell()

    def _end_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _tell(self) -> None:
        code = self._reaped()
        self._settle(*((code, None) if code >= 0 else (None, -code)))


def _as_the_shell_says(code: int) -> tuple[int | None, int | None]:
    """Bubblewrap reports the end by a signal as 128 and its number; nothing else tells the two apart."""
    return (None, code - 128) if 128 < code <= 128 + 31 else (code, None)
