"""The steps of a plan under review: risky ones first, routine ones folded, each with its verdict."""

from __future__ import annotations

from textual.content import Content

from engine import Tier
from tui.presentation.content import content
from tui.presentation.line import MUTED
from tui.presentation.reading import Reading
from tui.presentation.review import Row, heading, line, rows
from tui.widgets.row_list import RowList
from tui.widgets.rule import ruled


class StepList(RowList[Row]):
    """Shows a `Reading`; which tiers are open is its own business."""

    reading: Reading | None = None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.opened: frozenset[Tier] = frozenset()

    def selectable(self, row: Row) -> bool:
        return row.selectable

    def draw(self, row: Row, width: int) -> Content:
        if self.reading is None:
            return Content("")
        if row.heading:
            left, right = heading(row, self.reading)
            return ruled(
                content(left, "bold"), content(right, MUTED), width, focused=self.has_focus, ascii_only=self.ascii_only
            )
        return line(row, self.reading, width, opened=row.group in self.opened, ascii_only=self.ascii_only)

    def read(self, reading: Reading, step: str | None = None) -> None:
        """Show a plan with its verdicts; the cursor goes to `step`, or stays on the step where it is."""
        at = self.chosen
        self.reading = reading
        made = rows(reading, self.opened)
        wanted = step or (at.planned.id if at and at.planned else None)
        place = next((i for i, row in enumerate(made) if row.planned and row.planned.id == wanted), None)
        if place is None and at and at.group:
            place = next((i for i, row in enumerate(made) if row.group is at.group), None)
        self.show(made, place)

    def fold(self, tier: Tier) -> None:
        """Open what is folded, fold what is open."""
        self.opened ^= {tier}
        if self.reading:
            self.read(self.reading)

    def fold_all(self) -> None:
        """Open every tier, or fold every one when all are open."""
        tiers = {row.group for row in self.rows if row.group}
        self.opened = frozenset() if tiers <= self.opened else frozenset(tiers)
        if self.reading:
            self.read(self.reading)
