"""A process tree that was started: how its end is noticed, and how it is brought to its end (B7.3).

One way of cancelling for all levels: hold (the end of the command no longer ends the rest), SIGTERM to every member,
the grace, then the kill that belongs to the level. A level says what its members are and how it kills, no more.
A tree that is gone has not ended yet: its log is closed first, and what it may have changed is looked at.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import SpawnFailed
from engine.model.run import Receipt
from engine.process import tree
from engine.process.capture import Capture
from engine.process.guarded import Guarded
from engine.process.launch import Exit, Launch, Level
from engine.process.seal import changed
from engine.process.terminal import Terminal

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
    guarded = Guarded()
    """What git would execute, as it was before the start."""

    @property
    def terminal(self) -> Terminal | None:
        """Where a person can type, if the step has one."""
        return self._capture.terminal

    def __init__(
        self, launch: Launch, pid: int, capture: Capture, status: int | None, clean: Callable[[], None]
    ) -> None:
        self.pid = pid
        self._launch = launch
        self._capture = capture
        self._clean = clean
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[Exit] = self._loop.create_future()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._hurried: asyncio.Future[None] = self._loop.create_future()
        self._ready = asyncio.Event()
        self._cancelling: asyncio.Task[Receipt] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._facts: dict[str, Any] = {}
        self._status = status
        self._unread = b""
        tree.own.add(pid)
        capture.start()
        if status is not None:
            os.set_blocking(status, False)
            self._loop.add_reader(status, self._read_status)
        _when_ended(pid, self._leader_ended)

    async def wait(self) -> Exit:
        """Wait for the end of the whole tree.

        Raises:
            SpawnFailed: the command was never started.
            OSError: the tree is gone, but its log could not be closed.
        """
        return await asyncio.shield(self._done)

    async def cancel(self, grace: float) -> Receipt:
        """End the tree: SIGTERM to every member, SIGKILL after `grace` seconds; returns when it is gone."""
        if self._cancelling is None:
            self._cancelling = asyncio.ensure_future(self._cancel(grace))
        return await asyncio.shield(self._cancelling)

    def kill(self) -> None:
        """End the grace of a cancellation at once; without one, begin it with no grace."""
        if not self._hurried.done():
            self._hurried.set_result(None)
        if self._cancelling is None:
            self._cancelling = asyncio.ensure_future(self._cancel(0))

    async def _cancel(self, grace: float) -> Receipt:
        deaths = tree.Deaths()
        await self._until_ready()
        if not self._gone.done():
            self._hold()
            members = self._members()
            for pid in members:
                deaths.watch(pid, "SIGTERM", signal.SIGTERM)
            if not members or not await self._gone_in_time(deaths, grace):
                await self._force(deaths)
        ends, alive = deaths.close()
        best_effort = self.level is Level.GROUP
        return Receipt(
            ends=ends, survivors=alive, seconds=deaths.seconds, level=self.level.value, best_effort=best_effort
        )

    async def _force(self, deaths: tree.Deaths) -> None:
        deaths.escalate()
        for pid in set(self._members()) - deaths.watched:
            deaths.watch(pid, "with its parent")
        await self._kill(deaths)
        await asyncio.wait([self._gone], timeout=_UNTIL_GONE)
        await deaths.all_dead(_UNTIL_GONE if not self._gone.done() else 0.1)

    async def _until_ready(self) -> None:
        ready = asyncio.ensure_future(self._ready.wait())
        either: list[asyncio.Future[Any]] = [ready, self._gone]
        await asyncio.wait(either, timeout=_UNTIL_READY, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()

    async def _gone_in_time(self, deaths: tree.Deaths, grace: float) -> bool:
        """Whether the tree ended within its grace, which `kill` cuts short."""
        patience = asyncio.ensure_future(self._gone_within(deaths, grace))
        either: list[asyncio.Future[Any]] = [patience, self._hurried]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if patience.done():
            return patience.result()
        patience.cancel()
        return self._gone.done()

    async def _gone_within(self, deaths: tree.Deaths, grace: float) -> bool:
        await asyncio.wait([self._gone], timeout=grace)
        return self._gone.done()

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
        """The tree is gone."""
        self._gone.set_result(None)
        self._ending = self._loop.create_task(self._end(code, number), name=f"end of run {self._launch.run}")

    def _never_started(self, reason: str) -> None:
        self._gone.set_result(None)
        fault = SpawnFailed(program=self._launch.program, reason=reason)
        self._ending = self._loop.create_task(self._end(None, None, fault), name=f"end of run {self._launch.run}")

    async def _end(self, code: int | None, number: int | None, fault: SpawnFailed | None = None) -> None:
        """Close the log and tell."""
        try:
            self._put_away()
            if fault is not None:
                raise fault
            self._done.set_result(await self._exit(code, number))
        except Exception as error:  # whoever waits must hear of it, or its step would never end
            self._done.set_exception(error)
            self._done.exception()  # a run that nobody waits for is no programming error

    def _put_away(self) -> None:
        try:
            self._capture.finish()
        finally:
            self._clean()
            _reap_orphans_soon(self._loop)

    async def _exit(self, code: int | None, number: int | None) -> Exit:
        log = self._capture.log
        return Exit(
            code=code,
            signal=number,
            stderr_tail=log.stderr_tail(),
            first_line=log.first_line(),
            log_bytes=log.size,
            truncated=log.truncated,
            lost=log.lost,
            changed=await self._changed(),
        )

    async def _changed(self) -> tuple[Path, ...]:
        confinement = self._launch.confinement
        files = (*confinement.sealed, *confinement.checked)
        if not files and not self.guarded.repositories:
            return ()
        return await asyncio.to_thread(lambda: (*changed(files, confinement.root), *self.guarded.changed()))


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
