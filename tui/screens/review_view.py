"""The review as it is seen: list, operand, marks so far; it follows what happens to the plan. Decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Input, Static

from engine import EngineInfo, ListLengths, PlannedStep, ShowEngine, ShowTask, SignoffError, TaskView
from tui.contents import read_contents
from tui.follow import follow, places
from tui.messages import Happened, Resynced
from tui.presentation.content import content
from tui.presentation.line import MUTED, clipped
from tui.presentation.review import Reading, Row, Verdicts, expected, history, page_of, page_title, summary, title
from tui.presentation.trouble import trouble
from tui.screens.deciding import DecidingScreen
from tui.widgets.key_line import KeyLine
from tui.widgets.operand_view import OperandView
from tui.widgets.rule import Rule
from tui.widgets.spread_line import SpreadLine
from tui.widgets.step_list import StepList

WIDE = 110
"""Columns from which on list and operand stand side by side."""


class ReviewView(DecidingScreen[None]):
    """Shows one task to a reviewer; `begin_again` is called whenever there is another plan to read."""

    CSS_PATH = "review.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012

    def __init__(self, task: int, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now)
        self._task_id = task
        self._places: dict[str, int] = {}
        self.view: TaskView | None = None
        self.reading: Reading | None = None
        self.shown: PlannedStep | None = None
        """The step whose operand is in sight."""
        self._lengths: dict[str, float] = {}
        """Seconds that the steps took in earlier runs."""
        self._parallel = 1

    def compose(self) -> ComposeResult:
        yield SpreadLine(id="title")
        yield SpreadLine(id="summary")
        with Container(id="body"):
            yield StepList(id="steps")
            with Container(id="reading"):
                yield Rule(id="where")
                yield OperandView(id="operand")
        yield Static(id="notice", markup=False)
        yield Input(id="reason")
        yield KeyLine(id="keys")

    @property
    def steps(self) -> StepList:
        return self.query_one(StepList)

    @property
    def operand(self) -> OperandView:
        return self.query_one(OperandView)

    def begin_again(self) -> None:
        """Another plan is shown: what was begun on the one before is void."""

    @work(exclusive=True, group="load")
    async def load(self) -> None:
        try:
            view: TaskView = await self.app.engine.read(ShowTask(task=self._task_id))
            self._take(view)
            self._lengths = await self.app.engine.read(ListLengths(task=self._task_id))
            info: EngineInfo = await self.app.engine.read(ShowEngine())
        except SignoffError as error:
            self.notice(trouble(error, ""))
            return
        self._parallel = info.parallel
        self._head()

    def _take(self, view: TaskView) -> None:
        """Show a view; marks hold only for the digest they were made on."""
        before, self.view, self._places = self.view, view, places(view)
        if view.plan is None:
            self.notice("There is no plan to read yet. It is shown here as soon as it is written.")
        elif before is None or before.plan is None or before.task.digest != view.task.digest:
            self._begin(view, before)
        self._head()

    def _begin(self, view: TaskView, before: TaskView | None) -> None:
        if view.plan is None:
            return
        if before is not None and before.plan is not None:
            self.begin_again()
            old, new = before.task.revision, view.task.revision
            self.notice(
                f"Revision {new} was written while you read {old}. Your marks were for {old} and are gone: read again."
            )
        digest, verdicts = self.app.marked.get(view.task.id, ("", Verdicts()))
        self.reading = Reading.of(view.plan, verdicts if digest == view.plan.digest else Verdicts())
        first = self.reading.unread[0].id if self.reading.unread else None
        self.steps.read(self.reading, first)
        self.steps.focus()
        self._show_step()

    def _head(self) -> None:
        if self.view is None:
            return
        plain = self.app.ascii_only
        bar, below = self.query_one("#title", SpreadLine), self.query_one("#summary", SpreadLine)
        bar.left, bar.right = title(self.view, ascii_only=plain)
        if self.reading:
            seconds = expected(self.reading, self._lengths, self._parallel)
            below.left = summary(self.reading, seconds, ascii_only=plain)
            room = self.size.width - below.left.cell_length - 4
            below.right = content(history(self.view, self.app.clock(), room), MUTED)

    def _show_step(self) -> None:
        """Show the operand of the row under the cursor."""
        row = self.steps.chosen
        if row is None or self.reading is None:
            return
        if row.planned is not None and row.planned is self.shown:
            return
        self.shown = row.planned
        self.operand.show(page_of(row, self.reading, {}))
        self._rule()
        if row.planned is not None and row.planned.files:
            self._read_files(row, row.planned)

    @work(exclusive=True, group="files")
    async def _read_files(self, row: Row, planned: PlannedStep) -> None:
        """Show the text of the signed files too, as soon as it is here."""
        try:
            contents = await read_contents(self.app.engine, planned)
        except SignoffError as error:
            self.notice(trouble(error, ""))
            return
        if self.shown is planned and self.reading is not None:
            self.operand.show(page_of(row, self.reading, contents))

    def _rule(self) -> None:
        rule, view = self.query_one(Rule), self.operand
        row = self.steps.chosen
        rule.right = content(view.where(), MUTED)
        if row is not None:
            room = rule.size.width - rule.right.cell_length - 7
            rule.left = clipped(page_title(row, ascii_only=self.app.ascii_only), room, ascii_only=self.app.ascii_only)
        rule.lit = view.has_focus

    def mark(self, *, read: set[str] | None = None, skipped: frozenset[str] | None = None) -> None:
        if self.reading is None:
            return
        verdicts = self.reading.verdicts
        verdicts = replace(
            verdicts,
            read=verdicts.read | (read or set()),
            skipped=verdicts.skipped if skipped is None else skipped,
        )
        self.reading = Reading.of(self.reading.plan, verdicts)
        self.app.marked[self._task_id] = (self.reading.plan.digest, verdicts)
        self.steps.read(self.reading)
        self._head()

    def on_happened(self, message: Happened) -> None:
        if self.view is None:
            return
        followed = follow(self.view, message.events, self._places)
        if followed.stale:
            self.load()
        elif followed.view.seq != self.view.seq:
            self.view = followed.view
            self._head()

    def on_resynced(self, _: Resynced) -> None:
        self.load()

    @on(StepList.Moved)
    def _moved(self) -> None:
        self._show_step()

    @on(OperandView.Scrolled)
    def _scrolled(self, message: OperandView.Scrolled) -> None:
        """Whoever scrolled to the end has read it."""
        self._rule()
        if message.view.top and message.view.seen:
            self.has_read()

    def on_descendant_focus(self) -> None:
        self._rule()

    def has_read(self) -> None:
        """The step in sight was read to its end."""
        step, reading = self.shown, self.reading
        if step is not None and reading is not None and step.asks and step.id not in reading.verdicts.read:
            self.mark(read={step.id})

    def go_to(self, planned: PlannedStep) -> None:
        if self.reading:
            self.steps.read(self.reading, planned.id)
