"""A real provider on loopback, in both wire formats: whatever it does, a call ends in an answer or a named failure."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.cancellation import CancelToken
from engine.errors import Cancelled, ModelFailed
from engine.llm import Completion
from engine.llm.answer import LONGEST
from engine.llm.keys import Keys
from engine.llm.library import get_ready
from engine.llm.litellm_model import LiteLLM
from engine.model.call import FREE, ModelFailure
from engine.model.prompt import Message, Speaker
from engine.settings import ModelSettings
from tests.patience import PATIENCE
from tests.provider import Provider, Reply, Then

CANARY = "sk-canary-7f3a9b"
QUESTION = (
    Message(speaker=Speaker.SYSTEM, text="You count."),
    Message(speaker=Speaker.USER, text="Two and two?"),
)
FORMATS = ("openai/mine", "anthropic/claude-sonnet-4-5")


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    """So that no test measures the import."""
    asyncio.run(get_ready(CancelToken()))


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider() as listening:
        yield listening


@pytest.fixture(params=FORMATS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries are short."""
    monkeypatch.setattr("engine.llm.troubles.FIRST", 0.02)


@dataclass
class Asker:
    """One call and what was heard of it."""

    model: LiteLLM
    token: CancelToken = field(default_factory=CancelToken)
    pieces: list[str] = field(default_factory=list)
    spoken: asyncio.Event = field(default_factory=asyncio.Event)
    """Something was heard."""

    async def ask(self, **more: Any) -> Completion:
        async with asyncio.timeout(PATIENCE):
            return await self.model.complete(QUESTION, heard=self._hear, token=self.token, **more)

    def _hear(self, piece: str) -> None:
        self.pieces.append(piece)
        self.spoken.set()

    async def fails(self, **more: Any) -> ModelFailed:
        with pytest.raises(ModelFailed) as failed:
            await self.ask(**more)
        return failed.value

    @property
    def heard(self) -> str:
        return "".join(self.pieces)


Make = Callable[..., Asker]


@pytest.fixture
def asker(provider: Provider, tmp_path: Path) -> Make:
    def make(name: str, **more: Any) -> Asker:
        base = provider.url if name.startswith("openai") else provider.root
        settings = ModelSettings(**{"name": name, "base_url": base, "key": "MY_KEY", "max_output": 100, **more})
        return Asker(LiteLLM(settings, Keys(tmp_path / "keys.toml", {"MY_KEY": CANARY})))

    return make


async def test_an_answer_is_streamed_with_its_usage(provider: Provider, asker: Make, name: str) -> None:
    provider.replies = [Reply("two and two is four", tokens=(11, 6))]
    one = asker(name, prices={name: (2.0, 10.0)})
    done = await one.ask()
    assert done.text == one.heard == "two and two is four"
    assert (done.model, done.usage.tokens_in, done.usage.tokens_out) == (name, 11, 6)
    assert done.usage.cost == pytest.approx(82e-6)
    assert len(one.pieces) > 1
    (asked,) = provider.asked
    assert asked.texts == ["You count.", "Two and two?"]
    assert asked.body["max_tokens"] == 100
    assert CANARY in (asked.headers.get("x-api-key") or asked.headers["authorization"])


async def test_a_price_is_known_or_unknown_and_never_nothing(provider: Provider, asker: Make) -> None:
    provider.replies = [Reply("four", tokens=(1000, 100)), Reply("four")]
    assert (await asker("anthropic/claude-sonnet-4-5").ask()).usage.cost == pytest.approx(0.0045)
    assert (await asker("openai/mine").ask()).usage.cost is None


@pytest.mark.parametrize(
    ("status", "failure", "tries"),
    [
        (400, ModelFailure.INVALID, 1),
        (401, ModelFailure.AUTH, 1),
        (402, ModelFailure.QUOTA, 1),
        (403, ModelFailure.AUTH, 1),
        (404, ModelFailure.INVALID, 1),
        (408, ModelFailure.TIMEOUT, 2),
        (413, ModelFailure.INVALID, 1),
        (422, ModelFailure.INVALID, 1),
        (429, ModelFailure.RATE_LIMIT, 4),
        (500, ModelFailure.UNAVAILABLE, 3),
        (502, ModelFailure.UNAVAILABLE, 3),
        (503, ModelFailure.UNAVAILABLE, 3),
        (504, ModelFailure.TIMEOUT, 2),
        (529, ModelFailure.UNAVAILABLE, 3),
    ],
)
async def test_a_status_is_a_class_of_failure(
    provider: Provider, asker: Make, name: str, status: int, failure: ModelFailure, tries: int
) -> None:
    provider.replies = [Reply("the words of the provider", status=status, kind="some_error")] * 9
    failed = await asker(name).fails()
    assert failed.failure is failure
    assert status == 422 or "the words of the provider" in str(failed)
    assert str(failed).startswith(f"{name}: HTTP ")
    assert failed.hint
    assert failed.usage == FREE
    assert status == 422 or len(provider.asked) == tries


async def test_one_try_more_mends_it_and_says_so(provider: Provider, asker: Make, name: str) -> None:
    provider.replies = [Reply("slow down", status=429), Reply("overloaded", status=529), Reply("four", tokens=(5, 1))]
    one = asker(name, prices={name: (1.0, 1.0)})
    done = await one.ask()
    assert (done.text, done.usage.tokens_in) == ("four", 5)
    assert done.usage.cost == pytest.approx(6e-6)
    assert "slow down; again in" in one.heard


@pytest.mark.parametrize("given", [{"retry-after": "0.3"}, {"retry-after-ms": "300"}])
async def test_the_providers_own_delay_is_kept(
    provider: Provider, asker: Make, name: str, given: dict[str, str]
) -> None:
    provider.replies = [Reply("slow down", status=429, headers=given), Reply("four")]
    began = time.monotonic()
    assert (await asker(name).ask()).text == "four"
    assert time.monotonic() - began >= 0.3


async def test_nobody_waits_for_hours(provider: Provider, asker: Make, name: str) -> None:
    provider.replies = [Reply("slow down", status=429, headers={"retry-after": "7200"})]
    failed = await asker(name).fails()
    assert (failed.failure, failed.wait) == (ModelFailure.RATE_LIMIT, 7200.0)
    assert len(provider.asked) == 1


async def test_an_empty_account_is_no_rate_limit(provider: Provider, asker: Make, name: str) -> None:
    told = "You exceeded your current quota, please check your plan and billing details."
    provider.replies = [Reply(told, status=429, kind="insufficient_quota")]
    assert (await asker(name).fails()).failure is ModelFailure.QUOTA
    assert len(provider.asked) == 1


async def test_the_next_model_answers_where_one_cannot(provider: Provider, asker: Make) -> None:
    provider.replies = [*[Reply("broken", status=500)] * 3, Reply("four", tokens=(5, 1))]
    one = asker("openai/mine", fallbacks=("openai/other",))
    done = await one.ask()
    assert (done.text, done.model) == ("four", "openai/other")
    assert "HTTP 500: broken; openai/other is asked" in one.heard
    assert [asked.body["model"] for asked in provider.asked] == ["mine", "mine", "mine", "other"]


async def test_a_wrong_request_goes_to_no_other_model(provider: Provider, asker: Make) -> None:
    provider.replies = [Reply("no such model", status=404), Reply("four")]
    failed = await asker("openai/mine", fallbacks=("openai/other",)).fails()
    assert failed.failure is ModelFailure.INVALID
    assert len(provider.asked) == 1


async def test_a_model_that_is_named_stands_alone(provider: Provider, asker: Make) -> None:
    provider.replies = [Reply("broken", status=500)] * 9
    failed = await asker("openai/mine", fallbacks=("openai/other",)).fails(model="openai/third")
    assert {asked.body["model"] for asked in provider.asked} == {"third"}
    assert "openai/other" not in str(failed)


async def test_a_stream_that_is_cut_is_asked_for_again(provider: Provider, asker: Make, name: str) -> None:
    begun = 3 if name.startswith("anthropic") else 1
    provider.replies = [Reply("two and two is four", pieces=begun, then=Then.CUT), Reply("four", tokens=(5, 1))]
    one = asker(name, prices={name: (1.0, 1.0)})
    done = await one.ask()
    assert done.text == "four"
    assert one.heard.startswith("two and ")
    assert one.heard.endswith("four")
    estimate = one.model.estimate(QUESTION).usage
    assert done.usage.tokens_in == estimate.tokens_in + 5
    assert done.usage.cost == pytest.approx((estimate.cost or 0) + 6e-6), "the one that was cut counts as what it may"


@pytest.mark.parametrize("pieces", [0, 3])
async def test_a_stream_that_is_cut_each_time_is_given_up(
    provider: Provider, asker: Make, name: str, pieces: int
) -> None:
    provider.replies = [Reply("two and two is four", pieces=pieces, then=Then.CUT)] * 9
    one = asker(name, prices={name: (1.0, 1.0)})
    failed = await one.fails()
    assert failed.failure is ModelFailure.UNAVAILABLE
    assert len(provider.asked) == 3
    assert failed.usage is not None
    assert failed.usage.cost == pytest.approx(3 * (one.model.estimate(QUESTION).usage.cost or 0))


async def test_a_stream_without_its_end_is_no_answer(provider: Provider, asker: Make, name: str) -> None:
    provider.replies = [Reply("two and two is four, or five", pieces=3)] * 9
    failed = await asker(name).fails()
    assert failed.failure is ModelFailure.UNAVAILABLE
    assert "broke off" in str(failed)


async def test_an_answer_that_ends_at_the_limit_of_tokens(provider: Provider, asker: Make, name: str) -> None:
    provider.replies = [Reply('{"n": [1, 2', reason="length")]
    failed = await asker(name, prices={name: (1.0, 1.0)}).fails()
    assert failed.failure is ModelFailure.PARSE
    assert "model.max_output" in failed.hint
    assert failed.usage is not None
    assert (failed.usage.tokens_in, failed.usage.tokens_out) == (7, 3)
    assert failed.usage.cost == pytest.approx(10e-6)


@pytest.mark.parametrize("pieces", [0, 3])
async def test_a_server_that_falls_silent_is_left(provider: Provider, asker: Make, name: str, pieces: int) -> None:
    provider.replies = [Reply("two and two is four", pieces=pieces, then=Then.SILENCE)] * 2
    one = asker(name, idle_timeout=0.3, prices={name: (1.0, 1.0)})
    failed = await one.fails()
    assert failed.failure is ModelFailure.TIMEOUT
    assert "within 0.3 s" in str(failed)
    assert failed.usage is not None
    most = one.model.estimate(QUESTION).usage
    assert failed.usage.tokens_in == 2 * most.tokens_in
    assert failed.usage.cost == pytest.approx(2 * (most.cost or 0)), "each try may have been worked on to its end"
    async with asyncio.timeout(PATIENCE):
        await provider.left.wait()


async def test_a_first_piece_may_take_its_time(provider: Provider, asker: Make, name: str) -> None:
    provider.replies = [Reply("four", delay=0.4)]
    assert (await asker(name, idle_timeout=5.0).ask()).text == "four"


async def test_an_answer_that_drips_has_a_whole_time(provider: Provider, asker: Make, name: str) -> None:
    provider.replies = [Reply("x" * 10_000, delay=0.05)] * 2
    one = asker(name, idle_timeout=5.0, timeout=0.5)
    failed = await one.fails()
    assert failed.failure is ModelFailure.TIMEOUT
    assert "no end of the answer within 0.5 s" in str(failed)


async def test_an_endless_answer_is_given_up_while_it_comes(provider: Provider, asker: Make, name: str) -> None:
    provider.replies = [Reply("x" * 10_000_000, piece=16_384)]
    one = asker(name)
    failed = await one.fails()
    assert failed.failure is ModelFailure.PARSE
    assert LONGEST < len(one.heard) < 2 * LONGEST
    async with asyncio.timeout(PATIENCE):
        await provider.left.wait()


async def test_an_answer_that_only_repeats_itself_is_hung_up_on(provider: Provider, asker: Make, name: str) -> None:
    provider.replies = [Reply("x" * 2_000, piece=10, then=Then.SILENCE)] * 9
    failed = await asker(name).fails()
    assert "repeating" in str(failed)
    async with asyncio.timeout(PATIENCE):
        await provider.left.wait()


@pytest.mark.parametrize("body", ["<html>Welcome</html>", "", "data: [", "{}", '{"choices": null}', "[" * 100_000])
async def test_what_is_no_answer_of_a_model(provider: Provider, asker: Make, name: str, body: str) -> None:
    provider.replies = [Reply(body=body, headers={"content-type": "text/event-stream"})] * 9
    failed = await asker(name).fails()
    assert failed.failure in (ModelFailure.PARSE, ModelFailure.UNAVAILABLE)
    assert len(str(failed)) < 600


async def test_nobody_listens_there(asker: Make, name: str) -> None:
    failed = await asker(name, base_url="http://127.0.0.1:9").fails()
    assert (failed.failure, failed.usage) == (ModelFailure.UNAVAILABLE, FREE)


@pytest.mark.parametrize("pieces", [0, 3])
async def test_a_cancelled_call_closes_its_connection(provider: Provider, asker: Make, name: str, pieces: int) -> None:
    provider.replies = [Reply("two and two is four", pieces=pieces, then=Then.SILENCE)]
    one = asker(name, prices={name: (1.0, 1.0)})
    asking = asyncio.create_task(one.ask())
    await provider.arrived.wait()
    if pieces:
        await one.spoken.wait()
    began = time.monotonic()
    one.token.fire("enough")
    with pytest.raises(Cancelled, match="enough") as cancelled:
        await asking
    async with asyncio.timeout(PATIENCE):
        await provider.left.wait()
    assert time.monotonic() - began < 1.0
    assert cancelled.value.usage is not None
    assert cancelled.value.usage.cost == one.model.estimate(QUESTION).usage.cost


async def test_a_call_is_cancelled_while_it_waits(provider: Provider, asker: Make, name: str) -> None:
    provider.replies = [Reply("slow down", status=429, headers={"retry-after": "50"})]
    one = asker(name)
    asking = asyncio.create_task(one.ask())
    await one.spoken.wait()
    one.token.fire()
    with pytest.raises(Cancelled):
        await asking
    assert len(provider.asked) == 1


async def test_a_call_that_nobody_awaits_any_more_closes_its_connection(
    provider: Provider, asker: Make, name: str
) -> None:
    provider.replies = [Reply("two and two is four", pieces=0, then=Then.SILENCE)]
    asking = asyncio.create_task(asker(name).ask())
    await provider.arrived.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with asyncio.timeout(PATIENCE):
        await provider.left.wait()


async def test_nothing_is_heard_after_the_end(provider: Provider, asker: Make, name: str) -> None:
    provider.replies = [Reply("".join(map(str, range(20_000))), piece=10, then=Then.SILENCE)]
    one = asker(name)
    asking = asyncio.create_task(one.ask())
    await one.spoken.wait()
    one.token.fire()
    with pytest.raises(Cancelled):
        await asking
    many = len(one.pieces)
    async with asyncio.timeout(PATIENCE):
        await provider.left.wait()
    assert len(one.pieces) == many


async def test_a_fired_token_sends_nothing(provider: Provider, asker: Make) -> None:
    one = asker("openai/mine")
    one.token.fire()
    with pytest.raises(Cancelled):
        await one.ask()
    assert provider.asked == []


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


async def test_a_schema_goes_to_who_keeps_to_it(provider: Provider, asker: Make) -> None:
    provider.replies = [Reply('{"n": 4}')]
    assert (await asker("anthropic/claude-sonnet-4-5").ask(schema=SCHEMA)).text == '{"n": 4}'
    (asked,) = provider.asked
    assert asked.body["output_format"]["schema"] == SCHEMA
    assert "JSON Schema" not in asked.texts[0]


async def test_a_schema_is_told_to_who_does_not(provider: Provider, asker: Make) -> None:
    provider.replies = [Reply('{"n": 4}')]
    await asker("openai/mine").ask(schema=SCHEMA)
    (asked,) = provider.asked
    assert asked.texts[0].startswith("You count.\n\nAnswer with one JSON value")
    assert '"required": ["n"]' in asked.texts[0]
    assert "response_format" not in asked.body


@pytest.mark.parametrize("status", [400, 401, 500])
async def test_a_key_that_is_echoed_is_not_shown(provider: Provider, asker: Make, name: str, status: int) -> None:
    provider.replies = [Reply(f"{'x' * 290} bad key {CANARY} for {CANARY}", status=status)] * 9
    one = asker(name)
    failed = await one.fails()
    for told in (str(failed), failed.hint, repr(failed), one.heard):
        assert CANARY not in told
        assert CANARY[:9] not in told


async def test_without_a_key_it_says_where_one_goes(
    asker: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in FORMATS:
        variable = name.partition("/")[0].upper() + "_API_KEY"
        monkeypatch.delenv(variable, raising=False)
        failed = await Asker(LiteLLM(ModelSettings(name=name), Keys(tmp_path / "keys.toml", {}))).fails()
        assert failed.failure is ModelFailure.AUTH
        assert f"set {variable}" in failed.hint
        assert str(tmp_path / "keys.toml") in failed.hint
