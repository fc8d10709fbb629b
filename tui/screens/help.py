"""Help: the keys of the pane that had the focus, then those heard everywhere, from `commands`; and what marks mean."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from tui.commands import COMMANDS, Place, of
from tui.presentation.content import content
from tui.presentation.line import MUTED, column
from tui.presentation.status import HELD, SAID, STEPS
from tui.screens.keys import Sheet

_NAMES = {
    Place.TASKS: "Tasks",
    Place.GRAPH: "Graph",
    Place.LOG: "Log",
    Place.TEXT: "Detail, diff, notes",
    Place.WORKBENCH: "Anywhere in the workbench",
    Place.APP: "Anywhere",
}


class HelpScreen(Sheet):
    """The sheet of the workbench."""

    def __init__(self, place: Place, *, ascii_only: bool = False) -> None:
        super().__init__(list(lines(place, ascii_only=ascii_only)))


def lines(place: Place, *, ascii_only: bool = False) -> Iterator[Content]:
    """All keys, of the focused place first; behind those of the workbench the marks of steps, last the palette."""
    shown = dict.fromkeys((place, Place.WORKBENCH))
    for each in shown:
        yield from _keys(each)
    yield content("Marks of steps", "bold $accent")
    yield from _marks(ascii_only)
    yield Content("")
    for each in dict.fromkeys((Place.APP, *_NAMES)):
        if each not in shown:
            yield from _keys(each)
    yield content("Only in the palette ( : )", "bold $accent")
    yield from (_line("", command.title, command.help) for command in COMMANDS if not command.key)


def _keys(place: Place) -> Iterator[Content]:
    yield content(_NAMES[place], "bold $accent")
    yield from (_line(command.shown, command.title, command.help) for command in of(place) if command.key)
    yield Content("")


def _marks(ascii_only: bool) -> Iterator[Content]:
    """Three marks a line."""
    marks = [
        column(content(f"  {look.glyph(ascii_only=ascii_only)} ", look.style) + content(look.word), 24)
        for look in (*STEPS.values(), HELD, SAID)
    ]
    yield from (Content("").join(row) for row in (marks[n : n + 3] for n in range(0, len(marks), 3)))


def _line(key: str, title: str, said: str) -> Content:
    return column(content(f"  {key}", "bold"), 13) + column(content(title), 23) + content(f" {said}", MUTED)
