"""Text to read: paragraphs that wrap, scrolled by lines and pages. For what is short: it is laid out as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rich.cells import get_character_cell_size
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tui.commands import Place, bindings
from tui.widgets.lines import Lines


class TextView(Lines, can_focus=True):
    """Shows paragraphs; what is longer than the width goes on below, indented."""

    class Scrolled(Message):
        """Another part is in sight."""

    DEFAULT_CSS = "TextView { height: 1fr; }"
    BINDINGS = bindings(Place.TEXT)
    paragraphs: reactive[Sequence[Content]] = reactive((), always_update=True)
    top: reactive[int] = reactive(0)
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
    def last_top(self) -> int:
        return max(0, len(self.lines) - self.size.height)

    def line(self, y: int) -> Content:
        lines, row = self.lines, min(self.top, self.last_top) + y
        return lines[row] if row < len(lines) else Content("")

    def where(self) -> str:
        """`3-20 of 41`, or nothing when all is in sight."""
        if not self.size or not self.last_top:
            return ""
        return f"{self.top + 1}-{min(len(self.lines), self.top + self.size.height)} of {len(self.lines)}"

    def validate_top(self, top: int) -> int:
        return max(0, min(top, self.last_top))

    def watch_top(self) -> None:
        self.post_message(self.Scrolled())

    def on_resize(self) -> None:
        self.top = self.validate_top(self.top)
        self.post_message(self.Scrolled())

    def watch_paragraphs(self) -> None:
        self.top = self.validate_top(self.top)

    def action_scroll(self, by: int) -> None:
        self.top += by

    def action_page(self, by: int) -> None:
        self.top += by * max(1, self.size.height - 1)

    def action_sideways(self, by: int) -> None:
        """Text wraps: there is nothing to the side."""

    def action_top(self) -> None:
        self.top = 0

    def action_bottom(self) -> None:
        self.top = self.last_top

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.top += 3

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.top -= 3


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
