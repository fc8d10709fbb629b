"""The review: read what will run, mark verdicts, sign, return or reject. Shows one task; decides nothing itself.

What was typed ahead, pasted or pressed as the screen appeared never signs; a step that asks counts as read only when
the end of its operand was shown (B5.9). A note or a reason leaves by commands of its own and cannot approve.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from typing import ClassVar

from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from engine import Command, PlannedStep, Reject, Return, ShowTask, Sign, SignoffError, TaskView
from tui.follow import follow, places
from tui.messages import Desk, Happened, Resynced
from tui.presentation.content import content
from tui.presentation.line import MUTED, clipped
from tui.presentation.review import (
    Reading,
    Verdicts,
    can_be_signed,
    history,
    missing,
    page_of,
    page_title,
    signing,
    summary,
    title,
)
from tui.presentation.trouble import trouble
from tui.screens.deliberate import Deliberate
from tui.screens.keys import KeysScreen
from tui.widgets.key_line import Key, KeyLine
from tui.widgets.lines import Lines
from tui.widgets.operand_view import OperandView
from tui.widgets.rule import Rule
from tui.widgets.spread_line import SpreadLine
from tui.widgets.step_list import StepList

WIDE = 110
"""Columns from which on list and operand stand side by side."""
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


class ReviewScreen(Screen[None]):
    """Review of one task.

    Args:
        task: its id.
        now: monotonic time in seconds, as Textual stamps events.
    """

    app = getters.app(Desk)
    CSS_PATH = "review.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "read_on", "Read on: page by page, then the next step that asks", show=False),
        Binding("a", "ok", "This step is fine", show=False),
        Binding("s", "skip", "Leave this step out, or take it in again", show=False),
        Binding("o", "open_all", "Show all routine steps, or fold them", show=False),
        Binding("R", "return", "Return the plan with a note", show=False),
        Binding("x", "reject", "Reject the plan with a reason", show=False),
        Binding("A", "sign", "Sign; y confirms", show=False),
        Binding("tab,shift+tab", "other_pane", "Between steps and operand", show=False),
        Binding("escape,q", "back", "Back", show=False),
        Binding("question_mark", "keys", "These keys", show=False),
    ]

    def __init__(self, task: int, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._task_id = task
        self._view: TaskView | None = None
        self._places: dict[str, int] = {}
        self._reading: Reading | None = None
        self._mode = Mode.READING
        self._deliberate = Deliberate(now)
        self._shown: PlannedStep | None = None

    @property
    def read_through(self) -> bool:
        """Whether every step that asks was read to its end."""
        return self._reading is not None and not self._reading.unread

    def compose(self) -> ComposeResult:
        yield SpreadLine(id="title")
        yield SpreadLine(id="summary")
        with Container(id="body"):
            yield StepList(id="steps")
            with Container(id="reading"):
                yield Rule(id="where")
                yield OperandView(id="operand")
        yield Static(id="notice", markup=False)
        yield Input(id="reason")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        for lines in self.query(Lines):
            lines.ascii_only = self.app.ascii_only
        self.watch(self.app, "app_focus", self._focus_came_back, init=False)
        self._enter(Mode.READING)
        self._load()

    # What is shown

    @work(exclusive=True, group="load")
    async def _load(self) -> None:
        try:
            view: TaskView = await self.app.engine.read(ShowTask(task=self._task_id))
        except SignoffError as error:
            self._notice(trouble(error, ""))
            return
        self._take(view)

    def _take(self, view: TaskView) -> None:
        """Show a view; marks hold only for the digest they were made on."""
        before, self._view, self._places = self._view, view, places(view)
        if view.plan is None:
            self._notice("There is no plan to read yet. It is shown here as soon as it is written.")
        elif before is None or before.plan is None or before.task.digest != view.task.digest:
            self._begin(view, before)
        self._head()

    def _begin(self, view: TaskView, before: TaskView | None) -> None:
        if view.plan is None:
            return
        if before is not None and before.plan is not None:
            self._enter(Mode.READING)
            old, new = before.task.revision, view.task.revision
            self._notice(
                f"Revision {new} was written while you read {old}. Your marks were for {old} and are gone: read again."
            )
        self._reading = Reading.of(view.plan, Verdicts())
        first = self._reading.unread[0].id if self._reading.unread else None
        self.query_one(StepList).read(self._reading, first)
        self.query_one(StepList).focus()
        self._show_step()

    def _head(self) -> None:
        if self._view is None:
            return
        plain = self.app.ascii_only
        bar, below = self.query_one("#title", SpreadLine), self.query_one("#summary", SpreadLine)
        bar.left, bar.right = title(self._view, ascii_only=plain)
        if self._reading:
            below.left = summary(self._reading, ascii_only=plain)
            room = self.size.width - below.left.cell_length - 4
            below.right = content(history(self._view, self.app.clock(), room), MUTED)

    def _show_step(self) -> None:
        """Show the operand of the row under the cursor."""
        row = self.query_one(StepList).chosen
        if row is None or self._reading is None:
            return
        if row.planned is not None and row.planned is self._shown:
            return
        self._shown = row.planned
        self.query_one(OperandView).show(page_of(row, self._reading))
        self._rule()

    def _rule(self) -> None:
        rule, view = self.query_one(Rule), self.query_one(OperandView)
        row = self.query_one(StepList).chosen
        rule.right = content(view.where(), MUTED)
        if row is not None:
            room = rule.size.width - rule.right.cell_length - 7
            rule.left = clipped(page_title(row, ascii_only=self.app.ascii_only), room, ascii_only=self.app.ascii_only)
        rule.lit = view.has_focus

    def _mark(self, *, read: set[str] | None = None, skipped: frozenset[str] | None = None) -> None:
        if self._reading is None:
            return
        verdicts = self._reading.verdicts
        verdicts = replace(
            verdicts,
            read=verdicts.read | (read or set()),
            skipped=verdicts.skipped if skipped is None else skipped,
        )
        self._reading = Reading.of(self._reading.plan, verdicts)
        self.query_one(StepList).read(self._reading)
        self._head()

    def _notice(self, text: str = "") -> None:
        notice = self.query_one("#notice", Static)
        notice.update(content(text))
        notice.set_class(bool(text), "-shown")

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
            self.query_one(StepList).focus()

    def _lead(self, mode: Mode) -> Content:
        if mode is Mode.SIGNING and self._view and self._reading:
            return content(signing(self._view, self._reading, self.app.user), "bold")
        return content("sending …", MUTED) if mode is Mode.SENDING else Content("")

    # What happens meanwhile

    def on_happened(self, message: Happened) -> None:
        if self._view is None:
            return
        followed = follow(self._view, message.events, self._places)
        if followed.stale:
            self._load()
        elif followed.view.seq != self._view.seq:
            self._view = followed.view
            self._head()

    def on_resynced(self, _: Resynced) -> None:
        self._load()

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self._deliberate.appear)

    def on_screen_suspend(self) -> None:
        self._deliberate.hide()

    def _focus_came_back(self, focused: bool) -> None:
        if focused:
            self._deliberate.appear()

    # What the person does

    def on_key(self, event: events.Key) -> None:
        self._deliberate.press(event)
        if self._mode is Mode.SIGNING:
            event.stop()
            if event.key == "y":
                self.action_confirm()
            else:
                self._enter(Mode.READING)

    def on_click(self, event: events.Click) -> None:
        self._deliberate.press(event)

    @on(KeyLine.Pressed)
    async def _pressed(self, message: KeyLine.Pressed) -> None:
        await self.run_action(message.key.action)

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        self._deliberate.press(message)

    @on(StepList.Moved)
    def _moved(self) -> None:
        self._show_step()

    @on(StepList.Opened)
    def action_show(self) -> None:
        row = self.query_one(StepList).chosen
        if row is not None and row.group is not None:
            self.query_one(StepList).fold(row.group)
        else:
            self.query_one(OperandView).focus()

    @on(OperandView.Scrolled)
    def _scrolled(self, message: OperandView.Scrolled) -> None:
        """Whoever scrolled to the end has read it."""
        self._rule()
        if message.view.top and message.view.seen:
            self._has_read()

    def on_descendant_focus(self) -> None:
        self._rule()

    def _has_read(self) -> None:
        step, reading = self._shown, self._reading
        if step is not None and reading is not None and step.tier.asks and step.id not in reading.verdicts.read:
            self._mark(read={step.id})

    def action_read_on(self) -> None:
        """A page on; at the end of the operand, to the next step that must be read."""
        view = self.query_one(OperandView)
        self._notice()
        if not view.seen:
            view.action_page(1)
            return
        self._has_read()
        if self._reading and self._reading.unread:
            self._go_to(self._reading.unread[0])
        elif not view.at_end:
            view.action_page(1)
        elif self._reading and not (lacks := missing(self._reading)):
            self._notice("Everything that asks was read. A signs.")
        else:
            self._notice(lacks)

    def _go_to(self, planned: PlannedStep) -> None:
        if self._reading:
            self.query_one(StepList).read(self._reading, planned.id)

    def action_ok(self) -> None:
        """Take the step in; one that asks must have been shown to its end."""
        step, reading = self._shown, self._reading
        if step is None or reading is None:
            return
        if step.tier.asks and not self.query_one(OperandView).seen and step.id not in reading.verdicts.read:
            self._notice(f"Read {step.id} to its end first: space reads on.")
            return
        if step.id in reading.lost:
            self._notice(f"{step.id} is skipped with {reading.lost[step.id]}: take that one in again.")
            return
        self._mark(read={step.id} if step.tier.asks else None, skipped=reading.verdicts.skipped - {step.id})
        self._notice()
        self.query_one(StepList).action_move(1)

    def action_skip(self) -> None:
        """Leave a step out, with all that needs it; again to take it in."""
        step, reading = self._shown, self._reading
        if step is None or reading is None:
            self._notice("enter shows the steps of this tier; s leaves one of them out.")
        elif step.id in reading.lost:
            self._notice(f"{step.id} is skipped with {reading.lost[step.id]}: take that one in again.")
        else:
            self._mark(skipped=reading.verdicts.skipped ^ {step.id})
            self._notice()

    def action_open_all(self) -> None:
        self.query_one(StepList).fold_all()

    def action_other_pane(self) -> None:
        steps, view = self.query_one(StepList), self.query_one(OperandView)
        (steps if view.has_focus else view).focus()

    def action_back(self) -> None:
        if self._mode is Mode.READING:
            self.dismiss(None)
        elif self._mode is not Mode.SENDING:
            self._enter(Mode.READING)

    def action_keys(self) -> None:
        self.app.push_screen(KeysScreen.of(self))

    # Verdicts

    def action_sign(self) -> None:
        """The first of two keys."""
        if not self._deliberate.settled or self._mode is not Mode.READING or not self._open_for_verdicts():
            return
        if self._reading and (lacks := missing(self._reading)):
            self._notice(lacks)
            return
        self._notice()
        self._enter(Mode.SIGNING)

    def action_confirm(self) -> None:
        """The second one."""
        view, reading = self._view, self._reading
        if self._mode is not Mode.SIGNING or view is None or reading is None:
            return
        if not self._deliberate.meant:
            self._notice("That came too quickly to be meant. Press y again to sign, esc to go back.")
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
        if self._deliberate.settled and self._mode is Mode.READING and self._open_for_verdicts():
            self._notice()
            self._enter(mode)

    def _open_for_verdicts(self) -> bool:
        if self._view is None or self._reading is None:
            return False
        if not can_be_signed(self._view):
            self._notice(f"Revision {self._view.task.revision} is decided already; there is nothing to sign.")
            return False
        return True

    @on(Input.Submitted, "#reason")
    def action_submit(self) -> None:
        words, view = self.query_one("#reason", Input).value.strip(), self._view
        if view is None or self._mode not in _ASKED:
            return
        if not self._deliberate.meant:
            self._notice("That came too quickly to be meant. Press enter again to send, esc to go back.")
            return
        if not words:
            self._notice("Write a few words first: whoever wrote the plan reads them.")
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
            self._notice(trouble(error, _KEPT))
            self._load()
            return
        self.app.say(done)
        self.dismiss(None)
