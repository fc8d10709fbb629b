"""The line above the graph: how far, how long, what runs, what is critical."""

from __future__ import annotations

from collections.abc import Iterator

from engine import StepState
from tui.presentation import status
from tui.presentation.amounts import about_clock, clock
from tui.presentation.graph.nodes import Graph, Tally
from tui.presentation.graph.parts import CRITICAL, EDGE, Ink, Line, Part, crop, width
from tui.presentation.graph.rows import counts

_NAME = 18


def header(
    title: str,
    graph: Graph,
    columns: int,
    *,
    elapsed: float | None = None,
    expected: float | None = None,
    ascii_only: bool = False,
) -> Line:
    """`Ship 6 services  16/30  ●3 ✗1  6:12 of ≈9:40  image, integ +1  critical ━ web → gate`, as much as fits.

    What runs (or else waits, or failed) is always named; the critical path stands where room is left.

    Args:
        elapsed: seconds since the start; None before it.
        expected: seconds the whole is expected to take.
    """
    ink = Ink(ascii_only)
    parts = [Part(f" {ink.text(title, max(12, columns // 3))}", "bold"), *_progress(graph, ink)]
    parts.extend(_times(elapsed, expected, ink))
    room = columns - width(parts)
    named = _named(graph, ink, room - 2)
    if named:
        parts.append(Part("  "))
        parts.extend(named)
    parts.extend(_critical(graph, ink, columns - width(parts)))
    return crop(parts, 0, columns)


def _progress(graph: Graph, ink: Ink) -> Iterator[Part]:
    total: dict[StepState, int] = {}
    for tally in graph.tallies:
        for state, count in tally.counts.items():
            total[state] = total.get(state, 0) + count
    yield Part(f"  {total.get(StepState.COMPLETED, 0)}/{len(graph.nodes)} ")
    yield from counts(Tally(total, {}, 0.0, 0), ink)


def _times(elapsed: float | None, expected: float | None, ink: Ink) -> Iterator[Part]:
    if elapsed is not None:
        whole = f" of {about_clock(expected, ascii_only=ink.ascii)}" if expected else ""
        yield Part(f"  {clock(elapsed)}{whole}", EDGE)


def _named(graph: Graph, ink: Ink, room: int) -> list[Part]:
    """The names of what runs; of what waits or failed when nothing does; the last say how many more."""
    hot = graph.hot()
    running = [step for step in hot if graph.nodes[step].state is StepState.RUNNING]
    shown: list[Part] = []
    steps = running or hot
    for place, step in enumerate(steps):
        node = graph.nodes[step]
        comma = ", " if shown else f"{ink.glyph(node.state)} "
        part = Part(comma + ink.text(node.label, _NAME), status.STEPS[node.state].style, step)
        more = f" +{len(steps) - place}"
        if shown and width([*shown, part]) + len(more) > room:
            return [*shown, Part(more, EDGE)]
        shown.append(part)
    return shown


def _critical(graph: Graph, ink: Ink, room: int) -> list[Part]:
    """The critical steps not ended yet, as many as there is room for."""
    ahead = [step for step in graph.shape.critical if not graph.nodes[step].state.ended]
    if len(ahead) < 2:
        return []
    parts = [Part(ink.pick("  critical ━ ", "  critical = "), CRITICAL)]
    arrow = ink.pick(" → ", " > ")
    for place, step in enumerate(ahead):
        part = Part((arrow if place else "") + ink.text(graph.nodes[step].label, _NAME), "", step)
        if width([*parts, part]) + len(arrow) + 1 > room:
            return [*parts, Part(f"{arrow}{ink.pick('…', '~')}", EDGE)] if place else []
        parts.append(part)
    return parts
