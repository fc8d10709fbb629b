"""Which steps are shown alone, which together: steps to boxes, level by level until the drawing fits.

Linear runs are strands. Done runs fold first, then finished branches, then runs that have not begun; running,
waiting and failed steps never fold. A strand whose labels share a prefix shows it once, in front.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from enum import IntEnum
from functools import lru_cache
from itertools import groupby

from engine import StepState, dataclass
from tui.presentation.graph.nodes import SOUND, Graph, Node, Shape, layers


class Level(IntEnum):
    """How much is folded; each level does what those before it do."""

    STEPS = 0
    """One box a step, columns in line."""
    STRANDS = 1
    """One box a strand, packed."""
    DONE = 2
    """Done runs as one."""
    BRANCHES = 3
    """Finished branches between the same steps as one."""
    LONG = 4
    """Runs of three and more that have not begun, or never will, as one too."""
    IDLE = 5
    """All of these; labels short, done steps without their notes."""


@dataclass(frozen=True)
class Box:
    """What stands in one place: runs of steps in a row; a run of several is folded."""

    runs: tuple[tuple[str, ...], ...]
    title: str = ""
    branches: tuple[tuple[str, ...], ...] = ()
    """Finished branches shown as one; then `runs` is empty."""

    @property
    def members(self) -> Iterator[str]:
        for run in self.runs or self.branches:
            yield from run


@dataclass(frozen=True)
class Strands:
    """The linear runs of a plan, with the names that its labels leave them."""

    runs: tuple[tuple[str, ...], ...]
    titles: tuple[str, ...]
    labels: Mapping[str, str]
    """Each step's label without the title of its strand."""


_FOLDABLE = frozenset((state, False) for state in SOUND)
_PREFIX = re.compile(r"[^-_./: ]+[-_./: ]+(?=.)")


def strands(graph: Graph) -> Strands:
    """Maximal chains in which each step is all that the next one needs and all that needs it."""
    known = graph.shape.drawn.get(Strands)
    if isinstance(known, Strands):
        return known
    runs = tuple(_chains(graph.shape))
    titles: list[str] = []
    labels: dict[str, str] = {}
    for run in runs:
        whole = [graph.nodes[step].label for step in run]
        prefix = _prefix(whole)
        titles.append(prefix.rstrip("-_./: "))
        labels.update({step: label[len(prefix) :] for step, label in zip(run, whole, strict=True)})
    graph.shape.drawn[Strands] = made = Strands(runs, tuple(titles), labels)
    return made


def critical_names(graph: Graph) -> list[str]:
    """What is still to go of the critical path: titles of strands, labels of steps that stand without one."""
    if not graph.shape.critical:
        return []
    found = strands(graph)
    title_of = {step: title for run, title in zip(found.runs, found.titles, strict=True) for step in run}
    left = [step for step in graph.shape.critical if not graph.nodes[step].state.ended]
    return list(dict.fromkeys(title_of[step] or graph.nodes[step].label for step in left))


def boxes(graph: Graph, level: Level, folded: Collection[str], opened: Collection[str]) -> list[Box]:
    """The boxes of one level; strands with a step in `folded` fold anyway, those with one in `opened` do not."""
    found = strands(graph)
    together = _branches(graph, found, opened) if level >= Level.BRANCHES else {}
    made: list[Box] = []
    for place, (run, title) in enumerate(zip(found.runs, found.titles, strict=True)):
        if place in together:
            if together[place][0] == place:
                made.append(Box((), branches=tuple(found.runs[other] for other in together[place])))
            continue
        runs = tuple(_runs(graph, run, level, folded, opened))
        if level == Level.STEPS:
            made.extend(Box((part,), title if not number else "") for number, part in enumerate(runs))
        else:
            made.append(Box(runs, title))
    return made


def links(shape: Shape, made: list[Box]) -> tuple[tuple[frozenset[int], ...], tuple[int, ...]]:
    """The needs of boxes by place, and their layers."""
    return _links(shape, tuple([box.runs or box.branches for box in made]))


@lru_cache(maxsize=64)  # most of what changes leaves the same steps together
def _links(
    shape: Shape, made: tuple[tuple[tuple[str, ...], ...], ...]
) -> tuple[tuple[frozenset[int], ...], tuple[int, ...]]:
    owner = {step: place for place, runs in enumerate(made) for run in runs for step in run}
    needs = tuple(
        frozenset(owner[need] for run in runs for step in run for need in shape.needs[step]) - {place}
        for place, runs in enumerate(made)
    )
    dependents: dict[str, list[str]] = {str(place): [] for place in range(len(made))}
    for place, needed in enumerate(needs):
        for need in needed:
            dependents[str(need)].append(str(place))
    ranks = layers({str(place): [str(need) for need in needed] for place, needed in enumerate(needs)}, dependents)
    return needs, tuple(ranks[str(place)] for place in range(len(made)))


def _chains(shape: Shape) -> Iterator[tuple[str, ...]]:
    def joined(step: str) -> bool:
        needs = shape.needs[step]
        return len(needs) == 1 and len(shape.dependents[needs[0]]) == 1

    for step in shape.order:
        if joined(step):
            continue
        run = [step]
        while len(after := shape.dependents[run[-1]]) == 1 and joined(after[0]):
            run.append(after[0])
        yield tuple(run)


def _prefix(labels: list[str]) -> str:
    match = _PREFIX.match(labels[0])
    prefix = match[0] if match and len(labels) > 1 else ""
    return prefix if all(label.startswith(prefix) and len(label) > len(prefix) for label in labels) else ""


def _runs(
    graph: Graph, strand: tuple[str, ...], level: Level, folded: Collection[str], opened: Collection[str]
) -> Iterator[tuple[str, ...]]:
    """A strand cut into runs to show as one each."""
    asked = any(step in folded for step in strand)
    kept = any(step in opened for step in strand)
    for (state, alone), group in groupby(strand, key=lambda step: _kind(graph.nodes[step])):
        run = tuple(group)
        if not alone and not kept and (asked or level >= _folds_from(state, len(run))):
            yield run
        else:
            yield from ((step,) for step in run)


def _kind(node: Node) -> tuple[StepState, bool]:
    """Steps of one kind fold together; some stand alone."""
    return node.state, node.hot or node.said


def _folds_from(state: StepState, length: int) -> Level:
    """From which level a run of one state folds."""
    if state in SOUND:
        return Level.DONE
    return Level.LONG if length > 2 else Level.IDLE


def _branches(graph: Graph, found: Strands, opened: Collection[str]) -> dict[int, list[int]]:
    """Finished strands between the same steps, by place; only where at least two are."""
    alike: dict[tuple[frozenset[str], frozenset[str]], list[int]] = {}
    for place, run in enumerate(found.runs):
        if all(_kind(graph.nodes[step]) in _FOLDABLE and step not in opened for step in run):
            ends = (frozenset(graph.shape.needs[run[0]]), frozenset(graph.shape.dependents[run[-1]]))
            if ends != (frozenset(), frozenset()):
                alike.setdefault(ends, []).append(place)
    return {place: places for places in alike.values() if len(places) > 1 for place in places}
