"""A few words of which one holds: arrows and space go on, a click takes the one under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tui.presentation.content import content
from tui.presentation.line import MUTED, clipped
from tui.widgets.lines import Lines


class Options(Lines, can_focus=True):
    """Shows `words` side by side, the chosen one in brackets."""

    class Changed(Message):
        """Another word holds."""

    DEFAULT_CSS = "Options { height: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "choose(1)", "Next", show=False),
        Binding("left,h", "choose(-1)", "Previous", show=False),
    ]
    chosen: reactive[int] = reactive(0)

    def __init__(self, words: Sequence[str], value: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.words = tuple(words)
        self.set_reactive(Options.chosen, self.words.index(value) if value in self.words else 0)

    @property
    def value(self) -> str:
        return self.words[self.chosen]

    def offer(self, words: Sequence[str], value: str) -> None:
        """Other words, of which `value` holds, or the first one where it is none of them."""
        self.words = tuple(words)
        self.chosen = self.words.index(value) if value in self.words else 0
        self.refresh()

    def line(self, y: int) -> Content:
        made = Content("")
        for place, (_, word) in enumerate(self._places()):
            here = place == self.chosen
            drawn = content(f"[{word}]" if here else f" {word} ", "bold" if here else MUTED)
            made += (drawn.stylize("reverse") if here and self.has_focus else drawn) + Content(" ")
        return clipped(made, self.size.width, ascii_only=self.ascii_only)

    def _places(self) -> Iterator[tuple[int, str]]:
        """Where each word begins; the words are our own."""
        x = 0
        for word in self.words:
            yield x, word
            x += len(word) + 3

    def watch_chosen(self) -> None:
        self.post_message(self.Changed())

    def action_choose(self, by: int) -> None:
        self.chosen = (self.chosen + by) % len(self.words)

    def on_click(self, event: events.Click) -> None:
        for place, (start, word) in enumerate(self._places()):
            if start <= event.x < start + len(word) + 2:
                self.chosen = place
