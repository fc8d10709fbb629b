"""What a directory brings, before anything of it is used: its files with digests, their text, and the question.

Later is the safe answer and has the focus. A yes needs the end of the texts to have been in sight, and trusts exactly
the digest that is shown: files that changed meanwhile are shown again instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen
from textual.widgets import Static

from engine import DirectoryView, ShowDirectory, SignoffError, Trust
from tui.presentation.content import content
from tui.presentation.line import MUTED
from tui.presentation.trouble import trouble
from tui.presentation.trust import facts, heading, texts
from tui.screens.deciding import DecidingScreen
from tui.widgets.key_line import Choices, Key
from tui.widgets.operand_view import OperandView
from tui.widgets.rule import Rule

_LATER, _TRUST = Key("Later", "esc", "later"), Key("T", "trust these files", "trust")
_KEPT = "Nothing was trusted and nothing of it is used."
_WIDEST, _CHROME = 112, 5
"""Columns of the sheet at most; its rows for rules, a notice and choices."""


class TrustScreen(DecidingScreen[bool], ModalScreen[bool]):
    """Ends with whether the directory was trusted.

    Args:
        view: what the directory brings, as it was read.
        now: monotonic time in seconds, as Textual stamps events.
    """

    CSS_PATH = "trust.tcss"
    AUTO_FOCUS = "#choices"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "read_on", "Read on, page by page", show=False),
        Binding("j,down", "scroll(1)", "Line down", show=False),
        Binding("k,up", "scroll(-1)", "Line up", show=False),
        Binding("T", "trust", "Trust exactly these files", show=False),
        Binding("escape,q", "later", "Later: nothing of it is used", show=False),
        Binding("question_mark", "keys", "These keys", show=False),
    ]

    def __init__(self, view: DirectoryView, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now)
        self._view = view
        self._seen = False
        """Whether the end of the texts was in sight."""
        self._sending = False

    def compose(self) -> ComposeResult:
        with Container(id="sheet"):
            yield Rule(id="heading")
            yield OperandView(id="texts")
            yield Rule(id="known")
            yield OperandView(id="files")
            yield Static(id="notice", markup=False)
            yield Choices(id="choices")

    def on_mount(self) -> None:
        self.prepare()
        self._show()

    def _show(self) -> None:
        view = self._view
        rule = self.query_one("#heading", Rule)
        rule.left, rule.lit = content(heading(view), "bold"), True
        rule.right = content(view.digest[:6], MUTED)
        self.texts.show(texts(view))
        self.files.show(facts(view))
        self.query_one(Choices).keys = (_LATER,) if view.refused else (_LATER, _TRUST)
        self._fit()

    @property
    def texts(self) -> OperandView:
        return self.query_one("#texts", OperandView)

    @property
    def files(self) -> OperandView:
        return self.query_one("#files", OperandView)

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """The files and what follows stay in sight as far as half of the screen; the texts get the rest."""
        size = self.size
        inner = min(size.width, _WIDEST) - 1
        files = min(self.files.get_content_height(size, size, inner), max(3, size.height // 2 - 1))
        read = self.texts.get_content_height(size, size, inner)
        self.files.styles.height = files
        self.texts.styles.height = max(1, min(read, size.height - files - _CHROME))

    @on(OperandView.Scrolled)
    def _scrolled(self) -> None:
        self._seen = self._seen or self.texts.seen
        rule = self.query_one("#known", Rule)
        rule.left = content("what it brings", "bold")
        more = "" if self._seen else " - space reads on"
        rule.right = content(
            f"{self.texts.where()}{more}".removeprefix(" - "), MUTED if self._seen else "bold $text-warning"
        )

    # What the person does

    def on_key(self, event: events.Key) -> None:
        self.deliberate.press(event)
        if not self.deliberate.settled:
            event.stop()

    def action_read_on(self) -> None:
        self.notice()
        (self.files if self.texts.at_end else self.texts).action_page(1)

    def action_scroll(self, by: int) -> None:
        (self.files if self.texts.at_end and by > 0 else self.texts).action_scroll(by)

    def action_later(self) -> None:
        if not self._sending:
            self.dismiss(False)

    def action_trust(self) -> None:
        if self._view.refused:
            self.notice("What cannot be used cannot be trusted: mend or remove it first.")
        elif not self._seen:
            self.notice("Read the files to their end first: space reads on.")
        elif not self._sending and not self.too_quick():
            self._send()

    @work(group="answer")
    async def _send(self) -> None:
        self._sending = True
        try:
            await self.app.engine.do(Trust(root=self._view.root, digest=self._view.digest))
        except SignoffError as error:
            self._sending = False
            self.notice(trouble(error, _KEPT))
            await self._look_again()
        else:
            self.dismiss(True)

    async def _look_again(self) -> None:
        """What is there now, to be read anew."""
        try:
            present: DirectoryView = await self.app.engine.read(ShowDirectory(root=self._view.root))
        except SignoffError:
            return
        if present.digest != self._view.digest or present.refused:
            self._view, self._seen = present, False
            self._show()
