"""Sheets of keys above a screen: where they are longer than it, they say that there is more, and which keys read on.

`KeysScreen` reads the keys of a screen, and of what has the focus in it, from the bindings themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen, Screen

from tui.messages import Desk
from tui.presentation.content import content
from tui.presentation.line import MUTED, column
from tui.widgets.rule import Rule
from tui.widgets.text_view import TextView

_SHOWN = {
    "question_mark": "?",
    "escape": "esc",
    "shift+tab": "⇧tab",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


class Sheet(ModalScreen[None]):
    """Shows paragraphs about keys; any of esc, q, ? goes back."""

    app = getters.app(Desk)
    DEFAULT_CSS = """
    Sheet { background: $background; }
    Sheet TextView { padding: 0 0 0 1; }
    Sheet #more { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", show=False)]
    AUTO_FOCUS = "TextView"

    def __init__(self, paragraphs: Sequence[Content]) -> None:
        super().__init__()
        self._paragraphs = paragraphs

    def compose(self) -> ComposeResult:
        yield Rule(id="title")
        yield TextView()
        yield Rule(id="more")

    def on_mount(self) -> None:
        text, title = self.query_one(TextView), self.query_one("#title", Rule)
        for lines in (text, *self.query(Rule)):
            lines.ascii_only = self.app.ascii_only
        title.left, title.right, title.lit = content("Keys", "bold"), content("esc goes back", MUTED), True
        text.paragraphs = self._paragraphs

    @on(TextView.Scrolled)
    def _show_what_is_left(self) -> None:
        text, more = self.query_one(TextView), self.query_one("#more", Rule)
        below = text.last_top - text.top
        more.display = bool(text.last_top)
        keys = "space and j read on" if below else "g goes to the top"
        more.left = content(f"{below} more below: {keys}" if below else f"the end: {keys}", "bold")
        more.right = content(text.where(), MUTED)


class KeysScreen(Sheet):
    """Shows bindings."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        super().__init__([_line(keys, said) for said, keys in _by_action(bindings)])

    @classmethod
    def of(cls, screen: Screen[Any]) -> KeysScreen:
        """The bindings of a screen, and before them those of its focused widget."""
        focused = screen.focused.BINDINGS if screen.focused else []
        return cls(binding for binding in (*focused, *screen.BINDINGS) if isinstance(binding, Binding))


def _by_action(bindings: Iterable[Binding]) -> list[tuple[str, str]]:
    made: dict[str, list[str]] = {}
    for binding in bindings:
        shown = [_SHOWN.get(key, key) for key in binding.key.split(",")]
        made.setdefault(binding.description, []).extend(shown)
    return [(said, " ".join(dict.fromkeys(keys))) for said, keys in made.items()]


def _line(keys: str, said: str) -> Content:
    return column(content(f"  {keys}", "bold $accent"), 18) + content(said)
