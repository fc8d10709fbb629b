"""The inbox: everything that waits for a person, over all tasks, in one queue. Opens things; answers nothing itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from engine import (
    Event,
    ListQuestions,
    ListTasks,
    PhaseChanged,
    PlanWritten,
    Question,
    QuestionAnswered,
    QuestionAsked,
    QuestionChanged,
    QuestionKind,
    ShowTask,
    SignoffError,
    Task,
    TaskEnded,
    TaskRemoved,
    TaskView,
)
from tui.messages import Desk, Happened, Resynced
from tui.presentation.batch import batchable
from tui.presentation.content import content
from tui.presentation.inbox import EMPTY, Item, line, queue, to_sign
from tui.presentation.line import MUTED
from tui.presentation.question import answered
from tui.presentation.trouble import trouble
from tui.screens.keys import KeysScreen
from tui.widgets.key_line import Key, KeyLine
from tui.widgets.lines import Lines
from tui.widgets.row_list import RowList
from tui.widgets.spread_line import SpreadLine

_PAGE = 500
_CHANGES = (PhaseChanged, PlanWritten, QuestionAnswered, QuestionAsked, QuestionChanged, TaskEnded, TaskRemoved)
_KEYS = (
    Key("enter", "open", "open"),
    Key("space", "mark", "mark"),
    Key("b", "answer marked", "batch"),
    Key("j k", "move", "next"),
    Key("esc", "back", "back"),
    Key("?", "", "keys"),
)


class Queue(RowList[Item]):
    """The rows."""

    def draw(self, row: Item, width: int) -> Content:
        screen = self.screen
        if not isinstance(screen, InboxScreen):
            return Content("")
        marked = row.question is not None and row.question.id in screen.marked
        return line(row, screen.app.clock(), width, marked=marked, ascii_only=self.ascii_only)


class InboxScreen(Screen[None]):
    """Shows the queue; enter opens the review or the question.

    Args:
        now: monotonic time in seconds, handed to the screens that are opened.
    """

    app = getters.app(Desk)
    CSS_PATH = "inbox.tcss"
    AUTO_FOCUS = "#queue"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark a confirmation, to answer several at once", show=False),
        Binding("b", "batch", "Read and answer the marked ones; without marks, every confirmation", show=False),
        Binding("escape,q", "back", "Back", show=False),
        Binding("question_mark", "keys", "These keys", show=False),
    ]

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._plans: dict[int, Task] | None = None
        """Tasks whose plan waits to be read; None while they are not known."""
        self.marked: set[int] = set()
        """Questions that are to be answered together."""

    def compose(self) -> ComposeResult:
        yield SpreadLine(id="title")
        yield Queue(id="queue")
        yield Static(content(EMPTY), id="empty", markup=False)
        yield Static(id="notice", markup=False)
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        for lines in self.query(Lines):
            lines.ascii_only = self.app.ascii_only
        self.query_one(KeyLine).keys = _KEYS
        self._read()

    @work(exclusive=True, group="read")
    async def _read(self) -> None:
        try:
            questions: tuple[Question, ...] = await self.app.engine.read(ListQuestions())
            views = await self._views({question.task for question in questions})
            if self._plans is None:
                self._plans = await self._waiting()
            items = queue(self._plans.values(), questions, views)
        except SignoffError as error:
            self._notice(trouble(error, "Nothing was changed."))
            return
        self._show(items)

    async def _views(self, tasks: set[int]) -> dict[int, TaskView]:
        return {task: await self.app.engine.read(ShowTask(task=task)) for task in sorted(tasks)}

    async def _waiting(self) -> dict[int, Task]:
        """Looks through every task, once: one that waits for a review may be an old one."""
        found: dict[int, Task] = {}
        before: int | None = None
        while page := await self.app.engine.read(ListTasks(before=before, limit=_PAGE)):
            found |= {summary.task.id: summary.task for summary in page if to_sign(summary.task)}
            before = page[-1].task.id
        return found

    def _follow(self, events: Sequence[Event]) -> None:
        """Take over what events say of the tasks."""
        if self._plans is None:
            return
        for event in events:
            match event.fact:
                case PhaseChanged(task=task) | PlanWritten(task=task) | TaskEnded(task=task):
                    self._plans.pop(task.id, None)
                    if to_sign(task):
                        self._plans[task.id] = task
                case TaskRemoved():
                    self._plans.pop(event.task or 0, None)

    def _notice(self, text: str) -> None:
        notice = self.query_one("#notice", Static)
        notice.update(content(text))
        notice.set_class(bool(text), "-shown")

    def _show(self, items: list[Item]) -> None:
        self.marked &= {item.question.id for item in items if item.question}
        rows, bar = self.query_one(Queue), self.query_one(SpreadLine)
        rows.show(items)
        rows.display = bool(items)
        self.query_one("#empty").set_class(not items, "-shown")
        bar.left = content("Inbox", "bold $accent")
        bar.right = content(f"{len(items)} waiting, longest first" if items else "empty", MUTED)

    def on_happened(self, message: Happened) -> None:
        self._follow(message.events)
        if closed := [event.fact.question for event in message.events if isinstance(event.fact, QuestionAnswered)]:
            self._notice("; ".join(answered(question) for question in closed))
        if any(isinstance(event.fact, _CHANGES) for event in message.events):
            self._read()

    def on_resynced(self, _: Resynced) -> None:
        self._plans = None
        self._read()

    def on_screen_resume(self) -> None:
        self._notice("")
        self._read()

    def action_mark(self) -> None:
        """Mark the entry, or take the mark away; only confirmations can be answered together."""
        rows = self.query_one(Queue)
        item = rows.chosen
        if item is None or item.question is None or not batchable(item):
            self._notice("Only confirmations can be answered together: enter opens this one.")
            return
        self._notice("")
        self.marked ^= {item.question.id}
        rows.refresh()
        rows.action_move(1)

    def action_batch(self) -> None:
        """Read the marked ones together, or every confirmation where none is marked."""
        items = [item for item in self.query_one(Queue).rows if batchable(item)]
        chosen = [item for item in items if item.question and item.question.id in self.marked] or items
        if not chosen:
            self._notice("No confirmation waits.")
            return
        from tui.screens.batch import BatchScreen

        self.app.push_screen(BatchScreen(chosen, now=self._now))

    @on(RowList.Opened)
    def action_open(self) -> None:
        item = self.query_one(Queue).chosen
        if item is None:
            return
        if item.question is not None and item.question.kind is QuestionKind.BUDGET:
            from tui.screens.budget import BudgetScreen

            self.app.push_screen(BudgetScreen(item.task.id, now=self._now))
        elif item.question is not None and item.view is not None:
            from tui.screens.confirm import ConfirmScreen

            self.app.push_screen(ConfirmScreen(item.question, item.view, now=self._now))
        else:
            from tui.screens.review import ReviewScreen

            self.app.push_screen(ReviewScreen(item.task.id, now=self._now))

    @on(KeyLine.Pressed)
    async def _pressed(self, message: KeyLine.Pressed) -> None:
        await self.run_action(message.key.action)

    def action_next(self) -> None:
        self.query_one(Queue).action_move(1)

    def action_keys(self) -> None:
        self.app.push_screen(KeysScreen.of(self))

    def action_back(self) -> None:
        self.dismiss(None)
