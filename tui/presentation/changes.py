"""What became of a text, line by line and word by word, and of a plan, step by step. Pure, and cheap to import.

A line that was changed shows its words, `[-gone-]{+new+}`; one that has little in common with what stands in its place,
or that holds such marks itself, is told as gone and as new. Every piece is foreign text: who draws it makes it safe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeAlias

from engine import Comparison, PlannedStep, StepChange
from tui.presentation.facts import facts
from tui.presentation.operand import lines_of
from tui.presentation.safe import safe
from tui.presentation.wrap import words

Piece: TypeAlias = tuple[str, str]
"""A mark, `-` gone, `+` new, a blank for what stayed, and the text it is about."""

_AROUND = {" ": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}
MOST = 500
"""Lines that are compared word by word; longer texts are compared by whole lines."""
_MOST_WORDS = 300
"""Words of a line that are compared one by one; what is longer is told as gone and as new."""
_ALIKE = 0.4
"""From which likeness on a line counts as changed, not as another one."""
_MARKED = re.compile(r"\[-|-\]|\{\+|\+\}")
"""Text that could be taken for a mark of ours: its lines are told whole."""
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """One line of two texts that are laid over each other."""

    mark: str
    """` ` the same, `~` changed, `-` gone, `+` new."""
    number: int
    """Line of the later text; of the earlier one where it is gone. Counted from 1."""
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """With the marks of its words; not safe to print yet."""
        return "".join(text for _, text in self.words)

    @property
    def words(self) -> Iterator[Piece]:
        """Its pieces, in a changed line each within its marks."""
        for mark, text in self.pieces:
            before, after = _AROUND[mark] if self.mark == "~" else ("", "")
            yield mark, f"{before}{text}{after}"


def changed_lines(before: str, after: str) -> list[ChangedLine]:
    """Both texts as one, every line of either in it."""
    old, new = lines_of(before), lines_of(after)
    finely = max(len(old), len(new)) <= MOST
    made: list[ChangedLine] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=not finely).get_opcodes():
        if kind == "equal":
            made += [ChangedLine(" ", c + i + 1, ((" ", line),)) for i, line in enumerate(new[c:d])]
        else:
            made += _replaced(old[a:b], new[c:d], a, c, finely=finely)
    return made


def _replaced(old: Sequence[str], new: Sequence[str], a: int, c: int, *, finely: bool) -> Iterator[ChangedLine]:
    pairs = len(old) if finely and len(old) == len(new) else 0
    for i in range(pairs):
        if (pieces := _changed_words(old[i], new[i])) is not None:
            yield ChangedLine("~", c + i + 1, pieces)
        else:
            yield ChangedLine("-", a + i + 1, (("-", old[i]),))
            yield ChangedLine("+", c + i + 1, (("+", new[i]),))
    yield from (ChangedLine("-", a + i + 1, (("-", line),)) for i, line in enumerate(old[pairs:], pairs))
    yield from (ChangedLine("+", c + i + 1, (("+", line),)) for i, line in enumerate(new[pairs:], pairs))


def _changed_words(before: str, after: str) -> tuple[Piece, ...] | None:
    """The words of one line in the other; None where the two have little in common."""
    if _MARKED.search(before) or _MARKED.search(after):
        return None
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > _MOST_WORDS:
        return None
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return None
    pieces: list[Piece] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            pieces.append((" ", "".join(new[c:d])))
            continue
        pieces += [(mark, "".join(part)) for mark, part in (("-", old[a:b]), ("+", new[c:d])) if part]
    return tuple(pieces)


def comparison_lines(found: Comparison, width: int = 80, note: str = "") -> Iterator[str]:
    """Two revisions for a terminal without screens: why it asks again, then each step that changed."""
    counts = [f"{sum(c.mark == mark for c in found.changes)} {word}" for mark, word in _MARKS.items()]
    yield f"revision {found.before} -> {found.after}: {', '.join(counts)}"
    if note:
        yield from (f"  {row}" for row in words(f"note: {safe(note)}", width - 2))
    if found.widened:
        yield "asks again, because of"
        yield from (f"  {safe(str(widening))}" for widening in found.widened)
    else:
        yield "nothing widens: signatures are carried over"
    for change in found.changes:
        yield ""
        yield f"{change.mark} {safe(change.id)}" + (f"  {', '.join(map(safe, change.fields))}" if change.fields else "")
        yield from (f"    {line}" for line in _change(change, width - 4))


_MARKS = {"+": "added", "~": "changed", "-": "dropped"}


def _change(change: StepChange, width: int) -> Iterator[str]:
    before, after = change.before, change.after
    if before is not None and after is not None:
        if before.step.operand != after.step.operand:
            for line in changed_lines(before.step.operand, after.step.operand):
                yield f"{line.mark} {safe(line.text)}"
        yield from (f"{name}: {safe(was)} -> {safe(now)}" for name, was, now in changed_facts(before, after))
        return
    whole = after or before
    if whole is not None:
        yield from (f"{change.mark} {safe(line)}" for line in lines_of(whole.step.operand))


def changed_facts(before: PlannedStep, after: PlannedStep) -> Iterator[tuple[str, str, str]]:
    """What else than the operand is told differently: its name, what it was, what it is."""
    was = {fact.label: fact.text for fact in facts(before) if fact.label}
    now = {fact.label: fact.text for fact in facts(after) if fact.label}
    for label in dict.fromkeys((*now, *was)):
        if was.get(label) != now.get(label):
            yield label, was.get(label, "none"), now.get(label, "none")
