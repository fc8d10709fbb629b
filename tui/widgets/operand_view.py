"""What exactly will run, to read to its end: numbered rows, the files it runs, then what there is to know about it.

It knows whether the end of what must be read was in sight; whether that suffices to sign is for the screen to say.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size

from tui.presentation.content import content
from tui.presentation.files import FileText
from tui.presentation.line import MUTED
from tui.presentation.page import Page
from tui.presentation.sheet import Numbered, Sheet, draw
from tui.widgets.rule import ruled
from tui.widgets.scrolled_lines import ScrolledLines


class OperandView(ScrolledLines):
    """Shows a page."""

    class Scrolled(ScrolledLines.Scrolled):
        """Another part is in sight."""

    DEFAULT_CSS = "OperandView { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll(1)", "Line down", show=False),
        Binding("k,up", "scroll(-1)", "Line up", show=False),
        Binding("ctrl+d,pagedown", "page(1)", "Page down", show=False),
        Binding("ctrl+u,pageup", "page(-1)", "Page up", show=False),
        Binding("g,home", "top", "Beginning", show=False),
        Binding("G,end", "bottom", "End", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.page = Page()
        self._laid = Sheet()

    def show(self, page: Page, *, again: bool = False) -> None:
        """Show another page from its beginning, or the same one as it is now, from where the reader is."""
        self.page = page
        self._laid = Sheet()
        self.top = self.validate_top(self.top) if again else 0
        self.refresh(layout=True)
        self.call_after_refresh(self._tell)

    @property
    def count(self) -> int:
        return len(self._sheet.rows)

    @property
    def at_end(self) -> bool:
        """Whether nothing stands below."""
        return self.top >= self.last_top

    @property
    def seen(self) -> bool:
        """Whether the last row of what must be read is in sight or above."""
        return self.page.whole and self.size.height > 0 and self.top + self.size.height >= self._sheet.must

    @property
    def left(self) -> int:
        """How many rows of what must be read stand below."""
        return max(0, self._sheet.must - self.top - self.size.height)

    def where(self) -> str:
        """`1-8 of 11`: the lines in sight of what is read; nothing for a page without an operand."""
        lines = self._sheet.where(self.top, self.size.height) if self.page.operand is not None else ""
        ended = self.seen if self.page.files_count else self.at_end
        return f"{lines}, end" if lines and ended else lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self._lay(width).rows))

    def line(self, y: int) -> Content:
        place = min(self.top, self.last_top) + y
        if place >= len(self._sheet.rows):
            return Content("")
        match self._sheet.rows[place]:
            case Numbered() as entry:
                return draw(entry, ascii_only=self.ascii_only)
            case FileText() as file:
                name, about = content(file.path, "bold"), content(file.about, MUTED)
                return ruled(name, about, self.size.width, focused=False, ascii_only=self.ascii_only)
            case row:
                return row

    @property
    def _sheet(self) -> Sheet:
        return self._lay(self.size.width)

    def _lay(self, width: int) -> Sheet:
        if width and self._laid.width != width:
            self._laid = Sheet.of(self.page, width, ascii_only=self.ascii_only)
        return self._laid
