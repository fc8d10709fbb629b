"""The question as it is seen: operand, what is new, what follows from an answer. Decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from engine import Answer, Question, QuestionKind, SignoffError, TaskView
from tui.contents import read_contents
from tui.presentation.brief import numbered
from tui.presentation.content import content, log_line
from tui.presentation.line import MUTED
from tui.presentation.question import facts_page, heading, operand_page, run_of
from tui.presentation.trouble import trouble
from tui.screens.deciding import DecidingScreen
from tui.widgets.key_line import Choices
from tui.widgets.operand_view import OperandView
from tui.widgets.rule import Rule

_SINCE = {
    QuestionKind.CONFIRMATION: "new since you signed",
    QuestionKind.DRIFT: "new since you signed",
    QuestionKind.ASK: "what follows",
    QuestionKind.INTERRUPTED: "what is known",
    QuestionKind.TERMINAL: "new since you signed",
}
KEPT = "The question stays open and nothing was run."
_WIDEST, _CHROME = 112, 4
"""Columns of the sheet at most; its rows for rules, typed words and choices."""
_LOG_BYTES, _LOG_LINES = 4096, 5


class ConfirmView(DecidingScreen[Answer | None], ModalScreen[Answer | None]):
    """Shows one question to a person."""

    CSS_PATH = "confirm.tcss"
    AUTO_FOCUS = "#choices"

    def __init__(self, question: Question, view: TaskView, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now)
        self.question, self.task_view = question, view
        self.sending = False
        """Whether an answer is on its way: then it is no news that the question was closed."""
        self.seen = False
        """Whether the end of the operand was in sight."""

    def compose(self) -> ComposeResult:
        with Container(id="sheet"):
            yield Rule(id="heading")
            yield OperandView(id="operand")
            yield Rule(id="since")
            yield OperandView(id="facts")
            yield Static(id="options", markup=False)
            yield Static(id="notice", markup=False)
            yield Input(id="words", select_on_focus=False)
            yield Choices(id="choices")

    def show_question(self) -> None:
        """To be called when mounted, and again when it is another one; nothing of it has been read yet."""
        self.seen = False
        question, view = self.question, self.task_view
        rule = self.query_one("#heading", Rule)
        rule.left, rule.lit = heading(question, view, ascii_only=self.app.ascii_only), True
        self.operand.show(operand_page(question, view, {}))
        self._tell(())
        self._read_files()
        if question.kind is QuestionKind.INTERRUPTED:
            self._read_log()

    @property
    def in_terminal(self) -> bool:
        """Whether the step needs the person's terminal."""
        _, planned = numbered(self.task_view, self.question.step)
        return planned is not None and planned.step.tty

    @property
    def operand(self) -> OperandView:
        return self.query_one("#operand", OperandView)

    @property
    def facts(self) -> OperandView:
        return self.query_one("#facts", OperandView)

    @property
    def words(self) -> Input:
        return self.query_one("#words", Input)

    @property
    def unread(self) -> str:
        """`3 rows more, `: of the operand and of what changed in it, below what is in sight."""
        left = self.operand.left
        return f"{left} row{'s' * (left != 1)} more, " if left else ""

    def _tell(self, log: Sequence[str]) -> None:
        """Show what is known, with the end of the log where there is one."""
        self.facts.show(facts_page(self.question, self.task_view, self.app.clock(), log))
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def notice(self, text: str = "") -> None:
        super().notice(text)
        self._fit()

    def _fit(self) -> None:
        """What follows from an answer stays in sight; the operand gets the rest and is scrolled."""
        size = self.size
        inner = min(size.width, _WIDEST) - 1
        height = size.height - self.query_one("#sheet").dock_gutter.height
        notice = self.query_one("#notice", Static)
        told = min(notice.get_content_height(size, size, inner - 1), 3) if notice.has_class("-shown") else 0
        listed = min(len(self.question.options), 9)
        room = height - told - listed - _CHROME
        facts = min(self.facts.get_content_height(size, size, inner), max(3, height // 2 - 1), max(1, room - 1))
        self.facts.styles.height = facts
        self.operand.styles.height = max(1, min(self.operand.get_content_height(size, size, inner), room - facts))

    @work(exclusive=True, group="files")
    async def _read_files(self) -> None:
        """The text of the signed files, for whoever scrolls on."""
        _, planned = numbered(self.task_view, self.question.step)
        if planned is None or not planned.files:
            return
        try:
            contents = await read_contents(self.app.engine, planned)
        except SignoffError as error:
            self.notice(trouble(error, KEPT))
            return
        self.operand.show(operand_page(self.question, self.task_view, contents))
        self._fit()

    @work(exclusive=True, group="log")
    async def _read_log(self) -> None:
        run = run_of(self.question, self.task_view)
        if run is None:
            return
        try:
            part = await self.app.engine.read_log(run, -_LOG_BYTES, _LOG_BYTES)
        except SignoffError as error:
            self.notice(trouble(error, KEPT))
            return
        lines = [line for line in part.data.split(b"\n") if line.strip()]
        self._tell([log_line(line).plain for line in lines[-_LOG_LINES:]])

    @on(OperandView.Scrolled)
    def _scrolled(self) -> None:
        self.seen = self.seen or self.operand.seen
        rule = self.query_one("#since", Rule)
        rule.left = content(_SINCE[self.question.kind], "bold")
        more = "" if self.seen else f" - {self.unread if self.operand.page.diff else ''}space reads on"
        rule.right = content(f"{self.operand.where()}{more}", MUTED if self.seen else "bold $text-warning")
