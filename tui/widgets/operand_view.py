"""What exactly will run, to read to its end: numbered rows, then what there is to know about it.

It knows whether the end of the operand was in sight; whether that suffices to sign is for the screen to say.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive

from tui.presentation.content import ESCAPE, assemble, content
from tui.presentation.line import MUTED, column
from tui.presentation.operand import GOES_ON, GOES_ON_ASCII, Row, gutter, lines_of, rows
from tui.presentation.page import Line, Page
from tui.presentation.safe import safe
from tui.presentation.wrap import words
from tui.widgets.lines import Lines

_LABEL = 9


class OperandView(Lines, can_focus=True):
    """Shows a page; scrolls by lines and pages."""

    class Scrolled(Message):
        """Another part is in sight."""

        def __init__(self, view: OperandView) -> None:
            self.view = view
            super().__init__()

        @property
        def control(self) -> OperandView:
            return self.view

    DEFAULT_CSS = "OperandView { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll(1)", "Line down", show=False),
        Binding("k,up", "scroll(-1)", "Line up", show=False),
        Binding("ctrl+d,pagedown", "page(1)", "Page down", show=False),
        Binding("ctrl+u,pageup", "page(-1)", "Page up", show=False),
        Binding("g,home", "top", "Beginning", show=False),
        Binding("G,end", "bottom", "End", show=False),
    ]
    top: reactive[int] = reactive(0)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.page = Page()
        self._laid: tuple[int, list[Content], list[Row]] = (0, [], [])

    def show(self, page: Page) -> None:
        """Show another page, from its beginning."""
        self.page = page
        self._laid = (0, [], [])
        self.top = 0
        self.refresh(layout=True)
        self.call_after_refresh(self._tell)

    @property
    def last_top(self) -> int:
        return max(0, len(self._rows) - self.size.height)

    @property
    def at_end(self) -> bool:
        """Whether nothing stands below."""
        return self.top >= self.last_top

    @property
    def seen(self) -> bool:
        """Whether the last row of the operand (and of the diff) is in sight or above."""
        self._lay(self.size.width)
        return self.size.height > 0 and self.top + self.size.height >= len(self._laid[2])

    def where(self) -> str:
        """`1-8 of 11`: the lines of the operand in sight; nothing for a page without one."""
        self._lay(self.size.width)
        shown = self._laid[2][self.top : self.top + self.size.height]
        if self.page.operand is None or not self._laid[2]:
            return ""
        total = self._laid[2][-1].line
        if not shown:
            return f"{total} of {total}, end"
        end = ", end" if self.seen else ""
        first, last = shown[0].line, shown[-1].line
        return f"{first if first == last else f'{first}-{last}'} of {total}{end}"

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        self._lay(width)
        return max(1, len(self._laid[1]))

    def line(self, y: int) -> Content:
        place = min(self.top, self.last_top) + y
        return self._rows[place] if place < len(self._rows) else Content("")

    @property
    def _rows(self) -> list[Content]:
        self._lay(self.size.width)
        return self._laid[1]

    def _lay(self, width: int) -> None:
        if self._laid[0] == width or not width:
            return
        made: list[Content] = []
        must: list[Row] = []
        if self.page.operand is not None:
            must = rows(self.page.operand, self._room(width), plain=self.ascii_only)
            made += [self._numbered(row) for row in must]
        if self.page.diff:
            changed = self._diff(width)
            must += [Row(must[-1].line if must else 1, False, ())] * len(changed)
            made += changed
        made += [row for line in self.page.lines for row in self._told(line, width)]
        self._laid = (width, made, must)

    def _room(self, width: int) -> int:
        return width - gutter(self.page.operand or "") - 4

    def _numbered(self, row: Row) -> Content:
        digits = gutter(self.page.operand or "")
        style = self.page.marks.get(row.line, "")
        if not row.first:
            head = content(f" {'':{digits}}  {GOES_ON_ASCII if self.ascii_only else GOES_ON}", MUTED)
        else:
            flag = ("!" if self.ascii_only else "▲") if style else " "
            head = assemble((flag, style), (f"{row.line:>{digits}}", style or MUTED), "  ")
        return head + _text(row)

    def _diff(self, width: int) -> list[Content]:
        made = [content(" signed (-) against present (+) bytes", "bold")]
        for changed in lines_of(self.page.diff):
            style = {"+": "$text-success", "-": "$text-error", "@": "$text-accent"}.get(changed[:1], "")
            for row in rows(changed, width - 2, plain=self.ascii_only):
                mark = " " if row.first else GOES_ON_ASCII if self.ascii_only else GOES_ON
                made.append(content(mark, MUTED) + _text(row, style))
        return made

    def _told(self, line: Line, width: int) -> list[Content]:
        if not line.label and not line.text:
            return [Content("")]
        text = safe(line.text)
        wrapped = words(text, max(8, width - _LABEL - 2))
        heads = [line.label, *[""] * len(wrapped)]
        return [
            column(content(f" {head}", MUTED), _LABEL + 1) + content(row, line.style)
            for head, row in zip(heads, wrapped, strict=False)
        ]

    def validate_top(self, top: int) -> int:
        return max(0, min(top, self.last_top))

    def watch_top(self) -> None:
        self._tell()

    def on_resize(self) -> None:
        self.top = self.validate_top(self.top)
        self._tell()

    def _tell(self) -> None:
        self.post_message(self.Scrolled(self))

    def action_scroll(self, by: int) -> None:
        self.top += by

    def action_page(self, by: int) -> None:
        """A page on, with one row of the page before still in sight."""
        self.top += by * max(1, self.size.height - 1)

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


def _text(row: Row, style: str = "") -> Content:
    """The pieces of a row are safe already; its indentation stays."""
    parts = [
        Content.styled(text, ESCAPE if escape else style) if escape or style else Content(text)
        for text, escape in row.pieces
    ]
    return Content("").join(parts)
