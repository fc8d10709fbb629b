"""Wires across the gap between two columns of boxes, so that what needs what can be read off without doubt.

Sources with the same targets are one net, and a target with several nets gets a join of its own: every trunk (vertical
line) then connects all that enter it from the west with all that leave it to the east, and no two trunks ever touch.
Trunks get columns by interval colouring, ordered so that wires on one row do not overlap; where that order has a
cycle, a trunk is cut in two over a free row (a dogleg, as in channel routing: Deutsch 1976).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(eq=False, slots=True)
class Trunk:
    """A vertical line; `rows` are those where a wire enters or leaves it."""

    rows: set[int] = field(default_factory=set)
    column: int = 0

    @property
    def span(self) -> tuple[int, int]:
        return min(self.rows), max(self.rows)


@dataclass(eq=False)
class Gap:
    """The wires of one gap; on a row they come in the order arrive, cross, leave.

    Built from the rows of the sources, each with the rows of its targets.
    """

    sources: Mapping[int, frozenset[int]]
    height: int
    """Rows of the drawing; grows when a wire needs a row of its own."""
    straight: set[int] = field(default_factory=set)
    arrive: dict[int, Trunk] = field(default_factory=dict)
    cross: dict[int, tuple[Trunk, Trunk]] = field(default_factory=dict)
    leave: dict[int, Trunk] = field(default_factory=dict)
    trunks: list[Trunk] = field(default_factory=list)

    def __post_init__(self) -> None:
        nets: dict[frozenset[int], list[int]] = {}
        for row, targets in self.sources.items():
            nets.setdefault(targets, []).append(row)
        entering = Counter(target for targets in nets for target in targets)
        joins = {target: self._trunk() for target, count in entering.items() if count > 1}
        for target, join in joins.items():
            self._leave(target, join)
        fans = [self._net(rows, targets, joins) for targets, rows in nets.items()]
        for fan, split in fans:
            for target in split:
                self._connect(fan, joins[target], (target, *sorted(fan.rows)))
        while not self._coloured():
            pass

    @property
    def columns(self) -> int:
        return max((trunk.column for trunk in self.trunks), default=-1) + 1

    def way(self, source: int, target: int) -> list[tuple[Trunk, int, int]]:
        """The trunks from a source's row to a target's, each with the rows where the way enters and leaves it."""
        return [] if source in self.straight else self._way(self.arrive[source], source, target)

    def _way(self, trunk: Trunk, row: int, target: int) -> list[tuple[Trunk, int, int]]:
        if self.leave.get(target) is trunk:
            return [(trunk, row, target)]
        for crossing, (west, east) in self.cross.items():
            if west is trunk and (rest := self._way(east, crossing, target)):
                return [(trunk, row, crossing), *rest]
        return []

    def _trunk(self) -> Trunk:
        self.trunks.append(Trunk())
        return self.trunks[-1]

    def _arrive(self, row: int, trunk: Trunk) -> None:
        self.arrive[row] = trunk
        trunk.rows.add(row)

    def _leave(self, row: int, trunk: Trunk) -> None:
        self.leave[row] = trunk
        trunk.rows.add(row)

    def _cross(self, row: int, west: Trunk, east: Trunk) -> None:
        self.cross[row] = (west, east)
        west.rows.add(row)
        east.rows.add(row)

    def _net(self, rows: list[int], targets: frozenset[int], joins: Mapping[int, Trunk]) -> tuple[Trunk, list[int]]:
        """Lay one net; returns its trunk and the targets that have a join, still to be connected."""
        only = next(iter(targets))
        trunk = joins.get(only) if len(targets) == 1 else None
        if trunk is None and len(targets) == 1 and rows == [only]:
            self.straight.add(only)
            return Trunk(), []
        joined = trunk is not None
        trunk = trunk or self._trunk()
        for row in rows:
            self._arrive(row, trunk)
        for target in targets - joins.keys():
            self._leave(target, trunk)
        return trunk, [] if joined else sorted(targets & joins.keys())

    def _connect(self, west: Trunk, east: Trunk, wanted: tuple[int, ...]) -> None:
        for row in wanted:
            if row not in self.cross and row not in self.straight and self._fits(row, west, east):
                self._cross(row, west, east)
                return
        self._cross(self._free_row(wanted[0]), west, east)

    def _fits(self, row: int, west: Trunk, east: Trunk) -> bool:
        return self.arrive.get(row) is not east and self.leave.get(row) is not west

    def _free_row(self, near: int) -> int:
        """The nearest row that no wire of this gap uses, else a new one below."""
        used = {*self.straight, *self.arrive, *self.cross, *self.leave}
        free = (row for row in range(self.height) if row not in used)
        row = min(free, key=lambda row: abs(row - near), default=self.height)
        self.height = max(self.height, row + 1)
        return row

    def _after(self) -> dict[Trunk, set[Trunk]]:
        """For each trunk those that must lie west of it."""
        after: dict[Trunk, set[Trunk]] = {trunk: set() for trunk in self.trunks}
        for row in {*self.arrive, *self.cross, *self.leave}:
            for west, east in pairwise(self._along(row)):
                if west is not east:
                    after[east].add(west)
        return after

    def _along(self, row: int) -> Iterator[Trunk]:
        if row in self.arrive:
            yield self.arrive[row]
        yield from self.cross.get(row, ())
        if row in self.leave:
            yield self.leave[row]

    def _coloured(self) -> bool:
        """Give each trunk its column; on a cycle change the wires and say False."""
        after = self._after()
        waiting = sorted(self.trunks, key=lambda trunk: trunk.span)
        columns: list[list[Trunk]] = []
        while waiting:
            ready = [trunk for trunk in waiting if not any(west in waiting for west in after[trunk])]
            if not ready:
                self._break(_cycle(waiting, after))
                return False
            for trunk in ready:
                first = max((west.column + 1 for west in after[trunk]), default=0)
                trunk.column = _column(trunk, columns, first)
            waiting = [trunk for trunk in waiting if trunk not in ready]
        return True

    def _break(self, cycle: list[Trunk]) -> None:
        """Cut a trunk of the cycle where it can be cut, else give a crossing wire a row of its own.

        Ends: when trunks only gather, only pass on or only deliver, and no crossing wire shares its row, columns
        can always be ordered gather, pass, deliver.
        """
        for trunk in cycle:
            arrivals = [row for row, found in self.arrive.items() if found is trunk]
            leaves = [row for row, found in self.leave.items() if found is trunk]
            if leaves and (arrivals or any(west is trunk for west, _ in self.cross.values())):
                self._cut(trunk, self.leave, leaves)
                return
            if arrivals and any(east is trunk for _, east in self.cross.values()):
                self._cut(trunk, self.arrive, arrivals)
                return
        row = next(
            row
            for row, ends in self.cross.items()
            if (row in self.arrive or row in self.leave) and not set(ends).isdisjoint(cycle)
        )
        ends = self.cross.pop(row)
        for trunk in ends:
            if trunk not in (self.arrive.get(row), self.leave.get(row)):
                trunk.rows.discard(row)
        self._cross(self._free_row(row), *ends)

    def _cut(self, trunk: Trunk, side: dict[int, Trunk], rows: list[int]) -> None:
        """Move the rows of one side to a trunk of their own, joined over a free row."""
        moved = self._trunk()
        for row in rows:
            side[row] = moved
        moved.rows.update(rows)
        here = {row for ends in (self.arrive, self.leave) for row, found in ends.items() if found is trunk}
        trunk.rows = here | {row for row, ends in self.cross.items() if trunk in ends}
        ends = (trunk, moved) if side is self.leave else (moved, trunk)
        self._cross(self._free_row(rows[0]), *ends)


def _cycle(stuck: list[Trunk], after: Mapping[Trunk, set[Trunk]]) -> list[Trunk]:
    """Some cycle among trunks that all wait for another."""
    seen: list[Trunk] = []
    trunk = stuck[0]
    while trunk not in seen:
        seen.append(trunk)
        trunk = next(west for west in stuck if west in after[trunk])
    return seen[seen.index(trunk) :]


def _column(trunk: Trunk, columns: list[list[Trunk]], first: int) -> int:
    """The first column from `first` on where no trunk is in the way; trunks in a column keep a row apart."""
    top, bottom = trunk.span
    for place in range(first, len(columns) + first + 1):
        while len(columns) <= place:
            columns.append([])
        if all(bottom < other.span[0] or top > other.span[1] for other in columns[place]):
            columns[place].append(trunk)
            return place
    raise AssertionError("a new column has room for any trunk")
