"""One question, answered by a person: run it now, deny it, answer it, or later, which is always the safe answer.

Input of the first 300 ms, what was typed ahead or pasted, and the click that brings the focus back are not heard. A
yes needs the end of the operand, and of a diff, to have been in sight.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from engine import Answer, ListQuestions, Question, QuestionAnswered, QuestionKind, Resolve, SignoffError, TaskView
from engine.errors import AlreadyAnswered
from tui.messages import Happened, Resynced
from tui.presentation.content import content, log_line
from tui.presentation.line import MUTED
from tui.presentation.question import answered, facts_page, heading, operand_page, options, place, run_of
from tui.presentation.trouble import trouble
from tui.screens.deciding import DecidingScreen
from tui.widgets.key_line import Choices, Key
from tui.widgets.operand_view import OperandView
from tui.widgets.rule import Rule

_LATER, _DENY = Key("Later", "esc", "later"), Key("D", "deny with reason", "deny")
_CHOICES = {
    QuestionKind.CONFIRMATION: (_LATER, Key("Y", "run once", "yes"), _DENY),
    QuestionKind.DRIFT: (_LATER, Key("Y", "run once as it is now", "yes"), _DENY),
    QuestionKind.ASK: (_LATER, Key("T", "type an answer", "type"), _DENY),
    QuestionKind.INTERRUPTED: (
        _LATER,
        Key("R", "run again", "arm('again')"),
        Key("M", "mark done", "arm('done')"),
        Key("F", "fail", "arm('fail')"),
    ),
}
_ASKED = {
    Answer.AGAIN: "Run it again from its beginning?",
    Answer.DONE: "Count it as completed?",
    Answer.FAIL: "Count it as failed?",
    Answer.DENY: "Why is it denied?",
    Answer.TEXT: "Your answer:",
}
_TYPED = (Answer.DENY, Answer.TEXT)
"""Answers that need words of the person."""
_SINCE = {
    QuestionKind.CONFIRMATION: "new since you signed",
    QuestionKind.DRIFT: "new since you signed",
    QuestionKind.ASK: "what follows",
    QuestionKind.INTERRUPTED: "what is known",
}
_ANSWERING = frozenset({"yes", "deny", "type", "arm"})
_KEPT = "The question stays open and nothing was run."
_WIDEST, _CHROME = 112, 5
"""Columns of the sheet at most; its rows for rules, a notice, typed words and choices."""
_LOG_BYTES, _LOG_LINES = 4096, 5


class ConfirmScreen(DecidingScreen[Answer | None], ModalScreen[Answer | None]):
    """Asks one question; ends with the answer that the engine took, or None for later.

    Args:
        question: an open question.
        view: its task.
        now: monotonic time in seconds, as Textual stamps events.
    """

    CSS_PATH = "confirm.tcss"
    AUTO_FOCUS = "#choices"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "read_on", "Read on, page by page", show=False),
        Binding("j,down", "scroll(1)", "Line down", show=False),
        Binding("k,up", "scroll(-1)", "Line up", show=False),
        Binding("Y", "yes", "Run it once, now", show=False),
        Binding("D", "deny", "Deny it, with a reason", show=False),
        Binding("T", "type", "Type an answer", show=False),
        Binding("R", "arm('again')", "Run what was interrupted again", show=False),
        Binding("M", "arm('done')", "Count what was interrupted as completed", show=False),
        Binding("F", "arm('fail')", "Count what was interrupted as failed", show=False),
        Binding("escape,q", "later", "Later: the question stays, the rest goes on", show=False),
        Binding("question_mark", "keys", "These keys", show=False),
    ]

    def __init__(self, question: Question, view: TaskView, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now)
        self._question, self._task_view = question, view
        self._armed: Answer | None = None
        self._chosen: int | None = None
        self._sending = False
        self._seen = False

    def compose(self) -> ComposeResult:
        with Container(id="sheet"):
            yield Rule(id="heading")
            yield OperandView(id="operand")
            yield Rule(id="since")
            yield OperandView(id="facts")
            yield Static(id="options", markup=False)
            yield Static(id="notice", markup=False)
            yield Input(id="words")
            yield Choices(id="choices")

    def on_mount(self) -> None:
        self.prepare()
        question, view = self._question, self._task_view
        rule = self.query_one("#heading", Rule)
        rule.left, rule.lit = heading(question, view, ascii_only=self.app.ascii_only), True
        self._operand.show(operand_page(question, view))
        self._tell(())
        self._offer()
        self._count()
        if question.kind is QuestionKind.INTERRUPTED:
            self._read_log()

    @property
    def _operand(self) -> OperandView:
        return self.query_one("#operand", OperandView)

    @property
    def _facts(self) -> OperandView:
        return self.query_one("#facts", OperandView)

    @property
    def _words(self) -> Input:
        return self.query_one("#words", Input)

    # What is shown

    def _tell(self, log: Sequence[str]) -> None:
        """Show what is known, with the end of the log where there is one."""
        self._facts.show(facts_page(self._question, self._task_view, self.app.clock(), log))
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """What follows from an answer stays in sight; the operand gets the rest and is scrolled."""
        size = self.size
        inner = min(size.width, _WIDEST) - 1
        facts = min(self._facts.get_content_height(size, size, inner), max(3, size.height // 2 - 1))
        operand = self._operand.get_content_height(size, size, inner)
        self._facts.styles.height = facts
        listed = min(len(self._question.options), 9)
        self._operand.styles.height = max(1, min(operand, size.height - facts - listed - _CHROME))

    @work(exclusive=True, group="count")
    async def _count(self) -> None:
        """Say how many wait; a question that was closed unseen closes this screen."""
        try:
            questions: tuple[Question, ...] = await self.app.engine.read(ListQuestions())
        except SignoffError as error:
            self.notice(trouble(error, _KEPT))
            return
        waiting = [question.id for question in questions]
        text = place(self._question, waiting, ascii_only=self.app.ascii_only)
        self.query_one("#heading", Rule).right = content(text, MUTED)
        if self._question.id not in waiting:
            self._close_saying(f"{self._question.step}: no longer asked")

    @work(exclusive=True, group="log")
    async def _read_log(self) -> None:
        run = run_of(self._question, self._task_view)
        if run is None:
            return
        try:
            part = await self.app.engine.read_log(run, -_LOG_BYTES, _LOG_BYTES)
        except SignoffError as error:
            self.notice(trouble(error, _KEPT))
            return
        lines = [line for line in part.data.split(b"\n") if line.strip()]
        self._tell([log_line(line).plain for line in lines[-_LOG_LINES:]])

    def _offer(self) -> None:
        """Show what may be answered now; the focus is on the safe answer."""
        choices, armed = self.query_one(Choices), self._armed
        typing = armed in _TYPED
        choices.lead = content(_ASKED[armed] if armed else "", "bold")
        choices.keys = self._keys()
        self._words.set_class(typing, "-shown")
        (self._words if typing else choices).focus()
        if self._chosen is not None and not typing:
            choices.chosen = 1
        listed = self.query_one("#options", Static)
        listed.set_class(bool(self._question.options), "-shown")
        listed.update(options(self._question, self._chosen, ascii_only=self.app.ascii_only))

    def _keys(self) -> tuple[Key, ...]:
        if self._armed in _TYPED:
            return (Key("enter", "send", "submit"), Key("esc", "back", "later"))
        if self._armed is not None:
            return (Key("esc", "back", "later"), Key("y", "yes", "confirm"))
        if self._chosen is not None:
            return (_LATER, Key("enter", f"answers {self._chosen + 1}", "answer"), _DENY)
        return _CHOICES[self._question.kind]

    @on(OperandView.Scrolled)
    def _scrolled(self) -> None:
        self._seen = self._seen or self._operand.seen
        rule = self.query_one("#since", Rule)
        rule.left = content(_SINCE[self._question.kind], "bold")
        more = "" if self._seen else " - space reads on"
        rule.right = content(f"{self._operand.where()}{more}", MUTED if self._seen else "bold $text-warning")

    # What happens meanwhile

    def on_happened(self, message: Happened) -> None:
        for event in message.events:
            fact = event.fact
            if isinstance(fact, QuestionAnswered) and fact.question.id == self._question.id and not self._sending:
                self._close_saying(answered(fact.question))

    def on_resynced(self, _: Resynced) -> None:
        self._count()

    def _close_saying(self, why: str) -> None:
        """Somebody else was first."""
        self.app.say(why)
        self.dismiss(None)

    # What the person does

    def on_key(self, event: events.Key) -> None:
        self.deliberate.press(event)
        if not self.deliberate.settled:
            event.stop()
        elif self._armed is not None and self._armed not in _TYPED:
            event.stop()
            self.action_confirm() if event.key == "y" else self._disarm()
        elif event.key.isdecimal() and self._armed is None:
            self._choose(int(event.key) - 1)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self.query_one("#options") and self.deliberate.settled:
            self._choose(event.y)

    def _choose(self, place: int) -> None:
        if 0 <= place < len(self._question.options):
            self._chosen = place
            self._offer()

    def action_read_on(self) -> None:
        """A page of the operand, and after its end of what is new."""
        self.notice()
        (self._facts if self._operand.at_end else self._operand).action_page(1)

    def action_scroll(self, by: int) -> None:
        (self._facts if self._operand.at_end and by > 0 else self._operand).action_scroll(by)

    def action_later(self) -> None:
        """Back from a half-given answer; else leave the question as it is."""
        if self._armed is not None:
            self._disarm()
        elif not self._sending:
            self.dismiss(None)

    def _disarm(self) -> None:
        self._armed = None
        self._offer()

    # Answers

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what may be answered to this kind of question."""
        offered = {key.action.partition("(")[0] for key in _CHOICES[self._question.kind]}
        return action not in _ANSWERING or action in offered

    def action_yes(self) -> None:
        if self._may_run():
            self._send(Answer.ONCE)

    def action_deny(self) -> None:
        self._arm(Answer.DENY)

    def action_type(self) -> None:
        self._arm(Answer.TEXT)

    def action_arm(self, answer: str) -> None:
        self._arm(Answer(answer))

    def _arm(self, answer: Answer) -> None:
        """The first of two deliberate acts."""
        if self._armed is None and not self._sending and self.deliberate.settled:
            self.notice()
            self._armed = answer
            self._words.value = ""
            self._offer()

    def action_confirm(self) -> None:
        """The second one."""
        if self._armed is None or (self._armed is Answer.AGAIN and not self._may_run()) or not self._is_meant():
            return
        self._send(self._armed)

    def action_answer(self) -> None:
        if self._chosen is not None and self._is_meant():
            self._send(Answer.TEXT, self._question.options[self._chosen])

    @on(Input.Submitted)
    def action_submit(self) -> None:
        words = self._words.value.strip()
        if self._armed not in _TYPED or self._armed is None or not self._is_meant():
            return
        if words:
            self._send(self._armed, words)
        else:
            self.notice("Write a few words first: they are kept with the answer.")

    def _may_run(self) -> bool:
        if not self._seen:
            self.notice("Read the operand to its end first: space reads on.")
        return self._seen and self._is_meant()

    def _is_meant(self) -> bool:
        return not self._sending and not self.too_quick()

    @work(group="answer")
    async def _send(self, answer: Answer, reason: str = "") -> None:
        question, self._sending = self._question, True
        try:
            await self.app.engine.do(
                Resolve(question=question.id, answer=answer, reason=reason, digest=question.digest)
            )
        except AlreadyAnswered as error:
            self._close_saying(str(error))
        except SignoffError as error:
            self._sending = False
            self._disarm()
            self.notice(trouble(error, _KEPT))
        else:
            self.dismiss(answer)
