"""The top line: program, project, who, sandbox level; what runs and what waits, over all tasks."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive

from engine import EngineInfo
from tui.presentation.task import status_line
from tui.widgets.lines import Lines


class StatusBar(Lines):
    """One line; shows what the screen binds to it."""

    DEFAULT_CSS = "StatusBar { height: 1; background: $panel; }"
    info: reactive[EngineInfo | None] = reactive(None)
    waiting: reactive[int] = reactive(0)
    root = ""
    user = ""

    def line(self, y: int) -> Content:
        return status_line(self.info, self.root, self.user, self.waiting, self.size.width, ascii_only=self.ascii_only)
