"""Several confirmations answered at once: shows all that would run, to be read to its end, then runs or denies each.

Each answer is a command of its own: what somebody else answered meanwhile stays as it was answered, and is told. The
engine looks at the bytes of each again before any of them runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from enum import Enum, auto
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from engine import Answer, ListQuestions, LookAgain, Question, QuestionAnswered, Resolve, SignoffError
from tui.messages import Happened
from tui.presentation.batch import batch_page, batch_title
from tui.presentation.content import content
from tui.presentation.inbox import Item
from tui.presentation.line import MUTED
from tui.presentation.question import answered
from tui.screens.deciding import DecidingScreen
from tui.screens.deliberate import TYPED
from tui.widgets.key_line import Key, KeyLine
from tui.widgets.operand_view import OperandView
from tui.widgets.spread_line import SpreadLine


class Mode(Enum):
    """What the bottom line is for."""

    READING = auto()
    RUNNING = auto()
    """The next key decides: y runs them, all others do not."""
    DENYING = auto()
    SENDING = auto()


_KEYS = {
    Mode.READING: (
        Key("esc", "later", "back"),
        Key("space", "read on", "read_on"),
        Key("Y", "run each once", "run"),
        Key("D", "deny each with reason", "deny"),
        Key("?", "", "keys"),
    ),
    Mode.RUNNING: (Key("y", "run them", "confirm"), Key("esc", "back", "back")),
    Mode.DENYING: (Key("enter", "deny them for this reason", "submit"), Key("esc", "back", "back")),
    Mode.SENDING: (),
}


class BatchScreen(DecidingScreen[None]):
    """The chosen entries of the inbox.

    Args:
        items: confirmations, each with its question.
        now: monotonic time in seconds, as Textual stamps events.
    """

    CSS_PATH = "batch.tcss"
    AUTO_FOCUS = "#operand"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "read_on", "Read on, page by page", show=False),
        Binding("Y", "run", "Run each once; y confirms", show=False),
        Binding("D", "deny", "Deny each, with a reason", show=False),
        Binding("escape,q", "back", "Later: nothing is answered", show=False),
        Binding("question_mark", "keys", "These keys", show=False),
    ]

    def __init__(self, items: Sequence[Item], *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now)
        self._items = list(items)
        self._mode = Mode.READING

    def compose(self) -> ComposeResult:
        yield SpreadLine(id="title")
        yield OperandView(id="operand")
        yield Static(id="notice", markup=False)
        yield Input(id="reason", placeholder="Why are they denied?", select_on_focus=False)
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.prepare()
        self._show()
        self._enter(Mode.READING)

    @property
    def operand(self) -> OperandView:
        return self.query_one(OperandView)

    def _show(self) -> None:
        self.query_one("#title", SpreadLine).left = content(batch_title(self._items), "bold $accent")
        self.operand.show(batch_page(self._items))

    @on(OperandView.Scrolled)
    def _scrolled(self) -> None:
        self.query_one("#title", SpreadLine).right = content(self.operand.where(), MUTED)

    def _enter(self, mode: Mode) -> None:
        self._mode = mode
        keys, reason = self.query_one(KeyLine), self.query_one("#reason", Input)
        keys.keys = _KEYS[mode]
        keys.lead = content(batch_title(self._items), "bold") if mode is Mode.RUNNING else content("")
        keys.set_class(mode is not Mode.READING, "-asks")
        reason.set_class(mode is Mode.DENYING, "-shown")
        reason.value = ""
        (reason if mode is Mode.DENYING else self.operand).focus()

    # What the person does

    def on_key(self, event: events.Key) -> None:
        self.deliberate.press(event)
        if self._mode is Mode.RUNNING:
            event.stop()
            if event.key == "y":
                self.action_confirm()
            else:
                self._enter(Mode.READING)

    def action_read_on(self) -> None:
        self.notice()
        self.operand.action_page(1)

    def action_run(self) -> None:
        """The first of two keys."""
        if self._mode is not Mode.READING or not self.deliberate.settled:
            return
        if not self.operand.seen:
            self.notice("Read all of them to the end first: space reads on.")
            return
        self.notice()
        self._enter(Mode.RUNNING)

    def action_confirm(self) -> None:
        """The second one."""
        if self._mode is Mode.RUNNING and not self.too_quick():
            self._send(Answer.ONCE)

    def action_deny(self) -> None:
        if self._mode is Mode.READING and self.deliberate.settled:
            self._enter(Mode.DENYING)

    @on(Input.Submitted, "#reason")
    def action_submit(self) -> None:
        words = self.query_one("#reason", Input).value.strip()
        if self._mode is not Mode.DENYING or self.too_quick(TYPED):
            return
        if words:
            self._send(Answer.DENY, words)
        else:
            self.notice("Write a few words first: they are kept with the answer.")

    def action_back(self) -> None:
        if self._mode is Mode.READING:
            self.dismiss(None)
        elif self._mode is not Mode.SENDING:
            self._enter(Mode.READING)

    @work(group="answer")
    async def _send(self, answer: Answer, reason: str = "") -> None:
        self._enter(Mode.SENDING)
        if answer is Answer.ONCE and (moved := await self._moved()):
            self._go_on_without(moved, f"{', '.join(moved.values())} changed meanwhile, and nothing was run")
            return
        said, refused = [], []
        for question in [item.question for item in self._items if item.question]:
            command = Resolve(question=question.id, answer=answer, reason=reason, digest=question.digest)
            try:
                said.append((await self.app.engine.do(command)).text)
            except SignoffError as error:
                refused.append(f"{question.step}: {error}")
        self.app.say("\n".join([*said, *refused]))
        self.dismiss(None)

    async def _moved(self) -> dict[int, str]:
        """The questions that ask about other bytes by now, as the engine finds them, and their steps."""
        shown = {item.question.id: item.question for item in self._items if item.question}
        for number in shown:
            with suppress(SignoffError):  # what cannot be looked at is refused when it is answered
                await self.app.engine.do(LookAgain(question=number))
        asked: tuple[Question, ...] = await self.app.engine.read(ListQuestions())
        return {each.id: each.step for each in asked if each.id in shown and each.digest != shown[each.id].digest}

    # What happens meanwhile

    def on_happened(self, message: Happened) -> None:
        """Somebody else answers: that one is none of ours any more, and there is another list to read."""
        if self._mode is Mode.SENDING:
            return
        closed = {
            event.fact.question.id: event.fact.question
            for event in message.events
            if isinstance(event.fact, QuestionAnswered)
        }
        gone = [item.question.id for item in self._items if item.question and item.question.id in closed]
        if gone:
            self._go_on_without(gone, "; ".join(answered(closed[number]) for number in gone))

    def _go_on_without(self, gone: Collection[int], told: str) -> None:
        self._items = [item for item in self._items if item.question and item.question.id not in gone]
        if not self._items:
            self.app.say(told)
            self.dismiss(None)
            return
        self._enter(Mode.READING)
        self._show()
        self.notice(f"{told}. The others are still to be read.")
