"""The line above the lower pane: its tabs, of which one is shown, and where in it the reader is. A click chooses."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tui.presentation.content import content
from tui.presentation.line import MUTED
from tui.widgets.lines import Lines
from tui.widgets.rule import ruled


class TabRule(Lines):
    """Tabs by name; `subject` stands before the name of the one that is shown."""

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, tab: str) -> None:
            self.tab = tab
            super().__init__()

    DEFAULT_CSS = "TabRule { height: 1; }"
    tabs: tuple[str, ...] = ("log", "detail", "diff", "notes")
    chosen: reactive[str] = reactive("log")
    subject: reactive[str] = reactive("")
    right: reactive[Content] = reactive(Content(""))
    lit: reactive[bool] = reactive(False)

    def line(self, y: int) -> Content:
        return ruled(self._left(), self.right, self.size.width, focused=self.lit, ascii_only=self.ascii_only)

    def _left(self) -> Content:
        gap = content(" -- " if self.ascii_only else " ── ", "$rule")
        return gap.join(self._tab(tab) for tab in self.tabs)

    def _tab(self, tab: str) -> Content:
        if tab != self.chosen:
            return content(tab, MUTED)
        dot = " - " if self.ascii_only else " · "
        name = content(self.subject[:24] + dot, "bold") if self.subject else Content("")
        return name + content(tab, "bold underline")

    def on_click(self, event: events.Click) -> None:
        end = 2
        for tab in self.tabs:
            end += self._tab(tab).cell_length + 4
            if event.x < end - 2:
                self.post_message(self.Chosen(tab))
                return
