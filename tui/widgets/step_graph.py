"""The steps of a task as a graph, as stages, or as a list: whatever the drawing room of `presentation.graph` makes fit.

Keeps what a person chose (selection, folds, list) and where the window stands; a state that changes costs one drawing
of the window. Arrows follow edges; where rows are shown they go from row to row.
"""

from __future__ import annotations

from collections.abc import Collection

from textual import events
from textual.content import Content, Span
from textual.message import Message
from textual.reactive import reactive

from engine import StepState
from tui.commands import Place, bindings
from tui.presentation.graph import Drawing, Graph, Line, draw
from tui.widgets.lines import Lines


class StepGraph(Lines, can_focus=True):
    """Shows `graph`; `selected` is a step, or the key of a stage."""

    class Selected(Message):
        """A person chose a step."""

        def __init__(self, step: str) -> None:
            self.step = step
            super().__init__()

    class Opened(Message):
        """The log of the chosen step shall be looked at."""

    DEFAULT_CSS = "StepGraph { height: 3; }"
    BINDINGS = bindings(Place.GRAPH)
    graph: reactive[Graph | None] = reactive(None, always_update=True)
    selected: reactive[str] = reactive("")
    list_mode: reactive[bool] = reactive(False)
    tallest: reactive[int] = reactive(8)
    """Rows that the graph may take at most."""
    _drawing: Drawing | None = None
    _least = 1

    def __init__(self, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._folded: set[str] = set()
        self._opened: set[str] = set()
        self._offset = (0, 0)

    @property
    def _width(self) -> int:
        """Before the first layout as if alone on the screen: so tall it will mostly stay."""
        return self.size.width or self.app.size.width

    @property
    def drawing(self) -> Drawing | None:
        """The window as it is to be drawn, made when something that it depends on changed."""
        if self._drawing is None and self.graph is not None and self._width:
            self._drawing = self._drawn(self._offset)
            offset = self._offset_for(self._drawing)
            if offset != self._offset:
                self._offset = offset
                self._drawing = self._drawn(offset)
        return self._drawing

    def _drawn(self, offset: tuple[int, int]) -> Drawing:
        assert self.graph is not None
        return draw(
            self.graph,
            self._width - 1,
            self.tallest,
            selected=self.selected,
            folded=self._folded,
            opened=self._opened,
            ascii_only=self.ascii_only,
            list_mode=self.list_mode,
            offset=offset,
        )

    def _offset_for(self, drawing: Drawing) -> tuple[int, int]:
        """Where the window must stand to hold the chosen step, moved as little as possible."""
        width, height = self._width - 1, min(self.tallest, drawing.height)
        x, y = min(self._offset[0], max(0, drawing.width - width)), min(self._offset[1], drawing.height - height)
        if place := drawing.position_of(self.selected):
            left, row, cells = place
            if not drawing.rows:
                x = min(max(x, left + cells + 2 - width), max(0, left - 2))
            y = min(max(y, row - height + 1), row)
        return max(0, x), max(0, y)

    def forget(self) -> None:
        """Another plan is about to be shown."""
        self._folded, self._opened, self._offset, self._least = set(), set(), (0, 0), 1

    def redraw(self) -> None:
        self._drawing = None
        self.refresh()
        self._fit()

    def _fit(self) -> None:
        """Take the rows that are needed; while a plan is shown, never fewer than before: the log stands still."""
        if drawing := self.drawing:
            self._least = min(self.tallest, max(self._least, drawing.height))
            if self.styles.height is None or self.styles.height.value != self._least:
                self.styles.height = self._least

    def watch_graph(self) -> None:
        self.redraw()

    def watch_selected(self) -> None:
        self.redraw()

    def watch_list_mode(self) -> None:
        self._offset, self._least = (0, 0), 1
        self.redraw()

    def watch_tallest(self) -> None:
        self._least = 1
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def line(self, y: int) -> Content:
        drawing = self.drawing
        if drawing is None or y >= len(drawing.lines):
            return Content("")
        return _content(drawing.lines[y], self.cursor_style)

    def action_step(self, way: str) -> None:
        if self.graph is None:
            return
        found = self._along_rows(way) if self.drawing and self.drawing.rows else None
        if found is None:
            found = self._along_edges(self.graph, way)
        if found is not None:
            self.post_message(self.Selected(found))

    def _along_rows(self, way: str) -> str | None:
        """The step or stage of the row above or below."""
        assert self.drawing is not None and self.drawing.rows is not None
        rows = self.drawing.rows
        place = rows.position_of(self.selected)
        here = place[1] if place else -1
        row = {"down": here + 1, "up": here - 1, "first": 0, "last": rows.height - 1}.get(way)
        if row is None or not 0 <= row < rows.height:
            return None
        return next((part.node_id for part in rows.make(row) if part.node_id), None)

    def _along_edges(self, graph: Graph, way: str) -> str | None:
        ids = graph.shape.order
        match way:
            case "right":
                return graph.dependent_of(self.selected)
            case "left":
                return graph.need_of(self.selected)
            case "down" | "up":
                return graph.sibling(self.selected, 1 if way == "down" else -1)
            case "first" | "last":
                return next(iter(ids) if way == "first" else reversed(list(ids)), None)
        return None

    def jump(self, states: Collection[StepState]) -> str | None:
        """The next step in one of some states, after the chosen one and round the end."""
        return self.graph.next_in_state(self.selected or None, states) if self.graph else None

    def action_fold(self) -> None:
        step = self.selected
        if self._is_folded(step):
            self._folded.discard(step)
            self._opened.add(step)
        else:
            self._opened.discard(step)
            self._folded.add(step)
        self.redraw()

    def _is_folded(self, step: str) -> bool:
        """Shown in one place with a neighbour, or a stage whose steps are out of sight."""
        if self.graph is None or self.drawing is None or step in self._folded:
            return step in self._folded
        if step not in self.graph.nodes:
            return step not in self._opened
        beside = {self.graph.need_of(step), self.graph.dependent_of(step)} - {None}
        place = self.drawing.position_of(step)
        return any(self.drawing.position_of(other) == place for other in beside if other)

    def action_list(self) -> None:
        self.list_mode = not self.list_mode

    def action_scroll(self, by: int) -> None:
        if drawing := self.drawing:
            rows = max(1, min(self.tallest, drawing.height) // 2)
            for _ in range(rows):
                self.action_step("down" if by > 0 else "up")

    def action_open(self) -> None:
        if self.graph is not None and self.selected not in self.graph.nodes:
            self.action_fold()
        else:
            self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        step = self.drawing.node_at(event.x - 1, event.y) if self.drawing else None
        if step is None:
            return
        again = step == self.selected
        self.post_message(self.Selected(step))
        if again:
            self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_step("down")

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_step("up")


def _content(line: Line, chosen: str) -> Content:
    """A line of the drawing, which is safe already, with its styles; `chosen` is how the selection is marked."""
    spans, end = [], 1
    for part in line:
        start, end = end, end + len(part.text)
        if part.style:
            spans.append(Span(start, end, part.style.replace("reverse", chosen)))
    return Content(" " + "".join(part.text for part in line), spans)
