"""The tasks on one line, for narrow screens: as many as fit around the chosen one. Click or wheel chooses."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from engine import TaskSummary
from tui.commands import Place, bindings
from tui.presentation.content import content
from tui.presentation.line import MUTED
from tui.presentation.task import entry
from tui.widgets.lines import Lines

_ROOM = 28
"""Cells of one entry at most."""


class Tasks(Lines, can_focus=True):
    """What the strip and the column have in common: they show rows, and ask to move among them."""

    class Moved(Message):
        """Go `by` rows on; None with `end` -1 or 1 for the newest or the oldest."""

        def __init__(self, by: int, *, end: bool = False) -> None:
            self.by, self.end = by, end
            super().__init__()

    class Opened(Message):
        """The chosen task shall be looked at."""

    BINDINGS = bindings(Place.TASKS)
    rows: reactive[Sequence[TaskSummary]] = reactive((), always_update=True)
    cursor: reactive[int] = reactive(0)

    def action_move(self, by: int) -> None:
        self.post_message(self.Moved(by))

    def action_first(self) -> None:
        self.post_message(self.Moved(-1, end=True))

    def action_last(self) -> None:
        self.post_message(self.Moved(1, end=True))

    def action_open(self) -> None:
        self.post_message(self.Opened())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-1)


class TaskStrip(Tasks):
    """One line."""

    DEFAULT_CSS = "TaskStrip { height: 1; }"
    _first = 0

    def line(self, y: int) -> Content:
        width, shown = self.size.width, self._shown()
        if not shown:
            return content(" no tasks yet", MUTED)
        before, after = ("<", ">") if self.ascii_only else ("◂", "▸")
        parts = [self._entry(row) for row in shown]
        line = Content("  ").join(parts)
        head = content(before, MUTED) if shown[0] else Content(" ")
        more = shown[-1] < len(self.rows) - 1
        room = width - head.cell_length - line.cell_length - 2
        return head + line + Content(" " * max(0, room)) + (content(f" {after}", MUTED) if more else Content(""))

    def _entry(self, row: int) -> Content:
        chosen = row == self.cursor
        made = entry(self.rows[row], self._room(), chosen=chosen, ascii_only=self.ascii_only)
        return made.stylize(self.cursor_style) if chosen else made

    def _room(self) -> int:
        return max(12, min(_ROOM, self.size.width - 4))

    def _shown(self) -> range:
        """The rows in sight: the chosen one, and around it as many as fit, moved as little as possible."""
        self._first = min(self._first, self.cursor)
        while self._first < self.cursor and self._end(self._first) <= self.cursor:
            self._first += 1
        return range(self._first, self._end(self._first))

    def _end(self, first: int) -> int:
        """The row after the last one that fits beside `first`."""
        used = 1
        for row in range(first, len(self.rows)):
            used += self._entry(row).cell_length + 2
            if used > self.size.width and row > first:
                return row
        return len(self.rows)

    def on_click(self, event: events.Click) -> None:
        end = 1
        for row in self._shown():
            end += self._entry(row).cell_length + 2
            if event.x < end:
                self.post_message(self.Moved(row - self.cursor))
                return
