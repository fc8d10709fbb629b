"""The drawing says exactly what the plan says: its edges, its states, its places."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from engine import StepState
from tui.presentation.graph import Drawing, Graph, Node, draw
from tui.presentation.graph.draw import character_of
from tui.presentation.graph.layout import EAST, NORTH, SOUTH, WEST

MASKS = {character_of(mask): mask & 0x55 | (mask & 0xAA) >> 1 for mask in range(1, 256)}
ROOM = 10_000


def text_of(drawing: Drawing) -> list[str]:
    return ["".join(part.text for part in line) for line in drawing.lines]


@st.composite
def plans(draw_: st.DrawFn, states: tuple[StepState, ...] = (StepState.PENDING,)) -> tuple[Node, ...]:
    count = draw_(st.integers(1, 12))
    timed = draw_(st.booleans())
    nodes: list[Node] = []
    for number in range(count):
        needs = draw_(st.lists(st.sampled_from([node.id for node in nodes]), unique=True, max_size=4)) if nodes else []
        seconds = float(draw_(st.integers(0, 60))) if timed else None
        state = draw_(st.sampled_from(states))
        nodes.append(
            Node(f"n{number}", "abcdefghijkl"[: number + 1], state, tuple(needs), seconds=seconds, usual=seconds)
        )
    return tuple(nodes)


class Reader:
    """Follows the lines of a drawing as an eye does: lines run east, a horizontal one passes behind a vertical one."""

    def __init__(self, drawing: Drawing, steps: list[str]) -> None:
        self.grid = text_of(drawing)
        self.starts: dict[tuple[int, int], str] = {}
        self.ends: dict[str, tuple[int, int]] = {}
        for step in steps:
            place = drawing.position_of(step)
            assert place is not None
            left, row, cells = place
            self.starts[left, row] = step
            self.ends[step] = (left + cells, row)

    def reached(self, step: str) -> list[str]:
        x, y = self.ends[step]
        found: list[str] = []
        self._east(x + 1, y, found, set())
        return sorted(found)

    def _mask(self, x: int, y: int) -> int:
        line = self.grid[y] if 0 <= y < len(self.grid) else ""
        return MASKS.get(line[x], 0) if 0 <= x < len(line) else 0

    def _east(self, x: int, y: int, found: list[str], seen: set[tuple[int, int, int]]) -> None:
        while True:
            mask = self._mask(x, y)
            if not mask:
                if (x + 1, y) in self.starts:
                    found.append(self.starts[x + 1, y])
                return
            if mask & WEST:
                self._turn(x, y, mask, found, seen)
                if not mask & EAST:
                    return
            else:
                assert mask == NORTH | SOUTH, "a wire ends at a line it may not join"
            x += 1

    def _turn(self, x: int, y: int, mask: int, found: list[str], seen: set[tuple[int, int, int]]) -> None:
        for side, step in ((NORTH, -1), (SOUTH, 1)):
            if mask & side:
                self._vertical(x, y, step, found, seen)

    def _vertical(self, x: int, y: int, step: int, found: list[str], seen: set[tuple[int, int, int]]) -> None:
        onward, back = (NORTH, SOUTH) if step < 0 else (SOUTH, NORTH)
        while self._mask(x, y) & onward:
            y += step
            mask = self._mask(x, y)
            assert mask & back, "a vertical line breaks off"
            if mask & EAST:
                self._east(x + 1, y, found, seen)


@settings(max_examples=300, deadline=None)
@given(plans())
def test_reading_the_lines_finds_exactly_the_edges_of_the_plan(nodes: tuple[Node, ...]) -> None:
    drawing = draw(Graph.of(nodes), ROOM, ROOM)
    reader = Reader(drawing, [node.id for node in nodes])
    for node in nodes:
        assert reader.reached(node.id) == sorted(other.id for other in nodes if node.id in other.needs)


@settings(max_examples=100, deadline=None)
@given(plans())
def test_the_ascii_drawing_has_the_same_wires_in_the_same_cells(nodes: tuple[Node, ...]) -> None:
    graph = Graph.of(nodes)
    fancy, plain = draw(graph, ROOM, ROOM), draw(graph, ROOM, ROOM, ascii_only=True)
    assert fancy.cells == plain.cells
    assert all(line.isascii() for line in text_of(plain))
    for row, cells in plain.cells.items():
        assert all(text_of(plain)[row][column] in "-=|+" for column in cells)


@settings(max_examples=150, deadline=None)
@given(plans(tuple(StepState)), st.integers(20, 120), st.integers(3, 20), st.booleans())
def test_whatever_folds_every_step_has_a_place_and_what_is_hot_has_its_own(
    nodes: tuple[Node, ...], width: int, height: int, ascii_only: bool
) -> None:
    drawing = draw(Graph.of(nodes), width, height, ascii_only=ascii_only)
    places = [drawing.position_of(node.id) for node in nodes]
    assert None not in places
    hot = [drawing.position_of(node.id) for node in nodes if node.state.waits_for_person]
    hot += [drawing.position_of(n.id) for n in nodes if n.state in (StepState.RUNNING, StepState.FAILED)]
    assert len(set(hot)) == len(hot)
    assert all(places.count(place) == 1 for place in hot)
    assert all(cell_len(line) <= width for line in text_of(drawing))
    assert len(drawing.lines) <= height


@settings(max_examples=100, deadline=None)
@given(plans(tuple(StepState)))
def test_a_click_finds_the_step_that_a_place_names(nodes: tuple[Node, ...]) -> None:
    drawing = draw(Graph.of(nodes), ROOM, ROOM)
    for node in nodes:
        place = drawing.position_of(node.id)
        assert place is not None
        assert drawing.node_at(place[0], place[1]) == node.id


def test_two_edges_that_cross_are_drawn_apart() -> None:
    state = StepState.PENDING
    nodes = [Node("a", "a", state), Node("b", "b", state)]
    nodes += [Node("x", "x", state, ("a", "b")), Node("y", "y", state, ("a",)), Node("z", "z", state, ("a", "b", "x"))]
    lines = text_of(draw(Graph.of(nodes), 80, 20))
    assert "─│─" in "".join(lines)
    assert not set("┼╋╂┿╀╁╃╄╅╆╇╈╉╊┽┾") & set("".join(lines))


def test_wide_labels_keep_the_cells_in_line() -> None:
    done = StepState.COMPLETED
    nodes = [Node("a", "準備", done), Node("b", "日本語テスト", done, ("a",)), Node("c", "c", done, ("a",))]
    nodes.append(Node("d", "한국어", done, ("b", "c")))
    drawing = draw(Graph.of(nodes), 80, 20)
    assert text_of(drawing) == ["✓ 準備 ─┬─ ✓ 日本語テスト ─┬─ ✓ 한국어", "        └─ ✓ c ────────────┘"]
    upper, lower = text_of(drawing)
    assert cell_len(upper[: upper.rindex("┬")]) == cell_len(lower[: lower.index("┘")])


@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_window_shows_what_the_whole_has_at_that_place(ascii_only: bool) -> None:
    nodes = [Node(f"s{n}", f"段{n}", StepState.FAILED, (f"s{n - 1}",) if n else ()) for n in range(30)]
    graph = Graph.of(nodes)
    cells: list[str] = []
    for character in text_of(draw(graph, ROOM, 3, ascii_only=ascii_only))[0]:
        cells.extend([character, *[""] * (cell_len(character) - 1)])
    for start in range(60):
        wanted = cells[start : start + 20]
        first = " " if not wanted[0] else wanted[0]
        last = " " if start + 20 < len(cells) and not cells[start + 20] else wanted[-1]
        window = text_of(draw(graph, 20, 3, offset=(start, 0), ascii_only=ascii_only))[0]
        assert window == "".join([first, *wanted[1:-1], last])


def test_hostile_labels_and_notes_are_shown_escaped() -> None:
    nodes = [Node("a", "\x1b]52;c;cm0=\x07[bold]", StepState.RUNNING, note="\u202egnp\n")]
    line = text_of(draw(Graph.of(nodes), 80, 3))[0]
    assert line.isprintable()
    assert "\\e]52" in line and "[bold]" in line and "\\u{202E}" in line


def test_the_critical_path_is_the_heavy_line() -> None:
    done = StepState.COMPLETED
    nodes = [Node("a", "a", done, usual=1), Node("b", "b", done, ("a",), usual=9)]
    nodes += [Node("c", "c", done, ("a",), usual=2), Node("d", "d", done, ("b", "c"), usual=0)]
    assert text_of(draw(Graph.of(nodes), 80, 9)) == ["✓ a ━┯━ ✓ b ━┯━ ✓ d", "     └─ ✓ c ─┘"]


def test_without_the_length_of_every_step_no_line_is_heavy() -> None:
    nodes = [Node("a", "a", StepState.COMPLETED, usual=1, seconds=1), Node("b", "b", StepState.PENDING, ("a",))]
    assert text_of(draw(Graph.of(nodes), 80, 9)) == ["✓ a ─ ○ b"]


def test_a_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        Graph.of([Node("a", "a", StepState.PENDING, ("b",)), Node("b", "b", StepState.PENDING, ("a",))])
