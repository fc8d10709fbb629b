"""The line above a pane: what the pane shows, and whether it has the focus (a heavier line, not only a colour)."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive

from tui.presentation.content import content
from tui.presentation.line import clipped
from tui.widgets.lines import Lines


def ruled(left: Content, right: Content, width: int, *, focused: bool, ascii_only: bool) -> Content:
    """`─ left ──────── right ─`, exactly `width` cells."""
    stroke = ("=" if focused else "-") if ascii_only else "━" if focused else "─"
    style = "bold $primary" if focused else "$rule"
    left = clipped(left, max(0, width - 4), ascii_only=ascii_only)
    tail = content(f" {stroke}", style) if right.cell_length else Content("")
    gap = width - left.cell_length - right.cell_length - tail.cell_length - 4
    if gap < 1:
        right, tail, gap = Content(""), Content(""), max(0, width - left.cell_length - 3)
    middle = content(stroke * gap, style)
    space = " " if right.cell_length else ""
    return content(f"{stroke} ", style) + left + " " + middle + space + right + tail


class Rule(Lines):
    """A title and, on the right, something short about it."""

    DEFAULT_CSS = "Rule { height: 1; }"
    left: reactive[Content] = reactive(Content(""))
    right: reactive[Content] = reactive(Content(""))
    lit: reactive[bool] = reactive(False)

    def line(self, y: int) -> Content:
        return ruled(self.left, self.right, self.size.width, focused=self.lit, ascii_only=self.ascii_only)
