"""The part of a log that is in sight, found by byte offsets: nothing is counted or indexed to show any place of it.

Only bytes around the view are held. A line ends at a newline; a longer one is cut where a multiple of 64 KiB falls
and no newline stood in the 64 KiB before it: a rule that gives the same lines from whichever side a reader comes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from engine import LogSlice, dataclass

CUT = 1 << 16
NEAR = 1 << 14
"""Bytes read to show the end: a screen of ordinary lines."""
FAR = CUT * 3
"""Bytes read where that was not enough: any screen has a line start in it."""
CHUNK = 1 << 20
Read = Callable[[int, int], Awaitable[LogSlice]]


@dataclass(frozen=True)
class Line:
    """One line without its newline."""

    offset: int
    data: bytes
    end: int
    """Where the next one begins."""


def lines_of(data: bytes, base: int, *, start: bool) -> list[Line]:
    """The lines of some bytes at offset `base`; without `start` the first one may be a piece, and is left out."""
    found: list[Line] = []
    position, end = 0, len(data)
    while position < end:
        newline = data.find(b"\n", position)
        stop = newline if newline >= 0 else end
        cut = _cut(data, base, position, stop)
        following = cut if cut is not None else stop + (newline >= 0)
        if start or position:
            found.append(Line(base + position, data[position : cut if cut is not None else stop], base + following))
        position = following
    return found


def _cut(data: bytes, base: int, position: int, stop: int) -> int | None:
    """Where a line from `position` to `stop` is cut first, if it is that long."""
    mark = (base + position) // CUT * CUT + CUT - base
    while mark < stop:
        if data.rfind(b"\n", max(0, mark - CUT), mark) < 0 and mark >= CUT:
            return mark
        mark += CUT
    return None


class LogWindow:
    """A view of `height` lines on a log that may grow."""

    def __init__(self, read: Read) -> None:
        self.read = read
        self.lines: list[Line] = []
        self.size = 0

    @property
    def at_end(self) -> bool:
        return not self.lines or self.lines[-1].end >= self.size

    async def to_end(self, height: int) -> None:
        """Show the last lines."""
        for reach in (NEAR, FAR, CHUNK):
            found = await self._slice(-reach, reach)
            whole = found.offset == 0
            self.lines = lines_of(found.data, found.offset, start=whole)[-height:]
            if whole or len(self.lines) >= height:
                return

    async def to(self, offset: int, height: int) -> None:
        """Show the lines from the one that holds `offset`; the last ones where too few follow."""
        base = max(0, offset - CUT - 1)
        found = await self._slice(base, FAR + CUT)
        lines = lines_of(found.data, base, start=base == 0)
        if base + len(found.data) < found.size and len(lines) > 1 and not found.data.endswith(b"\n"):
            lines.pop()  # it goes on behind what was read
        first = next((place for place, line in enumerate(lines) if line.end > offset), len(lines))
        self.lines = lines[first : first + height]
        if len(self.lines) < height and self.at_end:
            await self.to_end(height)

    async def move(self, by: int, height: int) -> None:
        """Scroll by some lines, towards the end for a positive number."""
        if by > 0 and not self.at_end:
            await self._forward(by, height)
        elif by < 0 and self.lines and self.lines[0].offset > 0:
            await self._back(-by, height)

    async def look(self) -> None:
        """Only ask how long the log is now."""
        await self._slice(self.size, 1)

    async def _forward(self, by: int, height: int) -> None:
        if by < len(self.lines):
            await self.to(self.lines[by].offset, height)
        else:
            await self.to(self.lines[-1].end, height)

    async def _back(self, by: int, height: int) -> None:
        top = self.lines[0].offset
        base = max(0, top - FAR - CUT)
        found = await self._slice(base, top - base)
        before = lines_of(found.data, base, start=base == 0)
        await self.to(before[-by].offset if by <= len(before) else base, height)

    async def find(
        self, needle: bytes, *, forward: bool, any_case: bool, searched: Callable[[float], None]
    ) -> int | None:
        """Offset of the next line that holds `needle`, from the top line on and round the end; None if none does.

        Args:
            searched: told again and again how much of the log was searched, from 0 to 1.
        """
        top = self.lines[0] if self.lines else Line(0, b"", 0)
        spans = ((top.end, self.size), (0, top.end)) if forward else ((0, top.offset), (top.offset, self.size))
        needle = needle.lower() if any_case else needle
        done, size = 0, max(1, self.size)
        for start, end in spans:
            starts = range(start, end, CHUNK)
            for base in starts if forward else reversed(starts):
                place = await self._search(needle, base, end, forward=forward, any_case=any_case)
                if place is not None:
                    return place
                done += min(CHUNK, end - base)
                searched(done / size)
        return None

    async def _search(self, needle: bytes, base: int, end: int, *, forward: bool, any_case: bool) -> int | None:
        """Look into one piece; pieces overlap by the needle's length, so that no match falls between two of them."""
        data = (await self._slice(base, min(CHUNK + len(needle) - 1, end - base))).data
        text = data.lower() if any_case else data
        place = text.find(needle) if forward else text.rfind(needle)
        return base + place if place >= 0 else None

    async def _slice(self, offset: int, n: int) -> LogSlice:
        found = await self.read(offset, n)
        self.size = found.size
        return found
