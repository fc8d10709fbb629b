"""The questions that wait, one after another in the same place: the next, the previous, and what others do to them.

Whatever comes into sight is as new as on a screen of its own: nothing of it has been read, and its first 300 ms answer
nothing. Nobody who is writing is moved on. Whenever somebody looks at it, the engine looks at its bytes again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from textual import work
from textual.widgets import Input

from engine import (
    ListQuestions,
    LookAgain,
    Question,
    QuestionAnswered,
    QuestionChanged,
    QuestionKind,
    ShowTask,
    SignoffError,
    TaskView,
)
from engine.errors import AlreadyAnswered, NotAllowed
from tui.follow import open_questions
from tui.messages import Happened, Resynced
from tui.presentation.content import content
from tui.presentation.line import MUTED
from tui.presentation.question import answered, place
from tui.presentation.trouble import trouble
from tui.screens.confirm_view import KEPT, ConfirmView
from tui.widgets.rule import Rule


class ConfirmQueue(ConfirmView):
    """Walks through the open questions of all tasks, first asked first."""

    def __init__(self, question: Question, view: TaskView, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(question, view, now)
        self.waiting: tuple[Question, ...] = ()
        """All open questions."""
        self.closed = False
        """Whether the one that is shown was closed, and stays only for whoever still writes or looks away."""
        self.moved = False
        """Whether what would run changed while it was in sight, and no key has taken note of that yet."""
        self._after = 0
        """Where the next one stands, once this one is closed."""

    def turned(self) -> None:
        """Another question is shown, or the same one asks about something else: what was begun for it is void."""

    @property
    def writing(self) -> bool:
        """Whether a person writes words for the answer."""
        return isinstance(self.focused, Input)

    @work(exclusive=True, group="queue")
    async def read_queue(self) -> None:
        """Learn what waits; a question that was closed unseen gives way."""
        try:
            asked: tuple[Question, ...] = await self.app.engine.read(ListQuestions())
        except SignoffError as error:
            self.notice(trouble(error, KEPT))
            return
        self.waiting = _shown_here(asked)
        if self._place() is None:
            self.gone(f"{self.question.step}: no longer asked")
        self.show_place()

    def show_place(self) -> None:
        """Say how many wait."""
        text = place(self.question, [each.id for each in self.waiting], ascii_only=self.app.ascii_only)
        self.query_one("#heading", Rule).right = content(text, MUTED)

    def _place(self) -> int | None:
        return next((at for at, each in enumerate(self.waiting) if each.id == self.question.id), None)

    # Walking

    def action_walk(self, by: int) -> None:
        """The next or the previous one, round the ends."""
        at = self._place()
        if at is not None and len(self.waiting) > 1 and not self.sending and self.deliberate.settled:
            self._turn(self.waiting[(at + by) % len(self.waiting)])

    @work(exclusive=True, group="turn")
    async def _turn(self, question: Question) -> None:
        self.deliberate.hide()
        try:
            view: TaskView = await self.app.engine.read(ShowTask(task=question.task))
        except SignoffError as error:
            self.notice(trouble(error, KEPT))
            self.deliberate.appear()
            return
        self.question, self.task_view = (
            next((each for each in view.questions if each.id == question.id), question),
            view,
        )
        self.closed = self.sending = self.moved = False
        self.notice()
        self.show_question()
        self.turned()
        self.call_after_refresh(self.deliberate.appear)
        if self._place() is None:
            self.gone(f"{question.step}: no longer asked")
        self.show_place()
        self.look_again()

    def forget(self, why: str) -> None:
        """The engine says that it was closed before the news came."""
        self.waiting = tuple(each for each in self.waiting if each.id != self.question.id)
        self.gone(why)

    def gone(self, why: str) -> None:
        """The question was closed by somebody else: say so, and go on to the one behind it."""
        self.closed = True
        if self.writing:
            self.notice(f"{why}. Your words are not needed any more: esc goes on.")
            return
        self.app.say(why)
        self.go_on()

    def go_on(self) -> None:
        """From a closed question to the next one; back where none waits. Elsewhere on the stack it bides its time."""
        if not self.is_current:
            return
        if self.waiting:
            self._turn(self.waiting[self._after % len(self.waiting)])
        else:
            self.dismiss(None)

    # Looking at the bytes again

    @work(exclusive=True, group="look")
    async def look_again(self) -> None:
        await self.looked_again()

    async def looked_again(self) -> None:
        """Let the engine hold the question against the bytes as they are now, and show what it asks about then."""
        try:
            await self.app.engine.do(LookAgain(question=self.question.id))
            for question in await self.app.engine.read(ListQuestions()):
                self._asks(question)
        except (AlreadyAnswered, NotAllowed):
            return  # the answer is on its way here; who may only watch is shown what others see
        except SignoffError as error:
            self.notice(trouble(error, KEPT))

    def _asks(self, question: Question) -> None:
        """Where it asks about other bytes now, they are to be read, and nothing half-given holds for them."""
        if question.id != self.question.id or question.digest == self.question.digest:
            return
        self.question, self.moved = question, True
        self.show_question()
        if not self.writing:
            self.turned()
        back = question.kind is QuestionKind.CONFIRMATION
        told = "again what was signed" if back else "there now, with the difference"
        self.notice(f"What it would run has changed: this is what is {told}.")

    # What happens meanwhile

    def on_happened(self, message: Happened) -> None:
        at = self._place()
        self._after = self._after if at is None else at
        self.waiting = _shown_here(open_questions(self.waiting, message.events))
        closed = [event.fact.question for event in message.events if isinstance(event.fact, QuestionAnswered)]
        for event in message.events:
            if isinstance(event.fact, QuestionChanged):
                self._asks(event.fact.question)
        ours = next((question for question in closed if question.id == self.question.id), None)
        if ours is not None and not self.sending:
            self.gone(answered(ours))
        self.show_place()

    def on_resynced(self, _: Resynced) -> None:
        self.read_queue()

    def on_screen_resume(self) -> None:
        if self.closed:
            self.go_on()
        else:
            self.look_again()

    def _focus_came_back(self, focused: bool) -> None:
        super()._focus_came_back(focused)
        if focused:
            self.look_again()


def _shown_here(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    """A task at its cap has a screen of its own."""
    return tuple(question for question in questions if question.kind is not QuestionKind.BUDGET)
