"""The ledger of calls: reserved before they start, settled after, summed by window; raises and warnings beside it.

A call that is reserved and not settled counts with what it reserved, also after a crash. Rows stay when their task is
removed: what was spent was spent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import Any

from engine.model.budget import Cap, Raise, Raised, Scope, Spent, Standing
from engine.model.call import Call, Purpose, Usage
from engine.model.events import BudgetRaised, BudgetWarned, CallReserved, CallSettled
from engine.storage.decisions import Durable
from engine.storage.writer import CARRIED, Change, Statement, Writer

_COLUMNS = (
    "id, task, step, run, purpose, model, reserved, started, cost, tokens_in, tokens_out, settled, failure, preview"
)
_RESERVE = f"INSERT INTO calls ({_COLUMNS}) VALUES ({', '.join('?' * 14)})"
_SETTLE = (
    "UPDATE calls SET model=?, cost=?, tokens_in=?, tokens_out=?, settled=?, failure=?, preview=?"
    " WHERE id=? AND settled IS NULL"
)
_SUMS = (
    "COALESCE(SUM(CASE WHEN settled IS NOT NULL THEN COALESCE(cost, reserved) END), 0) AS micros,"
    " COALESCE(SUM(CASE WHEN settled IS NULL THEN reserved END), 0) AS reserved,"
    " COUNT(CASE WHEN COALESCE(cost, reserved) IS NULL THEN 1 END) AS unpriced"
)
_SPENT = f"SELECT {_SUMS} FROM calls WHERE started >= ?"
_BY_MODEL = f"SELECT model, {_SUMS} FROM calls INDEXED BY calls_overall WHERE started >= ? GROUP BY model"
_WHOSE = {Scope.OVERALL: "", Scope.CALLED: " AND model = ?", Scope.TASK: " AND task = ?"}
_WARN = "INSERT OR IGNORE INTO warnings (cap, since, micros) VALUES (?, ?, ?)"
USUAL_COST = (
    "(SELECT CASE WHEN COUNT(*) = COUNT(COALESCE(cost, reserved)) THEN SUM(COALESCE(cost, reserved)) END"
    " FROM calls WHERE calls.run = runs.id)"
)
"""What a run cost; null where nothing was called, or where nobody knows."""


class Ledger:
    """The part of the store that calls are written to."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.calls = count(1)
        """Numbers of the calls to come; the store sets where they begin."""

    def reserve(self, call: Call, expected: Usage) -> Durable:
        """A call that is about to start, and what it uses at most; it must not start before this is durable."""
        row = tuple(vars(call)[column] for column in _COLUMNS.split(", "))
        change = Change(writes=[(_RESERVE, row)], patient=False)
        change.facts.append((CallReserved(call, expected), call.task or None, call.step or None))
        return self._aside(change)

    def settle(self, call: Call) -> Durable:
        """The end of a call, unless it was settled before."""
        values = (call.model, call.cost, call.tokens_in, call.tokens_out, call.settled, call.failure, call.preview)
        guard: Statement = (_SETTLE, (*values, call.id))
        change = Change(guard=guard, what=f"call {call.id}")
        change.facts.append((CallSettled(call), call.task or None, call.step or None))
        return self._aside(change)

    def raise_budget(self, more: Raise) -> Durable:
        """What a person lets a task use besides."""
        row = (more.task, more.micros, more.seconds, int(more.unpriced), more.beyond, more.actor, more.time)
        sql = "INSERT INTO raises (task, micros, seconds, unpriced, beyond, actor, time) VALUES (?, ?, ?, ?, ?, ?, ?)"
        change = Change(writes=[(sql, row)], actor=more.actor, patient=False)
        change.facts.append((BudgetRaised(more), more.task, None))
        return self._writer.apply(change)

    def warn(self, standing: Standing) -> Durable:
        """A warning about a cap. The future raises `Conflict` if it was given before, in this window and this limit."""
        cap = standing.cap
        key = f"{cap.scope} {cap.window} {cap.name or cap.task or ''}".rstrip()
        change = Change(guard=(_WARN, (key, standing.since, standing.limit)), what="the warning")
        change.facts.append((BudgetWarned(standing), cap.task, None))
        return self._aside(change)

    def _aside(self, change: Change) -> Durable:
        """Write what happens while a command is carried out, and is not what the command was given for."""
        kept = CARRIED.set(None)
        try:
            return self._writer.apply(change)
        finally:
            CARRIED.reset(kept)


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
        return tuple(_calls(await self._all(f"SELECT {_COLUMNS} FROM calls WHERE settled IS NULL ORDER BY id")))

    async def of_task(self, task: int) -> tuple[Call, ...]:
        """The calls of a task, first one first."""
        return tuple(_calls(await self._all(f"SELECT {_COLUMNS} FROM calls WHERE task = ? ORDER BY id", task)))


def _spent(row: Any) -> Spent:
    return Spent(micros=row["micros"], reserved=row["reserved"], unpriced=row["unpriced"])


def _calls(found: list[Any]) -> Iterator[Call]:
    for row in found:
        values = dict(zip(row.keys(), row, strict=True))
        yield Call(**(values | {"purpose": Purpose(values["purpose"])}))
