"""A page laid out for a width: all its rows, how many of them must be read, which lines are in sight. Pure.

Numbered rows are drawn when they come into sight: a file of ten thousand lines costs its wrapping alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from textual.content import Content

from tui.presentation.content import ESCAPE, assemble, content
from tui.presentation.files import FileText
from tui.presentation.line import MUTED, column
from tui.presentation.operand import GOES_ON, GOES_ON_ASCII, Row, gutter, lines_of, rows
from tui.presentation.page import Line, Page
from tui.presentation.safe import safe
from tui.presentation.wrap import words

_LABEL = 9
_WARNS = "$text-warning"


@dataclass(frozen=True, slots=True)
class Part:
    """A text whose lines are counted: the operand, or a file below it."""

    name: str
    """Last part of the path of the file; empty for the operand."""
    lines: int
    digits: int
    """Cells of the largest line number."""
    marks: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A row of such a text."""

    part: Part
    row: Row


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
        if page.operand is not None:
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
        last = next((entry for place in places if isinstance(entry := self.rows[place], Numbered)), None)
        if last is None:
            return ""
        shown = (entry for entry in self.rows[top : top + height] if isinstance(entry, Numbered))
        first = next((entry.row.line for entry in shown if entry.part is last.part), last.row.line)
        lines = f"{first}-{last.row.line}" if first != last.row.line else f"{first}"
        return f"{last.part.name} {lines} of {last.part.lines}".lstrip()


def draw(entry: Numbered, *, ascii_only: bool = False) -> Content:
    """Number and text; a row that goes on from the one above has a mark instead of the number."""
    part, row = entry.part, entry.row
    if not row.first:
        return content(f" {'':{part.digits}}  {_goes_on(ascii_only)}", MUTED) + _text(row)
    style = part.marks.get(row.line, "")
    flag = ("!" if ascii_only else "▲") if style else " "
    return assemble((flag, style), (f"{row.line:>{part.digits}}", style or MUTED), "  ") + _text(row)


def _numbered(name: str, text: str, marks: Mapping[int, str], width: int, ascii_only: bool) -> Iterator[Entry]:
    part = Part(name, len(lines_of(text)), gutter(text), marks)
    for row in rows(text, width - part.digits - 4, plain=ascii_only):
        yield Numbered(part, row)


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
