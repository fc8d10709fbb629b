"""The ground of views that have more rows than height: scrolled by lines, pages and the wheel, never past the end."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.reactive import reactive

from tui.widgets.lines import Lines

WHEEL = 3
"""Rows that one notch of the wheel goes on."""


class ScrolledLines(Lines, can_focus=True):
    """Shows `count` rows, from the row `top` on."""

    class Scrolled(Message):
        """Another part is in sight."""

    top: reactive[int] = reactive(0)

    @property
    def count(self) -> int:
        """How many rows there are at the present width."""
        return 0

    @property
    def last_top(self) -> int:
        """The row at the top when the last one is at the bottom."""
        return max(0, self.count - self.size.height)

    def validate_top(self, top: int) -> int:
        return max(0, min(top, self.last_top))

    def watch_top(self) -> None:
        self._tell()

    def on_resize(self) -> None:
        self.top = self.validate_top(self.top)
        self._tell()

    def _tell(self) -> None:
        self.post_message(self.Scrolled())

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
        self.top += WHEEL

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.top -= WHEEL
