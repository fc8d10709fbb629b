"""The lines of a log are the same from whichever side a reader comes, whatever the log is made of."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine import LogSlice
from tui.widgets.log_window import CUT, LogWindow, lines_of


def _reader(data: bytes) -> LogWindow:
    async def read(offset: int, n: int) -> LogSlice:
        start = max(0, len(data) + offset) if offset < 0 else offset
        return LogSlice(data=data[start : start + n], offset=start, size=len(data))

    return LogWindow(read)


PIECES = st.lists(
    st.one_of(
        st.tuples(st.binary(max_size=60), st.just(1)),
        st.tuples(st.just(b"x"), st.integers(0, 3 * CUT)),
        st.tuples(st.just(b"\n"), st.just(1)),
        st.tuples(st.just(b"line of text\n"), st.integers(1, 400)),
    ),
    max_size=12,
)
"""What a log is made of: bytes, and how often. The log itself is made by the test: drawn and shown whole, megabytes
would take longer than all the rest."""
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How fast examples are drawn is the business of whoever else uses the machine."""


def _made(pieces: list[tuple[bytes, int]]) -> bytes:
    return b"".join(some * times for some, times in pieces)


@given(PIECES)
@EXAMPLES
def test_lines_hold_every_byte_once(pieces: list[tuple[bytes, int]]) -> None:
    data = _made(pieces)
    lines = lines_of(data, 0, start=True)
    assert all(len(line.data) <= 2 * CUT for line in lines)
    assert [line.offset for line in lines] == [0, *(line.end for line in lines[:-1])][: len(lines)]
    assert b"".join(data[line.offset : line.end] for line in lines) == data


@given(PIECES, st.integers(1, 40))
@example([(b"x", 327681), (b"\n", 1), (b"line of text\n", 4)], 4)
@EXAMPLES
async def test_both_ways_show_the_same_lines(pieces: list[tuple[bytes, int]], height: int) -> None:
    data = _made(pieces)
    down, up = _reader(data), _reader(data)
    await down.to(0, height)
    seen = {line.offset: line for line in down.lines}
    while not down.at_end:
        await down.move(height, height)
        seen.update((line.offset, line) for line in down.lines)
    await up.to_end(height)
    for _ in range(200):
        assert all(seen[line.offset] == line for line in up.lines)
        if not up.lines or up.lines[0].offset == 0:
            return
        await up.move(-height, height)


@pytest.mark.parametrize("data", [b"", b"\n", b"one", b"one\n", b"\x00\xff" * 100, b"x" * (5 * CUT)])
async def test_odd_logs_open_at_their_end(data: bytes) -> None:
    window = _reader(data)
    await window.to_end(10)
    assert window.at_end
    assert not data or window.lines[-1].end == len(data)


async def test_a_gigabyte_costs_a_few_reads() -> None:
    asked: list[int] = []
    size = 1 << 30

    async def read(offset: int, n: int) -> LogSlice:
        asked.append(n)
        start = max(0, size + offset) if offset < 0 else offset
        return LogSlice(
            data=(b"0123456789abcde\n" * (n // 16 + 2))[start % 16 :][: min(n, size - start)], offset=start, size=size
        )

    window = LogWindow(read)
    await window.to_end(40)
    assert len(window.lines) == 40
    assert sum(asked) < 1 << 20
    await window.move(-1000, 40)
    await window.to(size // 2, 40)
    assert window.lines[0].offset <= size // 2 < window.lines[0].end
    assert sum(asked) < 1 << 22


async def test_find_goes_round_and_back() -> None:
    shares: list[float] = []
    window = _reader(b"".join(b"line %d\n" % number for number in range(5000)) + b"needle at 5000\nend\n")
    await window.to(0, 10)
    place = await window.find(b"NEEDLE", forward=True, any_case=True, searched=shares.append)
    assert place is not None
    await window.to(place, 2)
    assert window.lines[0].data == b"needle at 5000"
    assert await window.find(b"line 3\n", forward=True, any_case=False, searched=shares.append) == 21
    assert await window.find(b"nowhere", forward=False, any_case=False, searched=shares.append) is None
    assert shares[-1] == pytest.approx(1, abs=0.01)
