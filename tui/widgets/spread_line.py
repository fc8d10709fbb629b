"""One line of text with something at its right end."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive

from tui.presentation.line import spread
from tui.widgets.lines import Lines


class SpreadLine(Lines):
    """Left and right; where both do not fit, the right one goes."""

    DEFAULT_CSS = "SpreadLine { height: 1; }"
    left: reactive[Content] = reactive(Content(""))
    right: reactive[Content] = reactive(Content(""))

    def line(self, y: int) -> Content:
        gap = Content(" ")
        return spread(gap + self.left, self.right + gap, self.size.width, ascii_only=self.ascii_only)
