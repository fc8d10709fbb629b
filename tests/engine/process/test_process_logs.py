"""Logs and their lines without a process: redaction, the ring, and which stream a byte came from."""

from __future__ import annotations

import os
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.process import LogWriter, Stream, read_log, stream_switches
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


def test_a_closed_log_writes_to_no_descriptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = LogWriter(tmp_path / "log", 100)
    log.feed(Stream.OUT, b"kept")
    monkeypatch.setattr("engine.process.logs.os.write", _full_disk)
    with pytest.raises(OSError, match="space"):
        log.feed(Stream.OUT, b"lost")
    log.close()
    monkeypatch.undo()
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    log.flush()
    os.close(other)
    assert (tmp_path / "other").read_bytes() == b""
    assert read_log(log.path, 0, 100).data == b"kept"
    assert log.truncated


def _full_disk(descriptor: int, data: bytes) -> int:
    raise OSError(28, "No space left on device")
