"""Text to read: paragraphs that wrap, scrolled by lines and pages. For what is short: it is laid out as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rich.cells import get_character_cell_size
from textual.content import Content
from textual.reactive import reactive

from tui.commands import Place, bindings
from tui.widgets.scrolled_lines import ScrolledLines


class TextView(ScrolledLines):
    """Shows paragraphs; what is longer than the width goes on below, indented."""

    class Scrolled(ScrolledLines.Scrolled):
        """Another part is in sight."""

    DEFAULT_CSS = "TextView { height: 1fr; }"
    BINDINGS = bindings(Place.TEXT)
    paragraphs: reactive[Sequence[Content]] = reactive((), always_update=True)
    _folded: tuple[int, Sequence[Content], list[Content]] = (0, (), [])

    @property
    def lines(self) -> list[Content]:
        """The rows at the present width; none while the view is out of sight."""
        if not self.size.width:
            return []
        width = max(8, self.size.width - 1)
        if self._folded[0] != width or self._folded[1] is not self.paragraphs:
            self._folded = (width, self.paragraphs, [row for text in self.paragraphs for row in folded(text, width)])
        return self._folded[2]

    @property
    def count(self) -> int:
        return len(self.lines)

    def line(self, y: int) -> Content:
        lines, row = self.lines, min(self.top, self.last_top) + y
        return lines[row] if row < len(lines) else Content("")

    def where(self) -> str:
        """`3-20 of 41`, or nothing when all is in sight."""
        if not self.size or not self.last_top:
            return ""
        return f"{self.top + 1}-{min(len(self.lines), self.top + self.size.height)} of {len(self.lines)}"

    def watch_paragraphs(self) -> None:
        self.top = self.validate_top(self.top)

    def action_sideways(self, by: int) -> None:
        """Text wraps: there is nothing to the side."""


def folded(text: Content, width: int, indent: int = 10) -> list[Content]:
    """One paragraph as rows of at most `width` cells, cut between characters and never reflowed; later rows are
    indented."""
    if text.cell_length <= width:
        return [text]
    indent = min(indent, width // 4)
    cuts = [0, *_cuts(text.plain, width, width - indent), len(text.plain)]
    rows = [text[start:end] for start, end in pairwise(cuts)]
    return [rows[0], *(Content(" " * indent) + row for row in rows[1:])]


def _cuts(plain: str, first: int, later: int) -> Iterator[int]:
    """Where rows end. `Content.fold` loses what follows a row that holds zero-width characters."""
    room, used = first, 0
    for position, character in enumerate(plain):
        cells = get_character_cell_size(character)
        if used + cells > room:
            yield position
            room, used = later, 0
        used += cells
