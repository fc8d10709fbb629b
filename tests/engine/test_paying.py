"""Each try of each model reserves before it starts, on the model that is asked, and settles after: a real provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.errors import OverBudget
from engine.inference import Inference, Inferred
from engine.llm.keys import Keys
from engine.llm.library import get_ready
from engine.llm.litellm_model import LiteLLM
from engine.model.call import Call
from engine.settings import Caps, ModelSettings, OverallCaps
from tests.engine.test_budgets import Books, ask, books
from tests.patience import PATIENCE
from tests.provider import Provider, Reply, Then

A, B, C = "openai/a", "openai/b", "openai/c"
MOST = 1_000_000
"""What one try may cost, in millionths of a US dollar."""
CUT = Reply("two and two is four", pieces=1, then=Then.CUT)
"""May have cost all that it may."""
EMPTY = Reply("no credit", status=402)
"""Costs nothing, and the next model is asked."""


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    """So that no test measures the import."""
    asyncio.run(get_ready(CancelToken()))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries are short."""
    monkeypatch.setattr("engine.llm.troubles.FIRST", 0.02)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider() as listening:
        yield listening


@dataclass
class Asker:
    """Asks three models, of which one try costs a dollar at most, and an answer next to nothing."""

    provider: Provider
    folder: Path
    desk: Books

    async def ask(self) -> Inferred[str]:
        output = 100
        settings = ModelSettings(
            name=A,
            fallbacks=(B, C),
            base_url=self.provider.url,
            max_output=output,
            prices=dict.fromkeys((A, B, C), (0.0, 1e6 / output)),
        )
        model = LiteLLM(settings, Keys(self.folder / "keys.toml", {}))
        async with asyncio.timeout(PATIENCE):
            return await Inference(model, self.desk.budgets).infer(ask(), lambda _: None, CancelToken())

    async def rows(self) -> list[tuple[str, int | None, int | None, str]]:
        calls: tuple[Call, ...] = await self.desk.calls()
        return [(call.model, call.reserved, call.cost, call.failure) for call in calls]


async def test_three_models_under_one_cap_never_cost_more_than_it(provider: Provider, tmp_path: Path) -> None:
    provider.replies = [CUT] * 9
    async with books(tmp_path, OverallCaps(day=2.5)) as desk:
        one = Asker(provider, tmp_path, desk)
        with pytest.raises(OverBudget) as over:
            await one.ask()
        told = "all tasks this day may cost $2.50 and have used $2.00; openai/a may take $1.00; nothing more was sent"
        assert str(over.value) == f"openai/a failed (unavailable); {told}"
        assert over.value.cap == "day"
        assert len(provider.asked) == 2
        assert await one.rows() == [(A, MOST, MOST, "unavailable")] * 2
        assert await desk.used() == (2 * MOST, 0, 0)


async def test_two_that_fall_back_at_once_do_not_pass_the_cap_of_the_fallback(
    provider: Provider, tmp_path: Path
) -> None:
    provider.replies = [EMPTY, EMPTY, Reply("four", tokens=(7, 90))]
    async with books(tmp_path, OverallCaps(models={B: Caps(day=1.5)})) as desk:
        one = Asker(provider, tmp_path, desk)
        got = await asyncio.gather(one.ask(), one.ask(), return_exceptions=True)
        (over,) = (each for each in got if isinstance(each, OverBudget))
        assert over.cap == "openai/b day"
        (done,) = (each for each in got if isinstance(each, Inferred))
        assert (done.text, done.model) == ("four", B)
        assert len(provider.asked) == 3
        free = (A, MOST, 0, "quota")
        assert sorted(await one.rows()) == [free, free, (B, MOST, 900_000, "")]


async def test_the_model_that_is_asked_holds_the_reservation_while_it_answers(
    provider: Provider, tmp_path: Path
) -> None:
    provider.replies = [EMPTY, Reply("four", pieces=1, then=Then.SILENCE)]
    async with books(tmp_path) as desk:
        asking = asyncio.create_task(Asker(provider, tmp_path, desk).ask())
        while len(provider.asked) < 2:
            provider.arrived.clear()
            await provider.arrived.wait()
        (under_way,) = await desk.store.read.ledger.under_way()
        assert (under_way.model, under_way.reserved) == (B, MOST)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_a_fallback_that_nobody_needs_keeps_nobody_from_asking(provider: Provider, tmp_path: Path) -> None:
    provider.replies = [Reply("four", tokens=(7, 1))]
    async with books(tmp_path, OverallCaps(models={B: Caps(day=0.01)})) as desk:
        assert (await Asker(provider, tmp_path, desk).ask()).model == A


async def test_a_warning_is_about_the_cap_of_the_model_that_was_asked(provider: Provider, tmp_path: Path) -> None:
    provider.replies = [EMPTY, Reply("four", tokens=(7, 85))]
    async with books(tmp_path, OverallCaps(models={A: Caps(day=1.0), B: Caps(day=1.0)})) as desk:
        await Asker(provider, tmp_path, desk).ask()
        await desk.store.record()
        assert desk.warned() == [("openai/b this day", 850_000)]
