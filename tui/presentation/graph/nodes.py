"""A plan's steps as a graph to show: what needs what, what is critical, how far each stage is.

`Shape` is what a plan fixes (built once a revision), `Graph` adds the states; `with_steps` replaces a few of them and
shares the rest, so one event costs one small copy. No text and no geometry live here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace
from itertools import pairwise

from engine import StepState, dataclass, longest_path

SOUND = frozenset({StepState.COMPLETED})
HOT = frozenset(StepState) - SOUND - {StepState.PENDING, StepState.READY, StepState.SKIPPED, StepState.CANCELLED}
"""Running, waiting for a person, failed: never folded. So are held steps, and those that something was said about."""
_STAGES = 16
"""Ranks are grouped to about this many stages, so that they fit one screen."""


@dataclass(frozen=True)
class Node:
    """One step as the graph shows it."""

    id: str
    label: str
    state: StepState
    needs: tuple[str, ...] = ()
    rank: int | None = None
    """The scheduler's layer, counted from 0; used for stages when every step has one."""
    note: str = ""
    """Short text after the label, such as `0:41/1:12` or `exit 2`."""
    seconds: float | None = None
    """How long it took, or is still expected to take."""
    usual: float | None = None
    """How long it took in earlier runs."""
    stage: str = ""
    """Name of its stage, when the plan has names for them."""
    held: bool = False
    """Whether it waits until a person releases it."""
    said: bool = False
    """Whether something open was said about it."""

    @property
    def hot(self) -> bool:
        """Whether it runs, waits for a person, or failed."""
        return self.held or self.state in HOT


@dataclass(frozen=True)
class Stage:
    """Steps of neighbouring ranks, counted together."""

    key: str
    """Stands for the stage where a step's id would; no step has such an id."""
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Tally:
    """How far a stage is."""

    counts: Mapping[StepState, int]
    hot: Mapping[str, None]
    """Ids of running, waiting and failed steps, as an ordered set."""
    left: float
    """Seconds of work not ended."""
    unknown: int
    """Steps not ended whose length nobody knows."""
    held: int = 0

    def moved(self, old: Node, new: Node) -> Tally:
        """The tally after one step changed."""
        counts = dict(self.counts)
        counts[old.state] -= 1
        counts[new.state] = counts.get(new.state, 0) + 1
        hot = {step: None for step in self.hot if step != new.id} | ({new.id: None} if new.hot else {})
        left = self.left - _left(old) + _left(new)
        held = self.held - old.held + new.held
        return Tally(counts, hot, left, self.unknown - _unknown(old) + _unknown(new), held)


@dataclass(frozen=True, eq=False)
class Shape:
    """What a plan fixes."""

    order: Mapping[str, int]
    needs: Mapping[str, tuple[str, ...]]
    dependents: Mapping[str, tuple[str, ...]]
    ranks: Mapping[str, int]
    critical: tuple[str, ...]
    """The longest path by time in earlier runs, first step first; empty where one is unknown."""
    stages: tuple[Stage, ...]
    stage_of: Mapping[str, int]
    drawn: dict[object, object] = field(default_factory=dict)
    """Layouts made so far, kept by whoever makes them."""

    @classmethod
    def of(cls, nodes: Collection[Node]) -> Shape:
        """Raises ValueError when the needs form a cycle; needs on unknown steps are left out."""
        order = {node.id: position for position, node in enumerate(nodes)}
        needs = {node.id: tuple(n for n in dict.fromkeys(node.needs) if n in order) for node in nodes}
        dependents: dict[str, list[str]] = {step: [] for step in order}
        for step, needed in needs.items():
            for need in needed:
                dependents[need].append(step)
        ranks = layers(needs, dependents)
        critical = _critical(nodes, needs, ranks)
        given = {node.id: node.rank for node in nodes if node.rank is not None}
        stages = _stages(nodes, given if len(given) == len(order) else ranks)
        stage_of = {step: position for position, stage in enumerate(stages) for step in stage.members}
        frozen = {step: tuple(found) for step, found in dependents.items()}
        return cls(order, needs, frozen, ranks, critical, stages, stage_of)


@dataclass(frozen=True, eq=False)
class Graph:
    """A shape and the steps as they are now."""

    shape: Shape
    nodes: Mapping[str, Node]
    tallies: tuple[Tally, ...]
    """One for each of the shape's stages."""

    @classmethod
    def of(cls, nodes: Iterable[Node]) -> Graph:
        """Raises ValueError when the needs form a cycle."""
        known = {node.id: node for node in nodes}
        shape = Shape.of(known.values())
        tallies = tuple(_tally([known[step] for step in stage.members]) for stage in shape.stages)
        return cls(shape, known, tallies)

    def with_steps(self, changed: Iterable[Node]) -> Graph:
        """The same plan with some steps replaced; their needs must not differ."""
        nodes, tallies = dict(self.nodes), list(self.tallies)
        for node in changed:
            stage = self.shape.stage_of[node.id]
            tallies[stage] = tallies[stage].moved(nodes[node.id], node)
            nodes[node.id] = node
        return replace(self, nodes=nodes, tallies=tuple(tallies))

    def need_of(self, step: str) -> str | None:
        """The need to go to from a step: the one on the critical path, else the last to have come."""
        return self._nearest(self.shape.needs.get(step, ()), latest=True)

    def dependent_of(self, step: str) -> str | None:
        return self._nearest(self.shape.dependents.get(step, ()), latest=False)

    def sibling(self, step: str, by: int) -> str | None:
        """The next (`by` 1) or previous (-1) step of the same rank in plan order, None at the ends."""
        rank = self.shape.ranks.get(step)
        level = [other for other, at in self.shape.ranks.items() if at == rank]
        place = level.index(step) + by if step in level else -1
        return level[place] if 0 <= place < len(level) else None

    def next_in_state(self, step: str | None, states: Collection[StepState]) -> str | None:
        """The next step after `step` in plan order that is in one of `states`, round the end; None if none is."""
        steps = list(self.nodes)
        start = self.shape.order.get(step, -1) + 1 if step is not None else 0
        turned = steps[start:] + steps[:start]
        return next((found for found in turned if self.nodes[found].state in states), None)

    def _nearest(self, steps: tuple[str, ...], *, latest: bool) -> str | None:
        ranked = sorted(steps, key=self.shape.ranks.__getitem__, reverse=latest)
        return next((step for step in ranked if step in self.shape.critical), ranked[0] if ranked else None)


def layers(needs: Mapping[str, Collection[str]], dependents: Mapping[str, Collection[str]]) -> dict[str, int]:
    """Length of the longest path to each step (Kahn's order).

    Raises:
        ValueError: the needs form a cycle.
    """
    waiting = {step: len(needed) for step, needed in needs.items()}
    ranks = {step: 0 for step, count in waiting.items() if not count}
    ready = list(ranks)
    for step in ready:
        for dependent in dependents[step]:
            ranks[dependent] = max(ranks.get(dependent, 0), ranks[step] + 1)
            waiting[dependent] -= 1
            if not waiting[dependent]:
                ready.append(dependent)
    if len(ready) < len(waiting):
        raise ValueError("the needs of these steps form a cycle")
    return {step: ranks[step] for step in needs}


def _critical(
    nodes: Collection[Node], needs: Mapping[str, tuple[str, ...]], ranks: Mapping[str, int]
) -> tuple[str, ...]:
    """The path that takes longest, as far as that is known of every step; a step alone is none."""
    lengths = {node.id: node.usual for node in nodes if node.usual is not None}
    if len(lengths) < len(nodes):
        return ()
    path, _ = longest_path({step: needs[step] for step in sorted(ranks, key=ranks.__getitem__)}, lengths)
    return path if len(path) > 1 else ()


def _stages(nodes: Collection[Node], ranks: Mapping[str, int]) -> tuple[Stage, ...]:
    groups = _named(nodes) if all(node.stage for node in nodes) else _grouped(nodes, ranks)
    return tuple(Stage(f"stage {place}", name, tuple(ids)) for place, (name, ids) in enumerate(groups, 1))


def _named(nodes: Collection[Node]) -> list[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {}
    for node in nodes:
        groups.setdefault(node.stage, []).append(node.id)
    return list(groups.items())


def _grouped(nodes: Collection[Node], ranks: Mapping[str, int]) -> list[tuple[str, list[str]]]:
    """Whole ranks, joined until a stage holds its share of the steps; a rank with that many stands alone."""
    levels: dict[int, list[Node]] = {}
    for node in nodes:
        levels.setdefault(ranks[node.id], []).append(node)
    share = len(nodes) / _STAGES
    groups: list[list[Node]] = []
    for _, level in sorted(levels.items()):
        if groups and len(levels) > _STAGES and len(groups[-1]) + len(level) <= share + 1:
            groups[-1].extend(level)
        else:
            groups.append(list(level))
    return [(_common([node.label for node in group]), [node.id for node in group]) for group in groups]


def _common(labels: list[str]) -> str:
    """The first word that at least two thirds of some labels share, else how many they are."""
    if len(labels) == 1:
        return labels[0]
    counts: dict[str, int] = {}
    for label in labels:
        for word in dict.fromkeys(label.replace("-", " ").replace("_", " ").replace(":", " ").split()):
            if not word.isdigit():
                counts[word] = counts.get(word, 0) + 1
    word = max(counts, key=counts.__getitem__, default="")
    return word if word and counts[word] * 3 >= len(labels) * 2 else f"{len(labels)} steps"


def _tally(nodes: list[Node]) -> Tally:
    counts: dict[StepState, int] = {}
    for node in nodes:
        counts[node.state] = counts.get(node.state, 0) + 1
    hot = {node.id: None for node in nodes if node.hot}
    return Tally(counts, hot, sum(map(_left, nodes)), sum(map(_unknown, nodes)), sum(node.held for node in nodes))


def _left(node: Node) -> float:
    return 0.0 if node.state.ended else node.seconds or 0.0


def _unknown(node: Node) -> int:
    return not node.state.ended and node.seconds is None


def edges_of(path: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """The edges along a path."""
    return frozenset(pairwise(path))
