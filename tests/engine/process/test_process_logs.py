"""Logs and their lines without a process: redaction, the ring, and the line index against plain splitting."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.process import LineIndex, LogWriter, Stream, read_log, stream_switches
from engine.process.lines import BLOCK, CUT
from engine.process.redact import REPLACEMENT, Redactor

LETTERS = st.text("abX", max_size=40)
SECRETS = st.lists(st.text("abX", min_size=1, max_size=6), max_size=4)


def chunks_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)]


@given(LETTERS, SECRETS, st.lists(st.integers(0, 50), max_size=8))
def test_redaction_does_not_depend_on_how_the_stream_is_cut(text: str, secrets: list[str], cuts: list[int]) -> None:
    whole, cut = Redactor(secrets), Redactor(secrets)
    expected = whole.feed(text.encode()) + whole.finish()
    assert b"".join([*map(cut.feed, chunks_of(text.encode(), cuts)), cut.finish()]) == expected
    assert not any(secret.encode() in expected.replace(REPLACEMENT, b"\n") for secret in secrets)


def test_ordinary_output_is_not_held_back() -> None:
    redactor = Redactor(["secret"])
    assert redactor.feed(b"hello\n") == b"hello\n"
    assert redactor.feed(b"sec") == b""
    assert redactor.feed(b"ond") == b"second"


def test_a_small_log_is_the_file(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "log", 100)
    log.feed(Stream.OUT, b"x" * 100)
    log.close()
    seen = read_log(log.path, 0, 1000)
    assert (seen.data, seen.size, seen.gap, seen.stable, log.truncated) == (b"x" * 100, 100, 0, 100, False)
    assert read_log(log.path, -3, 10).data == b"xxx"
    assert read_log(log.path, 500, 10).data == b""
    assert log.path.stat().st_mode & 0o777 == 0o600


@given(
    st.lists(st.tuples(st.sampled_from(Stream), st.binary(min_size=1, max_size=30)), max_size=20),
    st.integers(2, 60),
    st.integers(0, 80),
    st.integers(0, 80),
)
def test_head_notice_and_tail(writes: list[tuple[Stream, bytes]], cap: int, offset: int, n: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = LogWriter(Path(folder) / "log", cap)
        for stream, data in writes:
            log.feed(stream, data)
        log.close()
        arrived = b"".join(data for _, data in writes)
        gap = max(0, len(arrived) - cap)
        notice = f"\n[{gap:>20,} bytes left out here]\n".encode() if gap else b""
        head = cap - cap // 2
        shown = arrived[:head] + notice + arrived[head + gap :]
        whole, part = read_log(log.path, 0, 10_000), read_log(log.path, offset, n)
        assert (whole.data, whole.size, whole.gap, log.size) == (shown, len(shown), gap, len(arrived))
        assert part.data == shown[part.offset : part.offset + n]
        assert log.truncated == bool(gap)


@given(st.lists(st.tuples(st.sampled_from(Stream), st.binary(min_size=1, max_size=9)), min_size=1, max_size=20))
def test_every_byte_has_its_stream(writes: list[tuple[Stream, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = LogWriter(Path(folder) / "log", 1 << 20)
        for stream, data in writes:
            log.feed(stream, data)
        log.close()
        expected = [stream for stream, data in writes for _ in data]
        for offset, stream in enumerate(expected):
            assert stream_switches(log.path, offset, offset + 1) == [(offset, stream)]
        turns = [(at, kind) for at, kind in enumerate(expected) if at == 0 or expected[at - 1] is not kind]
        assert stream_switches(log.path, 0, len(expected)) == turns


def test_a_stream_is_known_behind_the_gap(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "log", 20)
    for stream, data in ((Stream.ERR, b"e" * 30), (Stream.OUT, b"o" * 5)):
        log.feed(stream, data)
    log.close()
    size = read_log(log.path, 0, 0).size
    assert stream_switches(log.path, size - 7, size) == [(size - 7, Stream.ERR), (size - 5, Stream.OUT)]


def test_turns_byte_by_byte_do_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.process.logs._MOST_RECORDS", 10)
    log = LogWriter(tmp_path / "log", 1000)
    for number in range(100):
        log.feed(Stream.ERR if number % 2 else Stream.OUT, b"x")
    log.close()
    assert (tmp_path / "log.streams").stat().st_size == 90


def split(data: bytes) -> list[bytes]:
    """Lines as the index understands them, the plain way."""
    pieces = data.split(b"\n")
    lines = []
    for number, piece in enumerate(pieces):
        cut = [piece[at : at + CUT] for at in range(0, len(piece), CUT)]
        lines += cut or ([b""] if number < len(pieces) - 1 else [])
    return lines


def index_of(data: bytes) -> LineIndex:
    return LineIndex(lambda offset, n: data[offset : offset + n], len(data))


PIECES = st.lists(
    st.tuples(st.sampled_from([0, 1, 7, 80, CUT - 1, CUT, CUT + 1, 3 * CUT, BLOCK - 1, BLOCK]), st.booleans()),
    max_size=14,
)


def bytes_of(pieces: list[tuple[int, bool]]) -> bytes:
    return b"".join(b"x" * size + b"\n" * newline for size, newline in pieces)


@given(PIECES, st.integers(0, 60), st.integers(1, 9))
def test_the_index_agrees_with_splitting(pieces: list[tuple[int, bool]], first: int, n: int) -> None:
    data = bytes_of(pieces)
    expected, index = split(data), index_of(data)
    while not index.advance(1):
        pass
    assert index.count == len(expected)
    assert [line.data for line in index.lines(first, n)] == expected[first : first + n]
    for line in index.lines(first, n):
        assert data[line.offset : line.offset + len(line.data)] == line.data
    if first < len(expected):
        offset = index.lines(first, 1)[0].offset
        assert index.line_at(offset) == first


@given(st.lists(st.integers(0, 100), min_size=1, max_size=2000), st.integers(1, 100))
def test_the_tail_needs_no_count(sizes: list[int], n: int) -> None:
    data = b"".join(b"x" * size + b"\n" for size in sizes)
    index = index_of(data)
    assert [line.data for line in index.tail(n)] == split(data)[-n:]
    first = index.tail(n)[0].offset
    assert [line.data for line in index.before(first, n)] == split(data[:first])[-n:]
    assert index.count == 0


@given(PIECES, st.lists(st.integers(0, 1 << 20), max_size=5))
def test_growing_changes_nothing(pieces: list[tuple[int, bool]], sizes: list[int]) -> None:
    data = bytes_of(pieces)
    index = LineIndex(lambda offset, n: data[: index.size][offset : offset + n], 0)
    for size in sorted(min(size, len(data)) for size in [*sizes, len(data)]):
        index.grow(size)
        while not index.advance():
            pass
        assert index.count == len(split(data[:size]))


def test_what_moves_is_counted_again() -> None:
    data = [b"a\n" * BLOCK]
    index = LineIndex(lambda offset, n: data[0][offset : offset + n], len(data[0]))
    index.advance()
    assert index.count == BLOCK
    data[0] = b"a\n" * 10 + b"b" * (len(data[0]) - 20)
    index.rewind(20)
    assert not index.complete
    index.advance()
    assert index.count == len(split(data[0]))


@given(st.binary(max_size=300), st.integers(0, 300))
def test_the_line_of_a_byte(data: bytes, offset: int) -> None:
    index = index_of(data)
    index.advance()
    if offset < len(data):
        assert index.line_at(offset) == data[:offset].count(b"\n")


def test_a_gigabyte_without_newline_has_a_tail_at_once() -> None:
    """The reader makes the bytes up: only what is asked for exists."""
    asked: list[int] = []

    def read(offset: int, n: int) -> bytes:
        asked.append(n)
        return b"x" * min(n, (1 << 30) - offset)

    index = LineIndex(read, 1 << 30)
    assert [len(line.data) for line in index.tail(3)] == [CUT] * 3
    assert sum(asked) <= 8 * CUT
