"""What went wrong with a call, from the provider's words to one of our classes, and whether to try again: pure.

Another try mends what passes by itself: a provider that is out of reach, breaks, is too slow, or asks for patience.
What is left then goes to the next model of the chain, and so does an empty account. Everything else is for a person.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

from engine.model.call import ModelFailure
from engine.model.nouns import dataclass

TRIES = {ModelFailure.UNAVAILABLE: 3, ModelFailure.RATE_LIMIT: 4, ModelFailure.TIMEOUT: 2}
"""How often one model is asked as long as it fails so."""
PASSED_ON = frozenset({*TRIES, ModelFailure.QUOTA})
"""Failures after which the next model is asked."""
FIRST, LONGEST = 1.0, 60.0
"""Seconds to the second try, doubled for each further one, and the longest wait; for longer nobody waits."""
_LOST = frozenset({ModelFailure.UNAVAILABLE, ModelFailure.TIMEOUT})
_UNCONNECTED = frozenset({"ConnectError", "ConnectTimeout"})
"""Exceptions beneath the library's after which nothing was sent."""
_READ, _WORDS = 4_000, 300
"""Characters of an error that are looked at, and that are told."""
_BY_STATUS = {
    401: ModelFailure.AUTH,
    402: ModelFailure.QUOTA,
    403: ModelFailure.AUTH,
    408: ModelFailure.TIMEOUT,
    429: ModelFailure.RATE_LIMIT,
    504: ModelFailure.TIMEOUT,
}
_EMPTY = re.compile(r"insufficient.quota|exceeded your current quota|credit balance|billing|spending limit", re.I)
_KEYLESS = re.compile(r"credentials|api.?key", re.I)
_SAID = re.compile(r'"message"\s*:\s*("(?:[^"\\]|\\.)*")')
_PREFIX = re.compile(r"^(?:litellm\.)?(?:\w+(?:Error|Exception|Timeout)|Timeout(?: Error)?)\b(?: - |: |\s)*")
_TAIL = re.compile(r"\s*(?:Handle with `litellm|Original exception:|LiteLLM Retried).*$", re.DOTALL)
_DELAY = re.compile(r'"retryDelay"\s*:\s*"([\d.]+)s"')


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why one call gave no answer."""

    failure: ModelFailure
    problem: str
    """One line; may quote the provider."""
    wait: float | None = None
    """Seconds after which the provider said to come again."""
    hint: str = ""
    """What to do, where that is not the same for the whole class."""
    sent: bool = False
    """Whether the provider may have worked on the call, although it never began to answer."""


def pause(troubles: Sequence[Trouble], spread: float) -> float | None:
    """Seconds until the same model is asked again, or None for no more.

    Args:
        troubles: with this model, the oldest first.
        spread: a number from 0 to 1, so that many who failed together do not come again together.
    """
    last = troubles[-1]
    if len(troubles) >= TRIES.get(last.failure, 0):
        return None
    if last.wait is not None:
        return last.wait if last.wait <= LONGEST else None
    return min(LONGEST, FIRST * float(2 ** (len(troubles) - 1)) * (0.5 + spread))


def trouble_of(error: Exception, now: float, hide: Callable[[str], str]) -> Trouble:
    """What an exception of the library means.

    Args:
        error: it carries the provider's status, headers and words where the provider answered.
        now: Unix seconds, for a date to come again at.
        hide: takes keys out of what the provider said.
    """
    inner = getattr(error, "original_exception", None) or error
    headers = getattr(inner, "litellm_response_headers", None)
    answered = headers is not None
    text, status = str(inner)[:_READ], getattr(inner, "status_code", None) or 500
    wait = _wait(headers or {}, text, now)
    said = _line(hide(_said(text)))
    failure = _failure(status, text, wait, answered)
    return Trouble(
        failure=failure,
        problem=f"HTTP {status}: {said}" if answered else said,
        wait=wait,
        sent=not answered and failure in _LOST and not _UNCONNECTED.intersection(_names(error)),
    )


def _names(error: BaseException | None) -> Iterator[str]:
    """The names of an exception and of those it came from."""
    while error is not None:
        yield type(error).__name__
        error = error.__cause__ or error.__context__


def _failure(status: int, text: str, wait: float | None, answered: bool) -> ModelFailure:
    if not answered and _KEYLESS.search(text):
        return ModelFailure.AUTH
    if status in (400, 403, 429) and wait is None and _EMPTY.search(text):
        return ModelFailure.QUOTA
    return _BY_STATUS.get(status, ModelFailure.INVALID if 400 <= status < 500 else ModelFailure.UNAVAILABLE)


def _wait(headers: Mapping[str, Any], text: str, now: float) -> float | None:
    """Seconds until to come again, where the provider says so: in milliseconds, seconds, as a date, or in its words."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        if (given := headers.get(name)) is not None and (seconds := _seconds(str(given), now)) is not None:
            return seconds * unit
    found = _DELAY.search(text)
    return float(found[1]) if found else None


def _seconds(given: str, now: float) -> float | None:
    try:
        seconds = float(given)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(given).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _said(text: str) -> str:
    """The provider's own words, without what the library wraps around them."""
    if quoted := _SAID.search(text):
        with suppress(ValueError):
            return str(json.loads(quoted[1], strict=False))
    text = _TAIL.sub("", text)
    while (shorter := _PREFIX.sub("", text, count=1)) != text:
        text = shorter
    return text


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WORDS else line[: _WORDS - 1] + "…"
