"""What was spent of which cap, and how a task at its cap goes on: raise, finish cheaply, stop, or later.

Later is the safe answer and has the focus: the task stays paused. No answer is a single key.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from engine import (
    Answer,
    BudgetRaised,
    BudgetView,
    CallReserved,
    CallSettled,
    Command,
    ListQuestions,
    Question,
    QuestionAnswered,
    QuestionAsked,
    QuestionKind,
    RaiseBudget,
    Reply,
    Resolve,
    ShowBudget,
    SignoffError,
    Way,
    cap_of,
    parse_duration,
    parse_money,
)
from tui.messages import Happened
from tui.presentation.budget import headline, rows
from tui.presentation.content import content
from tui.presentation.question import answered
from tui.presentation.trouble import trouble
from tui.presentation.ways import ways
from tui.screens.deciding import DecidingScreen
from tui.widgets.key_line import Choices, Key
from tui.widgets.rule import Rule

_LATER, _BACK = Key("Later", "esc", "back"), Key("esc", "back", "back")
_WAYS = {
    Way.RAISE: Key("R", "raise…", "raise"),
    Way.UNPRICED: Key("U", "uncounted…", "arm('unpriced')"),
    Way.CHEAP: Key("C", "skip what costs…", "arm('cheap')"),
    Way.STOP: Key("S", "stop…", "arm('stop')"),
}
_CHEAPER = Key("C", "cheaper model…", "arm('cheap')")
_SURE = {
    Way.UNPRICED: "Let it call what has no known price?",
    Way.CHEAP: "Skip what costs, and finish the rest?",
    Way.STOP: "End the task, over budget?",
}
_KEPT = "The task stays as it is."
_NEWS = (CallReserved, CallSettled, BudgetRaised, QuestionAsked, QuestionAnswered)


class BudgetScreen(DecidingScreen[None], ModalScreen[None]):
    """Shows the windows; where a task waits at its cap, takes the answer.

    Args:
        task: whose own caps are shown too; None for those of all tasks only.
        now: monotonic time in seconds, as Textual stamps events.
    """

    CSS_PATH = "budget.tcss"
    AUTO_FOCUS = "#choices"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "raise", "Let the task use more", show=False),
        Binding("U", "arm('unpriced')", "Let it call what has no known price", show=False),
        Binding("C", "arm('cheap')", "Finish cheaply: with a cheaper model, or without what costs", show=False),
        Binding("S", "arm('stop')", "End the task, over budget", show=False),
        Binding("y", "confirm", "Yes, as asked", show=False),
        Binding("escape,q", "back", "Back: the task stays as it is", show=False),
        Binding("question_mark", "keys", "These keys", show=False),
    ]

    def __init__(self, task: int | None, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now)
        self._task_id = task
        self.question: Question | None = None
        self._budget = BudgetView()
        self._armed: Way | None = None

    def compose(self) -> ComposeResult:
        with Container(id="sheet"):
            yield Rule(id="heading")
            with VerticalScroll(id="windows", can_focus=False):
                yield Static(id="rows", markup=False)
            yield Static(id="why", markup=False)
            yield Static(id="notice", markup=False)
            yield Input(id="amount", select_on_focus=False)
            yield Choices(id="choices")

    def on_mount(self) -> None:
        self.prepare()
        self._show()
        self.load()

    @work(exclusive=True, group="load")
    async def load(self) -> None:
        """Read how the caps stand, and what is asked about this task."""
        try:
            self._budget = await self.app.engine.read(ShowBudget(task=self._task_id))
            asked: tuple[Question, ...] = await self.app.engine.read(ListQuestions())
        except SignoffError as error:
            self.notice(trouble(error, _KEPT))
            return
        mine = (each for each in asked if each.kind is QuestionKind.BUDGET and each.task == self._task_id)
        self._ask(next(mine, None))
        self._show()

    def _ask(self, question: Question | None) -> None:
        """What was pressed for one question is meant for no other."""
        if (question and question.id) != (self.question and self.question.id):
            self._armed = None
            self.query_one("#amount", Input).value = ""
        self.question = question

    def _show(self) -> None:
        rule, why, ascii_only = self.query_one("#heading", Rule), self.query_one("#why", Static), self.app.ascii_only
        rule.left, rule.lit = content(self._title(), "bold"), True
        rule.right = headline(self._budget)
        lines = rows(self._budget, self._width, ascii_only=ascii_only)
        self.query_one("#rows", Static).update(Content("\n").join(lines or [content(" nothing was spent")]))
        told = [*self.question.news, *ways(self.question)] if self.question else []
        why.update(Content("\n").join(map(content, told)))
        why.set_class(bool(told), "-shown")
        self._offer()

    def _title(self) -> str:
        if self.question is not None:
            cap = f"the cap of {cap_of(self.question.cap)}" if self.question.cap else "a cap of its budget"
            return f"Task {self._task_id} is at {cap}: how shall it go on?"
        return "Budget" if self._task_id is None else f"Budget, with task {self._task_id}"

    @property
    def _width(self) -> int:
        return max(40, min(self.size.width, 112) - 1)

    def on_resize(self) -> None:
        self._show()

    def _offer(self) -> None:
        """Show what may be done now; the focus is on the safe choice, or where an amount is written."""
        choices, amount = self.query_one(Choices), self.query_one("#amount", Input)
        writing = self._armed is Way.RAISE
        amount.placeholder = self._amount_of()
        choices.lead = content(self._sure(), "bold")
        choices.keys = self._keys()
        amount.set_class(writing, "-shown")
        (amount if writing else choices).focus()

    def _sure(self) -> str:
        """What a second key agrees to."""
        if self._armed is Way.CHEAP and self._cheaper:
            return f"Go on with {self._cheaper}?"
        return _SURE.get(self._armed, "") if self._armed else ""

    @property
    def _cheaper(self) -> str:
        return self.question.cheaper if self.question is not None else ""

    def _amount_of(self) -> str:
        """What the amount that is written lets the task do."""
        if self.question is not None and self.question.cap:
            return f"how far beyond the cap of {cap_of(self.question.cap)}, this task alone: +1.50"
        return "how much more: +1.50 or, of working time, +10m"

    def _keys(self) -> tuple[Key, ...]:
        if self._armed is Way.RAISE:
            return (Key("enter", "raise by this", "submit"), _BACK)
        if self._armed is not None:
            return (_BACK, Key("y", "yes", "confirm"))
        if self.question is not None:
            ways = _WAYS | {Way.CHEAP: _CHEAPER} if self._cheaper else _WAYS
            return (_LATER, *(ways[Way(way)] for way in self.question.options))
        return (_BACK,) if self._task_id is None else (_BACK, _WAYS[Way.RAISE])

    def on_happened(self, message: Happened) -> None:
        for event in message.events:
            if isinstance(event.fact, QuestionAnswered) and event.fact.question == self.question:
                self.notice(answered(event.fact.question))
        if any(isinstance(event.fact, _NEWS) for event in message.events):
            self.load()

    # What the person does

    def on_key(self, event: events.Key) -> None:
        self.deliberate.press(event)
        if not self.deliberate.settled:
            event.stop()

    def action_raise(self) -> None:
        if self._task_id is not None and (self.question is None or Way.RAISE in self.question.options):
            self._arm(Way.RAISE)

    def action_arm(self, way: str) -> None:
        if self.question is not None and way in self.question.options:
            self._arm(Way(way))

    def _arm(self, way: Way) -> None:
        if not self.too_quick():
            self.notice()
            self._armed = way
            self._offer()

    def action_back(self) -> None:
        if self._armed is None:
            self.dismiss(None)
        else:
            self._armed = None
            self._offer()

    def action_confirm(self) -> None:
        question, armed = self.question, self._armed
        if question is None or armed is None or armed is Way.RAISE or self.too_quick():
            return
        if armed is Way.UNPRICED:
            self._send(RaiseBudget(task=question.task, unpriced=True))
        else:
            self._send(Resolve(question=question.id, answer=Answer(armed.value)))

    @on(Input.Submitted, "#amount")
    def action_submit(self) -> None:
        typed = self.query_one("#amount", Input).value.strip()
        if self._task_id is None or not typed:
            return
        try:
            beyond = self.question.cap if self.question is not None else ""
            self._send(RaiseBudget(task=self._task_id, money=parse_money(typed), beyond=beyond))
        except ValueError:
            try:
                self._send(RaiseBudget(task=self._task_id, seconds=parse_duration(typed.removeprefix("+"))))
            except ValueError:
                self.notice("That is neither money, such as +1.50, nor working time, such as +10m.")

    @work(group="answer", exclusive=True)
    async def _send(self, command: Command) -> None:
        asked = self.question
        try:
            reply: Reply = await self.app.engine.do(command)
        except SignoffError as error:
            self.notice(trouble(error, _KEPT))
            self._armed = None
            self.load()
            return
        if asked is not None:
            self.app.say(reply.text)
            self.dismiss(None)
            return
        self._armed = None
        self.notice(reply.text)
        self.query_one("#amount", Input).value = ""
        self.load()
