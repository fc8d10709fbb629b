"""The ledger of calls: reserved before they start, settled after; raises and warnings beside it.

A call that is reserved and not settled counts with what it reserved, also after a crash. Rows stay when their task is
removed: what was spent was spent.
"""

from __future__ import annotations

from itertools import count

from engine.model.budget import Raise, Standing
from engine.model.call import Call, Usage
from engine.model.events import BudgetRaised, BudgetWarned, CallReserved, CallSettled
from engine.storage.decisions import Durable
from engine.storage.rows import CALL_COLUMNS
from engine.storage.writer import CARRIED, Change, Statement, Writer

_RESERVE = f"INSERT INTO calls ({CALL_COLUMNS}) VALUES ({', '.join('?' * 14)})"
_SETTLE = (
    "UPDATE calls SET cost=?, tokens_in=?, tokens_out=?, settled=?, failure=?, preview=? WHERE id=? AND settled IS NULL"
)
_WARN = "INSERT OR IGNORE INTO warnings (cap, since, micros) VALUES (?, ?, ?)"


class Ledger:
    """The part of the store that calls are written to."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.calls = count(1)
        """Numbers of the calls to come; the store sets where they begin."""

    def reserve(self, call: Call, expected: Usage) -> Durable:
        """A call that is about to start, and what it uses at most; it must not start before this is durable."""
        row = tuple(vars(call)[column] for column in CALL_COLUMNS.split(", "))
        change = Change(writes=[(_RESERVE, row)], patient=False)
        change.facts.append((CallReserved(call, expected), call.task or None, call.step or None))
        return self._aside(change)

    def settle(self, call: Call) -> Durable:
        """The end of a call, unless it was settled before."""
        values = (call.cost, call.tokens_in, call.tokens_out, call.settled, call.failure, call.preview)
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
