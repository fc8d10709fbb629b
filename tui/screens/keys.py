"""The keys of a screen and of what has the focus in it, as a sheet above it: read from the bindings themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual import getters
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


class KeysScreen(ModalScreen[None]):
    """Shows bindings; any of esc, q, ? goes back."""

    app = getters.app(Desk)
    DEFAULT_CSS = """
    KeysScreen { background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", show=False)]
    AUTO_FOCUS = "TextView"

    def __init__(self, bindings: Iterable[Binding]) -> None:
        super().__init__()
        self._lines = [_line(keys, said) for said, keys in _by_action(bindings)]

    @classmethod
    def of(cls, screen: Screen[Any]) -> KeysScreen:
        """The bindings of a screen, and before them those of its focused widget."""
        focused = screen.focused.BINDINGS if screen.focused else []
        return cls(binding for binding in (*focused, *screen.BINDINGS) if isinstance(binding, Binding))

    def compose(self) -> ComposeResult:
        yield Rule()
        yield TextView()

    def on_mount(self) -> None:
        rule, text = self.query_one(Rule), self.query_one(TextView)
        rule.ascii_only = text.ascii_only = self.app.ascii_only
        rule.left, rule.right, rule.lit = content("Keys", "bold"), content("esc goes back", MUTED), True
        text.paragraphs = self._lines


def _by_action(bindings: Iterable[Binding]) -> list[tuple[str, str]]:
    made: dict[str, list[str]] = {}
    for binding in bindings:
        shown = [_SHOWN.get(key, key) for key in binding.key.split(",")]
        made.setdefault(binding.description, []).extend(shown)
    return [(said, " ".join(dict.fromkeys(keys))) for said, keys in made.items()]


def _line(keys: str, said: str) -> Content:
    return column(content(f"  {keys}", "bold $accent"), 18) + content(said)
