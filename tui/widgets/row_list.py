"""A list of rows with a cursor: scrolls to keep it in sight, skips headings, moves by keys, click and wheel.

What a row looks like is given by `draw`; what the rows are, nobody here knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive

from tui.presentation.content import content
from tui.presentation.line import column
from tui.widgets.lines import Lines

RowType = TypeVar("RowType")


class RowList(Lines, Generic[RowType], can_focus=True):
    """Base of the lists here: give it `rows`, say how a row is drawn and which ones the cursor may stand on."""

    class Moved(Message):
        """The cursor stands on another row."""

    class Opened(Message):
        """Enter, or a click on the row that has the cursor."""

    DEFAULT_CSS = "RowList { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Next", show=False),
        Binding("k,up", "move(-1)", "Previous", show=False),
        Binding("g,home", "end(0)", "First", show=False),
        Binding("G,end", "end(-1)", "Last", show=False),
        Binding("ctrl+d,pagedown", "page(1)", "Page down", show=False),
        Binding("ctrl+u,pageup", "page(-1)", "Page up", show=False),
        Binding("enter", "open", "Open", show=False),
    ]
    cursor: reactive[int] = reactive(0)
    top: reactive[int] = reactive(0)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows: Sequence[RowType] = ()

    def draw(self, row: RowType, width: int) -> Content:
        raise NotImplementedError

    def selectable(self, row: RowType) -> bool:
        return True

    def show(self, rows: Sequence[RowType], cursor: int | None = None) -> None:
        """Show other rows; the cursor stays where it is unless told, or goes to the nearest row it may stand on."""
        self.rows = rows
        wanted = self.cursor if cursor is None else cursor
        self.cursor = self._near(min(wanted, len(rows) - 1))
        self._follow()
        self.refresh(layout=True)

    @property
    def chosen(self) -> RowType | None:
        """The row under the cursor."""
        if self.cursor < len(self.rows) and self.selectable(self.rows[self.cursor]):
            return self.rows[self.cursor]
        return None

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self.rows))

    def line(self, y: int) -> Content:
        place, width = self.top + y, self.size.width
        if place >= len(self.rows):
            return Content("")
        row = self.rows[place]
        if not self.selectable(row):
            return self.draw(row, width)
        here = place == self.cursor
        mark = content((">" if self.ascii_only else "▸") if here else " ", "bold $accent")
        made = column(mark + self.draw(row, max(1, width - 1)), width)
        return made.stylize("bold on $cursor" if self.has_focus else "on $cursor") if here else made

    def _near(self, wanted: int) -> int:
        """The row the cursor may stand on that is nearest, looking down first."""
        places = range(len(self.rows))
        down = (place for place in places[max(0, wanted) :] if self.selectable(self.rows[place]))
        up = (place for place in reversed(places[: max(0, wanted)]) if self.selectable(self.rows[place]))
        return next(down, next(up, 0))

    def watch_cursor(self) -> None:
        self._follow()
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        self._follow()

    def _follow(self) -> None:
        height = max(1, self.size.height)
        above = self.cursor - 1 if self.cursor and not self._is_row(self.cursor - 1) else self.cursor
        top = min(max(self.top, self.cursor - height + 1), above if height > 1 else self.cursor)
        self.top = max(0, min(top, len(self.rows) - height))

    def _is_row(self, place: int) -> bool:
        return place < len(self.rows) and self.selectable(self.rows[place])

    def action_move(self, by: int) -> None:
        place = self.cursor + by
        while 0 <= place < len(self.rows) and not self.selectable(self.rows[place]):
            place += by
        if 0 <= place < len(self.rows):
            self.cursor = place

    def action_page(self, by: int) -> None:
        wanted = self.cursor + by * max(1, self.size.height - 1)
        self.cursor = self._near(max(0, min(wanted, len(self.rows) - 1)))

    def action_end(self, place: int) -> None:
        self.cursor = self._near(0 if place == 0 else len(self.rows) - 1)

    def action_open(self) -> None:
        if self.chosen is not None:
            self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        place = self.top + event.y
        if not self._is_row(place):
            return
        if place == self.cursor:
            self.action_open()
        self.cursor = place

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-1)
