"""The top line: program, project, who, sandbox level; what runs and what waits, over all tasks; who else is here."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive

from engine import EngineInfo, Person
from tui.presentation.people import company
from tui.presentation.task import status_line
from tui.widgets.lines import Lines


class StatusBar(Lines):
    """One line; shows what the screen binds to it."""

    DEFAULT_CSS = "StatusBar { height: 1; background: $panel; }"
    info: reactive[EngineInfo | None] = reactive(None)
    waiting: reactive[int] = reactive(0)
    people: reactive[tuple[Person, ...]] = reactive(())
    root = ""
    user = ""

    def line(self, y: int) -> Content:
        others = company(self.people, self.user)
        width, plain = self.size.width, self.ascii_only
        return status_line(self.info, self.root, self.user, self.waiting, width, others, ascii_only=plain)
