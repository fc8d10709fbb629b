"""Process trees from outside: who belongs to one, when each member died, what a dead engine left behind.

Signals go through pidfds, so a number that was given to another process meanwhile is never hit. Linux; elsewhere the
functions find nothing and the level is `group`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from time import monotonic

from engine.model.run import ProcessEnd
from engine.process.launch import MARKER
from engine.process.supervisor import adopt, children, descendants, end_all, marked, prctl

_SET_DUMPABLE = 4
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError, NotADirectoryError)

own: set[int] = set()
"""Children this room waits for itself; every other child in a session of its own is an adopted orphan."""


def adopt_orphans() -> bool:
    """Make the engine the parent of what its steps leave behind, so that nothing escapes to the system's init.

    Returns:
        False where the system cannot do it.
    """
    return adopt()


def guard_memory() -> bool:
    """Keep processes of the same user from reading the engine's memory and environment; False where impossible."""
    return prctl(_SET_DUMPABLE, 0)


def reap_orphans() -> None:
    """Take away adopted orphans that have ended."""
    session = os.getsid(0)
    for pid in children(os.getpid()):
        if pid not in own:
            with suppress(ProcessLookupError, ChildProcessError):
                if os.getsid(pid) != session:
                    os.waitpid(pid, os.WNOHANG)


def name_of(pid: int) -> str:
    """The short name of a process, or nothing."""
    try:
        with open(f"/proc/{pid}/comm", "rb") as comm:
            return comm.read().decode(errors="replace").strip()
    except _GONE:
        return ""


def is_init_of_namespace(pid: int) -> bool:
    """Whether a process is number 1 of a PID namespace below ours."""
    try:
        with open(f"/proc/{pid}/status", "rb") as status:
            numbers = next((line.split()[1:] for line in status if line.startswith(b"NSpid:")), [])
    except _GONE:
        return False
    return len(numbers) > 1 and numbers[-1] == b"1"


def end_marked(marker: str) -> int:
    """End what a run left behind and everything below it; how many processes that were."""
    seen: set[int] = set()
    entry = f"{MARKER}={marker}".encode()

    def find() -> list[int]:
        roots = [pid for pid in {*marked({entry}), *seen} if is_alive(pid)]
        members = {pid for root in roots for pid in (root, *descendants(root)) if is_alive(pid)}
        seen.update(members)
        return list(members)

    end_all(find, reap_orphans)
    return len(seen)


async def sweep(marker: str) -> int:
    """Find and kill the leftovers of a run, at recovery; how many processes that were."""
    return await asyncio.to_thread(end_marked, marker)


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except _GONE:
        return not os.path.exists("/proc/self") and _answers(pid)


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Deaths:
    """Watches the members of one tree from a request to end it until each is dead."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = monotonic()
        self._living: dict[int, tuple[int, str, str]] = {}
        self._ends: list[ProcessEnd] = []
        self._last = self._loop.create_future()

    @property
    def seconds(self) -> float:
        """Since the request."""
        return monotonic() - self._began

    @property
    def watched(self) -> set[int]:
        return {pid for pid, _, _ in self._living.values()}

    def watch(self, pid: int, how: str, number: signal.Signals | None = None) -> None:
        """Follow one process, and signal it. Without pidfds it is signalled only."""
        if not hasattr(os, "pidfd_open"):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number or 0)
            return
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            return  # it is gone, or there are more than descriptors: the kill does not depend on the watch
        if number is not None:
            with suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(descriptor, number)
        self._living[descriptor] = (pid, name_of(pid), how)
        self._loop.add_reader(descriptor, self._died, descriptor)

    def escalate(self) -> None:
        """What is alive now dies by SIGKILL."""
        self._living = {
            key: (pid, name, "SIGKILL" if how == "SIGTERM" else how) for key, (pid, name, how) in self._living.items()
        }

    async def all_dead(self, seconds: float) -> bool:
        """Wait until none of the watched lives; False when the time is over."""
        if self._living:
            await asyncio.wait([self._last], timeout=seconds)
        return not self._living

    def close(self) -> tuple[tuple[ProcessEnd, ...], tuple[int, ...]]:
        """Stop watching: (those that died, the numbers of those alive)."""
        alive = tuple(sorted(self.watched))
        for descriptor in list(self._living):
            self._forget(descriptor)
        return tuple(self._ends), alive

    def _died(self, descriptor: int) -> None:
        pid, name, how = self._forget(descriptor)
        self._ends.append(ProcessEnd(pid=pid, name=name, end=how, seconds=self.seconds))
        if not self._living and not self._last.done():
            self._last.set_result(None)

    def _forget(self, descriptor: int) -> tuple[int, str, str]:
        self._loop.remove_reader(descriptor)
        os.close(descriptor)
        return self._living.pop(descriptor)
