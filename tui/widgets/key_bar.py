"""The last line: what waits for a person, or what a second key would do; and the keys of the focused pane."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tui.commands import Command, Place, of
from tui.presentation.content import assemble
from tui.presentation.line import MUTED, clipped
from tui.widgets.lines import Lines

_GAP = "  "


class KeyBar(Lines):
    """A banner on the left, hints on the right; a click on either does what it says."""

    class Pressed(Message):
        """A hint was clicked."""

        def __init__(self, command: Command) -> None:
            self.command = command
            super().__init__()

    class BannerPressed(Message):
        """The banner was clicked."""

    DEFAULT_CSS = "KeyBar { height: 1; background: $panel; }"
    banner: reactive[Content] = reactive(Content(""))
    place: reactive[Place] = reactive(Place.GRAPH)
    few: reactive[bool] = reactive(False)
    """Whether there is no task yet, and so little to do."""

    def line(self, y: int) -> Content:
        banner, width = self.banner, self.size.width
        hints = self._fitting(width - banner.cell_length - (2 if banner.cell_length else 1))
        line = Content(_GAP).join(_hint(command) for command in hints)
        banner = clipped(banner, width, ascii_only=self.ascii_only)
        if not banner.cell_length:
            return Content(" ") + line
        return banner + Content(" " * max(1, width - banner.cell_length - line.cell_length - 1)) + line

    def _fitting(self, room: int) -> Sequence[Command]:
        """As many hints as fit: the pane's first; help stays longest."""
        found = [command for command in of(self.place, Place.WORKBENCH, Place.APP) if command.hint]
        if self.few:
            found = [command for command in found if command.place is Place.APP or command.action == "new_task"]
        found.sort(key=lambda command: command.place is not self.place)
        while found and sum(_hint(command).cell_length + len(_GAP) for command in found) > room + len(_GAP):
            found.pop(-3 if len(found) > 2 else 0)
        return found

    def on_click(self, event: events.Click) -> None:
        if event.x < self.banner.cell_length:
            self.post_message(self.BannerPressed())
            return
        banner, width = self.banner.cell_length, self.size.width
        hints = self._fitting(width - banner - (2 if banner else 1))
        line = Content(_GAP).join(_hint(command) for command in hints)
        at = 1 if not banner else width - line.cell_length - 1
        for command in hints:
            at += _hint(command).cell_length + len(_GAP)
            if event.x < at:
                self.post_message(self.Pressed(command))
                return


def _hint(command: Command) -> Content:
    return assemble((command.shown, "bold $accent"), (f" {command.hint}", MUTED))
