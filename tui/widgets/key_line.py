"""A line of keys and what they do. Each is a target for the mouse too; where it can have the focus, arrows choose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tui.presentation.content import assemble, content
from tui.presentation.line import MUTED, clipped
from tui.widgets.lines import Lines


class Key(NamedTuple):
    """One thing to press."""

    key: str
    """As people read it."""
    label: str
    action: str
    """What the screen does, as an action of its own."""


class KeyLine(Lines):
    """Keys side by side; those that do not fit go, the last ones first, save the very last."""

    class Pressed(Message):
        """A key was clicked, or chosen with enter."""

        def __init__(self, key: Key) -> None:
            self.key = key
            super().__init__()

    DEFAULT_CSS = "KeyLine { height: 1; }"
    keys: reactive[Sequence[Key]] = reactive((), always_update=True)
    lead: reactive[Content] = reactive(Content(""))
    """What stands before the keys, such as a question."""
    gap = 2

    def line(self, y: int) -> Content:
        made = Content(" ") + self._led()
        for position, (start, key) in enumerate(self._places()):
            made += Content(" " * (start - made.cell_length)) + self._drawn(position, key)
        return clipped(made, self.size.width, ascii_only=self.ascii_only)

    def _drawn(self, position: int, key: Key) -> Content:
        return assemble((key.key, "bold $accent"), (f" {key.label}" if key.label else "", MUTED))

    def _places(self) -> Iterator[tuple[int, Key]]:
        """Where each key that fits begins."""
        keys = list(self.keys)
        while len(keys) > 1 and self._end(keys) > self.size.width:
            keys.pop(-2)
        x = self._begin()
        for key in keys:
            yield x, key
            x += self._drawn(0, key).cell_length + self.gap

    def _led(self) -> Content:
        """What stands before the keys; it gives way before the keys do that answer it."""
        room = self.size.width - 1 - sum(self._drawn(0, key).cell_length + self.gap for key in self.keys)
        fits = self.lead.cell_length <= room or room < self.size.width // 3
        return self.lead if fits else clipped(self.lead, room, ascii_only=self.ascii_only)

    def _begin(self) -> int:
        lead = self._led().cell_length
        return 1 + (lead + self.gap if lead else 0)

    def _end(self, keys: Sequence[Key]) -> int:
        return self._begin() + sum(self._drawn(0, key).cell_length + self.gap for key in keys) - self.gap

    def on_click(self, event: events.Click) -> None:
        for position, (start, key) in enumerate(self._places()):
            if start <= event.x < start + self._drawn(position, key).cell_length:
                self.post_message(self.Pressed(key))


class Choices(KeyLine, can_focus=True):
    """Keys of which one is chosen: the first one, until somebody moves on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,shift+tab", "choose(-1)", "Previous choice", show=False),
        Binding("right,tab", "choose(1)", "Next choice", show=False),
        Binding("enter", "press", "Take the choice", show=False),
    ]
    chosen: reactive[int] = reactive(0)
    gap = 3

    def _drawn(self, position: int, key: Key) -> Content:
        text = super()._drawn(position, key)
        if position != self.chosen:
            return content(" ") + text + content(" ")
        return assemble(("[", "bold"), text, ("]", "bold")).stylize("reverse" if self.has_focus else "")

    def watch_keys(self) -> None:
        self.chosen = 0

    def action_choose(self, by: int) -> None:
        self.chosen = (self.chosen + by) % max(1, len(list(self._places())))

    def action_press(self) -> None:
        shown = [key for _, key in self._places()]
        if self.chosen < len(shown):
            self.post_message(self.Pressed(shown[self.chosen]))
