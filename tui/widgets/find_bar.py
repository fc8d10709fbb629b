"""One line to type what to find; there while it is needed only, so that its import is not on the way to the start."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FindBar(Input):
    """Enter searches, escape lets go."""

    class Asked(Message):
        """Search for `text`; None to let go."""

        def __init__(self, text: str | None) -> None:
            self.text = text
            super().__init__()

    DEFAULT_CSS = """
    FindBar { dock: bottom; height: 1; border: none; padding: 0 1; background: $panel; }
    FindBar:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "let_go", show=False)]

    def __init__(self, text: str) -> None:
        super().__init__(text, placeholder="find in this log", compact=True, select_on_focus=False)
        self.cursor_blink = False

    def action_let_go(self) -> None:
        self.post_message(self.Asked(None))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Asked(event.value))
