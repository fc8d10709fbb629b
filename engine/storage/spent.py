"""The ledger of calls, read: what was spent, summed by window, and what people let a task use besides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from engine.model.budget import Cap, Raised, Scope, Spent
from engine.model.call import Call
from engine.storage.rows import CALL_COLUMNS, call_of

_SUMS = (
    "COALESCE(SUM(CASE WHEN settled IS NOT NULL THEN COALESCE(cost, reserved) END), 0) AS micros,"
    " COALESCE(SUM(CASE WHEN settled IS NULL THEN reserved END), 0) AS reserved,"
    " COUNT(CASE WHEN COALESCE(cost, reserved) IS NULL THEN 1 END) AS unpriced"
)
_SPENT = f"SELECT {_SUMS} FROM calls WHERE started >= ?"
_BY_MODEL = f"SELECT model, {_SUMS} FROM calls INDEXED BY calls_overall WHERE started >= ? GROUP BY model"
_WHOSE = {Scope.OVERALL: "", Scope.CALLED: " AND model = ?", Scope.TASK: " AND task = ?"}
USUAL_COST = (
    "(SELECT CASE WHEN COUNT(*) = COUNT(COALESCE(cost, reserved)) THEN SUM(COALESCE(cost, reserved)) END"
    " FROM calls WHERE calls.run = runs.id)"
)
"""What a run cost; null where nothing was called, or where nobody knows."""


class LedgerReader:
    """Sums and rows of the ledger.

    Args:
        all_: runs a query and gives all of its rows.
    """

    def __init__(self, all_: Callable[..., Awaitable[list[Any]]]) -> None:
        self._all = all_

    async def spent(self, cap: Cap, since: float) -> Spent:
        """What counts towards a cap, of the calls that began since a moment."""
        about = {Scope.OVERALL: (), Scope.CALLED: (cap.name,), Scope.TASK: (cap.task,)}[cap.scope]
        (row,) = await self._all(_SPENT + _WHOSE[cap.scope], since, *about)
        return _spent(row)

    async def by_model(self, since: float) -> dict[str, Spent]:
        """The same for every model and agent that was called since a moment, by name."""
        return {row["model"]: _spent(row) for row in await self._all(_BY_MODEL, since)}

    async def raised(self, task: int, since: float, beyond: str = "") -> Raised:
        """What people allowed a task besides, since a moment: beyond its own caps, or beyond one that is not."""
        (row,) = await self._all(
            "SELECT COALESCE(SUM(micros), 0) AS micros, COALESCE(SUM(seconds), 0.0) AS seconds,"
            " COALESCE(MAX(unpriced), 0) AS unpriced FROM raises WHERE task = ? AND time >= ? AND beyond = ?",
            task,
            since,
            beyond,
        )
        return Raised(micros=row["micros"], seconds=row["seconds"], unpriced=bool(row["unpriced"]))

    async def beyond(self, since: float) -> tuple[tuple[str, float, int, int], ...]:
        """The raises beyond caps that are not a task's own, since a moment: cap, time, task and by how much."""
        sql = "SELECT beyond, time, task, micros FROM raises WHERE beyond > '' AND time >= ? ORDER BY task"
        return tuple(tuple(row) for row in await self._all(sql, since))

    async def under_way(self) -> tuple[Call, ...]:
        """Calls that were reserved and never settled."""
        found = await self._all(f"SELECT {CALL_COLUMNS} FROM calls WHERE settled IS NULL ORDER BY id")
        return tuple(map(call_of, found))

    async def of_task(self, task: int) -> tuple[Call, ...]:
        """The calls of a task, first one first."""
        found = await self._all(f"SELECT {CALL_COLUMNS} FROM calls WHERE task = ? ORDER BY id", task)
        return tuple(map(call_of, found))


def _spent(row: Any) -> Spent:
    return Spent(micros=row["micros"], reserved=row["reserved"], unpriced=row["unpriced"])
