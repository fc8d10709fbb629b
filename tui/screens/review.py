"""The review: read what will run, mark verdicts, sign, return or reject. Shows one task; decides nothing itself.

What was typed ahead, pasted or pressed as the screen appeared never signs; a step that asks counts as read only when
the end of its operand was shown (B5.9). A note or a reason leaves by commands of its own and cannot approve.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.widgets import Input

from engine import (
    Command,
    Estimate,
    EstimatePlan,
    GiveGrant,
    Reject,
    Return,
    Sign,
    SignoffError,
    Task,
    grantable,
)
from tui.presentation.amounts import about
from tui.presentation.calls import rewriting
from tui.presentation.reading import missing
from tui.presentation.review_head import barred, can_be_signed, signing, still_missing
from tui.screens.deliberate import TYPED
from tui.screens.review_modes import CONFIRMED, WORDED, Mode
from tui.screens.review_steps import ReviewSteps

GRANTED = 1800.0
"""Seconds that a grant of this screen holds."""


class ReviewScreen(ReviewSteps):
    """Review of one task.

    Args:
        task: its id.
        now: monotonic time in seconds, as Textual stamps events.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "read_on", "Read on: page by page, then the next step that asks", show=False),
        Binding("a", "ok", "This step is fine", show=False),
        Binding("h", "hold", "Hold this step while the rest goes on, or release it", show=False),
        Binding("s", "skip", "Leave this step out, or take it in again", show=False),
        Binding("e", "edit", "Edit this step, drop it, or add one: the next revision", show=False),
        Binding("E", "edit_file", "Edit the whole plan file in $EDITOR: the next revision", show=False),
        Binding("c", "note", "Write a note on this step, or answer the open one", show=False),
        Binding("C", "resolve", "Resolve the newest open note of this step", show=False),
        Binding("d", "differences", "Show or hide what changed since the earlier revision", show=False),
        Binding("o", "open_all", "Show all routine steps, or fold them", show=False),
        Binding("R", "return", "Return the plan with a note", show=False),
        Binding("x", "reject", "Reject the plan with a reason", show=False),
        Binding("A", "sign", "Sign; y confirms", show=False),
        Binding("T", "grant", "Let what you read run unasked for a time; y confirms", show=False),
        Binding("right_square_bracket", "step(1)", "Next step", show=False),
        Binding("left_square_bracket", "step(-1)", "Previous step", show=False),
        Binding("tab,shift+tab", "other_pane", "Between steps and operand", show=False),
        Binding("escape,q", "back", "Back", show=False),
        Binding("question_mark", "keys", "These keys", show=False),
    ]

    def __init__(self, task: int, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(task, now)

    def on_mount(self) -> None:
        self.prepare()
        self.enter(Mode.READING)
        self.load()

    def on_key(self, event: events.Key) -> None:
        self.deliberate.press(event)
        if self.mode in CONFIRMED:
            event.stop()
            if event.key == "y":
                self.action_confirm()
            else:
                self.enter(Mode.READING)

    def action_back(self) -> None:
        if self.mode is Mode.READING:
            self.dismiss(None)
        elif self.mode is not Mode.SENDING:
            self.enter(Mode.READING)

    # The first of two keys

    def action_sign(self) -> None:
        if not self._may_decide():
            return
        view, reading = self.view, self.reading
        if view and reading and (lacks := barred(view, self.app.user) or missing(reading)):
            self.notice(lacks)
        elif view and reading:
            self.notice()
            self.enter(Mode.SIGNING, signing(view, reading, self.app.user, self.app.clock()))

    def action_grant(self) -> None:
        """Let the steps that ask, and were read, run without asking again."""
        if not self._may_decide():
            return
        if steps := self._grantable:
            named, minutes = ", ".join(steps), about(GRANTED, ascii_only=True).lstrip("~")
            self.notice(f"{named}: run as signed, unasked, when what they need has passed, within {minutes}.")
            self.enter(Mode.GRANTING, f"Grant this for {len(steps)} step{'s' if len(steps) > 1 else ''}?")
        else:
            self.notice("Nothing to grant: only steps that ask, whose bytes are known, and that you read to their end.")

    @property
    def _grantable(self) -> tuple[str, ...]:
        reading = self.reading
        if reading is None:
            return ()
        read = (planned for planned in reading.plan.steps if planned.id in reading.read and reading.runs(planned.id))
        return tuple(grantable(read))

    def _may_decide(self) -> bool:
        if not self.deliberate.settled or self.mode is not Mode.READING or self.view is None or self.reading is None:
            return False
        if not can_be_signed(self.view):
            self.notice(f"Revision {self.view.task.revision} is decided already; there is nothing to sign.")
            return False
        return True

    # The second one

    def action_confirm(self) -> None:
        view, reading = self.view, self.reading
        if self.mode not in CONFIRMED or view is None or reading is None or self.too_quick():
            return
        if self.mode is Mode.REOPENING:
            self.enter(Mode.READING)
            self.reopen()
            return
        number, revision, digest = view.task.id, reading.plan.revision, reading.plan.digest
        if self.mode is Mode.GRANTING:
            grant = GiveGrant(task=number, revision=revision, digest=digest, steps=self._grantable, seconds=GRANTED)
            self._send(grant, "Granted", f"{', '.join(grant.steps)}; signoff grants takes it back.")
            return
        left = still_missing(view, self.app.user)
        sign = Sign(task=number, revision=revision, digest=digest, spared=reading.spared)
        self._send(sign, f"Signed revision {revision} ({digest[:6]})", left)

    def action_return(self) -> None:
        self._ask_for_words(Mode.RETURNING, "What shall change?")
        if self.mode is Mode.RETURNING and self.view is not None:
            self._estimate(self.view.task)

    @work(exclusive=True, group="estimate")
    async def _estimate(self, task: Task) -> None:
        """Before it is asked: which model would write the next revision, and for how much; nothing without one."""
        try:
            expected: Estimate = await self.app.engine.read(EstimatePlan(root=task.root, request=task.request))
        except SignoffError:
            return
        if self.mode is Mode.RETURNING:
            self.notice(rewriting(expected, ascii_only=self.app.ascii_only))

    def action_reject(self) -> None:
        self._ask_for_words(Mode.REJECTING, "Why is it rejected?")

    def _ask_for_words(self, mode: Mode, asked: str) -> None:
        if self._may_decide():
            self.notice()
            self.enter(mode, asked)

    @on(Input.Submitted, "#reason")
    def action_submit(self) -> None:
        words, reading = self.words, self.reading
        if reading is None or self.mode not in WORDED or self.too_quick(TYPED):
            return
        if not words:
            self.notice("Write a few words first: whoever wrote the plan reads them.")
            return
        task, revision = reading.plan.task, reading.plan.revision
        if self.mode is Mode.NOTING:
            self.write_note(words)
        elif self.mode is Mode.RETURNING:
            self._send(Return(task=task, revision=revision, note=words), f"Returned revision {revision} with a note")
        else:
            self._send(Reject(task=task, revision=revision, reason=words), f"Rejected revision {revision}")

    @work(group="verdict")
    async def _send(self, command: Command, done: str, left: str = "") -> None:
        """Give a verdict and leave; or stay, where something is left to say."""
        self.enter(Mode.SENDING)
        if await self.give(command) is None:
            return
        if left:
            self.enter(Mode.READING)
            self.notice(f"{done}: {left}")
        else:
            self.app.say(done)
            self.dismiss(None)
