"""What an error means, in which class, and whether another try may mend it: pure."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import pytest

from engine.llm.troubles import LONGEST, TRIES, Trouble, pause, trouble_of
from engine.model.call import ModelFailure

NOW = 1_767_268_800.0


class Raised(Exception):
    """As the library raises them."""

    def __init__(self, text: str, status: int | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status_code = status
        self.litellm_response_headers = headers


def trouble(text: str, status: int | None = None, headers: dict[str, str] | None = None) -> Trouble:
    return trouble_of(Raised(text, status, headers), NOW, lambda said: said)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("litellm.RateLimitError: RateLimitError: OpenAIException - slow down", "slow down"),
        ("litellm.Timeout: AnthropicException Timeout - too slow", "too slow"),
        (
            'litellm.BadRequestError: AnthropicException - b\'{"error": {"message": "no \\"x\\"\\n"}}\'',
            'no "x"',
        ),
        ("litellm.InternalServerError: AnthropicException - Gone. Handle with `litellm.InternalServerError`.", "Gone."),
        ('b\'{"message": "it\\\'s \\xff"}\'', 'b\'{"message": "it\\\'s \\xff"}\''),
        ("", ""),
    ],
)
def test_the_providers_words_without_their_wrapping(text: str, told: str) -> None:
    assert trouble(text, 400).problem == told


def test_words_without_end_are_one_line_and_short() -> None:
    began = time.monotonic()
    for text in (" " * 5_000_000, "a\n" * 5_000_000, '"message": "' + "\\" * 5_000_001, "XError" * 1_000_000):
        told = trouble(text, 400).problem
        assert len(told) <= 300
        assert "\n" not in told
    assert time.monotonic() - began < 2.0


def test_a_key_is_hidden_before_words_are_cut() -> None:
    error = Raised("x" * 295 + "sk-canary-7f3a9b", 400)
    told = trouble_of(error, NOW, lambda said: said.replace("sk-canary-7f3a9b", "[key]")).problem
    assert "sk-" not in told


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOW - 30, usegmt=True)}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_when_to_come_again(headers: dict[str, str], wait: float | None) -> None:
    assert trouble("slow down", 429, headers).wait == pytest.approx(wait)


def test_a_provider_may_say_it_in_its_words() -> None:
    assert trouble('{"error": {"message": "quota", "details": [{"retryDelay": "34s"}]}}', 429, {}).wait == 34.0


@pytest.mark.parametrize(
    ("text", "status", "headers", "failure"),
    [
        ("check your plan and billing details", 429, {}, ModelFailure.QUOTA),
        ("check your plan and billing details", 429, {"retry-after": "3"}, ModelFailure.RATE_LIMIT),
        ("Your credit balance is too low", 400, {}, ModelFailure.QUOTA),
        ("Missing credentials. Please pass an `api_key`", 500, None, ModelFailure.AUTH),
        ("Connection error.", 500, None, ModelFailure.UNAVAILABLE),
        ("a defect in the library", None, None, ModelFailure.UNAVAILABLE),
        ("gone", 410, {}, ModelFailure.INVALID),
    ],
)
def test_classes_that_a_status_alone_does_not_tell(
    text: str, status: int | None, headers: dict[str, str] | None, failure: ModelFailure
) -> None:
    assert trouble(text, status, headers).failure is failure


def test_an_error_inside_an_error_is_the_one_that_counts() -> None:
    outer: Any = Raised("the stream failed", 503)
    outer.original_exception = Raised("slow down", 429, {"retry-after": "2"})
    found = trouble_of(outer, NOW, lambda said: said)
    assert (found.failure, found.wait, found.problem) == (ModelFailure.RATE_LIMIT, 2.0, "HTTP 429: slow down")


def failed(failure: ModelFailure, wait: float | None = None) -> Trouble:
    return Trouble(failure=failure, problem="p", wait=wait)


@pytest.mark.parametrize("failure", list(ModelFailure))
def test_a_model_is_asked_so_often_and_no_more(failure: ModelFailure) -> None:
    tries = TRIES.get(failure, 1)
    assert [pause([failed(failure)] * n, 0.5) is None for n in range(1, tries + 1)] == [False] * (tries - 1) + [True]


def test_delays_grow_and_are_bounded() -> None:
    delays = [pause([failed(ModelFailure.RATE_LIMIT)] * n, 0.5) for n in (1, 2, 3)]
    assert delays == [1.0, 2.0, 4.0]
    assert pause([failed(ModelFailure.RATE_LIMIT, 7.0)], 0.9) == 7.0
    assert pause([failed(ModelFailure.RATE_LIMIT, LONGEST + 1)], 0.5) is None
