"""Differences: true for any two texts, as short as those of git for ordinary ones, and soon there for hostile ones."""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.difference import MAX_COMPARED, bounded, counted, shown, unified
from engine.process import run_quietly

TEXTS = st.lists(st.sampled_from([b"a", b"b", b"c", b"{", b"}", b"", b"long line", b"\xff"]), max_size=40).map(
    b"\n".join
)
EDITS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from([b"new", b"}", b"", None])), max_size=8)


def edited(text: bytes, edits: list[tuple[int, bytes | None]]) -> bytes:
    lines = text.split(b"\n")
    for at, line in edits:
        if line is not None:
            lines.insert(at % (len(lines) + 1), line)
        elif lines:
            lines.pop(at % len(lines))
    return b"\n".join(lines)


async def patched(folder: Path, before: bytes, difference: str) -> bytes:
    """What the program `git apply` makes of it."""
    (folder / "x").write_bytes(before)
    patch = folder / "patch"
    patch.write_bytes(difference.encode(errors="surrogateescape"))
    done = await run_quietly(("git", "apply", "--unidiff-zero", "-p0", "--whitespace=nowarn", "patch"), folder, 10)
    assert done.code == 0, done.stderr
    return (folder / "x").read_bytes() if (folder / "x").exists() else b""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"one\ntwo\nthree\n", b"one\n2\nthree\nfour\n"),
        (b"a\nb", b"a\nc"),
        (b"a\nb\n", b"a\nb"),
        (b"".join(b"%d\n" % n for n in range(90)), b"".join(b"%d\n" % n for n in range(90) if n not in (7, 50, 52))),
        (b"x\n" * 30, b"x\n" * 10 + b"y\n" + b"x\n" * 19),
        (b"only\nold\n", b"nothing\nshared\nat all\n"),
        (b"x\n", b"x\n\x0cpage\x0c\n\x1cy\r\n"),
    ],
)
async def test_git_makes_the_one_of_the_other(tmp_path: Path, before: bytes, after: bytes) -> None:
    assert await patched(tmp_path, before, unified(before, after, "x", "x")) == after


@given(before=TEXTS, edits=EDITS)
def test_counts_are_those_of_the_lines_that_are_shown(before: bytes, edits: list[tuple[int, bytes | None]]) -> None:
    after = edited(before, edits)
    difference = unified(before, after, "a", "b")
    lines = difference.split("\n")[2:]
    added, removed = (sum(line.startswith(mark) for line in lines) for mark in "+-")
    assert (difference == "") == (before == after)
    assert (added, removed) == counted(before, after)
    assert before == after or added + removed <= 2 * (len(edits) + 2)


@given(before=TEXTS, after=TEXTS)
def test_what_is_not_shown_is_the_same_in_both(before: bytes, after: bytes) -> None:
    added, removed = counted(before, after)
    old, new = before.count(b"\n"), after.count(b"\n")
    assert added - removed == new + bool(not after.endswith(b"\n") and after) - old - bool(
        not before.endswith(b"\n") and before
    )


@pytest.mark.parametrize("different", [1, 90, 1000, 60_000])
def test_texts_made_to_be_hard_are_compared_soon(different: int) -> None:
    old = [f"{number % different:x}\n" for number in range(60_000)]
    new = list(chain.from_iterable(zip(old[1::2], old[::2], strict=True)))
    began = time.monotonic()
    unified("".join(old).encode(), ("".join(new) + "x").encode(), "a", "b")
    assert time.monotonic() - began < 5


def test_why_a_difference_is_not_shown() -> None:
    assert "too large" in shown("x", None, b"", "a", "b")
    assert "too large" in shown("x", b"x" * (MAX_COMPARED + 1), b"", "a", "b")
    assert "not text" in shown("x", b"\0", b"x\n", "a", "b")
    assert shown("x", b"\0", b"\0", "a", "b") == ""


def test_a_long_difference_says_what_is_left_out() -> None:
    text = "".join(f"+line {number}\n" for number in range(100))
    cut = bounded(text, 100)
    assert len(cut) < 200 and cut.startswith("+line 0\n") and "characters more are not shown" in cut
    assert bounded(text) == text
