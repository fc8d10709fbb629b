"""Help: the keys of the pane that had the focus, then those heard everywhere; written from `commands` alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

from tui.commands import COMMANDS, Place, of
from tui.messages import Desk
from tui.presentation.content import content
from tui.presentation.line import MUTED, column
from tui.widgets.rule import Rule
from tui.widgets.text_view import TextView

_NAMES = {
    Place.TASKS: "Tasks",
    Place.GRAPH: "Graph",
    Place.LOG: "Log",
    Place.TEXT: "Detail, diff, notes",
    Place.WORKBENCH: "Anywhere in the workbench",
    Place.APP: "Anywhere",
}


class HelpScreen(ModalScreen[None]):
    """A sheet over the screen it explains."""

    app = getters.app(Desk)
    DEFAULT_CSS = """
    HelpScreen { background: $background; }
    HelpScreen TextView { padding: 0 0 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", show=False)]
    AUTO_FOCUS = "TextView"

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place

    def compose(self) -> ComposeResult:
        yield Rule(id="title")
        yield TextView(id="help")

    def on_mount(self) -> None:
        rule, text = self.query_one(Rule), self.query_one(TextView)
        rule.ascii_only = text.ascii_only = self.app.ascii_only
        rule.left, rule.right, rule.lit = content("Keys", "bold"), content("esc goes back", MUTED), True
        text.paragraphs = list(lines(self._place))


def lines(place: Place) -> Iterator[Content]:
    """All keys, the focused place first, then what only the palette offers."""
    for shown in dict.fromkeys((place, Place.WORKBENCH, Place.APP, *_NAMES)):
        yield content(_NAMES[shown], "bold $accent")
        yield from (_line(command.shown, command.title, command.help) for command in of(shown) if command.key)
        yield Content("")
    yield content("Only in the palette ( : )", "bold $accent")
    yield from (_line("", command.title, command.help) for command in COMMANDS if not command.key)


def _line(key: str, title: str, said: str) -> Content:
    return column(content(f"  {key}", "bold"), 13) + column(content(title), 23) + content(f" {said}", MUTED)
