"""A page laid out for a width: all its rows, how many of them must be read, which lines are in sight. Pure.

Numbered rows are drawn when they come into sight: a file of ten thousand lines costs its wrapping alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from textual.content import Content

from tui.presentation.changes import ChangedLine, changed_lines
from tui.presentation.content import ESCAPE, assemble, content
from tui.presentation.files import FileText
from tui.presentation.line import MUTED, column
from tui.presentation.operand import (
    GOES_ON,
    GOES_ON_ASCII,
    Row,
    gutter,
    line_rows,
    lines_of,
    rows,
    shown,
    wrapped,
)
from tui.presentation.page import Line, Page
from tui.presentation.safe import safe
from tui.presentation.wrap import words

_LABEL = 9
_WARNS = "$text-warning"
_LINES = {" ": "", "~": "", "+": "$text-success", "-": "$text-error"}
"""Styles of whole lines by what became of them."""
_WORDS = {" ": "", "~": "bold $text-accent", "+": "bold $text-success", "-": "$text-error"}
"""Styles of the words of a changed line, and of its mark."""


@dataclass(frozen=True, slots=True)
class Part:
    """A text whose lines are counted: the operand, or a file below it."""

    name: str
    """Last part of the path of the file; empty for the operand."""
    lines: int
    digits: int
    """Cells of the largest line number."""
    marks: Mapping[int, str]
    compared: bool = False
    """Whether each line says what became of it."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A row of such a text."""

    part: Part
    row: Row
    mark: str = " "
    """What became of the line, as `ChangedLine` has it."""
    text: Content | None = None
    """The row as it is drawn, where its words are marked."""


Entry: TypeAlias = Numbered | FileText | Content
"""A row of a sheet; a `FileText` stands for the heading of that file."""


@dataclass(frozen=True)
class Sheet:
    """A page as it is shown."""

    width: int = 0
    rows: Sequence[Entry] = field(default_factory=list)
    must: int = 0
    """How many rows from the first must have been in sight."""

    @classmethod
    def of(cls, page: Page, width: int, *, ascii_only: bool = False) -> Sheet:
        """Lay a page out in rows of at most `width` cells."""
        made: list[Entry] = []
        if page.operand is not None and page.before is not None:
            made += _compared(page.before, page.operand, page.marks, width, ascii_only)
        elif page.operand is not None:
            made += _numbered("", page.operand, page.marks, width, ascii_only)
        if page.changed:
            made += _changed(page, width, ascii_only)
        if page.diff:
            made += _diff(page, width, ascii_only)
        must = len(made)
        made += [row for file in page.files for row in _file(file, width, ascii_only)]
        must = len(made) if page.files_count else must
        made += [row for line in page.lines for row in _told(line, width)]
        return cls(width, made, must)

    def where(self, top: int, height: int) -> str:
        """`1-8 of 11`, `deploy.sh 3-9 of 40`: the lines in sight of the text that is read; empty where none is."""
        places = range(min(top + height, len(self.rows)) - 1, -1, -1)
        last = next((entry for place in places if (entry := _present(self.rows[place]))), None)
        if last is None:
            return ""
        shown = filter(None, map(_present, self.rows[top : top + height]))
        first = next((entry.row.line for entry in shown if entry.part is last.part), last.row.line)
        lines = f"{first}-{last.row.line}" if first != last.row.line else f"{first}"
        return f"{last.part.name} {lines} of {last.part.lines}".lstrip()


def _present(entry: Entry) -> Numbered | None:
    """A row of what will run: none of what is gone."""
    return entry if isinstance(entry, Numbered) and entry.mark != "-" else None


def draw(entry: Numbered, *, ascii_only: bool = False) -> Content:
    """Number and text; a row that goes on from the one above has a mark instead of the number."""
    part, row, own = entry.part, entry.row, _LINES[entry.mark]
    text = _text(row, own) if entry.text is None else entry.text
    if not row.first:
        gap = part.digits + 3 * part.compared
        return content(f" {'':{gap}}  {_goes_on(ascii_only)}", own or MUTED) + text
    style = part.marks.get(row.line, "") if entry.mark != "-" else ""
    flag = ("!" if ascii_only else "▲") if style else " "
    mark = content(f" {entry.mark} ", own or _WORDS.get(entry.mark, "")) if part.compared else Content("")
    return assemble((flag, style), mark, (f"{row.line:>{part.digits}}", style or MUTED), "  ") + text


def _numbered(name: str, text: str, marks: Mapping[int, str], width: int, ascii_only: bool) -> Iterator[Entry]:
    part = Part(name, len(lines_of(text)), gutter(text), marks)
    for row in rows(text, width - part.digits - 4, plain=ascii_only):
        yield Numbered(part, row)


def _compared(before: str, text: str, marks: Mapping[int, str], width: int, ascii_only: bool) -> Iterator[Entry]:
    """The lines that will run and, each before what stands in its place, those that are gone."""
    digits = max(gutter(before), gutter(text))
    part = Part("", len(lines_of(text)), digits, marks, compared=True)
    room = width - digits - 7
    for line in changed_lines(before, text):
        if line.mark == "~":
            yield from _words(part, line, room, ascii_only)
        else:
            for row in line_rows(line.text, line.number, room, plain=ascii_only):
                yield Numbered(part, row, line.mark)


def _words(part: Part, line: ChangedLine, width: int, ascii_only: bool) -> Iterator[Entry]:
    """A changed line: its rows are cut out of the whole, in which each word has its style."""
    found = [(mark, piece) for mark, text in line.words for piece in shown(text, plain=ascii_only)]
    styled = [Content.styled(text, ESCAPE if escape else _WORDS[mark]) for mark, (text, escape) in found]
    whole, at = Content("").join(styled), 0
    for row in wrapped([piece for _, piece in found], line.number, width):
        yield Numbered(part, row, line.mark, whole[at : at + len(row.text)])
        at += len(row.text)


def _file(file: FileText, width: int, ascii_only: bool) -> Iterator[Entry]:
    yield file
    for row in words(safe(file.note), max(8, width - 2)) if file.note else ():
        yield content(f" {row}", _WARNS if file.warns else MUTED)
    if file.text:
        yield from _numbered(file.path.rpartition("/")[2], file.text, {}, width, ascii_only)


def _diff(page: Page, width: int, ascii_only: bool) -> Iterator[Entry]:
    yield content(f" {page.diff_title}", "bold")
    for changed in lines_of(page.diff):
        style = {"+": "$text-success", "-": "$text-error", "@": "$text-accent"}.get(changed[:1], "")
        for row in rows(changed, width - 2, plain=ascii_only):
            yield content(" " if row.first else _goes_on(ascii_only), MUTED) + _text(row, style)


def _changed(page: Page, width: int, ascii_only: bool) -> Iterator[Entry]:
    """Each line that is another one, byte for byte, behind its mark and number."""
    yield content(f" changed since {page.changed_since}", "bold")
    label = max(len(line.label) for line in page.changed) + 1
    for line in page.changed:
        for row in rows(line.text, width - label - 3, plain=ascii_only):
            head = line.label if row.first else _goes_on(ascii_only)
            yield column(content(f" {head}", line.style or MUTED), label + 2) + _text(row, line.style)


def _told(line: Line, width: int) -> list[Content]:
    if not line.label and not line.text:
        return [Content("")]
    wrapped = words(safe(line.text), max(8, width - _LABEL - 2))
    heads = [line.label, *[""] * len(wrapped)]
    return [
        column(content(f" {head}", MUTED), _LABEL + 1) + content(row, line.style)
        for head, row in zip(heads, wrapped, strict=False)
    ]


def _goes_on(ascii_only: bool) -> str:
    return GOES_ON_ASCII if ascii_only else GOES_ON


def _text(row: Row, style: str = "") -> Content:
    """The pieces of a row are safe already; its indentation stays."""
    parts = [
        Content.styled(text, ESCAPE if escape else style) if escape or style else Content(text)
        for text, escape in row.pieces
    ]
    return Content("").join(parts)
