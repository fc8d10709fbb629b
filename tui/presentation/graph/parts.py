"""Steps, folded runs and whole lines as parts: a text, its style, and the step it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from engine import StepState, dataclass
from tui.presentation import status
from tui.presentation.amounts import clock
from tui.presentation.graph.fold import Box, strands
from tui.presentation.graph.nodes import SOUND, Graph, Node
from tui.presentation.safe import ascii_only, safe

EDGE = "$text-muted"
SELECTED = "reverse"
_GLYPHS = 6
"""A longer folded run shows its count instead of one glyph a step."""


class Part(NamedTuple):
    """A piece of a line."""

    text: str
    style: str = ""
    """A Content style."""
    node_id: str | None = None
    """The step (or the first of a folded run) that a click here means."""


Line = tuple[Part, ...]


@dataclass(frozen=True)
class Ink:
    """How to write: with which characters, how long labels may be, what is selected."""

    ascii: bool = False
    label: int = 24
    """Most cells of a label or a note."""
    selected: str | None = None
    terse: bool = False
    """Whether done steps go without their notes."""

    def text(self, text: str, cells: int = 0) -> str:
        """Outside text made safe, and cut to some cells with an ellipsis."""
        return _shown(text, cells, self.ascii)

    def glyph(self, state: StepState) -> str:
        return status.STEPS[state].glyph(ascii_only=self.ascii)

    def style(self, step: str, style: str) -> str:
        return f"{style} {SELECTED}".lstrip() if step == self.selected else style

    def pick(self, unicode: str, plain: str) -> str:
        return plain if self.ascii else unicode


@lru_cache(maxsize=512)  # every frame writes the same labels
def _shown(text: str, cells: int, plain: bool) -> str:
    shown = ascii_only(text) if plain else safe(text)
    return cut(shown, cells, "~" if plain else "…") if cells else shown


def cut(text: str, cells: int, ellipsis: str = "…") -> str:
    """At most some cells of a text, the last one an ellipsis where something is missing."""
    return text if cell_len(text) <= cells else set_cell_size(text, max(0, cells - 1)).rstrip() + ellipsis


def width(parts: Iterable[Part]) -> int:
    return sum([cell_len(part.text) for part in parts])


def crop(parts: Iterable[Part], start: int, cells: int) -> Line:
    """The window `[start, start + cells)` of a line; a wide character cut in two becomes a blank."""
    made: list[Part] = []
    at, end = 0, start + cells
    for part in parts:
        length = cell_len(part.text)
        if at + length > start and at < end:
            text = part.text if at + length <= end else set_cell_size(part.text, end - at)
            if at < start:
                text = _tail(text, start - at)
            made.append(part._replace(text=text))
        at += length
    return tuple(made)


def _tail(text: str, cells: int) -> str:
    """A text without its first cells."""
    kept = text
    while kept and cell_len(text) - cell_len(kept) < cells:
        kept = kept[1:]
    return " " * (cell_len(text) - cells - cell_len(kept)) + kept


def box_parts(graph: Graph, box: Box, pad: int, ink: Ink, heavy: frozenset[tuple[str, str]]) -> Line:
    """All of one box; its title is padded to `pad` cells so that the steps of a column stand in line."""
    if box.branches:
        return tuple(_branches(graph, box, ink))
    parts: list[Part] = []
    if pad:
        title = ink.text(box.title, ink.label) if box.title else ""
        parts.append(Part(title + " " * (pad - cell_len(title) + 2), "bold" if title else "", box.runs[0][0]))
    for place, run in enumerate(box.runs):
        if place:
            strong = (box.runs[place - 1][-1], run[0]) in heavy
            wire = ink.pick(" ━ ", " = ") if strong else ink.pick(" ─ ", " - ")
            parts.append(Part(wire, status.CRITICAL if strong else EDGE))
        parts.extend(_step(graph, run[0], ink) if len(run) == 1 else _folded(graph, run, ink))
    return tuple(parts)


def look_of(node: Node) -> status.Look:
    """How a step shows: held, whatever its state, else by that."""
    return status.HELD if node.held else status.STEPS[node.state]


def said_mark(node: Node, ink: Ink) -> Iterator[Part]:
    """The mark of a step about which something open was said."""
    if node.said:
        yield Part(f" {status.SAID.glyph(ascii_only=ink.ascii)}", ink.style(node.id, status.SAID.style), node.id)


def _step(graph: Graph, step: str, ink: Ink) -> Iterator[Part]:
    node = graph.nodes[step]
    look = look_of(node)
    label = ink.text(strands(graph).labels[step], ink.label)
    own = look.style if node.state not in SOUND else ""
    yield Part(look.glyph(ascii_only=ink.ascii), ink.style(step, look.style), step)
    yield Part(f" {label}", ink.style(step, own), step)
    yield from said_mark(node, ink)
    if node.note and not (ink.terse and node.state in SOUND):
        yield Part(f" {ink.text(node.note, ink.label)}", ink.style(step, EDGE), step)


def _folded(graph: Graph, run: tuple[str, ...], ink: Ink) -> Iterator[Part]:
    """A run of one state: `✓✓✓✓ 2:20` where done, `○ deploy +3` where its steps are still to come."""
    head = run[0]
    marked = replace(ink, selected=head if ink.selected in run else None)
    state = graph.nodes[head].state
    if state not in SOUND:
        yield from _step(graph, head, marked)
        yield Part(f" +{len(run) - 1}", marked.style(head, EDGE), head)
        return
    short = f"{ink.glyph(state)}{len(run)}"
    yield Part(ink.glyph(state) * len(run) if len(run) <= _GLYPHS else short, marked.style(head, _style(state)), head)
    spent = _spent(graph, run)
    if spent:
        yield Part(f" {spent}", marked.style(head, EDGE), head)


def _branches(graph: Graph, box: Box, ink: Ink) -> Iterator[Part]:
    """`▸ 2 done: jobs bill ✓✓✓✓ ✓✓✓✓ 2:20`."""
    head = box.branches[0][0]
    marked = replace(ink, selected=head if ink.selected in set(box.members) else None)
    found = strands(graph)
    titles = dict(zip(found.runs, found.titles, strict=True))
    names = " ".join(ink.text(titles[run] or graph.nodes[run[0]].label, 12) for run in box.branches)
    glyph, style = ink.glyph(StepState.COMPLETED), _style(StepState.COMPLETED)
    marks = " ".join(glyph * len(run) for run in box.branches)
    yield Part(f"{ink.pick('▸', '>')} {len(box.branches)} done: ", marked.style(head, EDGE), head)
    yield Part(cut(names, ink.label, ink.pick("…", "~")), marked.style(head, ""), head)
    if len(marks) <= 12:
        yield Part(f" {marks}", marked.style(head, style), head)
    spent = _spent(graph, tuple(box.members))
    if spent:
        yield Part(f" {spent}", marked.style(head, EDGE), head)


def _style(state: StepState) -> str:
    return status.STEPS[state].style


def _spent(graph: Graph, run: tuple[str, ...]) -> str:
    """The time a done run took, when it is known of every step."""
    lengths = [graph.nodes[step].seconds for step in run]
    known = [length for length in lengths if length is not None]
    return clock(sum(known)) if len(known) == len(run) else ""
