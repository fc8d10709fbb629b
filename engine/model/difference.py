"""The difference of two texts: as lines to read, and as counts. Pure, and bounded in time whatever the texts hold.

The matcher of the standard library takes minutes for texts of some thousand lines that were made for it. So it is given
small pieces alone: first the lines are matched that stand once in each text, in the longest order that both keep, then
what begins and ends alike in between. A large piece with nothing left to go by is shown as taken away and added whole:
a true difference, not the shortest.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

MAX_SHOWN = 64 * 1024
"""Characters of differences that are shown at once."""
MAX_COMPARED = 1 << 20
"""Bytes of a file that is compared."""
MAX_PIECE = 2_500
"""Old lines times new lines of a piece that the matcher is given."""
_CONTEXT = 3
_Opcode = tuple[str, int, int, int, int]
_Match = tuple[int, int, int]
"""Where equal lines begin in the old and in the new text, and how many they are."""


def unified(before: bytes, after: bytes, was: str, now: str) -> str:
    """The lines that differ with three around them; empty for equal texts.

    Args:
        was: what the old text is called in the heading.
        now: what the new text is called.
    """
    if before == after:
        return ""
    old, new = _lines(before), _lines(after)
    told = [f"--- {was}", f"+++ {now}"]
    for group in _groups(_opcodes(old, new)):
        first, last = group[0], group[-1]
        told.append(f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                told += [f" {line}" for line in old[i1:i2]]
            else:
                told += [f"-{line}" for line in old[i1:i2]]
                told += [f"+{line}" for line in new[j1:j2]]
    return "\n".join(told) + "\n"


def shown(path: str, before: bytes | None, after: bytes, was: str, now: str) -> str:
    """The difference of a file for a person to read, or why there is none to read.

    Args:
        before: None where it was too large to keep.
        after: of a file that is longer, at least one byte more than `MAX_COMPARED`.
    """
    if before is None or max(len(before), len(after)) > MAX_COMPARED:
        return f"{path}: too large, its difference is not shown; read the file itself\n"
    if not (is_text(before) and is_text(after)):
        return f"{path}: not text, its difference is not shown\n" if before != after else ""
    return unified(before, after, f"{path} ({was})", f"{path} ({now})")


def bounded(text: str, most: int = MAX_SHOWN) -> str:
    """A difference, or several, of bounded length; what is left out is said at its end."""
    if len(text) <= most:
        return text
    kept = text[:most].rpartition("\n")[0]
    return f"{kept}\n... {len(text) - len(kept):,} characters more are not shown; read the files themselves\n"


def counted(before: bytes, after: bytes) -> tuple[int, int]:
    """How many lines were added and how many taken away."""
    added = removed = 0
    for tag, i1, i2, j1, j2 in _opcodes(_lines(before), _lines(after)):
        if tag != "equal":
            added, removed = added + j2 - j1, removed + i2 - i1
    return added, removed


def is_text(data: bytes) -> bool:
    """Whether it has lines to speak of, by the rule of git."""
    return b"\0" not in data[:8000]


def _lines(data: bytes) -> list[str]:
    """Only a newline ends a line: what else breaks one for Python stays in it, to be seen."""
    lines = data.decode(errors="backslashreplace").split("\n")
    if lines[-1]:
        lines[-1] += "\n\\ No newline at end of file"
    else:
        lines.pop()
    return lines


def _opcodes(old: list[str], new: list[str]) -> list[_Opcode]:
    """What becomes of each piece of the old text, in order; equal and other pieces take turns."""
    opcodes: list[_Opcode] = []
    i = j = 0
    for start_i, start_j, size in [*_runs(old, new), (len(old), len(new), 0)]:
        if i < start_i or j < start_j:
            opcodes.append(("replace", i, start_i, j, start_j))
        i, j = start_i + size, start_j + size
        if size:
            opcodes.append(("equal", start_i, i, start_j, j))
    return opcodes


def _runs(old: list[str], new: list[str]) -> list[_Match]:
    """The matches, those that follow each other without a gap as one."""
    runs: list[_Match] = []
    for i, j, size in _matches(old, new):
        if not size:
            continue
        if runs and (i, j) == (runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]):
            runs[-1] = (runs[-1][0], runs[-1][1], runs[-1][2] + size)
        else:
            runs.append((i, j, size))
    return runs


def _matches(old: list[str], new: list[str]) -> Iterator[_Match]:
    i = j = 0
    for anchor_i, anchor_j in [*_anchors(old, new), (len(old), len(new))]:
        for at_i, at_j, size in _between(old[i:anchor_i], new[j:anchor_j]):
            yield i + at_i, j + at_j, size
        if anchor_i < len(old):
            yield anchor_i, anchor_j, 1
        i, j = anchor_i + 1, anchor_j + 1


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Lines that stand once in each text: the longest sequence of them that both have in the same order."""
    places = _once(new)
    links: list[tuple[int, int, int]] = []
    """Such a line in the old and in the new text, and the link before it."""
    ends: list[int] = []
    """Of the sequences of each length, the lowest place in the new text that one ends at, and its last link."""
    lasts: list[int] = []
    for line, i in _once(old).items():
        j = places.get(line)
        if j is None:
            continue
        length = bisect_left(ends, j)
        links.append((i, j, lasts[length - 1] if length else -1))
        ends[length : length + 1] = [j]
        lasts[length : length + 1] = [len(links) - 1]
    found, at = [], lasts[-1] if lasts else -1
    while at >= 0:
        i, j, at = links[at]
        found.append((i, j))
    return found[::-1]


def _once(lines: list[str]) -> dict[str, int]:
    counts = Counter(lines)
    return {line: at for at, line in enumerate(lines) if counts[line] == 1}


def _between(old: list[str], new: list[str]) -> Iterator[_Match]:
    """The matches of what lies between two anchors."""
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    yield 0, 0, head
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    if 0 < len(a) * len(b) <= MAX_PIECE:
        blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
        yield from ((head + i, head + j, size) for i, j, size in blocks)
    yield len(old) - tail, len(new) - tail, tail


def _shared(old: list[str], new: list[str]) -> int:
    """How many lines both begin with."""
    return next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _groups(opcodes: list[_Opcode]) -> Iterator[list[_Opcode]]:
    """Differences that lie close together, each with a few equal lines around it."""
    matcher = difflib.SequenceMatcher(None, "", "")
    matcher.opcodes = opcodes  # type: ignore[attr-defined]
    yield from matcher.get_grouped_opcodes(_CONTEXT)


def _range(start: int, stop: int) -> str:
    """As `diff -u` numbers lines: an empty range names the line before it."""
    length = stop - start
    return f"{start + 1}" if length == 1 else f"{start + 1 if length else start},{length}"
