"""The difference of two texts: as lines to read, and as counts. Pure, and bounded in time whatever the texts hold.

The matcher of the standard library takes time that grows with how often lines repeat: minutes for a file made for it.
So what the texts share at both ends is taken off first, and where lines repeat too much in between, all of the one is
shown as taken away and all of the other as added: a true difference, not the shortest.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator

MAX_PAIRS = 200_000
"""Pairs of equal lines that are weighed against each other."""
MAX_SHOWN = 64 * 1024
"""Bytes of a file whose difference is shown, and characters of all that is shown at once."""
_CONTEXT = 3
_Opcode = tuple[str, int, int, int, int]


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
        after: at most one byte more than `MAX_SHOWN` is looked at.
    """
    if before is None or len(before) > MAX_SHOWN or len(after) > MAX_SHOWN:
        return f"{path}: over {MAX_SHOWN // 1024} KiB, its difference is not shown; read the file itself\n"
    if not (is_text(before) and is_text(after)):
        return f"{path}: not text, its difference is not shown\n" if before != after else ""
    return unified(before, after, f"{path} ({was})", f"{path} ({now})")


def joined(pieces: Iterable[str]) -> str:
    """Several differences as one text of bounded length; what is left out is said at its end."""
    text = "".join(pieces)
    if len(text) <= MAX_SHOWN:
        return text
    kept = text[:MAX_SHOWN].rpartition("\n")[0]
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
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    end = ("equal", len(old) - tail, len(old), len(new) - tail, len(new))
    middle = [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in _middle(a, b)]
    return [op for op in (("equal", 0, head, 0, head), *middle, end) if op[1] < op[2] or op[3] < op[4]]


def _middle(a: list[str], b: list[str]) -> list[_Opcode]:
    repeats = Counter(b)
    if sum(repeats[line] for line in a) > MAX_PAIRS:
        return [("replace", 0, len(a), 0, len(b))]
    return list(difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes())


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
