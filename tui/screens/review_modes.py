"""What the bottom line of a review is for: reading, a second key, or words; and how a command leaves. Decides nothing.

A mode ends by `esc`, by what it was for, or by another plan; what was typed in one is for no other.
"""

from __future__ import annotations

from enum import Enum, auto

from textual.content import Content
from textual.widgets import Input

from engine import Command, Reply, SignoffError, TaskView
from tui.presentation.content import content
from tui.presentation.line import MUTED
from tui.presentation.revisions import Since
from tui.presentation.trouble import trouble
from tui.screens.review_view import ReviewView
from tui.widgets.key_line import Key, KeyLine

_KEPT = "Your marks are kept."


class Mode(Enum):
    """What the bottom line is for."""

    READING = auto()
    SIGNING = auto()
    """The next key decides: y signs, all others do not."""
    GRANTING = auto()
    """The same for a grant."""
    REOPENING = auto()
    """The same for a text that was written on an earlier revision."""
    RETURNING = auto()
    REJECTING = auto()
    NOTING = auto()
    SENDING = auto()


_READING = (
    Key("space", "read", "read_on"),
    Key("A", "sign", "sign"),
    Key("R", "return", "return"),
    Key("x", "reject", "reject"),
    Key("e", "edit", "edit"),
    Key("E", "file", "edit_file"),
    Key("d", "diff", "differences"),
    Key("c", "note", "note"),
    Key("s", "skip", "skip"),
    Key("h", "hold", "hold"),
    Key("a", "ok", "ok"),
    Key("T", "grant", "grant"),
    Key("enter", "show", "show"),
    Key("o", "all", "open_all"),
    Key("C", "resolve", "resolve"),
    Key("esc", "back", "back"),
    Key("?", "more", "keys"),
)
"""The most needed first: a narrow screen has no room for the last ones."""
_BACK = Key("esc", "back", "back")
_KEYS = {
    Mode.READING: _READING,
    Mode.SIGNING: (Key("y", "sign", "confirm"), _BACK),
    Mode.GRANTING: (Key("y", "grant", "confirm"), _BACK),
    Mode.REOPENING: (Key("y", "open it", "confirm"), _BACK),
    Mode.RETURNING: (Key("enter", "return with this note", "submit"), _BACK),
    Mode.REJECTING: (Key("enter", "reject for this reason", "submit"), _BACK),
    Mode.NOTING: (Key("enter", "write it down", "submit"), _BACK),
    Mode.SENDING: (),
}
CONFIRMED = (Mode.SIGNING, Mode.GRANTING, Mode.REOPENING)
WORDED = (Mode.RETURNING, Mode.REJECTING, Mode.NOTING)


class ReviewModes(ReviewView):
    """A review with a bottom line."""

    mode = Mode.READING

    def enter(self, mode: Mode, asked: str = "") -> None:
        """What the bottom line is for from now on; `asked` is the question that a key or words answer."""
        self.mode = mode
        keys, words = self.query_one(KeyLine), self.query_one("#reason", Input)
        keys.keys = [key for key in _KEYS[mode] if key.action != "differences" or self._has_differences]
        keys.lead = self._lead(asked)
        keys.set_class(mode is not Mode.READING, "-asks")
        words.set_class(mode in WORDED, "-shown")
        if mode in WORDED:
            words.value = ""
            words.placeholder = content(asked).plain
            words.focus()
        elif words.has_focus:
            self.steps.focus()

    @property
    def _has_differences(self) -> bool:
        return self.reading is not None and self.reading.since is not None and bool(self.reading.since.changes)

    def _lead(self, asked: str) -> Content:
        if self.mode in CONFIRMED or self.mode is Mode.NOTING:
            return content(asked, "bold")
        return content("sending …", MUTED) if self.mode is Mode.SENDING else Content("")

    def begin(self, view: TaskView, since: Since | None) -> None:
        """Another plan is shown: what was begun on the one before is void."""
        super().begin(view, since)
        self.enter(Mode.READING)

    def read_again(self, view: TaskView) -> None:
        """What changes under the hand that is about to sign asks for another look."""
        before = self.reading
        super().read_again(view)
        if self.mode in CONFIRMED and before and self.reading and before.spared != self.reading.spared:
            self.enter(Mode.READING)
            self.notice("A verdict came in while you were about to confirm: look again.")

    @property
    def words(self) -> str:
        return self.query_one("#reason", Input).value.strip()

    async def give(self, command: Command) -> Reply | None:
        """Give a command to the engine; a refusal is told, and what is shown is read again."""
        try:
            return await self.app.engine.do(command)
        except SignoffError as error:
            self.enter(Mode.READING)
            self.notice(trouble(error, _KEPT))
            self.load()
            return None
