"""The forms of the graph that are rows: stages with progress bars for hundreds of steps, and the list.

Rows are made as they come into view; 10,000 steps cost what a window of them costs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator
from itertools import accumulate

from rich.cells import cell_len

from engine import StepState, dataclass
from tui.presentation import status
from tui.presentation.amounts import about_clock, bar
from tui.presentation.graph.nodes import Graph, Node, Tally
from tui.presentation.graph.parts import EDGE, Ink, Line, Part, look_of, said_mark
from tui.presentation.status import CRITICAL

_LABEL = 24
_NAME = 12
_BAR = 8
_HOT_ORDER = (
    StepState.FAILED,
    StepState.AWAITING_CONFIRMATION,
    StepState.BLOCKED,
    StepState.INTERRUPTED,
    StepState.RUNNING,
)
"""What needs a person stands above what goes on by itself."""


@dataclass(frozen=True, eq=False)
class Rows:
    """A tall drawing of which any row can be made alone."""

    height: int
    make: Callable[[int], Line]
    position_of: Callable[[str], tuple[int, int, int] | None]

    def window(self, first: int, count: int) -> list[Line]:
        return [self.make(row) for row in range(first, min(self.height, first + count))]


def list_rows(graph: Graph, ink: Ink, columns: int) -> Rows:
    """One line a step in plan order, the critical ones marked: `✓ unit 0:31  ← build`."""
    steps = list(graph.nodes)
    critical = frozenset(graph.shape.critical)
    label = min(_LABEL, columns // 3)

    def make(row: int) -> Line:
        step = steps[row]
        mark = Part(ink.pick("━", "=") if step in critical else " ", CRITICAL, step)
        needs = ", ".join(ink.text(graph.nodes[need].label, _LABEL) for need in graph.shape.needs[step])
        arrow = (Part(f"  {ink.pick('←', '<-')} {needs}", EDGE, step),) if needs else ()
        return (mark, *_step(graph, step, ink, label), *arrow)

    def position_of(step: str) -> tuple[int, int, int] | None:
        row = graph.shape.order.get(step)
        return None if row is None else (0, row, columns)

    return Rows(len(steps), make, position_of)


def stage_rows(graph: Graph, ink: Ink, columns: int, folded: Collection[str], opened: Collection[str]) -> Rows:
    """One line a stage, and below it each running, waiting and failed step; a single one stands on the line itself."""
    stages = graph.shape.stages
    below = [
        [] if stage.key in folded or (len(tally.hot) == 1 and stage.key not in opened) else _by_urgency(graph, tally)
        for stage, tally in zip(stages, graph.tallies, strict=True)
    ]
    ends = list(accumulate(len(steps) + 1 for steps in below))

    def make(row: int) -> Line:
        place = bisect_right(ends, row)
        at = row - (ends[place] - len(below[place]) - 1)
        if not at:
            return tuple(_stage(graph, place, ink, columns, bool(below[place])))
        step = below[place][at - 1]
        widest = max(cell_len(ink.text(graph.nodes[other].label, _LABEL)) for other in below[place])
        return (Part("    "), *_step(graph, step, ink, widest))

    def position_of(step: str) -> tuple[int, int, int] | None:
        place = graph.shape.stage_of.get(step, -1)
        if place < 0:
            place = next((number for number, stage in enumerate(stages) if stage.key == step), -1)
        if place < 0:
            return None
        first = ends[place] - len(below[place]) - 1
        at = below[place].index(step) + 1 if step in below[place] else 0
        return (0, first + at, columns)

    return Rows(ends[-1] if ends else 0, make, position_of)


def counts(tally: Tally, ink: Ink) -> Iterator[Part]:
    """`●6 !1 ✗2`: how many run, wait, failed."""
    for state in reversed(_HOT_ORDER):
        count = tally.counts.get(state, 0)
        if count:
            yield Part(f" {ink.glyph(state)}{count}", status.STEPS[state].style)
    if tally.held:
        yield Part(f" {status.HELD.glyph(ascii_only=ink.ascii)}{tally.held}", status.HELD.style)


def _by_urgency(graph: Graph, tally: Tally) -> list[str]:
    order = graph.shape.order
    return sorted(tally.hot, key=lambda step: (_urgency(graph.nodes[step]), order[step]))


def _urgency(node: Node) -> int:
    return _HOT_ORDER.index(node.state) if node.state in _HOT_ORDER else len(_HOT_ORDER)


def _stage(graph: Graph, place: int, ink: Ink, columns: int, open_: bool) -> Iterator[Part]:
    """`▾ 2 build  ██████▌░░░  85/118  ●6 ✗1  ≈4:10 left`."""
    stage, tally = graph.shape.stages[place], graph.tallies[place]
    total, done = len(stage.members), tally.counts.get(StepState.COMPLETED, 0)
    marker = ink.pick("▾", "v") if open_ else ink.pick("▸", ">") if tally.hot else " "
    name = ink.text(stage.name, _NAME)
    head = f" {marker} {place + 1:>{len(str(len(graph.tallies)))}} {name}{' ' * (_NAME - cell_len(name))} "
    whole = tally.counts.get(StepState.FAILED, 0) == 0 and done == total
    yield Part(head, ink.style(stage.key, "" if tally.hot or not whole else EDGE), stage.key)
    progress = bar(done / total if total else 1.0, max(8, columns // 4), ascii_only=ink.ascii)
    yield Part(progress, status.STEPS[StepState.COMPLETED].style if whole else "$text-primary", stage.key)
    yield Part(f" {done:>4}/{total:<4}", "", stage.key)
    yield from counts(tally, ink)
    if len(tally.hot) == 1 and not open_:
        step = next(iter(tally.hot))
        node = graph.nodes[step]
        said = node.note or look_of(node).word
        yield Part(f" {ink.text(node.label, _LABEL)}", ink.style(step, ""), step)
        yield Part(f" {ink.text(said)}", ink.style(step, EDGE), step)
    elif left := _left(tally, ink):
        yield Part(f"  {left}", EDGE, stage.key)


def _left(tally: Tally, ink: Ink) -> str:
    """Work left over the number that run at once, where each length is known and something runs."""
    running = tally.counts.get(StepState.RUNNING, 0)
    if tally.unknown or not tally.left or not running:
        return ""
    return f"{about_clock(tally.left / running, ascii_only=ink.ascii)} left"


def _step(graph: Graph, step: str, ink: Ink, label_cells: int) -> Iterator[Part]:
    """Glyph, label in a column, the note (for what is hot without one the word of its state), how far it should be."""
    node = graph.nodes[step]
    look = look_of(node)
    label = ink.text(node.label, label_cells)
    said = ink.text(node.note) if node.note else look.word if node.hot else ""
    yield Part(f" {look.glyph(ascii_only=ink.ascii)}", ink.style(step, look.style), step)
    yield Part(f" {label}{' ' * (label_cells - cell_len(label))}", ink.style(step, ""), step)
    yield from said_mark(node, ink)
    if said:
        yield Part(f"  {said}", ink.style(step, EDGE), step)
    if node.state is StepState.RUNNING and node.usual and node.seconds is not None:
        yield Part(f"  {bar(1 - node.seconds / node.usual, _BAR, ascii_only=ink.ascii)}", look.style, step)
