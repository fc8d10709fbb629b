"""Carries the output of one run into its log, from two pipes or its terminal: on the loop, no thread, no queue.

A full disk stops the reading, not the engine: the step waits on its pipe until there is space again, and nothing is
lost in silence. A slow reader of the log is not known here at all.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from engine.process.logs import LogWriter, Stream
from engine.process.terminal import Terminal

_CHUNK = 1 << 16
_RETRY = 0.5
"""Seconds between two tries at a full disk."""
_PACE = 1 / 15
"""Seconds between two calls of `on_growth` at least: a person does not see more."""
_LAST_CHUNKS = 64
"""What is read after the tree is dead: more than pipes hold, and an end if someone outside still writes."""


class Capture:
    """The reading ends of one run. Give `ends` to the child, then call `start`, at last `finish`."""

    def __init__(
        self,
        log: LogWriter,
        on_growth: Callable[[int], None] | None,
        on_stall: Callable[[OSError | None], None],
        terminal: Terminal | None = None,
    ) -> None:
        self.log = log
        self._loop = asyncio.get_running_loop()
        self._on_growth = on_growth
        self._on_stall = on_stall
        self._stalls = False
        self._announced: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._finished = False
        self.terminal = terminal
        if terminal is not None:
            self._reading = {os.dup(terminal.ours): Stream.OUT}
            self.ends = (os.dup(terminal.theirs), os.dup(terminal.theirs))
            return
        out, err = os.pipe(), os.pipe()
        self._reading = {out[0]: Stream.OUT, err[0]: Stream.ERR}
        self.ends = (out[1], err[1])

    def start(self) -> None:
        """The child has its ends: close ours and begin to read."""
        self._close_ends()
        for descriptor in self._reading:
            os.set_blocking(descriptor, False)
        self._resume()

    def finish(self) -> None:
        """Take what is left in the pipes and close everything."""
        self._finished = True
        if self.ends:
            self._close_ends()
        for descriptor in tuple(self._reading):
            chunks = 0
            while chunks < _LAST_CHUNKS and self._take(descriptor):
                chunks += 1
            self._forget(descriptor)
        if self.terminal is not None:
            self.terminal.close()
        for timer in (self._announced, self._retry):
            if timer is not None:
                timer.cancel()
        self.log.close()
        self._stall(None)
        if self._on_growth is not None:
            self._on_growth(self.log.size)

    def _close_ends(self) -> None:
        for end in self.ends:
            os.close(end)
        self.ends = ()  # type: ignore[assignment]

    def _resume(self) -> None:
        self._retry = None
        try:
            self.log.flush()
        except OSError as error:
            self._wait_for_space(error)
            return
        self._stall(None)
        for descriptor in self._reading:
            self._loop.add_reader(descriptor, self._take, descriptor)

    def _stall(self, error: OSError | None) -> None:
        """Tell once that the disk refuses, and once that it does no more."""
        if self._stalls != (error is not None):
            self._stalls = error is not None
            self._on_stall(error)

    def _wait_for_space(self, error: OSError) -> None:
        self._stall(error)
        for descriptor in self._reading:
            self._loop.remove_reader(descriptor)
        if not self._finished:
            self._retry = self._loop.call_later(_RETRY, self._resume)

    def _take(self, descriptor: int) -> bool:
        """Move one chunk; whether there may be more."""
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._forget(descriptor)
            return False
        try:
            self.log.feed(self._reading[descriptor], data)
        except OSError as error:
            self._wait_for_space(error)
            return False
        if self._on_growth is not None and self._announced is None:
            self._announced = self._loop.call_later(_PACE, self._announce, self._on_growth)
        return True

    def _announce(self, on_growth: Callable[[int], None]) -> None:
        self._announced = None
        on_growth(self.log.size)

    def _forget(self, descriptor: int) -> None:
        if self._reading.pop(descriptor, None) is not None:
            self._loop.remove_reader(descriptor)
            os.close(descriptor)
