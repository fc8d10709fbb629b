"""The graph pane: picks the form that fits (graph, stages, list) and draws the visible window.

Layouts are kept in the plan's shape by what they depend on; a state that changes costs the text of its window.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import field, replace

from engine import dataclass
from tui.presentation.graph.fold import Box, Level, boxes, links
from tui.presentation.graph.layout import Layout, arrange
from tui.presentation.graph.nodes import Graph, edges_of
from tui.presentation.graph.parts import EDGE, Ink, Line, Part, box_parts, crop, width
from tui.presentation.graph.rows import Rows, list_rows, stage_rows
from tui.presentation.status import CRITICAL

LARGEST = 60
"""Plans of more steps become stages as soon as they do not fit unfolded."""
_DRAWABLE = 400
"""Plans of more steps are never laid out."""
_KEPT = 32
_UNFOLDED = (Level.STEPS, Level.STRANDS)
_SHORT = 14
"""Cells of a label on the last level."""
_BOX = " ╵╹╶└┖╺┕┗╷│╿┌├┞┍┝┡╻╽┃┎┟┠┏┢┣╴┘┚─┴┸╼┶┺┐┤┦┬┼╀┮┾╄┒┧┨┰╁╂┲╆╊╸┙┛╾┵┹━┷┻┑┥┩┭┽╃┯┿╇┓┪┫┱╅╉┳╈╋"
"""Box drawing by sides N E S W in base 3: no, light, heavy line."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """The visible window of a drawing, and where its steps are. Places are in cells of the whole drawing."""

    lines: tuple[Line, ...]
    width: int
    height: int
    offset: tuple[int, int] = (0, 0)
    places: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    """Left edge, row and cells of each step (of its fold where it is folded)."""
    cells: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    """Wires: row to column to mask, as `layout` has them."""
    rows: Rows | None = None

    def position_of(self, step: str) -> tuple[int, int, int] | None:
        """Left edge, row and cells of a step in the whole drawing; None if it is not shown."""
        return self.rows.position_of(step) if self.rows else self.places.get(step)

    def node_at(self, x: int, y: int) -> str | None:
        """The step at a cell of the window."""
        if not 0 <= y < len(self.lines):
            return None
        edge = 0
        for part in self.lines[y]:
            edge += width((part,))
            if x < edge:
                return part.node_id
        return None


class _Bounds(tuple[tuple[int, int], ...]):
    """The least columns and rows of the unfolded levels, kept in the shape."""


@dataclass(frozen=True, eq=False)
class _Scene:
    """One level of folding, laid out."""

    made: list[Box]
    texts: list[Line]
    layout: Layout


def draw(
    graph: Graph,
    width: int,
    height: int,
    *,
    selected: str | None = None,
    folded: Collection[str] = frozenset(),
    opened: Collection[str] = frozenset(),
    ascii_only: bool = False,
    list_mode: bool = False,
    offset: tuple[int, int] = (0, 0),
) -> Drawing:
    """Draw the window of `width` x `height` cells at `offset` (column, row) of the graph.

    Args:
        folded: steps whose strand the person folded, keys of stages that were closed.
        opened: steps whose strand the person opened, keys of stages that were opened.
    """
    ink = Ink(ascii_only, selected=selected)
    if list_mode:
        return _from_rows(list_rows(graph, ink, width), width, height, offset)
    scene = _scene(graph, width, height, folded, opened, ink)
    if scene is None:
        return _from_rows(stage_rows(graph, ink, width, folded, opened), width, height, offset)
    return _from_scene(scene, ink, width, height, offset)


def _scene(
    graph: Graph, columns: int, height: int, folded: Collection[str], opened: Collection[str], ink: Ink
) -> _Scene | None:
    """The least folded level that fits; else the most folded one, or None for stages."""
    large = len(graph.nodes) > LARGEST
    if large and not folded and not _hopeful(graph, columns, height):
        return None
    scene: _Scene | None = None
    made: list[Box] = []
    for level in _UNFOLDED if large else Level:
        last = level is Level.IDLE
        before, made = made, boxes(graph, level, folded, opened)
        if made == before and not last:
            continue
        tight = replace(ink, label=_SHORT, terse=True) if last else ink
        scene = _arranged(graph, made, tight, None if last else (columns, height))
        if scene and scene.layout.width <= columns and scene.layout.height <= height:
            return scene
    return None if large else scene


def _hopeful(graph: Graph, columns: int, height: int) -> bool:
    """Whether a large plan might fit unfolded, by its structure alone."""
    if len(graph.nodes) > _DRAWABLE:
        return False
    least = graph.shape.drawn.get(_Bounds)
    if not isinstance(least, _Bounds):
        least = graph.shape.drawn[_Bounds] = _Bounds(_bound(graph, level) for level in _UNFOLDED)
    return any(across <= columns and down <= height for across, down in least)


def _bound(graph: Graph, level: Level) -> tuple[int, int]:
    """Columns and rows of a level if every label were one cell."""
    made = boxes(graph, level, (), ())
    return _least(tuple(6 * len(box.runs) - 3 for box in made), links(graph.shape, made)[1])


def _arranged(graph: Graph, made: list[Box], ink: Ink, room: tuple[int, int] | None) -> _Scene | None:
    """Lay boxes out; None if it is plain before any routing that they cannot fit into `room`."""
    needs, ranks = links(graph.shape, made)
    heavy = edges_of(graph.shape.critical)
    texts = _texts(graph, made, ranks, ink, heavy)
    widths = tuple(width(text) for text in texts)
    across, down = _least(widths, ranks)
    if room and (across > room[0] or down > room[1]):
        return None
    owner = {step: place for place, box in enumerate(made) for step in box.members}
    strong = frozenset((owner[need], owner[step]) for need, step in heavy if owner[need] != owner[step])
    return _Scene(made, texts, _layout(graph.shape.drawn, widths, needs, ranks, strong))


def _texts(
    graph: Graph, made: list[Box], ranks: tuple[int, ...], ink: Ink, heavy: frozenset[tuple[str, str]]
) -> list[Line]:
    pads = [0] * (max(ranks, default=0) + 1)
    for box, rank in zip(made, ranks, strict=True):
        pads[rank] = max(pads[rank], width((Part(ink.text(box.title, ink.label)),)) if box.title else 0)
    return [box_parts(graph, box, pads[rank], ink, heavy) for box, rank in zip(made, ranks, strict=True)]


def _layout(
    kept: dict[object, object],
    widths: tuple[int, ...],
    needs: tuple[frozenset[int], ...],
    ranks: tuple[int, ...],
    strong: frozenset[tuple[int, int]],
) -> Layout:
    key = (widths, needs, strong)
    layout = kept.get(key)
    if not isinstance(layout, Layout):
        if len(kept) > _KEPT:
            kept.clear()
        layout = kept[key] = arrange(widths, needs, ranks, strong)
    return layout


def _least(widths: tuple[int, ...], ranks: tuple[int, ...]) -> tuple[int, int]:
    """Columns and rows that boxes need even if every wire were straight."""
    widest: dict[int, int] = {}
    counts: dict[int, int] = {}
    for cells, rank in zip(widths, ranks, strict=True):
        widest[rank] = max(widest.get(rank, 0), cells)
        counts[rank] = counts.get(rank, 0) + 1
    return sum(widest.values()) + 3 * (len(widest) - 1), max(counts.values(), default=0)


def _from_scene(scene: _Scene, ink: Ink, columns: int, height: int, offset: tuple[int, int]) -> Drawing:
    layout = scene.layout
    pieces: dict[int, list[tuple[int, Line]]] = {}
    places: dict[str, tuple[int, int, int]] = {}
    for box, text, (left, row) in zip(scene.made, scene.texts, layout.places, strict=True):
        places.update(_places(box, text, left, row))
        if offset[1] <= row < offset[1] + height:
            pieces.setdefault(row, []).append((left, text))
    wires = _wires(layout, ink.ascii)
    lines: list[Line] = []
    for row in range(offset[1], min(layout.height, offset[1] + height)):
        found = [(x, (Part(text, CRITICAL if strong else EDGE),)) for x, text, strong in wires.get(row, ())]
        lines.append(crop(_line([*found, *pieces.get(row, ())]), offset[0], columns))
    return Drawing(tuple(lines), layout.width, layout.height, offset, places, layout.cells)


def _places(box: Box, text: Line, left: int, row: int) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """A folded step is where the first of its fold is."""
    spans: dict[str, tuple[int, int]] = {}
    at = left
    for part in text:
        cells = width((part,))
        if part.node_id is not None:
            start = spans.get(part.node_id, (at, 0))[0]
            spans[part.node_id] = (start, at + cells - start)
        at += cells
    whole = [tuple(box.members)] if box.branches else box.runs
    for run in whole:
        start, cells = spans[run[0]]
        for step in run:
            yield step, (start, row, cells)


def _line(found: list[tuple[int, Line]]) -> Iterator[Part]:
    at = 0
    for x, parts in sorted(found, key=lambda piece: piece[0]):
        if x > at:
            yield Part(" " * (x - at))
        yield from parts
        at = x + width(parts)


def _wires(layout: Layout, plain: bool) -> dict[int, list[tuple[int, str, bool]]]:
    """The wires of each row as runs of text: column, text, whether heavy."""
    if plain not in layout.runs:
        layout.runs[plain] = {row: _runs(cells, plain) for row, cells in layout.cells.items()}
    return layout.runs[plain]


def _runs(cells: Mapping[int, int], plain: bool) -> list[tuple[int, str, bool]]:
    runs: list[tuple[int, str, bool]] = []
    for column, mask in sorted(cells.items()):
        strong = bool(mask & 0b10101010)
        character = _plain(mask) if plain else character_of(mask)
        if runs and runs[-1][0] + len(runs[-1][1]) == column and runs[-1][2] == strong:
            runs[-1] = (runs[-1][0], runs[-1][1] + character, strong)
        else:
            runs.append((column, character, strong))
    return runs


def character_of(mask: int) -> str:
    """The box drawing character of a mask."""
    digits = [min(2, (mask >> shift) & 3) for shift in (0, 2, 4, 6)]
    return _BOX[digits[0] + 3 * digits[1] + 9 * digits[2] + 27 * digits[3]]


def _plain(mask: int) -> str:
    north, east, south, west = ((mask >> shift) & 3 for shift in (0, 2, 4, 6))
    if not east and not west:
        return "|"
    return ("=" if max(east, west) > 1 else "-") if not north and not south else "+"


def _from_rows(rows: Rows, columns: int, height: int, offset: tuple[int, int]) -> Drawing:
    lines = tuple(crop(line, offset[0], columns) for line in rows.window(offset[1], height))
    return Drawing(lines, columns, rows.height, offset, rows=rows)
