"""The net for terminals without Unicode: whatever is drawn, by whichever widget, leaves as ASCII in as many cells.

Views choose ASCII for their own glyphs and lines; this catches the rest: punctuation of texts, borders of widgets that
are not ours, and foreign text, of which each cell becomes a question mark.
"""

from __future__ import annotations

from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_LIKE = dict(zip("·…─━→←▸◂▾≈“”⟨⟩↳│┃▔▁", '->--><><v~""<>>||--', strict=True))


class AsciiNet(LineFilter):
    """A line filter for `App._filters`."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(segment.text.isascii() for segment in segments):
            return segments
        return [Segment(in_ascii(text), style, control) for text, style, control in segments]


@lru_cache(4096)
def in_ascii(text: str) -> str:
    """The same text in as many cells; what has no like becomes question marks."""
    if text.isascii():
        return text
    return "".join(_LIKE.get(c) or (c if c.isascii() else "?" * get_character_cell_size(c)) for c in text)
