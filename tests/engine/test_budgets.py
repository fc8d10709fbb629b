"""Calls reserve before they start and settle after: no cap is passed, whatever happens in between."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.budgets import Budgets
from engine.cancellation import CancelToken
from engine.errors import ModelFailed, OverBudget, StoreError, Unusable
from engine.inference import Inference, Question
from engine.llm import Estimate
from engine.model.budget import Cap, Raise, Scope, Way, Window, since
from engine.model.call import CANCELLED, FREE, INTERRUPTED, Call, ModelFailure, Purpose, Usage
from engine.model.events import BudgetWarned, EngineClosed, Event
from engine.model.policy import Policy
from engine.model.prompt import Prompt
from engine.policies import Policies
from engine.settings import Caps, OverallCaps
from engine.spending import Spending
from engine.storage.connect import FILE
from engine.storage.store import Store
from tests.engine.scripted_model import ScriptedModel, priced
from tests.patience import PATIENCE

DAY = Cap(scope=Scope.OVERALL, window=Window.DAY)


class Books:
    """A store, its budgets, a clock that a test sets, and what was told."""

    def __init__(self, store: Store, caps: OverallCaps, told: list[Event], now: list[float]) -> None:
        self.store, self.told, self.now = store, told, now
        self.spending = Spending(store.read, caps, Policies(Policy()), lambda: now[0])
        self.budgets = Budgets(store, self.spending, lambda: now[0])

    async def reserve(self, cost: float | None = 1.0, task: int = 1, model: str = "m") -> Call:
        estimate = Estimate(model=model, usage=Usage(cost=cost))
        return await self.budgets.reserve(estimate, Purpose.RESEARCH, task, "a", 7)

    async def spend(self, cost: float | None, task: int = 1, model: str = "m") -> None:
        call = await self.reserve(cost, task, model)
        await self.budgets.warn(call, self.budgets.settle(call, Usage(cost=cost)))

    async def calls(self) -> tuple[Call, ...]:
        """Those of task 1, with all that is on its way to the disk."""
        await self.store.record()
        return await self.store.read.ledger.of_task(1)

    async def used(self) -> tuple[int, int, int]:
        """Spent, reserved, and calls of unknown price of this day."""
        spent = await self.store.read.ledger.spent(DAY, since(Window.DAY, self.now[0]))
        return spent.micros, spent.reserved, spent.unpriced

    def warned(self) -> list[tuple[str, int]]:
        facts = (event.fact for event in self.told)
        return [(str(f.standing.cap), f.standing.spent.micros) for f in facts if isinstance(f, BudgetWarned)]


@asynccontextmanager
async def books(folder: Path, caps: OverallCaps | None = None, now: float | None = None) -> AsyncIterator[Books]:
    told: list[Event] = []
    clock = [time.time() if now is None else now]
    store = await Store.open(folder, lambda: clock[0], told.extend)
    try:
        yield Books(store, caps or OverallCaps(), told, clock)
    finally:
        await store.close()


def ask() -> Question[str]:
    prompt = Prompt(system="s", request="?")
    return Question(purpose=Purpose.RESEARCH, prompt=prompt, read=str, task=1, step="a", run=7)


async def test_a_hundred_calls_at_once_never_pass_the_cap(tmp_path: Path) -> None:
    async with books(tmp_path, OverallCaps(day=5.0)) as desk:
        asked = await asyncio.gather(*(desk.reserve(0.3, task=n) for n in range(100)), return_exceptions=True)
        calls = [call for call in asked if isinstance(call, Call)]
        assert (len(calls), await desk.used()) == (16, (0, 4_800_000, 0))
        assert {type(error) for error in asked if not isinstance(error, Call)} == {OverBudget}
        await asyncio.gather(*(desk.budgets.settle(call, Usage(cost=0.1)) for call in calls))
        assert await desk.used() == (1_600_000, 0, 0)
        await desk.reserve(3.4)


@given(costs=st.lists(st.tuples(st.integers(1, 3_000_000), st.integers(0, 100)), max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_asked_for_what_is_spent_stays_under_the_cap(
    tmp_path_factory: pytest.TempPathFactory, costs: list[tuple[int, int]]
) -> None:
    async with books(tmp_path_factory.mktemp("books"), OverallCaps(hour=2.0, day=4.0)) as desk:

        async def call(most: int, percent: int) -> None:
            with suppress(OverBudget):
                reserved = await desk.reserve(most / 1e6)
                await desk.budgets.settle(reserved, Usage(cost=most * percent / 1e8))

        await asyncio.gather(*(call(*cost) for cost in costs))
        spent, reserved, _ = await desk.used()
        assert spent + reserved <= 2_000_000


async def test_what_is_over_names_the_cap_what_was_used_and_how_to_go_on(tmp_path: Path) -> None:
    async with books(tmp_path, OverallCaps(day=5.0, models={"m": Caps(hour=1.0)})) as desk:
        await desk.spend(0.42)
        with pytest.raises(OverBudget) as over:
            await desk.reserve(1.0, task=12)
        expected = "m this hour may cost $1.00 and has used $0.42; m may take $1.00; nothing was sent"
        hint = "to let task 12 alone go beyond that: signoff budget raise 12 +0.42 --beyond 'm hour'"
        assert (str(over.value), over.value.hint, over.value.cap) == (expected, hint, "m hour")
        assert over.value.ways == (Way.RAISE, Way.CHEAP, Way.STOP)
        await desk.reserve(1.0, model="another")


async def test_what_is_over_two_caps_names_both_and_fits_after_what_it_says(tmp_path: Path) -> None:
    async with books(tmp_path, OverallCaps(day=1.0, month=1.2, models={"m": Caps(hour=9.0)})) as desk:
        await desk.spend(0.9)
        with pytest.raises(OverBudget) as over:
            await desk.reserve(0.5)
        day = "all tasks this day may cost $1.00 and have used $0.90"
        month = "all tasks this month may cost $1.20 and have used $0.90"
        assert str(over.value) == f"{day}; {month}; m may take $0.50; nothing was sent"
        raises = "signoff budget raise 1 +0.4 --beyond day and signoff budget raise 1 +0.2 --beyond month"
        assert (over.value.hint, over.value.cap) == (f"to let task 1 alone go beyond that: {raises}", "day")
        for amount, word in ((400_000, "day"), (200_000, "month")):
            more = Raise(task=1, micros=amount, beyond=word, actor="ana", time=desk.now[0])
            await desk.store.ledger.raise_budget(more)
        await desk.reserve(0.5)


async def test_a_raise_is_for_its_task_its_cap_and_its_window(tmp_path: Path) -> None:
    async with books(tmp_path, OverallCaps(day=1.0)) as desk:
        await desk.spend(1.0)
        more = Raise(task=1, micros=500_000, actor="ana", time=desk.now[0])
        await desk.store.ledger.raise_budget(more)
        with pytest.raises(OverBudget):
            await desk.reserve(0.5)
        await desk.store.ledger.raise_budget(replace(more, beyond="day"))
        await desk.reserve(0.5)
        for task in (1, 2):
            with pytest.raises(OverBudget):
                await desk.reserve(0.000_001, task=task)
        desk.now[0] += 86_400
        with pytest.raises(OverBudget):
            await desk.reserve(1.5)


async def test_an_unknown_price_fits_under_no_cap_until_a_person_says_so(tmp_path: Path) -> None:
    async with books(tmp_path, OverallCaps(day=1.0)) as desk:
        with pytest.raises(OverBudget) as over:
            await desk.reserve(None)
        assert "Nobody knows what m costs" in str(over.value)
        assert over.value.ways[0] is Way.UNPRICED
        await desk.store.ledger.raise_budget(Raise(task=1, unpriced=True, actor="ana", time=desk.now[0]))
        await desk.spend(None)
        assert await desk.used() == (0, 0, 1), "it is told as unknown, not as nothing"
        with pytest.raises(OverBudget):
            await desk.reserve(1.1)


@pytest.mark.parametrize("cost", [float("nan"), float("inf"), -1.0])
async def test_a_price_that_is_no_amount_is_unknown(tmp_path: Path, cost: float) -> None:
    async with books(tmp_path) as desk:
        await desk.budgets.settle(await desk.reserve(cost), Usage(cost=cost))
        assert await desk.used() == (0, 0, 1)


async def test_a_call_of_unknown_cost_counts_with_what_it_reserved(tmp_path: Path) -> None:
    async with books(tmp_path) as desk:
        await desk.budgets.settle(await desk.reserve(0.7), Usage(tokens_in=5, cost=None))
        (call,) = await desk.calls()
        assert (call.cost, call.tokens_in, await desk.used()) == (None, 5, (700_000, 0, 0))


async def test_the_edge_of_a_month_frees_what_the_month_before_used(tmp_path: Path) -> None:
    edge = datetime(2028, 3, 1, tzinfo=UTC).timestamp()
    async with books(tmp_path, OverallCaps(month=1.0), now=edge - 1) as desk:
        late = await desk.reserve(1.0)
        with pytest.raises(OverBudget):
            await desk.reserve(0.1)
        desk.now[0] = edge
        await desk.reserve(1.0)
        await desk.budgets.settle(late, Usage(cost=0.9))
        standing = (await desk.spending.view(None)).standings[2]
        assert (standing.spent.micros, standing.spent.reserved) == (0, 1_000_000)


async def test_a_clock_that_goes_back_frees_nothing(tmp_path: Path) -> None:
    async with books(tmp_path, OverallCaps(hour=1.0), now=1_900_000_000.0) as desk:
        await desk.spend(1.0)
        desk.now[0] -= 40 * 86_400
        with pytest.raises(OverBudget):
            await desk.reserve(0.1)


async def test_a_store_that_cannot_be_read_counts_as_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise StoreError(reason="the disk is gone")

    async with books(tmp_path) as desk:
        model = priced()
        monkeypatch.setattr(desk.store.read.ledger, "raised", broken)
        with pytest.raises(OverBudget, match="the disk is gone"):
            await Inference(model, desk.budgets).infer(ask(), lambda _: None, CancelToken())
        assert model.heard == []


async def test_a_store_that_cannot_be_written_counts_as_over(tmp_path: Path) -> None:
    async with books(tmp_path) as desk:
        with closing(sqlite3.connect(tmp_path / FILE)) as other:
            other.execute("DROP TABLE calls")
        with pytest.raises(OverBudget):
            await desk.reserve()


async def test_a_reservation_that_nobody_waits_for_any_more_is_given_back(tmp_path: Path) -> None:
    async with books(tmp_path, OverallCaps(hour=1.0)) as desk:
        for turns in range(8):
            reserving = asyncio.create_task(desk.reserve(0.9))
            for _ in range(turns):
                await asyncio.sleep(0)
            reserving.cancel()
            with suppress(asyncio.CancelledError):
                await reserving
                await desk.budgets.settle(reserving.result(), FREE)
            await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "reserve"))
            while await desk.store.read.ledger.under_way():
                await desk.store.record(EngineClosed())
            assert await desk.used() == (0, 0, 0)
        await desk.reserve(0.9)


async def test_a_warning_comes_once_in_a_window(tmp_path: Path) -> None:
    async with books(tmp_path, OverallCaps(hour=1.0, month=9.0)) as desk:
        await desk.spend(0.79)
        assert desk.warned() == []
        await desk.spend(0.01)
        await desk.spend(0.05)
        assert desk.warned() == [("all tasks this hour", 800_000)]
    async with books(tmp_path, OverallCaps(hour=1.0, month=9.0), now=desk.now[0]) as again:
        await again.spend(0.01)
        assert again.warned() == [], "also not by the owner after this one"
        again.now[0] += 3600
        await again.spend(0.9)
        assert again.warned() == [("all tasks this hour", 900_000)]


async def test_a_call_is_on_record_before_it_is_made_and_what_it_used_after(tmp_path: Path) -> None:
    async with books(tmp_path) as desk:
        model = ScriptedModel("w" * 999, cost=0.2, most=1.0)
        model.hold()
        asking = asyncio.create_task(Inference(model, desk.budgets).infer(ask(), lambda _: None, CancelToken()))
        await model.asked.wait()
        (reserved,) = await desk.store.read.ledger.under_way()
        assert (reserved.reserved, reserved.cost, await desk.used()) == (1_000_000, None, (0, 1_000_000, 0))
        model.released.set()
        await asking
        (call,) = await desk.calls()
        assert (call.cost, call.tokens_in, call.tokens_out, call.run, len(call.preview)) == (200_000, 80, 40, 7, 280)


@pytest.mark.parametrize(
    ("error", "cost"),
    [
        (ModelFailed(failure=ModelFailure.AUTH, problem="no key"), 0),
        (ModelFailed(failure=ModelFailure.TIMEOUT, problem="too slow"), 1_000_000),
        (ModelFailed(failure=ModelFailure.UNAVAILABLE, problem="broke", usage=Usage(cost=0.3)), 300_000),
    ],
)
async def test_a_call_that_failed_counts_with_what_it_may_have_cost(
    tmp_path: Path, error: ModelFailed, cost: int
) -> None:
    async with books(tmp_path) as desk:
        with pytest.raises(ModelFailed):
            await Inference(ScriptedModel(error, most=1.0), desk.budgets).infer(ask(), lambda _: None, CancelToken())
        (call,) = await desk.calls()
        assert (call.failure, call.cost) == (error.failure.value, cost)


async def test_a_call_that_is_cancelled_settles_all_the_same(tmp_path: Path) -> None:
    async with books(tmp_path) as desk:
        model = priced()
        model.hold()
        asking = asyncio.create_task(Inference(model, desk.budgets).infer(ask(), lambda _: None, CancelToken()))
        await model.asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        (call,) = await desk.calls()
        assert (call.failure, call.cost, await desk.used()) == (CANCELLED, 1_000_000, (1_000_000, 0, 0))


async def test_to_cancel_a_call_waits_for_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with books(tmp_path) as desk:
        monkeypatch.setattr(desk.store.ledger, "settle", lambda call: asyncio.get_running_loop().create_future())
        model = priced()
        model.hold()
        asking = asyncio.create_task(Inference(model, desk.budgets).infer(ask(), lambda _: None, CancelToken()))
        await model.asked.wait()
        asking.cancel()
        await asyncio.wait((asking,), timeout=PATIENCE)
        assert asking.cancelled()


async def test_a_correction_is_a_call_of_its_own(tmp_path: Path) -> None:
    async with books(tmp_path, OverallCaps(day=1.2)) as desk:
        picky: Question[int] = Question(
            purpose=Purpose.PLAN, prompt=Prompt(system="s", request="?"), read=_never, task=1
        )
        with pytest.raises(OverBudget):
            await Inference(priced(cost=0.5), desk.budgets).infer(picky, lambda _: None, CancelToken())
        assert [call.cost for call in await desk.calls()] == [500_000]


def _never(text: str) -> int:
    raise Unusable(problem="no")


async def test_what_a_dead_owner_left_counts_with_what_it_had_reserved(tmp_path: Path) -> None:
    async with books(tmp_path, OverallCaps(day=1.0)) as desk:
        await desk.reserve(0.8)
    async with books(tmp_path, OverallCaps(day=1.0), now=desk.now[0]) as again:
        with pytest.raises(OverBudget):
            await again.reserve(0.3)
        (sentence,) = await again.budgets.recover()
        assert sentence == "a call of m for task 1 counts with what it had reserved"
        (call,) = await again.calls()
        assert (call.failure, call.cost, await again.used()) == (INTERRUPTED, 800_000, (800_000, 0, 0))
        assert await again.budgets.recover() == []


async def test_many_calls_are_summed_by_the_index(tmp_path: Path) -> None:
    async with books(tmp_path) as desk:
        await desk.spend(0.1)
        with closing(sqlite3.connect(tmp_path / FILE)) as other:
            wheres = ("started >= 1", "started >= 1 AND task = 1", "started >= 1 AND model = 'm'")
            for where in (*wheres, "started >= 1 GROUP BY model"):
                sql = f"EXPLAIN QUERY PLAN SELECT SUM(COALESCE(cost, reserved)), settled FROM calls WHERE {where}"
                assert "COVERING INDEX" in str(other.execute(sql).fetchall()), where
