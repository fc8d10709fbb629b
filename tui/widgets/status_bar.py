"""The top line: program, project, who, sandbox level; what runs, waits and was granted, over all tasks; who is here.

While a grant holds, its time is told by the minute: once a minute, and only then, the line is drawn by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer

from engine import BudgetView, EngineInfo, Grant, Person, TaskView
from tui.presentation.budget import headline
from tui.presentation.people import company
from tui.presentation.task import granted, status_line
from tui.widgets.lines import Lines


class StatusBar(Lines):
    """One line; shows what the screen binds to it."""

    DEFAULT_CSS = "StatusBar { height: 1; background: $panel; }"
    info: reactive[EngineInfo | None] = reactive(None)
    waiting: reactive[int] = reactive(0)
    people: reactive[tuple[Person, ...]] = reactive(())
    grants: reactive[tuple[Grant, ...]] = reactive(())
    shown: TaskView | None = None
    """The task that others may read as well."""
    budget: reactive[BudgetView | None] = reactive(None)
    clock: Callable[[], float] = staticmethod(time.time)
    """Unix time in seconds."""
    root = ""
    user = ""
    _minute: Timer | None = None

    def line(self, y: int) -> Content:
        others = company(self.people, self.user, self.shown)
        width, plain = self.size.width, self.ascii_only
        held = granted(self.grants, self.clock())
        spent = headline(self.budget)
        return status_line(self.info, self.root, self.user, self.waiting, width, others, held, spent, ascii_only=plain)

    def watch_grants(self) -> None:
        """Draw again whenever another minute of the shortest grant has passed."""
        if self._minute is not None:
            self._minute.stop()
        left = [grant.expires - self.clock() for grant in self.grants if grant.active(self.clock())]
        self._minute = self.set_timer(min(left) % 60 + 0.1, self._passed) if left else None

    def _passed(self) -> None:
        self.refresh()
        self.watch_grants()
