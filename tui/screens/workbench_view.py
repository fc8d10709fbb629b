"""What the workbench shows: tasks, the graph of one, and below it a log, a detail, a diff, notes.

Reads the engine only in workers, takes over what events carry, and hands data down to its widgets. What its keys do
is the business of `workbench`.
"""

from __future__ import annotations

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer

from engine import (
    BudgetRaised,
    CallReserved,
    CallSettled,
    EngineInfo,
    ListEvents,
    ListGrants,
    ListLengths,
    ListPeople,
    ListQuestions,
    ListRuns,
    Phase,
    Question,
    Run,
    RunCancelled,
    ShowBudget,
    ShowEngine,
    ShowTask,
    StepState,
    StepStatus,
    Task,
    TaskSummary,
    TaskView,
    seconds_left,
)
from engine.errors import UnknownTask
from tui.commands import Place
from tui.follow import follow, open_questions, places
from tui.messages import Desk, Happened, LogsGrew, PeopleMoved, Resynced
from tui.presentation.content import content
from tui.presentation.graph import critical_names
from tui.presentation.line import MUTED
from tui.presentation.steps import counts, graph_of, moved, noted, unlogged, wanted
from tui.presentation.task import banner, empty, header
from tui.queueing import holder
from tui.screens.told import told
from tui.widgets.key_bar import KeyBar
from tui.widgets.lines import Lines
from tui.widgets.log_view import LogView
from tui.widgets.rule import Rule
from tui.widgets.status_bar import StatusBar
from tui.widgets.step_graph import StepGraph
from tui.widgets.tab_rule import TabRule
from tui.widgets.task_list import TaskList
from tui.widgets.task_strip import TaskStrip
from tui.widgets.task_window import TaskWindow
from tui.widgets.text_view import TextView

PANES = {"strip": Place.TASKS, "column": Place.TASKS, "graph": Place.GRAPH, "log": Place.LOG, "text": Place.TEXT}
_WIDE, _HIGH = 110, 10
_WIDTHS: list[tuple[int, str]] | None = [(0, "-narrow"), (_WIDE, "-wide")]
_HEIGHTS: list[tuple[int, str]] | None = [(0, "-low"), (_HIGH, "-high")]
_LEFT = 36
"""Cells of the column of tasks."""
_OF_RUNS = ("detail", "diff")
"""Tabs that tell of the runs of a step."""
_PAGE = 1000
_LISTS = 0.5
"""Seconds between two readings of lists that events tell too little about."""
_SPENDING = (CallReserved, CallSettled, BudgetRaised)
"""What moves the sums of the budget."""


class WorkbenchView(Screen[None]):
    """Holds the view of one task and what was chosen in it."""

    app = getters.app(Desk)
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    status_bar = getters.query_one("#status", StatusBar)
    strip = getters.query_one("#strip", TaskStrip)
    column = getters.query_one("#column", TaskList)
    tasks_rule = getters.query_one("#tasks-rule", Rule)
    header_rule = getters.query_one("#header", Rule)
    graph = getters.query_one("#graph", StepGraph)
    tabs = getters.query_one("#tabs", TabRule)
    log_view = getters.query_one("#log", LogView)
    text = getters.query_one("#text", TextView)
    keys = getters.query_one("#keys", KeyBar)

    view: reactive[TaskView | None] = reactive(None, always_update=True, init=False)
    step: reactive[str] = reactive("", init=False)
    tab: reactive[str] = reactive("log", init=False)
    questions: reactive[tuple[Question, ...]] = reactive((), init=False)
    follows_running: reactive[bool] = reactive(True, init=False)
    _ticker: Timer
    _lists_due = False
    _spent = -1
    """The hour, since 1970, in which the budget was read; -1 where it moved since."""

    def __init__(self) -> None:
        super().__init__()
        self.window = TaskWindow(lambda query: self.app.engine.read(query))
        self._place: dict[str, int] = {}
        self._lengths: dict[str, float] = {}
        """Seconds that the steps took in earlier runs."""
        self._total: float | None = None
        """Seconds that this attempt is expected to take."""
        self._held: Task | None = None
        """What the shown task waits for while it is queued."""
        self._runs: tuple[Run, ...] = ()
        self._notes: list[Content] = []
        self._noted = 0
        """The last event of the task that stands in its notes."""

    def compose(self) -> ComposeResult:
        # As Textual will have it after the first layout: the first frame stands still.
        low = self.app.size.height < _HIGH
        self.add_class("-wide" if self._wide else "-narrow", "-low" if low else "-high", update=False)
        yield StatusBar(id="status")
        yield TaskStrip(id="strip")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Rule(id="tasks-rule")
                yield TaskList(id="column")
            with Vertical(id="main"):
                yield Rule(id="header")
                yield StepGraph(id="graph")
                yield TabRule(id="tabs")
                yield LogView(self.app.engine.read_log, id="log")
                yield TextView(id="text")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        for lines in self.query(Lines):
            lines.ascii_only = self.app.ascii_only
        self.status_bar.root, self.status_bar.user = self.app.root, self.app.user
        self.status_bar.clock = self.app.clock
        self.tasks_rule.left = content("tasks", "bold")
        self.header_rule.lit = True
        self.on_resize()
        self._ticker = self.set_interval(1.0, self._tick, pause=True)
        self.app.engine.look()
        self.open_tasks()

    # Reading

    @work(group="tasks", exclusive=True)
    @told
    async def open_tasks(self, task: int | None = None) -> None:
        """Read all that is shown anew; `task` is then the chosen one, else the one that is."""
        self.status_bar.grants = await self.app.engine.read(ListGrants())
        self.questions = await self.app.engine.read(ListQuestions())
        await self.window.open()
        if task is not None:
            self.window.choose(task)
        self.show_rows()
        if self.window.chosen is not None:
            await self._load(self.window.chosen.task.id)
        await self.app.painted()  # to ask more takes longer, and may open the engine: all this is painted first
        self._spent = -1
        await self._read_budget()
        self.status_bar.info = await self._info()
        self.status_bar.people = await self.app.engine.read(ListPeople())

    async def _read_budget(self) -> None:
        """Sum anew what was spent where a call or a raise was told of, or another hour has begun."""
        hour = int(self.app.clock() // 3600)
        if self._spent != hour:
            self._spent = hour
            self.status_bar.budget = await self.app.engine.read(ShowBudget())

    async def _info(self) -> EngineInfo:
        info: EngineInfo = await self.app.engine.read(ShowEngine())
        return info

    @work(group="task", exclusive=True)
    @told
    async def load(self, task: int) -> None:
        """Show another task, or the same one anew."""
        await self._load(task)

    async def _load(self, task: int) -> None:
        try:
            view: TaskView = await self.app.engine.read(ShowTask(task=task))
        except UnknownTask:
            self.refresh_lists()
            return
        same = self.view is not None and self.view.task.id == task
        if not same:
            self.graph.forget()
            self.follows_running = True
            self._notes, self._noted = [], 0
            self._lengths, self._total = {}, None
        self._place = places(view)
        self.graph.graph = graph_of(view, self._lengths, self.app.clock())
        self.view = view
        if not same or self.step not in self._place:
            self.step = wanted(view, "")
        self.load_tab()
        self.load_lengths()
        self.load_holder()

    @work(group="lengths", exclusive=True)
    @told
    async def load_lengths(self) -> None:
        """Read what earlier runs tell; the graph need not wait for it."""
        view = self.view
        if view is None or view.plan is None:
            return
        lengths: dict[str, float] = await self.app.engine.read(ListLengths(task=view.task.id))
        if lengths and self.view is not None and self.view.task.id == view.task.id:
            self._lengths = lengths
            self.graph.graph = graph_of(self.view, lengths, self.app.clock())
            self._expect()
            self.show_header()

    @work(group="holder", exclusive=True)
    @told
    async def load_holder(self) -> None:
        """Find what a queued task waits for."""
        task = self.view.task if self.view is not None else None
        queued = task is not None and task.phase is Phase.QUEUED
        self._held = await holder(self.app.engine, task) if task is not None and queued else None
        if queued:
            self._show_log()

    @work(group="tab", exclusive=True)
    @told
    async def load_tab(self) -> None:
        """Read what the shown tab needs beyond the view."""
        if self.view is None:
            return
        task = self.view.task.id
        if self.tab in _OF_RUNS:
            self._runs = await self.app.engine.read(ListRuns(task=task, step=self.step))
        elif self.tab == "notes":
            await self._read_notes(task)
        self.show_tab()

    async def _read_notes(self, task: int) -> None:
        """Read on from the last event that is shown."""
        from tui.presentation.notes import notes

        more = True
        while more:
            page = await self.app.engine.read(ListEvents(task=task, after=self._noted, limit=_PAGE))
            self._notes = [*self._notes, *notes(page)]
            self._noted = page[-1].seq if page else self._noted
            more = len(page) == _PAGE

    def refresh_lists(self) -> None:
        """Read the lists again, soon, and not more than twice a second."""
        if not self._lists_due:
            self._lists_due = True
            self.set_timer(_LISTS, self._read_lists)

    @work(group="tasks", exclusive=True)
    @told
    async def _read_lists(self) -> None:
        self._lists_due = False
        self.status_bar.info = await self._info()
        self.status_bar.grants = await self.app.engine.read(ListGrants())
        await self._read_budget()
        await self.window.refresh()
        self.show_rows()
        chosen = self.window.chosen
        if chosen is not None and (self.view is None or self.view.task.id != chosen.task.id):
            await self._load(chosen.task.id)
        elif self.view is not None and self.view.task.phase is Phase.QUEUED:
            self.load_holder()

    # Following

    @on(Happened)
    def _happened(self, message: Happened) -> None:
        self.questions = open_questions(self.questions, message.events)
        if any(isinstance(event.fact, _SPENDING) for event in message.events):
            self._spent = -1
        self.refresh_lists()
        if self.view is None:
            return
        followed = follow(self.view, message.events, self._place)
        if followed.stale:
            self.load(self.view.task.id)
        if followed.view.seq == self.view.seq:
            return
        graph = self.graph.graph
        if graph is not None and followed.changed:
            changed = [followed.view.steps[self._place[step]] for step in followed.changed]
            self.graph.graph = moved(graph, changed, self.app.clock())
        if self.graph.graph is not None and followed.view.comments != self.view.comments:
            self.graph.graph = noted(self.graph.graph, followed.view.comments)
        self.view = followed.view
        if self.follows_running and followed.changed:
            self.step = wanted(followed.view, self.step)
        gone = {event.step for event in message.events if isinstance(event.fact, RunCancelled)}
        if self.tab == "notes" or (self.tab in _OF_RUNS and self.step in {*followed.changed, *gone}):
            self.load_tab()

    @on(LogsGrew)
    def _logs_grew(self, message: LogsGrew) -> None:
        if self.log_view.run_id in message.logs and self.tab == "log":
            self.log_view.grew()

    @on(PeopleMoved)
    def _people_moved(self, message: PeopleMoved) -> None:
        self.status_bar.people = message.people

    @on(Resynced)
    def _resynced(self) -> None:
        self.open_tasks()

    def _tick(self) -> None:
        """A second passed while something runs."""
        if self.view is None or self.graph.graph is None:
            return
        running = [status for status in self.view.steps if status.state is StepState.RUNNING]
        if running:
            self.graph.graph = moved(self.graph.graph, running, self.app.clock())
        self._expect()
        self.show_header()
        if self.tab == "detail":
            self.show_tab()

    def _expect(self) -> None:
        """When the task will have ended, by what is known now; not for every event, large plans take milliseconds."""
        self._total = None
        view, info, now = self.view, self.status_bar.info, self.app.clock()
        if view is None or view.plan is None or not self._lengths or view.task.phase.ended:
            return
        left = seconds_left(view.plan, view.steps, self._lengths, now, info.parallel if info else 1)
        if left:
            self._total = left + (now - view.task.started if view.task.started is not None else 0.0)

    # Showing

    @property
    def _wide(self) -> bool:
        return self.app.size.width >= _WIDE

    def status_of(self, step: str) -> StepStatus | None:
        """Where a step of the shown task is."""
        place = self._place.get(step)
        return None if self.view is None or place is None else self.view.steps[place]

    def watch_view(self, view: TaskView | None) -> None:
        if (shown := self.status_bar.shown) is None or view is None or shown.plan is not view.plan:
            self.status_bar.shown = view
            self.status_bar.refresh()
        self.set_class(view is None and not self.window.rows, "-empty")
        if view is None:
            return
        if any(status.state is StepState.RUNNING for status in view.steps):
            self._ticker.resume()
        else:
            self._ticker.pause()
        if self.graph.graph is not None:
            self.window.put(TaskSummary(task=view.task, counts=counts(self.graph.graph)))
            self.show_rows()
        self.show_header()
        self._show_log()

    def watch_step(self, step: str) -> None:
        self.graph.selected = step
        self.tabs.subject = content(step).plain
        self._show_log()
        self._runs = ()
        if self.tab != "log":
            self.load_tab()

    def watch_tab(self, tab: str) -> None:
        self.tabs.chosen = tab
        self.set_class(tab != "log", "-reading")
        self.show_tab()
        self.load_tab()

    def watch_questions(self, questions: tuple[Question, ...]) -> None:
        self.status_bar.waiting = len(questions)
        self.show_banner()

    def show_banner(self) -> None:
        """What waits for a person, in the last line."""
        self.keys.banner = banner(self.questions)

    def show_rows(self) -> None:
        """Hand the window of tasks down."""
        for widget in (self.strip, self.column):
            widget.rows, widget.cursor = self.window.rows, self.window.cursor
        self.keys.few = not self.window.rows
        if not self.window.rows:
            self.view = None
            self.set_class(True, "-empty")
            self.text.paragraphs = empty()
            self.header_rule.left = content("No tasks yet. Begin with one of these", "bold")
            self.header_rule.right = Content("")
        elif self.has_class("-empty"):
            self.set_class(False, "-empty")
            self.graph.focus()

    def show_header(self) -> None:
        """The line above the graph."""
        if self.view is not None:
            cells = self.header_rule.size.width or self.app.size.width - (_LEFT if self._wide else 0)
            width = max(20, cells - 8)
            left, right = header(
                self.view,
                self.app.clock(),
                width,
                total=self._total if not self.view.task.phase.ended else None,
                critical=critical_names(self.graph.graph) if self.graph.graph else (),
                ascii_only=self.app.ascii_only,
            )
            self.header_rule.left, self.header_rule.right = left, right

    def _show_log(self) -> None:
        if self.view is None:
            return
        status = self.status_of(self.step)
        self.log_view.nothing = unlogged(status, self.view, self._held)
        self.log_view.live = status is not None and status.state is StepState.RUNNING
        self.log_view.show(status.run if status else None)
        self.show_place()

    def show_tab(self) -> None:
        """The text of the tab that is shown, unless it is the log."""
        if self.view is None or self.tab == "log":
            self.show_place()
            return
        from tui.presentation.detail import detail, diff

        plain = self.app.ascii_only
        if self.tab == "detail":
            usual = self._lengths.get(self.step)
            self.text.paragraphs = detail(
                self.view, self.step, self._runs, self.app.clock(), usual=usual, ascii_only=plain
            )
        elif self.tab == "diff":
            self.text.paragraphs = diff(self.questions, self.step, self._runs)
        else:
            self.text.paragraphs = self._notes
        self.show_place()

    @on(LogView.Moved)
    @on(TextView.Scrolled)
    def show_place(self) -> None:
        """Where in the lower pane the reader is."""
        where = self.log_view.where() if self.tab == "log" else self.text.where()
        self.tabs.right = content(where, MUTED)

    def on_resize(self) -> None:
        self.graph.tallest = max(1, (self.app.size.height - 4) * 2 // 5)
        self.call_after_refresh(self.show_header)
