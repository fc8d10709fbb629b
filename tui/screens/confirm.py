"""One question, answered by a person: run it now, deny it, answer it, or later, which is always the safe answer.

Input of the first 300 ms, what was typed ahead or pasted, and the click that brings the focus back are not heard. A
yes needs the end of the operand, and of a diff, to have been in sight. While words are written, every key is a letter.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from engine import Answer, Question, QuestionKind, Resolve, SignoffError, TaskView
from engine.errors import AlreadyAnswered, StaleQuestion
from tui.presentation.content import content
from tui.presentation.question import covers, options
from tui.presentation.trouble import trouble
from tui.screens.confirm_queue import ConfirmQueue
from tui.screens.confirm_view import KEPT
from tui.screens.deliberate import TYPED
from tui.widgets.key_line import Choices, Key
from tui.widgets.operand_view import OperandView

_LATER, _DENY = Key("Later", "esc", "later"), Key("D", "deny…", "deny")
_NEXT = Key("n", "next", "walk(1)")
_CHOICES = {
    QuestionKind.CONFIRMATION: (_LATER, Key("Y", "run once", "yes"), Key("T", "this plan, 10 min…", "longer"), _DENY),
    QuestionKind.DRIFT: (_LATER, Key("Y", "run once as it is now", "yes"), _DENY),
    QuestionKind.TERMINAL: (_LATER, Key("Y", "hand it this terminal", "yes"), _DENY),
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
}
_TYPED = {
    Answer.DENY: "Why is it denied? Your words are kept with the answer.",
    Answer.TEXT: "Your answer becomes the result of the step.",
}
"""Answers that need words of the person, and what is asked for."""
_LONGER = {
    "p": (Answer.PLAN, None, "this plan"),
    "1": (Answer.TIMED, 600.0, "10 min"),
    "6": (Answer.TIMED, 3600.0, "1 hour"),
}
"""What a confirmation can hold for besides once, by key: the answer, its seconds, and both in words."""
_STARTS = (Answer.ONCE, Answer.AGAIN)
"""Answers after which a step that needs a terminal starts."""
_RUNS = frozenset({*_STARTS, Answer.PLAN, Answer.TIMED})
_WRITES = {"D": "deny", "T": "type"}
"""Keys after which words are written, and their actions."""
_ANSWERING = frozenset({"yes", "longer", "deny", "type", "arm"})


class ConfirmScreen(ConfirmQueue):
    """Asks one question at a time; ends with the answer that the engine took, or None for later.

    Args:
        question: an open question.
        view: its task.
        now: monotonic time in seconds, as Textual stamps events.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "read_on", "Read on, page by page", show=False),
        Binding("j,down", "scroll(1)", "Line down", show=False),
        Binding("k,up", "scroll(-1)", "Line up", show=False),
        Binding("g,home", "ends(-1)", "Beginning", show=False),
        Binding("G,end", "ends(1)", "End of the operand", show=False),
        Binding("n", "walk(1)", "Next question that waits", show=False),
        Binding("N", "walk(-1)", "Previous question that waits", show=False),
        Binding("Y", "yes", "Run it once, now", show=False),
        Binding("T", "longer", "Run it, and more or again, as signed", show=False),
        Binding("D", "deny", "Deny it, with a reason", show=False),
        Binding("T", "type", "Type an answer", show=False),
        Binding("R", "arm('again')", "Run what was interrupted again", show=False),
        Binding("M", "arm('done')", "Count what was interrupted as completed", show=False),
        Binding("F", "arm('fail')", "Count what was interrupted as failed", show=False),
        Binding("escape,q", "later", "Later: the question stays, the rest goes on", show=False),
        Binding("question_mark", "keys", "These keys", show=False),
    ]

    def __init__(self, question: Question, view: TaskView, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(question, view, now)
        self._armed: Answer | None = None
        self._longer = False
        """Whether the next key says for how long the answer holds."""
        self._chosen: int | None = None

    def on_mount(self) -> None:
        self.prepare()
        self.show_question()
        self._offer()
        self.read_queue()

    def turned(self) -> None:
        self._chosen = None
        self._disarm()

    def show_place(self) -> None:
        super().show_place()
        if self._armed is None and not self._longer and self.query_one(Choices).keys != self._keys():
            self._offer()

    def _offer(self) -> None:
        """Show what may be answered now; the focus is on the safe answer, or where words are written."""
        choices, armed = self.query_one(Choices), self._armed
        typing = armed in _TYPED
        choices.lead = content("Run it, and:" if self._longer else _ASKED.get(armed, "") if armed else "", "bold")
        choices.keys = self._keys()
        self.words.placeholder = _TYPED[armed] if armed in _TYPED else ""
        self.words.set_class(typing, "-shown")
        (self.words if typing else choices).focus()
        if self._chosen is not None and not typing:
            choices.chosen = 1
        listed = self.query_one("#options", Static)
        listed.set_class(bool(self.question.options), "-shown")
        width = max(20, listed.size.width or self.size.width - 2)
        listed.update(options(self.question, self._chosen, width, ascii_only=self.app.ascii_only))

    def _keys(self) -> tuple[Key, ...]:
        if self._longer:
            return (Key("esc", "back", "later"), *(Key(k, said, f"hold({k!r})") for k, (*_, said) in _LONGER.items()))
        if self._armed in _TYPED:
            what = "deny for this reason" if self._armed is Answer.DENY else "answer"
            return (Key("enter", what, "submit"), Key("esc", "back", "later"))
        if self._armed is not None:
            return (Key("esc", "back", "later"), Key("y", "yes", "confirm"))
        if self._chosen is not None:
            return (_LATER, Key("enter", f"answers {self._chosen + 1}", "answer"), _DENY)
        return _CHOICES[self.question.kind] + ((_NEXT,) if len(self.waiting) > 1 else ())

    # What the person does

    def on_key(self, event: events.Key) -> None:
        self.deliberate.press(event)
        if not self.deliberate.settled:
            event.stop()
        elif self._longer:
            event.stop()
            self.action_hold(event.key) if event.key in _LONGER else self._disarm()
        elif self._armed in _TYPED:
            self._write(event)
        elif self._armed is not None:
            event.stop()
            self.action_confirm() if event.key == "y" else self._disarm()
        elif event.key in _WRITES and self.check_action(_WRITES[event.key], ()):
            event.stop()  # here and at once: a binding would come after the letters that are right behind it
            self._arm(Answer.DENY if event.key == "D" else Answer.TEXT)
        elif event.key.isdecimal():
            self._choose(int(event.key) - 1)

    def _write(self, event: events.Key) -> None:
        """A letter that went past the field, because the focus was not there, is a letter all the same."""
        if event.is_printable and event.character:
            event.stop()
            self.words.focus()
            self.words.insert_text_at_cursor(event.character)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self.query_one("#options") and self.deliberate.settled:
            self._choose(event.y)

    def _choose(self, place: int) -> None:
        if 0 <= place < len(self.question.options):
            self._chosen = place
            self._offer()

    def action_read_on(self) -> None:
        """A page of the operand, after its end of what is new, and then of the signed files."""
        self.notice()
        self.look_again()
        self._next.action_page(1)

    def action_scroll(self, by: int) -> None:
        (self._next if by > 0 else self.operand).action_scroll(by)

    def action_ends(self, which: int) -> None:
        self.notice()
        if which > 0:
            self.operand.action_bottom()
        else:
            self.operand.action_top()

    @property
    def _next(self) -> OperandView:
        """Where a reader goes on."""
        return self.operand if not self.operand.seen or self.facts.at_end else self.facts

    def action_later(self) -> None:
        """Back from a half-given answer; else leave the question as it is."""
        if self.closed and not self.sending:
            self.go_on()
        elif self._armed is not None or self._longer:
            self._disarm()
        elif not self.sending:
            self.dismiss(None)

    def _disarm(self) -> None:
        self._armed, self._longer = None, False
        self._offer()

    # Answers

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what may be answered to this kind of question, while it is open."""
        if self.closed and action in _ANSWERING:
            return False
        offered = {key.action.partition("(")[0] for key in _CHOICES[self.question.kind]}
        return action not in _ANSWERING or action in offered

    def action_yes(self) -> None:
        if self._may_run():
            self._send(Answer.ONCE)

    def action_longer(self) -> None:
        """The first of two keys: an answer that holds for more than this one start."""
        if self._armed is None and not self.sending and self.deliberate.settled and self._has_read() and self._knows():
            self.notice(covers(self.question, self.task_view))
            self._longer = True
            self._offer()

    def action_hold(self, key: str) -> None:
        """The second one."""
        if self._longer and self._is_meant():
            answer, seconds, _ = _LONGER[key]
            self._send(answer, seconds=seconds)

    def action_deny(self) -> None:
        self._arm(Answer.DENY)

    def action_type(self) -> None:
        self._arm(Answer.TEXT)

    def action_arm(self, answer: str) -> None:
        self._arm(Answer(answer))

    def _arm(self, answer: Answer) -> None:
        """The first of two deliberate acts."""
        if self._armed is None and not self.sending and self.deliberate.settled:
            self.notice()
            self._armed = answer
            self.words.value = ""
            self._offer()

    def action_confirm(self) -> None:
        """The second one."""
        if self._armed is None or (self._armed is Answer.AGAIN and not self._may_run()) or not self._is_meant():
            return
        self._send(self._armed)

    def action_answer(self) -> None:
        if self._chosen is not None and self._is_meant():
            self._send(Answer.TEXT, self.question.options[self._chosen])

    @on(Input.Submitted)
    def action_submit(self) -> None:
        words = self.words.value.strip()
        if self._armed not in _TYPED or self._armed is None or self.closed or self.sending or self.too_quick(TYPED):
            return
        if words:
            self._send(self._armed, words)
        else:
            self.notice("Write a few words first: they are kept with the answer.")

    def _may_run(self) -> bool:
        return self._has_read() and self._is_meant() and self._knows()

    def _knows(self) -> bool:
        """A yes that was on its way to other bytes is none to these."""
        if self.moved:
            self.moved = False
            self.notice("It changed while you looked at it, and was not run: Y again runs it as it is now.")
            self.deliberate.appear()
            return False
        return True

    def _has_read(self) -> bool:
        if not self.seen:
            self.notice("Read the operand to its end first: space reads on, G goes to its end.")
        return self.seen

    def _is_meant(self) -> bool:
        return not self.sending and not self.too_quick()

    @work(group="answer")
    async def _send(self, answer: Answer, reason: str = "", seconds: float | None = None) -> None:
        question, self.sending = self.question, True
        command = Resolve(question=question.id, answer=answer, reason=reason, digest=question.digest, seconds=seconds)
        try:
            await self.looked_again()
            if answer in _RUNS and self.question.digest != question.digest:  # a yes to what is there no more
                self.sending = self.moved = False
                self.deliberate.appear()
                return
            await self.app.engine.do(command)
        except AlreadyAnswered as error:
            self.sending = False
            self._disarm()
            self.forget(str(error))
        except SignoffError as error:
            self.sending = False
            self._disarm()
            self.notice(trouble(error, KEPT))
            if isinstance(error, StaleQuestion):
                self.look_again()
        else:
            self.dismiss(answer)
            if answer in _STARTS and self.in_terminal:
                self.app.hand_over(question.task, question.step)
