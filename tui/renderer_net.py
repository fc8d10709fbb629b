"""The net at the renderer (S1): the last look at every segment before it is written to the terminal.

It catches what came past `presentation.safe`. It keeps the width of every line, since the layout is done: a
character with cells becomes that many question marks, one without disappears.
"""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from tui.presentation.safe import is_safe, kinds


class Net(LineFilter):
    """A line filter for `App._filters`, to stand first: clean lines pass as they are."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(_clean(segment) for segment in segments):
            return segments
        return [Segment(_caught(text), _unlinked(style), control) for text, style, control in segments]


def _clean(segment: Segment) -> bool:
    text, style, _ = segment
    if not (text.isascii() and text.isprintable()) and _caught(text) != text:
        return False
    return style is None or style.link is None or is_safe(style.link)


@lru_cache(4096)
def _caught(text: str) -> str:
    if is_safe(text):
        return text
    marks = 0
    kept: list[str] = []
    for character, kind in zip(text, kinds(text), strict=True):
        marks = marks + 1 if kind == "m" else 0
        if kind == "x":
            kept.append("?" * cell_len(character))
        elif marks <= 2:
            kept.append(character)
    return "".join(kept)


def _unlinked(style: Style | None) -> Style | None:
    """Rich writes a link's address raw; one that is not safe is dropped."""
    return style if style is None or style.link is None or is_safe(style.link) else style.update_link(None)
