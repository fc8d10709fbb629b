"""The log of a run: opens at its end whatever its size, follows it at most twelve times a second.

Reads only what is in sight, by workers, one after the other. Colours of the output become styles; everything else in
it is dropped or shown escaped. Long lines are cut at the edge and looked at sideways.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.worker import Worker

from engine import LogSlice, SignoffError
from tui.commands import Place, bindings
from tui.presentation.amounts import bar, number, size
from tui.presentation.content import content, log_line
from tui.presentation.line import MUTED
from tui.widgets.lines import Lines
from tui.widgets.log_window import CHUNK, Line, LogWindow

FRAME = 1 / 12
"""Seconds between two pictures of a log that grows; nobody reads faster."""
COUNTED = 1 << 26
"""Largest log whose lines are counted; of a larger one the size is told."""
_LONGEST = 1 << 13
"""Bytes of one line that are looked at to draw it, beyond what was scrolled past."""


class LogView(Lines, can_focus=True):
    """Shows one run at a time; `read` is `EngineClient.read_log`."""

    class Moved(Message):
        """Another part is in sight, or the log grew."""

    DEFAULT_CSS = "LogView { height: 1fr; }"
    BINDINGS = bindings(Place.LOG)
    ALLOW_SELECT: ClassVar[bool] = False
    following: reactive[bool] = reactive(True)
    column: reactive[int] = reactive(0)
    live: reactive[bool] = reactive(False)
    """Whether the run may still write."""
    nothing: reactive[str] = reactive("")
    """What to say where there is no log."""

    def __init__(self, read: Callable[[int, int, int], Awaitable[LogSlice]], id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._read = read
        self._run: int | None = None
        self._window = self._window_of(None)
        self._turn = asyncio.Lock()
        self._needle = ""
        self._search: Worker[None] | None = None
        self._searched: float | None = None
        """How much of the log was searched, while it is."""
        self._drawn: dict[tuple[int, int, int], Content] = {}
        self._last, self._due = 0.0, False
        self._counted = self._newlines = 0

    @property
    def run_id(self) -> int | None:
        return self._run

    @property
    def finding(self) -> bool:
        return bool(self._needle)

    def show(self, run: int | None) -> None:
        """Show the end of another run's log, and follow it."""
        if run == self._run:
            return
        self._stop_search()
        self._run, self._window = run, self._window_of(run)
        self._counted = self._newlines = 0
        self._drawn.clear()
        self.following, self.column = True, 0
        self.refresh()
        if run is not None:
            self._go(lambda window, height: window.to_end(height))

    def grew(self) -> None:
        """The log has more bytes than were shown; a picture follows when one is due."""
        if self._due:
            return
        self._due = True
        self.set_timer(max(0.001, self._last + FRAME - time.monotonic()), self._next_picture)

    def _next_picture(self) -> None:
        self._due, self._last = False, time.monotonic()
        if self.following:
            self._go(lambda window, height: window.to_end(height))
        else:
            self._go(lambda window, _: window.look())

    def _go(self, move: Callable[[LogWindow, int], Awaitable[None]]) -> Worker[None]:
        return self.run_worker(self._went(self._window, move), group="log", exit_on_error=True)

    def _move(self, move: Callable[[LogWindow, int], Awaitable[None]]) -> None:
        """Go somewhere else because a person wants to: nothing is searched for any more."""
        self._stop_search()
        self._go(move)

    def _stop_search(self) -> None:
        if self._search is not None:
            self._search.cancel()
            self._search = self._searched = None

    async def _went(self, window: LogWindow, move: Callable[[LogWindow, int], Awaitable[None]]) -> None:
        async with self._turn:
            if window is not self._window:
                return  # Another log was opened while this one waited for its turn.
            try:
                await move(window, max(1, self.size.height))
                await self._count(window)
            except SignoffError as error:
                self.nothing, self._searched = str(error), None
        if window is self._window:
            self.refresh()
            self.post_message(self.Moved())

    def _window_of(self, run: int | None) -> LogWindow:
        """A view of one log, which stays that of this log whatever is shown later."""

        async def read(offset: int, n: int) -> LogSlice:
            return LogSlice(data=b"", offset=0, size=0) if run is None else await self._read(run, offset, n)

        return LogWindow(read)

    async def _count(self, window: LogWindow) -> None:
        while window is self._window and self._counted < window.size <= COUNTED:
            data = (await window.read(self._counted, CHUNK)).data
            self._counted += len(data)
            self._newlines += data.count(b"\n")
            if not data:
                return

    def line(self, y: int) -> Content:
        lines = self._window.lines
        if not lines:
            return content(f" {self.nothing}", MUTED) if y == 0 and self.nothing else Content("")
        return self._draw(lines[y]) if y < len(lines) else Content("")

    def _draw(self, line: Line) -> Content:
        key = (line.offset, line.end, self.column)
        made = self._drawn.get(key)
        if made is None:
            if len(self._drawn) > 400:
                self._drawn.clear()
            made = self._drawn[key] = self._marked(log_line(line.data[: self.column * 4 + _LONGEST]))
        return made

    def _marked(self, text: Content) -> Content:
        if self._needle:
            plain = text.plain if self._needle != self._needle.lower() else text.plain.lower()
            place = plain.find(self._needle)
            while place >= 0:
                text = text.stylize("reverse", place, place + len(self._needle))
                place = plain.find(self._needle, place + len(self._needle))
        return Content(" ") + (text[self.column :] if self.column else text)

    def where(self) -> str:
        """`following · 1,204`, or how far down the top line is."""
        window = self._window
        if not window.size:
            return ""
        if self._searched is not None:
            return f"searching {bar(self._searched, 10, ascii_only=self.ascii_only)} {self._searched:.0%}, esc stops"
        total = number(self._newlines) if window.size <= COUNTED else size(window.size)
        if self.following:
            dot = "-" if self.ascii_only else "·"
            return f"following {dot} {total}" if self.live else f"end {dot} {total}"
        share = min(100, round(100 * window.lines[-1].end / window.size)) if window.lines else 0
        return f"{share} % of {total}"

    def visible_text(self) -> str:
        """The lines in sight, as they are shown."""
        return "\n".join(log_line(line.data).plain for line in self._window.lines)

    def on_resize(self) -> None:
        if self._run is None:
            return
        top = self._window.lines[0].offset if self._window.lines else 0
        if self.following:
            self._go(lambda window, height: window.to_end(height))
        else:
            self._go(lambda window, height: window.to(top, height))

    def find(self, needle: str) -> None:
        """Go to the next line that holds `needle`; an empty one ends the search."""
        self._stop_search()
        self._needle = needle
        self._drawn.clear()
        self.refresh()
        self.post_message(self.Moved())
        if needle:
            self.action_find_next(1)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.finding if action == "find_next" else True

    def action_find_next(self, by: int) -> None:
        self.following = False
        self._stop_search()
        self._search = self._go(lambda window, height: self._found(window, height, forward=by > 0))

    async def _found(self, window: LogWindow, height: int, *, forward: bool) -> None:
        needle = self._needle
        place = await window.find(
            needle.encode(), forward=forward, any_case=needle == needle.lower(), searched=self._tell_searched
        )
        self._search = self._searched = None
        if place is None:
            self.notify(f"nothing in this log holds {content(needle).plain}", markup=False)
        else:
            await window.to(place, height)

    def _tell_searched(self, share: float) -> None:
        """At most as often as the log itself is drawn; a search that is done sooner is not worth a word."""
        if time.monotonic() >= self._last + FRAME:
            self._last, self._searched = time.monotonic(), share
            self.post_message(self.Moved())

    def action_follow(self) -> None:
        self.following = not self.following
        self._move(lambda window, height: window.to_end(height) if self.following else window.look())

    def action_scroll(self, by: int) -> None:
        self._move(lambda window, height: self._moved(window, by, height))

    def action_page(self, by: int) -> None:
        self._move(lambda window, height: self._moved(window, by * max(1, height - 1), height))

    async def _moved(self, window: LogWindow, by: int, height: int) -> None:
        """Going back stops following; reaching the end starts it again."""
        await window.move(by, height)
        self.following = window.at_end and by > 0

    def action_sideways(self, by: int) -> None:
        self.column = max(0, self.column + by * (self.size.width // 2))

    def action_top(self) -> None:
        self.following = False
        self._move(lambda window, height: window.to(0, height))

    def action_bottom(self) -> None:
        self.following = True
        self._move(lambda window, height: window.to_end(height))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_scroll(-3)
