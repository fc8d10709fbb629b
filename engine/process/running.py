"""A process tree that was started: how its end is noticed, and how it is brought to its end (B7.3).

One way of cancelling for all levels: hold (the end of the command no longer ends the rest), SIGTERM to every member,
the grace, then the kill that belongs to the level. A level says what its members are and how it kills, no more.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable
from time import monotonic
from typing import Any

from engine.errors import SpawnFailed
from engine.process import tree
from engine.process.capture import Capture
from engine.process.launch import Exit, Launch, Level, Receipt
from engine.process.seal import changed

_UNTIL_READY = 2.0
"""Seconds a sandbox may take to be set up before a cancellation stops waiting for it."""
_UNTIL_GONE = 15.0
"""Seconds after the kill until what is left counts as a survivor."""
_REAP_AFTER = 0.5


class Running:
    """One run that was started. `wait` and `cancel` may be called together, and more than once.

    Args:
        pid: the process this engine started: the command itself, bubblewrap, or the supervisor.
        status: descriptor on which the sandbox or the supervisor tells facts as lines of JSON.
        clean: called once at the end, to remove what was made for the start.
    """

    level: Level

    def __init__(
        self, launch: Launch, pid: int, capture: Capture, status: int | None, clean: Callable[[], None]
    ) -> None:
        self.pid = pid
        self._launch = launch
        self._capture = capture
        self._clean = clean
        self._began = monotonic()
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[Exit] = self._loop.create_future()
        self._ready = asyncio.Event()
        self._cancelling: asyncio.Task[Receipt] | None = None
        self._facts: dict[str, Any] = {}
        self._status = status
        self._unread = b""
        tree.own.add(pid)
        capture.start()
        if status is not None:
            os.set_blocking(status, False)
            self._loop.add_reader(status, self._read_status)
        _when_ended(pid, self._leader_ended)

    @property
    def log_size(self) -> int:
        """Bytes of output so far."""
        return self._capture.log.size

    async def wait(self) -> Exit:
        """Wait for the end of the whole tree.

        Raises:
            SpawnFailed: the command was never started.
        """
        return await asyncio.shield(self._done)

    async def cancel(self, grace: float) -> Receipt:
        """End the tree: SIGTERM to every member, SIGKILL after `grace` seconds; returns when it is gone."""
        if self._cancelling is None:
            self._cancelling = asyncio.ensure_future(self._cancel(grace))
        return await asyncio.shield(self._cancelling)

    async def _cancel(self, grace: float) -> Receipt:
        deaths = tree.Deaths()
        await self._until_ready()
        if not self._done.done():
            self._hold()
            members = self._members()
            for pid in members:
                deaths.watch(pid, "SIGTERM", signal.SIGTERM)
            if not members or not await self._gone_within(deaths, grace):
                await self._force(deaths)
        ended, alive = deaths.close()
        return Receipt(ended, alive, deaths.seconds, self.level, self.level is Level.GROUP)

    async def _force(self, deaths: tree.Deaths) -> None:
        deaths.escalate()
        for pid in set(self._members()) - deaths.watched:
            deaths.watch(pid, "with its parent")
        await self._kill(deaths)
        await asyncio.wait([self._done], timeout=_UNTIL_GONE)
        await deaths.all_dead(_UNTIL_GONE if not self._done.done() else 0.1)

    async def _until_ready(self) -> None:
        ready = asyncio.ensure_future(self._ready.wait())
        either: list[asyncio.Future[Any]] = [ready, self._done]
        await asyncio.wait(either, timeout=_UNTIL_READY, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()

    async def _gone_within(self, deaths: tree.Deaths, grace: float) -> bool:
        await asyncio.wait([self._done], timeout=grace)
        return self._done.done()

    def _members(self) -> list[int]:
        """The processes of the step, nearest the root first."""
        raise NotImplementedError

    def _hold(self) -> None:
        """From now on the end of the command does not end the rest of its tree."""
        raise NotImplementedError

    async def _kill(self, deaths: tree.Deaths) -> None:
        """End everything now."""
        raise NotImplementedError

    def _leader_ended(self) -> None:
        """`pid` is a zombie."""
        raise NotImplementedError

    def _learned(self) -> None:
        """A new fact is in `_facts`."""
        self._ready.set()

    def _read_status(self) -> bool:
        """Take what the status descriptor holds; whether there may be more."""
        try:
            data = os.read(self._status, 4096) if self._status is not None else b""
        except BlockingIOError:
            return False
        if not data:
            self._close_status()
            return False
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            if line.strip():
                self._facts.update(json.loads(line))
                self._learned()
        return True

    def _close_status(self) -> None:
        if self._status is not None:
            self._loop.remove_reader(self._status)
            os.close(self._status)
            self._status = None

    def _reaped(self) -> int:
        """Take the leader away; its exit code, negative for a signal."""
        _, state = os.waitpid(self.pid, 0)
        tree.own.discard(self.pid)
        while self._read_status():
            pass
        self._close_status()
        return os.waitstatus_to_exitcode(state)

    def _settle(self, code: int | None, number: int | None) -> None:
        """The tree is gone: close the log and tell."""
        self._capture.finish()
        self._clean()
        _reap_orphans_soon(self._loop)
        log, sealed = self._capture.log, self._launch.confinement.sealed
        self._done.set_result(
            Exit(
                code=code,
                signal=number,
                seconds=monotonic() - self._began,
                stderr_tail=log.stderr_tail(),
                first_line=log.first_line(),
                log_bytes=log.size,
                truncated=log.truncated,
                changed=changed(sealed, self._launch.confinement.root) if sealed else (),
            )
        )

    def _never_started(self, reason: str) -> None:
        self._capture.finish()
        self._clean()
        self._done.set_exception(
            SpawnFailed(program=self._launch.argv[0] if self._launch.argv else "bash", reason=reason)
        )
        self._done.exception()  # a run that nobody waits for is no programming error


def _when_ended(pid: int, call: Callable[[], None]) -> None:
    """Call once when a child is a zombie."""
    loop = asyncio.get_running_loop()
    if not hasattr(os, "pidfd_open"):
        waiting = loop.run_in_executor(None, os.waitid, os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        waiting.add_done_callback(lambda _: call())
        return
    descriptor = os.pidfd_open(pid)

    def ended() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        call()

    loop.add_reader(descriptor, ended)


_reaping: set[asyncio.AbstractEventLoop] = set()


def _reap_orphans_soon(loop: asyncio.AbstractEventLoop) -> None:
    if loop not in _reaping:
        _reaping.add(loop)
        loop.call_later(_REAP_AFTER, _reap_now, loop)


def _reap_now(loop: asyncio.AbstractEventLoop) -> None:
    _reaping.discard(loop)
    tree.reap_orphans()
