"""Boxes to places and wires to cells: layers left to right, few crossings, straight rows (Sugiyama 1981).

Knows widths and needs, nothing of steps, states or text. The figures of a cell are 2 bits for each of N E S W: light
and heavy line.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tui.presentation.graph.route import Gap, Trunk

NORTH, EAST, SOUTH, WEST = 1, 4, 16, 64
"""A light line to that side; twice as much is a heavy one."""
_SWEEPS = 4


@dataclass(frozen=True, eq=False)
class Layout:
    """Where boxes and wires are, in cells."""

    places: tuple[tuple[int, int], ...]
    """Left edge and row of each box."""
    width: int
    height: int
    cells: Mapping[int, Mapping[int, int]]
    """Row to column to mask; one net a cell, crossings belong to the vertical line."""
    runs: dict[bool, dict[int, list[tuple[int, str, bool]]]] = field(default_factory=dict)
    """Wires as text, filled by whoever draws."""


@dataclass(eq=False)
class _Slots:
    """Boxes, and the wires that pass through layers on the way to later ones; a slot is one row of one layer.

    Slots up to the number of boxes are the boxes, the rest are wires.
    """

    layers: list[list[int]]
    after: dict[int, list[int]]
    before: dict[int, list[int]]
    bound: dict[int, frozenset[int]]
    """Boxes that a slot still leads to."""


def arrange(
    widths: Sequence[int],
    needs: Sequence[Collection[int]],
    ranks: Sequence[int],
    heavy: Collection[tuple[int, int]],
) -> Layout:
    """Place boxes of some widths; `heavy` are the edges (need, dependent) to draw heavy."""
    slots = _slots(needs, ranks)
    _untangle(slots)
    rows = _rows(slots)
    return _Drawing(slots, rows, widths).layout(heavy)


def _slots(needs: Sequence[Collection[int]], ranks: Sequence[int]) -> _Slots:
    """A wire is shared by all sources of a layer that lead to exactly the same boxes."""
    dependents: list[list[int]] = [[] for _ in needs]
    for box, needed in enumerate(needs):
        for need in needed:
            dependents[need].append(box)
    bound = {box: frozenset(found) for box, found in enumerate(dependents)}
    layers: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for box, rank in enumerate(ranks):
        layers[rank].append(box)
    after: dict[int, list[int]] = {}
    for depth, layer in enumerate(layers):
        wires: dict[frozenset[int], int] = {}
        for slot in layer:
            direct = sorted(box for box in bound[slot] if ranks[box] == depth + 1)
            beyond = bound[slot].difference(direct)
            if beyond and bound[slot] not in wires:
                wires[bound[slot]] = len(bound)
                bound[len(bound)] = beyond
                layers[depth + 1].append(len(bound) - 1)
            after[slot] = [*direct, wires[bound[slot]]] if beyond else direct
    before: dict[int, list[int]] = {slot: [] for slot in bound}
    for slot, found in after.items():
        for target in found:
            before[target].append(slot)
    return _Slots(layers, after, before, bound)


def _untangle(slots: _Slots) -> None:
    """Order each layer by the mean place of its neighbours, to and fro, and keep the order with fewest crossings."""
    place = {slot: position for layer in slots.layers for position, slot in enumerate(layer)}
    best, fewest = [list(layer) for layer in slots.layers], _crossings(slots, place)
    for sweep in range(_SWEEPS * 2):
        if not fewest:
            break
        near, layers = (slots.after, slots.layers[::-1]) if sweep % 2 else (slots.before, slots.layers)
        for layer in layers:
            layer.sort(key=_mean(near, place))
            place.update({slot: position for position, slot in enumerate(layer)})
        count = _crossings(slots, place)
        if count < fewest:
            best, fewest = [list(layer) for layer in slots.layers], count
    slots.layers[:] = best


def _mean(near: Mapping[int, list[int]], place: Mapping[int, int]) -> Callable[[int], float]:
    def mean(slot: int) -> float:
        found = near[slot]
        return sum([place[other] for other in found]) / len(found) if found else place[slot]

    return mean


def _crossings(slots: _Slots, place: Mapping[int, int]) -> int:
    """Pairs of edges between neighbouring layers that cross, counted as inversions."""
    count = 0
    for layer in slots.layers:
        seen: list[int] = []
        for slot in sorted(layer, key=place.__getitem__):
            ends = sorted(place[target] for target in slots.after[slot])
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _rows(slots: _Slots) -> dict[int, int]:
    """A row for each slot: in order within its layer, and level with its first neighbour where there is room."""
    place = {slot: position for layer in slots.layers for position, slot in enumerate(layer)}
    first_after = {slot: min(found, key=place.__getitem__) for slot, found in slots.after.items() if found}
    first_before = {slot: min(found, key=place.__getitem__) for slot, found in slots.before.items() if found}
    rows = dict.fromkeys(place, 0)
    for layers, near, back in (
        (slots.layers, first_before, first_after),
        (slots.layers[::-1], first_after, first_before),
        (slots.layers, first_before, first_after),
        (slots.layers[::-1], first_after, first_before),
        (slots.layers, first_before, first_after),
    ):
        for layer in layers:
            last = -1
            for slot in layer:
                other = near.get(slot)
                level = other is not None and (near is first_before or back.get(other) == slot)
                wanted = rows[other] if other is not None and level else 0
                rows[slot] = last = max(last + 1, wanted, rows[slot])
    used = {row: place for place, row in enumerate(sorted(set(rows.values())))}
    return {slot: used[row] for slot, row in rows.items()}


@dataclass(eq=False)
class _Drawing:
    """Columns and cells for slots whose rows are known."""

    slots: _Slots
    rows: Mapping[int, int]
    widths: Sequence[int]
    cells: dict[int, dict[int, int]] = field(default_factory=dict)

    def layout(self, heavy: Collection[tuple[int, int]]) -> Layout:
        height = max(self.rows.values(), default=-1) + 1
        left, edges = 0, []
        for depth, layer in enumerate(self.slots.layers):
            gap = Gap(self._nets(layer), height)
            height = gap.height
            right = left + max((self.widths[slot] for slot in layer if self._is_box(slot)), default=1)
            edges.append(left)
            if depth + 1 < len(self.slots.layers):
                left = self._wire(gap, layer, left, right, heavy)
            else:
                left = right
        ranks = {slot: depth for depth, layer in enumerate(self.slots.layers) for slot in layer}
        places = tuple((edges[ranks[box]], self.rows[box]) for box in range(len(self.widths)))
        return Layout(places, left, height, self.cells)

    def _is_box(self, slot: int) -> bool:
        return slot < len(self.widths)

    def _nets(self, layer: list[int]) -> dict[int, frozenset[int]]:
        found = {slot: frozenset(self.rows[target] for target in self.slots.after[slot]) for slot in layer}
        return {self.rows[slot]: targets for slot, targets in found.items() if targets}

    def _wire(self, gap: Gap, layer: list[int], left: int, right: int, heavy: Collection[tuple[int, int]]) -> int:
        """Draw the wires of a gap from the columns of a layer; returns where the next layer starts."""
        end = right + (gap.columns * 2 + 3 if gap.columns else 3)
        starts = {self.rows[slot]: left + self.widths[slot] + 1 if self._is_box(slot) else left for slot in layer}
        targets = {target for slot in layer for target in self.slots.after[slot]}
        ends = {self.rows[target]: end - 1 if self._is_box(target) else end for target in targets}
        pen = _Pen(self.cells, gap, right + 2, starts, ends)
        pen.all()
        for slot in layer:
            for target in self.slots.after[slot]:
                if any(self._carries(slot, target, edge) for edge in heavy):
                    pen.heavy(self.rows[slot], self.rows[target])
        return end

    def _carries(self, slot: int, target: int, edge: tuple[int, int]) -> bool:
        """Whether the wire from a slot to the next is part of an edge between boxes."""
        need, box = edge
        leads = target == box or (not self._is_box(target) and box in self.slots.bound[target])
        return leads and box in self.slots.bound[slot] and (slot == need or self._comes_from(slot, need))

    def _comes_from(self, slot: int, need: int) -> bool:
        if slot == need:
            return True
        return not self._is_box(slot) and any(self._comes_from(other, need) for other in self.slots.before[slot])


@dataclass(eq=False)
class _Pen:
    """Draws the wires of one gap into cells."""

    cells: dict[int, dict[int, int]]
    gap: Gap
    first: int
    """Column of the first trunk; the next ones stand two apart."""
    starts: Mapping[int, int]
    ends: Mapping[int, int]

    def all(self) -> None:
        for trunk in self.gap.trunks:
            self._vertical(trunk, *trunk.span, 1)
        for row in {*self.gap.straight, *self.gap.arrive, *self.gap.cross, *self.gap.leave}:
            for west, east in self._wires(row):
                self._horizontal(row, west, east, 1)

    def heavy(self, source: int, target: int) -> None:
        last: Trunk | None = None
        row = source
        for trunk, entering, leaving in self.gap.way(source, target):
            self._horizontal(entering, last, trunk, 2)
            self._vertical(trunk, min(entering, leaving), max(entering, leaving), 2)
            last, row = trunk, leaving
        self._horizontal(row, last, None, 2)

    def _wires(self, row: int) -> Iterator[tuple[Trunk | None, Trunk | None]]:
        if row in self.gap.straight:
            yield None, None
        if row in self.gap.arrive:
            yield None, self.gap.arrive[row]
        if row in self.gap.cross:
            yield self.gap.cross[row]
        if row in self.gap.leave:
            yield self.gap.leave[row], None

    def _column(self, trunk: Trunk) -> int:
        return self.first + 2 * trunk.column

    def _vertical(self, trunk: Trunk, top: int, bottom: int, weight: int) -> None:
        column = self._column(trunk)
        for row in range(top, bottom + 1):
            self._add(row, column, ((row > top) * NORTH + (row < bottom) * SOUTH) * weight)

    def _horizontal(self, row: int, west: Trunk | None, east: Trunk | None, weight: int) -> None:
        start = self.starts[row] if west is None else self._column(west) + 1
        end = self.ends[row] if east is None else self._column(east)
        passed = {self._column(trunk) for trunk in self.gap.trunks if trunk.span[0] <= row <= trunk.span[1]}
        for column in range(start, end):
            if column not in passed:
                self._add(row, column, (EAST + WEST) * weight)
        if west is not None:
            self._add(row, start - 1, EAST * weight)
        if east is not None:
            self._add(row, end, WEST * weight)

    def _add(self, row: int, column: int, mask: int) -> None:
        line = self.cells.setdefault(row, {})
        line[column] = line.get(column, 0) | mask
