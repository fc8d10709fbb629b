"""What exactly will run, as numbered rows: our own rendering, nothing interpreted, nothing hidden, all of it reachable.

Long lines go on below instead of leaving the screen; long runs of blanks are counted; hidden bytes are visible (S1,
S4). Pure, and cheap to import.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine import dataclass
from tui.presentation.safe import INDENT, TAB, ascii_only, pieces
from tui.presentation.wrap import Piece, hard_wrapped

GOES_ON, GOES_ON_ASCII = "↳", ">"
NARROWEST = 8


@dataclass(frozen=True)
class Row:
    """One row on the screen."""

    line: int
    """Line of the operand, counted from 1."""
    first: bool
    """Whether the line begins here; else it goes on from the row above."""
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.pieces)


def lines_of(operand: str) -> list[str]:
    """The lines of an operand; a newline at its very end makes no line of its own."""
    lines = operand.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines


def gutter(operand: str) -> int:
    """Cells that the largest line number takes."""
    return len(str(len(lines_of(operand))))


def rows(operand: str, width: int, *, plain: bool = False) -> list[Row]:
    """Every row of an operand, each at most `width` cells.

    Args:
        operand: the text that will run.
        width: cells of a row, without the gutter; a row that goes on keeps one of them for its mark.
        plain: ASCII only.
    """
    return [
        row
        for number, line in enumerate(lines_of(operand), start=1)
        for row in line_rows(line, number, width, plain=plain)
    ]


def line_rows(line: str, number: int, width: int, *, plain: bool = False) -> list[Row]:
    """Every row of one line."""
    return wrapped(shown(line, plain=plain), number, width)


def shown(text: str, *, plain: bool = False) -> list[Piece]:
    """A line, or a part of it, safe to draw: indentation stays, tabs are arrows."""
    found = list(pieces(text, indent=INDENT, tab="->  " if plain else TAB))
    if plain:
        return [(text if text.isspace() else ascii_only(text), escape) for text, escape in found]
    return found


def wrapped(found: Iterable[Piece], number: int, width: int) -> list[Row]:
    """The rows that safe pieces of one line take."""
    rows = hard_wrapped(found, max(NARROWEST, width - 1))
    return [Row(number, position == 0, tuple(row)) for position, row in enumerate(rows)]
