"""Fitting `Content` into one line: clipped with a mark, spread to both ends, padded to a column. Widths are cells."""

from __future__ import annotations

from textual.content import Content

from tui.presentation.content import content

MUTED = "$text-muted"


def clipped(text: Content, width: int, *, ascii_only: bool = False) -> Content:
    """At most `width` cells; a mark at the end tells that something is missing."""
    if text.cell_length <= width:
        return text
    if width < 2:
        return text.truncate(max(0, width))
    return text.truncate(width - 1) + content(">" if ascii_only else "…", MUTED)


def spread(left: Content, right: Content, width: int, *, ascii_only: bool = False) -> Content:
    """Left and right on one line; where both do not fit, the left one is clipped, then the right one goes."""
    room = width - right.cell_length
    if room < min(12, left.cell_length):
        return clipped(left, width, ascii_only=ascii_only)
    gap = 1 if left.cell_length and right.cell_length else 0
    return column(clipped(left, room - gap, ascii_only=ascii_only), room) + right


def column(text: Content, width: int) -> Content:
    """At least `width` cells, padded on the right."""
    return text + Content(" " * max(0, width - text.cell_length))
