"""A plan while a model writes it: what has come, who writes and what it may cost at most. `esc` stops it."""

from __future__ import annotations

from typing import ClassVar

from textual import getters, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine import (
    CallReserved,
    Cancel,
    Event,
    ListEvents,
    Phase,
    PhaseChanged,
    ReadDraft,
    ShowTask,
    SignoffError,
    Task,
    TaskView,
)
from tui.messages import Desk, DraftsGrew, Happened, Resynced
from tui.presentation.brief import title
from tui.presentation.calls import at_most
from tui.presentation.content import assemble, content
from tui.presentation.drafting import paragraphs
from tui.presentation.line import MUTED, clipped
from tui.screens.keys import KeysScreen
from tui.screens.told import told
from tui.widgets.key_line import Key, KeyLine
from tui.widgets.lines import Lines
from tui.widgets.spread_line import SpreadLine
from tui.widgets.text_view import TextView

_KEYS = (
    Key("esc", "stop; request and draft are kept", "stop"),
    Key("q", "back, it goes on", "leave"),
)


class PlanningScreen(Screen[Phase | None]):
    """Ends with the phase that the planning led to; None where it goes on without being looked at."""

    app = getters.app(Desk)
    CSS_PATH = "planning.tcss"
    AUTO_FOCUS = "#draft"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop the planning", show=False),
        Binding("q", "leave", "Back; the planning goes on", show=False),
        Binding("question_mark", "keys", "These keys", show=False),
    ]

    def __init__(self, task: int) -> None:
        super().__init__()
        self._task_id = task
        self._request = ""
        self._draft = ""
        self._missed = False
        """Whether some of the draft was not heard."""

    def compose(self) -> ComposeResult:
        yield SpreadLine(id="title")
        yield TextView(id="draft")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        for lines in self.query(Lines):
            lines.ascii_only = self.app.ascii_only
        self.query_one(KeyLine).keys = _KEYS
        self._title()
        self._load()

    @work(exclusive=True, group="load")
    @told
    async def _load(self) -> None:
        view: TaskView = await self.app.engine.read(ShowTask(task=self._task_id))
        self._request = view.task.request
        for event in await self.app.engine.read(ListEvents(task=self._task_id)):
            self._hear(event)
        self._draft, self._missed = await self.app.engine.read(ReadDraft(task=self._task_id)), False
        self._show()
        self._title()
        self._ended(view.task)

    def _title(self) -> None:
        """What is planned, as far as who plans it leaves room."""
        bar, dot = self.query_one("#title", SpreadLine), " - " if self.app.ascii_only else " · "
        head = assemble(("Planning", "bold $accent"), (f"{dot}{self._task_id} ", MUTED), title(self._request, 60))
        room = self.size.width - bar.right.cell_length - 4
        bar.left = clipped(head, room, ascii_only=self.app.ascii_only)

    def _show(self) -> None:
        view = self.query_one(TextView)
        follows = view.top >= view.last_top
        view.paragraphs = paragraphs(self._draft) or [content("The model was asked; nothing has come yet.", MUTED)]
        if follows:
            view.top = view.last_top

    def on_drafts_grew(self, message: DraftsGrew) -> None:
        """Go on with the draft; read it whole where a piece was missed, or it begins anew."""
        for piece in message.pieces:
            if piece.task != self._task_id:
                continue
            if piece.offset == 0:
                self._draft = ""
            if piece.offset == len(self._draft):
                self._draft += piece.text
            elif piece.offset > len(self._draft):
                self._missed = True
        if self._missed:
            self._load()
        self._show()

    def on_happened(self, message: Happened) -> None:
        for event in message.events:
            if event.task == self._task_id:
                self._hear(event)
                if isinstance(event.fact, PhaseChanged):
                    self._ended(event.fact.task)

    def _hear(self, event: Event) -> None:
        if isinstance(event.fact, CallReserved):
            price = at_most(event.fact.expected, ascii_only=self.app.ascii_only)
            self.query_one("#title", SpreadLine).right = content(f"{event.fact.call.model} {price}", MUTED)
            self._title()

    def on_resize(self) -> None:
        self._title()

    def on_resynced(self, _: Resynced) -> None:
        self._load()

    def _ended(self, task: Task) -> None:
        if not task.planner and self.is_current:
            self.dismiss(task.phase)

    async def on_key_line_pressed(self, message: KeyLine.Pressed) -> None:
        await self.run_action(message.key.action)

    def action_keys(self) -> None:
        self.app.push_screen(KeysScreen.of(self))

    def action_leave(self) -> None:
        self.dismiss(None)

    @work(group="stop")
    async def action_stop(self) -> None:
        """The call is closed at once; what has come stays in its file."""
        try:
            await self.app.engine.do(Cancel(task=self._task_id))
        except SignoffError as error:
            self.app.explain_error(error)
