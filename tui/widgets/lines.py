"""The ground of every view here: a widget that is asked for the `Content` of one row at a time.

Only rows in sight are made, styles are parsed once a theme, and nothing is ever taken for markup.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.content import Content
from textual.markup import parse_style
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from tui.theme import Colours

_BLANK = Content("")


class Lines(Widget):
    """Draws `line(y)` for each row of the widget."""

    DEFAULT_CSS = "Lines { width: 1fr; height: 1fr; }"
    ascii_only = False
    """Whether chrome is drawn with ASCII alone; set by the screen."""

    @property
    def cursor_style(self) -> str:
        """How what is chosen is marked: terminals with few colours, or none, get it reversed."""
        return "bold on $cursor" if self.app.theme in (Colours.DARK, Colours.LIGHT) else "reverse"

    def line(self, y: int) -> Content:
        """The row `y` of the widget, counted from 0 at its top; longer than the widget is cropped."""
        return _BLANK

    def render_line(self, y: int) -> Strip:
        base, width = self.visual_style, self.size.width
        segments = [
            Segment(text, style.rich_style) for text, style in self.line(y).render(base, "", self._parsed) if text
        ]
        return Strip(segments).adjust_cell_length(width, base.rich_style)

    def _parsed(self, style: str | Style) -> Style:
        if isinstance(style, Style):
            return style
        key = (self.app.theme, style)
        found = _STYLES.get(key)
        if found is None:
            found = _STYLES[key] = parse_style(style)
        return found


_STYLES: dict[tuple[str, str], Style] = {}
"""By theme and words; a program has a few dozen, and a log at most its colours."""
