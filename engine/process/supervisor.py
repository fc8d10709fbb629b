"""The supervisor of one step: a program of its own, run as `python -S -E supervisor.py STATUS_FD`, in one file.

Standard library only, nothing of the engine. Standard input is the control pipe: one line of JSON with the command,
then `h` to hold (the tree gets its grace although the command has ended), then its end, which ends the tree: so it
also dies with the engine. Every orphan of the step comes to this process, because it is a subreaper.

Run as `supervisor.py after ENTRY` it outlives the engine by a moment, and ends what carries that environment entry.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

_LAST_SPAWN = 0.5
"""Seconds in which a process may still appear that the dead engine was just starting."""
_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36
_IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE)
_PATIENCE = 10.0
"""Seconds after which a process that SIGKILL does not end (it waits for a disk) is given up."""


def prctl(option: int, value: int) -> bool:
    """One Linux process control; False where there is none."""
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) == 0)


def adopt() -> bool:
    """Become the parent of every orphaned descendant."""
    return prctl(_SET_CHILD_SUBREAPER, 1)


def children(pid: int) -> list[int]:
    """The direct children of a process; none if it is gone."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as listing:
                found.extend(map(int, listing.read().split()))
    except (FileNotFoundError, ProcessLookupError, NotADirectoryError):
        pass  # it ended while we looked
    return found


def descendants(pid: int) -> list[int]:
    """Every process below one, nearest first."""
    found = children(pid)
    for member in found:
        found.extend(children(member))
    return found


def end_all(find: Callable[[], list[int]], reap: Callable[[], object]) -> bool:
    """Stop all, kill all, until two scans find none: a tree that forks faster than it is killed stands still first.

    Args:
        find: the living members.
        reap: takes the ended ones away.

    Returns:
        Whether all are gone; False after ten seconds.
    """
    deadline = time.monotonic() + _PATIENCE
    empty = 0
    while empty < 2:
        members = _stopped(find)
        for member in members:
            _send(member, signal.SIGKILL)
        reap()
        empty = 0 if members else empty + 1
        if members and time.monotonic() > deadline:
            return False
        if members:
            time.sleep(0.0005)
    return True


def _stopped(find: Callable[[], list[int]]) -> set[int]:
    stopped: set[int] = set()
    while fresh := set(find()) - stopped:
        for member in fresh:
            _send(member, signal.SIGSTOP)
        stopped |= fresh
    return stopped


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # gone, or another user's: the next scan tells


def _start(command: dict[str, Any], status: int) -> int:
    """Fork the command. This process is small and has one thread, so a plain fork is cheap and safe here.

    Signals wait until the child no longer ignores them: a cancellation in its first moment is not lost.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _IGNORED)
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _IGNORED)
        return pid
    try:
        os.setsid()
        prctl(_SET_PDEATHSIG, signal.SIGKILL)
        for number in (*_IGNORED, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _IGNORED)
        _take_input(command.get("terminal"))
        for name, value in command["limits"].items():
            resource.setrlimit(getattr(resource, name), (value, value))
        os.chdir(command["cwd"])
        os.execvpe(command["argv"][0], command["argv"], command["environment"])
    except OSError as error:
        _report(status, {"failed": error.strerror})
    os._exit(127)


def _take_input(terminal: int | None) -> None:
    """Nothing to read; or the terminal, which then controls the session that the command leads."""
    os.dup2(os.open("/dev/null", os.O_RDONLY) if terminal is None else terminal, 0)
    if terminal is not None:
        import fcntl
        import termios

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _report(status: int, fact: dict[str, Any]) -> None:
    try:
        os.write(status, json.dumps(fact).encode() + b"\n")
    except BrokenPipeError:
        pass  # the engine is gone; the record tells


class _Supervision:
    """One command from its start to the end of its tree."""

    def __init__(self, status: int) -> None:
        self._status = status
        self._wake, signaller = os.pipe()
        os.set_blocking(signaller, False)
        os.set_inheritable(status, False)
        signal.set_wakeup_fd(signaller)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        line, _, rest = self._read_command().partition(b"\n")
        if not rest and _hung_up(0):
            sys.exit(0)  # the engine is gone: nothing is started any more
        self._command = json.loads(line)
        self._holding = bool(rest)
        self._ended: int | None = None
        self._alone = False
        self._pid = _start(self._command, status)
        _report(status, {"child-pid": self._pid})

    def run(self) -> None:
        """Wait for the command, the control pipe or the last process; then end what is left and record the end."""
        poll = select.poll()
        poll.register(0, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        wanted = True
        while wanted and not self._alone and (self._ended is None or self._holding):
            ready = {descriptor for descriptor, _ in poll.poll()}
            if 0 in ready:
                wanted = self._holding = bool(os.read(0, 64))
            if self._wake in ready:
                os.read(self._wake, 4096)
                self._reap()
        gone = end_all(lambda: [] if self._alone else descendants(os.getpid()), self._reap)
        self._finish(gone)

    def _finish(self, gone: bool) -> None:
        code = None if self._ended is None else os.waitstatus_to_exitcode(self._ended)
        signalled = code is not None and code < 0
        fact = {"code": None if signalled else code, "signal": -(code or 0) if signalled else None, "gone": gone}
        if self._command["record"]:
            _write_durably(self._command["record"], json.dumps(fact).encode())
        _report(self._status, fact)

    def _reap(self) -> None:
        try:
            while True:
                pid, state = os.waitpid(-1, os.WNOHANG)
                if pid == self._pid:
                    self._ended = state
                if pid == 0:
                    return
        except ChildProcessError:
            self._alone = True

    @staticmethod
    def _read_command() -> bytes:
        data = b""
        while b"\n" not in data:
            chunk = os.read(0, 65536)
            if not chunk:
                sys.exit(0)  # the engine went away before it said what to run
            data += chunk
        return data


def _hung_up(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return any(events & select.POLLHUP and not events & select.POLLIN for _, events in poll.poll(0))


def marked(markers: set[bytes]) -> list[int]:
    """Living processes that carry one of the given environment entries; never this one."""
    numbers = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()] if os.path.exists("/proc") else []
    return [pid for pid in numbers if pid != os.getpid() and not markers.isdisjoint(_environment(pid))]


def _environment(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:
            return environ.read().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []


def _outlive(entry: bytes) -> None:
    """Wait for the end of standard input, which is the end of the engine; then end what carries its entry."""
    while os.read(0, 64):
        pass
    end = time.monotonic() + _LAST_SPAWN
    while time.monotonic() < end:
        end_all(lambda: [pid for root in marked({entry}) for pid in (root, *descendants(root))], lambda: None)
        time.sleep(0.02)


def _write_durably(path: str, data: bytes) -> None:
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    os.write(target, data)
    os.fsync(target)
    os.close(target)


def main() -> None:
    """Supervise what the control pipe says, or wait for the end of the engine."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    if sys.argv[1] == "after":
        _outlive(os.fsencode(sys.argv[2]))
    else:
        adopt()
        _Supervision(int(sys.argv[1])).run()
    os._exit(0)  # nothing is buffered, and someone waits for this end


if __name__ == "__main__":
    main()
