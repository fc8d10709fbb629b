"""Lines of a file of any size, by number or from its end, through a `read(offset, n)` and a size: nothing else.

The index is sparse: per 256 KiB the first line start and its number, about 64 kB for 1 GB. Lines are cut at 64 KiB, so
every block has a line start in it and gigabytes without a newline cost no memory.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

CUT = 1 << 16
"""Longest line in bytes; what is longer continues as the next line."""
BLOCK = 1 << 18
_STRIDE = 1 << 12
Read = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its newline."""

    offset: int
    data: bytes


class LineIndex:
    """Counts lines in slices that the caller paces; reading from the end needs no count at all.

    Args:
        read: returns up to n bytes from an offset, fewer only at the end.
        size: bytes that can be read now; see `grow`.
    """

    def __init__(self, read: Read, size: int) -> None:
        self._read = read
        self.size = size
        self._anchors = array("Q", [0])
        self._numbers = array("Q", [0])
        self._position = self._number = self._seen = 0

    @property
    def complete(self) -> bool:
        """Whether all bytes are counted that the size tells of."""
        return self._seen >= self.size

    @property
    def count(self) -> int:
        """Lines counted so far; a last line without its newline counts."""
        return self._number + (self._position < self._seen)

    def grow(self, size: int) -> None:
        """More bytes were appended; what was counted stays counted."""
        self.size = size

    def rewind(self, offset: int) -> None:
        """Bytes from `offset` on are other ones now: forget what was counted there."""
        keep = max(1, bisect_right(self._anchors, min(offset, self._position)))
        del self._anchors[keep:], self._numbers[keep:]
        if offset < self._seen:
            self._position = self._seen = self._anchors[-1]
            self._number = self._numbers[-1]

    def advance(self, budget: int = 1 << 22) -> bool:
        """Count about `budget` bytes more (4 MiB take a few milliseconds); return `complete`."""
        stop = self._position + budget
        while not self.complete and self._position < stop:
            chunk = self._read(self._position, BLOCK + CUT + 1)
            if not chunk:
                break
            self._seen = self._position + len(chunk)
            self._count(chunk)
        return self.complete

    def lines(self, first: int, n: int) -> list[Line]:
        """Up to n lines from number `first` (from 0); none beyond what is counted."""
        if not 0 <= first < self.count:
            return []
        block = bisect_right(self._numbers, first) - 1
        return self.after(self._skip(self._anchors[block], first - self._numbers[block]), n)

    def after(self, offset: int, n: int) -> list[Line]:
        """Up to n lines from the line start `offset` on."""
        return list(islice(self._walk(offset), n))

    def before(self, offset: int, n: int) -> list[Line]:
        """Up to n lines that end at or before the line start `offset`, oldest first."""
        width = CUT
        while n > 0 and offset > 0:
            start = max(0, offset - width) // CUT * CUT
            lines = _last_lines(self._read(start, offset - start), start, n)
            if len(lines) >= n or start == 0:
                return lines[-n:]
            width *= 2
        return []

    def tail(self, n: int) -> list[Line]:
        """The last n lines; reads 64 KiB where lines are of ordinary length."""
        return self.before(self.size, n)

    def line_at(self, offset: int) -> int:
        """The number of the line that holds a byte among those counted."""
        block = bisect_right(self._anchors, offset) - 1
        base, number = self._anchors[block], self._numbers[block]
        chunk, at = self._read(base, BLOCK + CUT + 1), 0
        while at < len(chunk):
            following, passed = _hop(chunk, at, at + _STRIDE)
            if base + following > offset or not passed:
                return number + chunk.count(b"\n", at, max(at, offset - base)) if passed > 1 else number
            at, number = following, number + passed
        return number

    def _count(self, chunk: bytes) -> None:
        base, at = self._position, 0
        while at < len(chunk):
            boundary = len(self._anchors) * BLOCK - base
            following, passed = _hop(chunk, at, min(at + CUT + 1, boundary))
            if not passed:
                break
            at, self._number = following, self._number + passed
            if at >= boundary:
                self._anchors.append(base + at)
                self._numbers.append(self._number)
        self._position = base + at

    def _skip(self, base: int, lines: int) -> int:
        chunk, at = self._read(base, BLOCK + CUT + 1), 0
        while lines > 0:
            following, passed = _hop(chunk, at, at + _STRIDE)
            if not passed:
                return base + len(chunk)
            if passed > lines:
                for _ in range(lines):
                    at = chunk.index(b"\n", at) + 1
                break
            at, lines = following, lines - passed
        return base + at

    def _walk(self, position: int) -> Iterator[Line]:
        buffer, base = b"", position
        while position < self.size:
            at = position - base
            if len(buffer) - at <= CUT and base + len(buffer) < self.size:
                buffer, base, at = self._read(position, 2 * CUT), position, 0
            if at >= len(buffer):
                return
            end, following = _line_end(buffer, at)
            yield Line(position, buffer[at:end])
            position = base + following


def _hop(chunk: bytes, at: int, window: int) -> tuple[int, int]:
    """Pass whole lines from a line start: where the next one starts and how many were passed; none if undecided.

    Stops at the last line start up to `window` (at most CUT + 1 ahead), or at the first one after it.
    """
    newline = chunk.rfind(b"\n", at, window)
    if newline >= 0:
        return newline + 1, chunk.count(b"\n", at, newline + 1)
    newline = chunk.find(b"\n", window, at + CUT + 1)
    if newline >= 0:
        return newline + 1, 1
    return (at + CUT, 1) if len(chunk) - at > CUT else (at, 0)


def _line_end(data: bytes, at: int) -> tuple[int, int]:
    newline = data.find(b"\n", at, at + CUT + 1)
    end = newline if newline >= 0 else min(at + CUT, len(data))
    return end, end + (newline >= 0)


def _last_lines(data: bytes, base: int, n: int) -> list[Line]:
    """At least the last n lines of `data` if it has them; begins after a newline unless there is none near."""
    at = len(data) - data.endswith(b"\n")
    for _ in range(n):
        at = data.rfind(b"\n", 0, max(at, 0))
        if at < 0:
            at = data.find(b"\n", 0, CUT + 1) if base else -1
            break
    at, lines = at + 1, []
    while at < len(data):
        end, following = _line_end(data, at)
        lines.append(Line(base + at, data[at:end]))
        at = following
    return lines
