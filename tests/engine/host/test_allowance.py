"""Fair shares: who asks more than a person would waits, and nobody else does."""

from __future__ import annotations

import asyncio

import pytest

from engine.host.allowance import RATE, SAVED, UNDER_WAY, UNIT, Allowance
from tests.patience import PATIENCE


class Time:
    """Passes while somebody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.slept = 0.0
        monkeypatch.setattr("engine.host.allowance.asyncio.sleep", self.sleep)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


async def ask(allowance: Allowance, times: int) -> None:
    for _ in range(times):
        await allowance.begin()
        allowance.end()


async def test_what_was_saved_is_free_and_the_rest_comes_at_the_rate(time: Time) -> None:
    allowance = Allowance(clock=time)
    await ask(allowance, int(SAVED))
    assert time.slept == 0
    await ask(allowance, 100)
    assert time.slept == pytest.approx(100 / RATE)


async def test_bytes_cost(time: Time) -> None:
    allowance = Allowance(clock=time)
    await allowance.spend(0, int((SAVED + 10) * UNIT))
    assert time.slept == pytest.approx(10 / RATE)


async def test_no_more_is_saved_than_may_be(time: Time) -> None:
    allowance = Allowance(clock=time)
    time.now = 1e6
    await ask(allowance, int(SAVED) + 1)
    assert time.slept == pytest.approx(1 / RATE)


async def test_our_own_user_waits_for_nothing(time: Time) -> None:
    allowance = Allowance(limited=False, clock=time)
    await ask(allowance, 100_000)
    await allowance.spend(1e9, 10**12)
    assert time.slept == 0


async def test_so_many_are_under_way_at_most() -> None:
    allowance = Allowance(limited=False)
    for _ in range(UNDER_WAY):
        await allowance.begin()
    more = asyncio.create_task(allowance.begin())
    for _ in range(10):  # more turns of the loop than a request takes that need not wait
        await asyncio.sleep(0)
    assert not more.done()
    allowance.end()
    await asyncio.wait_for(more, PATIENCE)


async def test_who_gives_up_waiting_leaves_the_turn_to_others(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    allowance = Allowance(clock=time)
    await ask(allowance, int(SAVED))

    async def given_up(seconds: float) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr("engine.host.allowance.asyncio.sleep", given_up)
    for _ in range(UNDER_WAY * 2):
        with pytest.raises(asyncio.CancelledError):
            await allowance.begin()
