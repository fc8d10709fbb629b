"""The tasks as a column, for wide screens: one line each, only those in sight are made."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.reactive import reactive

from tui.presentation.line import column
from tui.presentation.task import entry
from tui.widgets.task_strip import Tasks


class TaskList(Tasks):
    """A column that scrolls by itself to keep the chosen task in sight."""

    DEFAULT_CSS = "TaskList { width: 34; height: 1fr; }"
    top: reactive[int] = reactive(0)

    def watch_cursor(self, cursor: int) -> None:
        height = max(1, self.size.height)
        self.top = min(max(self.top, cursor - height + 1), cursor)

    def on_resize(self) -> None:
        self.watch_cursor(self.cursor)

    def line(self, y: int) -> Content:
        row, width = self.top + y, self.size.width
        if row >= len(self.rows):
            return Content("")
        chosen = row == self.cursor
        made = column(entry(self.rows[row], width, chosen=chosen, ascii_only=self.ascii_only), width)
        return made.stylize(self.cursor_style) if chosen else made

    def on_click(self, event: events.Click) -> None:
        if self.top + event.y < len(self.rows):
            self.post_message(self.Moved(self.top + event.y - self.cursor))
