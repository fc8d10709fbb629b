"""Which steps come before which: ancestor sets as bits of integers, so that 10,000 steps in a chain stay cheap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from engine.model.plan import StepBase


class Lineage:
    """The steps of a valid graph by their place in topological order; a set of steps is an int, bit n for step n."""

    def __init__(self, ordered: Sequence[StepBase]) -> None:
        self._ordered = ordered
        self._index = {step.id: index for index, step in enumerate(ordered)}

    def members(self, ids: Iterable[str]) -> int:
        """The set of these steps."""
        marks = bytearray(len(self._ordered) // 8 + 1)
        for step_id in ids:
            index = self._index[step_id]
            marks[index // 8] |= 1 << index % 8
        return int.from_bytes(marks, "little")

    def nearest(self, step_id: str, among: int) -> str:
        """The ancestor of a step in the set that comes last in topological order; empty where there is none."""
        found = self._ancestors[self._index[step_id]] & among if among else 0
        return self._ordered[found.bit_length() - 1].id if found else ""

    @cached_property
    def _ancestors(self) -> list[int]:
        ancestors: list[int] = []
        for step in self._ordered:
            above = 0
            for need in step.needs:
                index = self._index[need]
                above |= ancestors[index] | 1 << index
            ancestors.append(above)
        return ancestors
