"""One log file per run: what arrived, in order of arrival, redacted, bounded (B6.5).

`X` holds the head, `X.tail` a ring of what came after it, `X.streams` the places where stdout and stderr take turns.
Readers see one file: head, a line that tells how much is left out, tail. The format is known to this file alone.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from engine.process.redact import Redactor

_RECORD = struct.Struct("<QB")
_MOST_RECORDS = 1 << 20
"""9 MiB: output that takes turns byte by byte must not fill the disk by its side index."""
_HEADER = struct.Struct("<QQ")
_NOTICE = "\n[{:>20,} bytes left out here]\n"
_NOTICE_SIZE = len(_NOTICE.format(0))
_EXCERPT = 4096


class Stream(IntEnum):
    """Which descriptor of the step a byte came from."""

    OUT = 1
    ERR = 2


@dataclass(frozen=True)
class LogSlice:
    """A part of a log as readers see it."""

    data: bytes
    offset: int
    """Where `data` begins."""
    size: int
    """Bytes that can be read now, the notice included."""
    gap: int
    """Bytes left out in the middle; 0 while all is kept. With `size` it tells whether something is new."""
    stable: int
    """Bytes from the start that will not change any more; with a gap, what follows moves."""


class LogWriter:
    """Writes one log. Errors of the disk leave what could not be written pending; `flush` tries again.

    Args:
        path: made with mode 0600 when the first byte arrives; emptied if it exists.
        cap: bytes kept on disk: half as head, half as ring.
        secrets: values to redact, each stream on its own.
    """

    def __init__(self, path: Path, cap: int, secrets: Sequence[str] = ()) -> None:
        self.path = path
        self.size = 0
        """Bytes accepted so far, after redaction."""
        self._room = cap - cap // 2
        self._capacity = cap // 2
        self._head = 0
        self._file: int | None = None
        self._ring: int | None = None
        self._index: int | None = None
        self._records = 0
        self._stream = Stream.OUT
        self._redactors = {stream: Redactor(secrets) for stream in Stream}
        self._pending = b""
        self._lost = 0
        self._start = b""
        self._end_of_errors = b""

    @property
    def lost(self) -> bool:
        """Whether the disk refused some of the output until the end."""
        return self._lost > 0

    @property
    def truncated(self) -> bool:
        """Whether the log lacks bytes of the output."""
        return self.size - self._head > self._capacity or self.lost

    def feed(self, stream: Stream, data: bytes) -> None:
        """Take bytes that arrived.

        Raises:
            OSError: the disk did not take them all; they wait for `flush`, and nothing more may be fed before.
        """
        self._put(stream, self._redactors[stream].feed(data))

    def flush(self) -> None:
        """Write what is pending.

        Raises:
            OSError: the disk still refuses.
        """
        while self._pending:
            taken = self._write(self._pending)
            self._pending = self._pending[taken:]

    def close(self) -> None:
        """Write the rest and close; what the disk refuses now is lost and counted."""
        for stream, redactor in self._redactors.items():
            with suppress(OSError):  # counted below as lost
                self._put(stream, redactor.finish())
        self._lost += len(self._pending)
        self._pending = b""
        opened = [descriptor for descriptor in (self._file, self._ring, self._index) if descriptor is not None]
        self._file = self._ring = self._index = None  # the numbers belong to whoever opens the next files
        for descriptor in opened:
            os.close(descriptor)

    def first_line(self) -> str:
        """The first line that is not blank, at most 160 characters."""
        lines = (line.strip() for line in self._start.decode(errors="replace").splitlines())
        return next((line[:160] for line in lines if line), "")

    def stderr_tail(self) -> tuple[str, ...]:
        """The last lines of stderr, at most five."""
        lines = self._end_of_errors.decode(errors="replace").splitlines()
        return tuple(line for line in lines if line.strip())[-5:]

    def _put(self, stream: Stream, data: bytes) -> None:
        if not data:
            return
        if len(self._start) < _EXCERPT:
            self._start = (self._start + data[:_EXCERPT]).lstrip()
        if stream is Stream.ERR:
            self._end_of_errors = (self._end_of_errors + data)[-_EXCERPT:]
        if stream is not self._stream:
            self._switch(stream)
        self.size += len(data)
        self._pending += data
        self.flush()

    def _switch(self, stream: Stream) -> None:
        self._stream = stream
        if self._records < _MOST_RECORDS:
            if self._file is None:
                self._file = _create(self.path)
            if self._index is None:
                self._index = _create(_beside(self.path, ".streams"))
            self._records += 1
            os.write(self._index, _RECORD.pack(self.size, stream))

    def _write(self, data: bytes) -> int:
        if self._file is None:
            self._file = _create(self.path)
        if self._head < self._room:
            taken = os.write(self._file, data[: self._room - self._head])
            self._head += taken
            return taken
        if self._ring is None:
            self._ring = _create(_beside(self.path, ".tail"))
        written = self.size - len(data) - self._head
        at = written % self._capacity
        taken = os.pwrite(self._ring, data[: self._capacity - at], _HEADER.size + at)
        os.pwrite(self._ring, _HEADER.pack(self._capacity, written + taken), 0)
        return taken


def read_log(path: Path, offset: int, n: int) -> LogSlice:
    """Read a part of a log, also while it is written; a log that does not exist yet is empty.

    Args:
        offset: negative counts from the end.
    """
    try:
        head = open(path, "rb", buffering=0)
    except FileNotFoundError:
        return LogSlice(b"", 0, 0, 0, 0)
    with head:
        layout = _layout(path, os.fstat(head.fileno()).st_size)
        at = min(layout.size, offset if offset >= 0 else max(0, layout.size + offset))
        data = os.pread(head.fileno(), max(0, min(n, layout.head - at)), at)
    if at + len(data) >= layout.head and len(data) < n and layout.written:
        data += _read_end(path, layout, at + len(data) - layout.head, n - len(data))
    return LogSlice(data, at, layout.size, layout.gap, layout.head if layout.gap else layout.size)


def stream_switches(path: Path, start: int, end: int) -> list[tuple[int, Stream]]:
    """Which stream the bytes from `start` to `end` came from: (where it begins, stream), the first at `start`."""
    try:
        records = os.open(_beside(path, ".streams"), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return [(start, Stream.OUT)]
    try:
        return _switches(records, _layout(path, path.stat().st_size), start, end)
    finally:
        os.close(records)


@dataclass(frozen=True)
class _Layout:
    """How the parts on disk lie in what readers see."""

    head: int
    capacity: int
    written: int
    """Bytes ever written to the ring."""

    @property
    def gap(self) -> int:
        return max(0, self.written - self.capacity)

    @property
    def notice(self) -> bytes:
        return _NOTICE.format(self.gap).encode() if self.gap else b""

    @property
    def size(self) -> int:
        return self.head + (_NOTICE_SIZE if self.gap else 0) + self.written - self.gap

    def seen(self, arrived: int) -> int:
        """From an offset in all that arrived to one in what readers see."""
        if arrived <= self.head or not self.gap:
            return arrived
        return max(self.head, arrived - self.gap + _NOTICE_SIZE)


def _layout(path: Path, head: int) -> _Layout:
    try:
        with open(_beside(path, ".tail"), "rb", buffering=0) as ring:
            header = ring.read(_HEADER.size)
    except FileNotFoundError:
        return _Layout(head, 0, 0)
    return _Layout(head, *_HEADER.unpack(header)) if len(header) == _HEADER.size else _Layout(head, 0, 0)


def _read_end(path: Path, layout: _Layout, at: int, n: int) -> bytes:
    """Bytes from `at` behind the head: notice, then the ring from its oldest byte."""
    data = layout.notice[at : at + n]
    at = max(0, at - len(layout.notice))
    with open(_beside(path, ".tail"), "rb", buffering=0) as ring:
        left = min(n - len(data), layout.written - layout.gap - at)
        while left > 0:
            place = (layout.gap + at) % layout.capacity
            piece = os.pread(ring.fileno(), min(left, layout.capacity - place), _HEADER.size + place)
            if not piece:
                break
            data, at, left = data + piece, at + len(piece), left - len(piece)
    return data


def _switches(records: int, layout: _Layout, start: int, end: int) -> list[tuple[int, Stream]]:
    def record(number: int) -> tuple[int, Stream]:
        arrived, stream = _RECORD.unpack(os.pread(records, _RECORD.size, number * _RECORD.size))
        return layout.seen(arrived), Stream(stream)

    count = os.fstat(records).st_size // _RECORD.size
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if record(middle)[0] <= start else (low, middle)
    found = [(start, record(low - 1)[1] if low else Stream.OUT)]
    while low < count and (switch := record(low))[0] < end:
        found.append(switch)
        low += 1
    return found


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _create(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
