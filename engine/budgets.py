"""Budgets: every try of a model or an agent reserves here before it starts and settles after (B10).

`reserve` is the one choke point: it looks and writes while nobody else can, so that no two calls pass the same cap
together. Whatever goes wrong while it looks counts as over. A reservation that never settles keeps counting.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from engine.errors import Conflict, OverBudget, StoreError
from engine.llm import Estimate
from engine.model.amounts import MICROS, dollars, priced
from engine.model.budget import Cap, Raised, Scope, Standing, Way, refusing, warns
from engine.model.call import CANCELLED, FREE, INTERRUPTED, Call, ModelFailure, Purpose, Usage
from engine.spending import Spending
from engine.storage.decisions import Durable
from engine.storage.store import Store

PREVIEW = 280
"""Characters of an answer that the ledger keeps (B9.13)."""
_MONEY = (Way.RAISE, Way.CHEAP, Way.STOP)
_PRICE = (Way.UNPRICED, Way.CHEAP, Way.STOP)
_UNSENT = frozenset(ModelFailure) - {ModelFailure.TIMEOUT, ModelFailure.PARSE}
"""Failures that cost nothing where the provider reports no usage."""


class Budgets:
    """The caps of this owner and what counts towards them."""

    def __init__(self, store: Store, spending: Spending, clock: Callable[[], float]) -> None:
        self._store = store
        self._spending = spending
        self._clock = clock
        self._turn = asyncio.Lock()
        """Held from looking at what was spent until the reservation is durable."""

    async def reserve(self, estimate: Estimate, purpose: Purpose, task: int, step: str, run: int | None) -> Call:
        """Set aside what a call may cost at most; it may start once this returns.

        Raises:
            OverBudget: it does not fit under a cap, or whether it does cannot be found out.
        """
        reserving = asyncio.create_task(self._reserve(estimate, purpose, task, step, run), name="reserve")
        try:
            return await asyncio.shield(reserving)
        except asyncio.CancelledError:  # nobody makes the call any more, and the row may be on its way to the disk
            reserving.add_done_callback(self._unused)
            raise

    def _unused(self, reserving: asyncio.Task[Call]) -> None:
        if not reserving.cancelled() and reserving.exception() is None:
            self.settle(reserving.result(), FREE, CANCELLED)

    async def _reserve(self, estimate: Estimate, purpose: Purpose, task: int, step: str, run: int | None) -> Call:
        call = Call(
            id=next(self._store.ledger.calls),
            task=task,
            step=step,
            run=run,
            purpose=purpose,
            model=estimate.model,
            reserved=priced(estimate.usage.cost),
            started=self._clock(),
        )
        expected = estimate.usage if call.reserved is not None else replace(estimate.usage, cost=None)
        try:
            async with self._turn:
                raised = await self._store.read.ledger.raised(task, 0.0)
                await self._check(call, raised)
                await self._store.ledger.reserve(call, expected)
        except StoreError as error:
            raise OverBudget(problem=f"What was spent cannot be told ({error})", ways=_MONEY) from error
        return call

    async def fits(self, estimate: Estimate, task: int) -> bool:
        """Whether a call could be made now, at a price that is known."""
        with suppress(StoreError):
            standings = await self._spending.standings(task, estimate.model)
            return not refusing(standings, priced(estimate.usage.cost))
        return False

    async def _check(self, call: Call, raised: Raised) -> None:
        """It has to fit under every cap. Raises `OverBudget`."""
        standings = await self._spending.standings(call.task, call.model)
        wanted = 0 if call.reserved is None and raised.unpriced else call.reserved
        if refused := refusing(standings, wanted):
            raise _unpriced(call, refused[0].cap) if wanted is None else _over(call, refused)

    def settle(self, call: Call, usage: Usage | None, failure: str = "", preview: str = "") -> Durable:
        """Record what a call used; it is written whether somebody waits for it or not.

        Args:
            usage: as the provider reported it; None where it did not.
            failure: a `ModelFailure`, or `cancelled`; empty for an answer.
        """
        used = usage or Usage(cost=0.0 if failure in _UNSENT else None)
        settled = replace(
            call,
            cost=priced(used.cost) if usage or failure in _UNSENT else call.reserved,
            tokens_in=used.tokens_in,
            tokens_out=used.tokens_out,
            settled=self._clock(),
            failure=failure,
            preview=preview[:PREVIEW],
        )
        return self._store.ledger.settle(settled)

    async def warn(self, call: Call, settled: Durable) -> None:
        """Once a call is settled: tell of every cap that it brought near its limit, once in its window."""
        with suppress(StoreError):  # the next call finds it too
            await settled
            for standing in await self._spending.standings(call.task, call.model):
                if warns(standing):
                    with suppress(Conflict):  # told before
                        await self._store.ledger.warn(standing)

    async def recover(self) -> list[str]:
        """Settle what an earlier owner left under way, at what it had reserved; returns a sentence for each."""
        told = []
        for call in await self._store.read.ledger.under_way():
            await self._store.ledger.settle(
                replace(call, cost=call.reserved, settled=self._clock(), failure=INTERRUPTED)
            )
            about = f" for task {call.task}" if call.task else ""
            told.append(f"a call of {call.model}{about} counts with what it had reserved")
        return told


def _unpriced(call: Call, cap: Cap) -> OverBudget:
    return OverBudget(
        problem=f"Nobody knows what {call.model} costs, and {cap} may cost {dollars(cap.micros)}",
        ways=_PRICE,
        hint=f"to let task {call.task} call it uncounted: signoff budget raise {call.task} --unpriced"
        if call.task
        else "model.prices in the configuration says what it costs: signoff config edit",
    )


def _over(call: Call, refused: Sequence[Standing]) -> OverBudget:
    """It names each cap that stands in the way, and asks about the first."""
    wanted = call.reserved or 0
    problem = "; ".join((*map(_left, refused), f"{call.model} may take {dollars(wanted)}"))
    hint = _way_on(call.task, refused, wanted) if call.task else "; ".join(_configured(each.cap) for each in refused)
    return OverBudget(problem=problem, ways=_MONEY, hint=hint, cap=refused[0].cap.word)


def _left(standing: Standing) -> str:
    has = "have" if standing.cap.scope is Scope.OVERALL else "has"
    return f"{standing.cap} may cost {dollars(standing.limit)} and {has} used {dollars(standing.used)}"


def _configured(cap: Cap) -> str:
    where = "budget.models" if cap.name else f"budget.{cap.window}"
    return f"{where} in the configuration is the cap (signoff config edit); it begins anew with the next {cap.window}"


def _way_on(task: int, refused: Sequence[Standing], wanted: int) -> str:
    """What makes the call fit under every cap: one raise lifts all of the task's own, each other needs one."""
    missing = dict[str, int]()
    for each in refused:
        short = each.used + wanted - (each.limit or 0)
        missing[each.cap.word] = max(short, missing.get(each.cap.word, 0))
    raises = " and ".join(_raise(task, amount, word) for word, amount in missing.items())
    return f"to let task {task} alone go beyond that: {raises}" if any(missing) else f"it fits after {raises}"


def _raise(task: int, amount: int, word: str) -> str:
    beyond = f" --beyond {shlex.quote(word)}" if word else ""
    return f"signoff budget raise {task} +{f'{amount / MICROS:.6f}'.rstrip('0').rstrip('.')}{beyond}"
