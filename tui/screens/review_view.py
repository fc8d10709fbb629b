"""The review as it is seen: list, operand, marks so far; it follows what happens to the plan. Decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Input, Static

from engine import (
    EngineInfo,
    ListCosts,
    ListLengths,
    ListPeople,
    Person,
    PlannedStep,
    ReadPlan,
    ShowEngine,
    ShowTask,
    SignoffError,
    TaskView,
    compare,
    proposed,
)
from tui.contents import read_contents
from tui.follow import follow, places
from tui.messages import Happened, PeopleMoved, Resynced
from tui.presentation.content import content
from tui.presentation.line import MUTED, clipped
from tui.presentation.reading import Reading, expected
from tui.presentation.review_head import WAITS, beside, granted, summary, title, waits
from tui.presentation.review_page import page_of, page_title
from tui.presentation.revisions import Since, earlier, told, written
from tui.presentation.trouble import trouble
from tui.presentation.ways import brief_cost
from tui.screens.deciding import DecidingScreen
from tui.widgets.key_line import KeyLine
from tui.widgets.operand_view import OperandView
from tui.widgets.rule import Rule
from tui.widgets.spread_line import SpreadLine
from tui.widgets.step_list import StepList

WIDE = 110
"""Columns from which on list and operand stand side by side."""


class ReviewView(DecidingScreen[None]):
    """Shows one task to a reviewer; `begin` is called whenever there is another plan to read."""

    CSS_PATH = "review.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012

    def __init__(self, task: int, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now)
        self._task_id = task
        self._places: dict[str, int] = {}
        self._whole: TaskView | None = None
        """The task as it is followed."""
        self.view: TaskView | None = None
        """The task as it is to be signed: where a revision waits beside a running attempt, that one."""
        self.reading: Reading | None = None
        self.shown: PlannedStep | None = None
        """The step whose operand is in sight."""
        self.differences = True
        """Whether what changed since the earlier revision is shown."""
        self._contents: Mapping[str, bytes | None] = {}
        """Of the signed files of that step, as far as they are here."""
        self._lengths: dict[str, float] = {}
        self._costs: dict[str, int | None] = {}
        """Seconds that the steps took in earlier runs."""
        self._people: tuple[Person, ...] = ()
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
        yield Input(id="reason", select_on_focus=False)
        yield KeyLine(id="keys")

    @property
    def steps(self) -> StepList:
        return self.query_one(StepList)

    @property
    def operand(self) -> OperandView:
        return self.query_one(OperandView)

    @work(exclusive=True, group="load")
    async def load(self) -> None:
        try:
            whole: TaskView = await self.app.engine.read(ShowTask(task=self._task_id))
            view = proposed(whole)
            since = await self._since(view)
            self._whole, self._places = whole, places(whole)
            self._take(view, since)
            self._lengths = await self.app.engine.read(ListLengths(task=self._task_id))
            self._costs = await self.app.engine.read(ListCosts(task=self._task_id))
            self._people = await self.app.engine.read(ListPeople())
            info: EngineInfo = await self.app.engine.read(ShowEngine())
        except SignoffError as error:
            self.notice(trouble(error, ""))
            return
        self._parallel = info.parallel
        self._head()

    async def _since(self, view: TaskView) -> Since | None:
        """What became of the revision that this person knows."""
        revision, yours = earlier(view, self.app.user)
        if view.plan is None or not revision:
            return None
        before = await self.app.engine.read(ReadPlan(task=self._task_id, revision=revision))
        return Since(compare(before, view.plan), yours)

    def _take(self, view: TaskView, since: Since | None) -> None:
        """Show a view; marks hold only for the digest they were made on."""
        self.view = view
        if view.plan is None:
            self.notice("There is no plan to read yet. It is shown here as soon as it is written.")
        elif self.reading is None or self.reading.plan.digest != view.plan.digest:
            self.begin(view, since)
        else:
            self.read_again(view)
        self._head()

    def begin(self, view: TaskView, since: Since | None) -> None:
        """Show a plan that was not shown yet."""
        self.notice(self.news(view, since))
        digest, read = self.app.marked.get(view.task.id, ("", frozenset[str]()))
        self.reading = Reading.of(view, read if digest == view.task.digest else frozenset(), since)
        first = self.reading.unread[0].id if self.reading.unread else None
        self.steps.read(self.reading, first)
        self.steps.focus()
        self._show_step()

    def news(self, view: TaskView, since: Since | None) -> str:
        """What a reader must know of a plan before anything else."""
        by = written(view.plan) if view.plan else ""
        why = " ".join(filter(None, (by, WAITS if waits(view) else "", told(since, view) if since else "")))
        if self.reading is None:
            return why
        old, new = self.reading.plan.revision, view.task.revision
        if new < old:
            return f"Revision {old} waits no more: this is revision {new}, which runs. {why}"
        return f"Revision {new} was written while you read {old}: your marks are gone, read again. {why}"

    def read_again(self, view: TaskView) -> None:
        """The same plan, after others or the person did something to it."""
        if self.reading is None:
            return
        self.reading = Reading.of(view, self.reading.read, self.reading.since)
        self.steps.read(self.reading)
        self.show_page(again=True)
        self._rule()

    def _head(self) -> None:
        if self.view is None:
            return
        plain = self.app.ascii_only
        bar, below = self.query_one("#title", SpreadLine), self.query_one("#summary", SpreadLine)
        bar.left, bar.right = title(self.view, self.size.width - 2, ascii_only=plain)
        if self.reading:
            seconds = expected(self.reading, self._lengths, self._parallel)
            below.left = summary(self.reading, seconds, plain, brief_cost(self._costs, ascii_only=plain))
            room = self.size.width - below.left.cell_length - 4
            told = beside(self.reading, self.view, self._people, self.app.user, self.app.clock(), room)
            below.right = content(told, MUTED)

    def _show_step(self) -> None:
        """Show the operand of the row under the cursor."""
        row = self.steps.chosen
        if row is None or self.reading is None:
            return
        if row.planned is not None and row.planned is self.shown:
            return
        self.shown = row.planned
        self._contents = {}
        self.show_page()
        self.app.engine.look(self._task_id, row.planned.id if row.planned else None)
        self._rule()
        if row.planned is not None and row.planned.files:
            self._read_files(row.planned)

    def show_page(self, *, again: bool = False) -> None:
        """What there is to read about the row under the cursor; `again` stays where the reader is."""
        row = self.steps.chosen
        if row is not None and self.reading is not None and self.view is not None:
            page = page_of(row, self.reading, self.view, self._contents, differences=self.differences)
            self.operand.show(page, again=again)

    @work(exclusive=True, group="files")
    async def _read_files(self, planned: PlannedStep) -> None:
        """Show the text of the signed files too, as soon as it is here."""
        try:
            contents = await read_contents(self.app.engine, planned)
        except SignoffError as error:
            self.notice(trouble(error, ""))
            return
        if self.shown is planned:
            self._contents = contents
            self.show_page()

    def _rule(self) -> None:
        rule, view = self.query_one(Rule), self.operand
        row = self.steps.chosen
        rule.right = content(view.where(), MUTED)
        if row is not None and self.view is not None:
            plain, room = self.app.ascii_only, rule.size.width - rule.right.cell_length - 7
            free = row.planned is not None and granted(row.planned, self.view, self.app.clock())
            rule.left = clipped(page_title(row, granted=free, ascii_only=plain), room, ascii_only=plain)
        rule.lit = view.has_focus

    def on_happened(self, message: Happened) -> None:
        before = self._whole
        if before is None:
            return
        followed = follow(before, message.events, self._places)
        if followed.stale:
            self.load()
        elif followed.view.seq != before.seq:
            self._whole, self.view = followed.view, proposed(followed.view)
            said = (before.comments, before.grants) != (followed.view.comments, followed.view.grants)
            if said or followed.changed:
                self.read_again(self.view)
            self._head()

    @on(PeopleMoved)
    def _people_moved(self, message: PeopleMoved) -> None:
        self._people = message.people
        self._head()

    def on_resynced(self, _: Resynced) -> None:
        self.load()

    def on_unmount(self) -> None:
        self.app.engine.look()

    @on(StepList.Moved)
    def _moved(self) -> None:
        self._show_step()

    @on(OperandView.Scrolled)
    def _scrolled(self) -> None:
        """Whoever scrolled to the end has read it."""
        self._rule()
        if self.operand.top and self.operand.seen:
            self.has_read()

    def on_descendant_focus(self) -> None:
        self._rule()

    def has_read(self) -> None:
        """The step in sight was read to its end."""
        step, reading = self.shown, self.reading
        if step is None or reading is None or not reading.must(step) or step.id in reading.read:
            return
        self.reading = replace(reading, read=reading.read | {step.id})
        self.app.marked[self._task_id] = (reading.plan.digest, self.reading.read)
        self.steps.read(self.reading)
        self._head()

    def go_to(self, planned: PlannedStep) -> None:
        if self.reading:
            self.steps.read(self.reading, planned.id)
