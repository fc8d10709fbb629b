"""The review: read what will run, mark verdicts, sign, return or reject. Shows one task; decides nothing itself.

What was typed ahead, pasted or pressed as the screen appeared never signs; a step that asks counts as read only when
the end of its operand was shown (B5.9). A note or a reason leaves by commands of its own and cannot approve.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum, auto
from typing import ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from engine import Command, Reject, Return, Sign, SignoffError
from tui.presentation.content import content
from tui.presentation.line import MUTED
from tui.presentation.review import can_be_signed, missing, signing
from tui.presentation.trouble import trouble
from tui.screens.review_view import ReviewView
from tui.widgets.key_line import Key, KeyLine
from tui.widgets.step_list import StepList

_KEPT = "Your marks are kept."


class Mode(Enum):
    """What the bottom line is for."""

    READING = auto()
    SIGNING = auto()
    """The next key decides: y signs, all others do not."""
    RETURNING = auto()
    REJECTING = auto()
    SENDING = auto()


_READING = (
    Key("space", "read on", "read_on"),
    Key("a", "ok", "ok"),
    Key("s", "skip", "skip"),
    Key("enter", "show", "show"),
    Key("o", "all", "open_all"),
    Key("R", "return", "return"),
    Key("x", "reject", "reject"),
    Key("A", "sign", "sign"),
    Key("esc", "back", "back"),
    Key("?", "", "keys"),
)
_KEYS = {
    Mode.READING: _READING,
    Mode.SIGNING: (Key("y", "sign", "confirm"), Key("esc", "back", "back")),
    Mode.RETURNING: (Key("enter", "return with this note", "submit"), Key("esc", "back", "back")),
    Mode.REJECTING: (Key("enter", "reject for this reason", "submit"), Key("esc", "back", "back")),
    Mode.SENDING: (),
}
_ASKED = {Mode.RETURNING: "What shall change?", Mode.REJECTING: "Why is it rejected?"}


class ReviewScreen(ReviewView):
    """Review of one task.

    Args:
        task: its id.
        now: monotonic time in seconds, as Textual stamps events.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "read_on", "Read on: page by page, then the next step that asks", show=False),
        Binding("a", "ok", "This step is fine", show=False),
        Binding("s", "skip", "Leave this step out, or take it in again", show=False),
        Binding("o", "open_all", "Show all routine steps, or fold them", show=False),
        Binding("R", "return", "Return the plan with a note", show=False),
        Binding("x", "reject", "Reject the plan with a reason", show=False),
        Binding("A", "sign", "Sign; y confirms", show=False),
        Binding("right_square_bracket", "step(1)", "Next step", show=False),
        Binding("left_square_bracket", "step(-1)", "Previous step", show=False),
        Binding("tab,shift+tab", "other_pane", "Between steps and operand", show=False),
        Binding("escape,q", "back", "Back", show=False),
        Binding("question_mark", "keys", "These keys", show=False),
    ]

    def __init__(self, task: int, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(task, now)
        self._mode = Mode.READING

    def on_mount(self) -> None:
        self.prepare()
        self._enter(Mode.READING)
        self.load()

    def begin_again(self) -> None:
        self._enter(Mode.READING)

    def _enter(self, mode: Mode) -> None:
        """What the bottom line asks for from now on."""
        self._mode = mode
        keys, reason = self.query_one(KeyLine), self.query_one("#reason", Input)
        keys.keys = _KEYS[mode]
        keys.lead = self._lead(mode)
        keys.set_class(mode is not Mode.READING, "-asks")
        asks = mode in _ASKED
        reason.set_class(asks, "-shown")
        if asks:
            reason.value = ""
            reason.placeholder = _ASKED[mode]
            reason.focus()
        elif reason.has_focus:
            self.steps.focus()

    def _lead(self, mode: Mode) -> Content:
        if mode is Mode.SIGNING and self.view and self.reading:
            return content(signing(self.view, self.reading, self.app.user), "bold")
        return content("sending …", MUTED) if mode is Mode.SENDING else Content("")

    # What the person does

    def on_key(self, event: events.Key) -> None:
        self.deliberate.press(event)
        if self._mode is Mode.SIGNING:
            event.stop()
            if event.key == "y":
                self.action_confirm()
            else:
                self._enter(Mode.READING)

    @on(StepList.Opened)
    def action_show(self) -> None:
        row = self.steps.chosen
        if row is not None and row.group is not None:
            self.steps.fold(row.group)
        else:
            self.operand.focus()

    def action_read_on(self) -> None:
        """A page on; at the end of the operand, to the next step that must be read."""
        view = self.operand
        self.notice()
        if not view.seen:
            view.action_page(1)
            return
        self.has_read()
        if self.reading and self.reading.unread:
            self.go_to(self.reading.unread[0])
        elif not view.at_end:
            view.action_page(1)
        elif self.reading:
            self.notice(missing(self.reading) or "Everything that asks was read. A signs.")

    def action_ok(self) -> None:
        """Take the step in; one that asks must have been shown to its end."""
        step, reading = self.shown, self.reading
        if step is None or reading is None:
            return
        if step.asks and not self.operand.seen and step.id not in reading.verdicts.read:
            self.notice(f"Read {step.id} to its end first: space reads on.")
            return
        if step.id in reading.lost:
            self.notice(f"{step.id} is skipped with {reading.lost[step.id]}: take that one in again.")
            return
        self.mark(read={step.id} if step.asks else None, skipped=reading.verdicts.skipped - {step.id})
        self.notice()
        self.steps.action_move(1)

    def action_skip(self) -> None:
        """Leave a step out, with all that needs it; again to take it in."""
        step, reading = self.shown, self.reading
        if step is None or reading is None:
            self.notice("enter shows the steps of this tier; s leaves one of them out.")
        elif step.id in reading.lost:
            self.notice(f"{step.id} is skipped with {reading.lost[step.id]}: take that one in again.")
        else:
            self.mark(skipped=reading.verdicts.skipped ^ {step.id})
            self.notice()

    def action_open_all(self) -> None:
        self.steps.fold_all()

    def action_step(self, by: int) -> None:
        """To another step, wherever the focus is."""
        self.notice()
        self.steps.action_move(by)

    def action_other_pane(self) -> None:
        steps, view = self.steps, self.operand
        (steps if view.has_focus else view).focus()

    def action_back(self) -> None:
        if self._mode is Mode.READING:
            self.dismiss(None)
        elif self._mode is not Mode.SENDING:
            self._enter(Mode.READING)

    # Verdicts

    def action_sign(self) -> None:
        """The first of two keys."""
        if not self.deliberate.settled or self._mode is not Mode.READING or not self._open_for_verdicts():
            return
        if self.reading and (lacks := missing(self.reading)):
            self.notice(lacks)
            return
        self.notice()
        self._enter(Mode.SIGNING)

    def action_confirm(self) -> None:
        """The second one."""
        view, reading = self.view, self.reading
        if self._mode is not Mode.SIGNING or view is None or reading is None:
            return
        if self.too_quick():
            return
        skipped = tuple(p.id for p in reading.plan.steps if p.id in reading.verdicts.skipped)
        self._send(
            Sign(task=view.task.id, revision=view.task.revision, digest=view.task.digest, skip=skipped),
            f"Signed revision {view.task.revision} ({view.task.digest[:6]})",
        )

    def action_return(self) -> None:
        self._ask_for_words(Mode.RETURNING)

    def action_reject(self) -> None:
        self._ask_for_words(Mode.REJECTING)

    def _ask_for_words(self, mode: Mode) -> None:
        if self.deliberate.settled and self._mode is Mode.READING and self._open_for_verdicts():
            self.notice()
            self._enter(mode)

    def _open_for_verdicts(self) -> bool:
        if self.view is None or self.reading is None:
            return False
        if not can_be_signed(self.view):
            self.notice(f"Revision {self.view.task.revision} is decided already; there is nothing to sign.")
            return False
        return True

    @on(Input.Submitted, "#reason")
    def action_submit(self) -> None:
        words, view = self.query_one("#reason", Input).value.strip(), self.view
        if view is None or self._mode not in _ASKED:
            return
        if self.too_quick():
            return
        if not words:
            self.notice("Write a few words first: whoever wrote the plan reads them.")
            return
        task, revision = view.task.id, view.task.revision
        if self._mode is Mode.RETURNING:
            self._send(Return(task=task, revision=revision, note=words), f"Returned revision {revision} with a note")
        else:
            self._send(Reject(task=task, revision=revision, reason=words), f"Rejected revision {revision}")

    @work(group="verdict")
    async def _send(self, command: Command, done: str) -> None:
        self._enter(Mode.SENDING)
        try:
            await self.app.engine.do(command)
        except SignoffError as error:
            self._enter(Mode.READING)
            self.notice(trouble(error, _KEPT))
            self.load()
            return
        self.app.say(done)
        self.dismiss(None)
