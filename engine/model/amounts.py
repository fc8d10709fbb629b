"""Amounts as people write them: durations such as `90s 20m 2h`, money such as `2.50`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.model.nouns import dataclass

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])", re.ASCII)
MAX_SECONDS = 366 * 86400.0
MAX_TEXT = 64
"""Characters of an amount."""
_MONEY = re.compile(r"\+?\$?(\d{1,9}(?:\.\d{1,6})?)", re.ASCII)
MAX_DOLLARS = 1e6
MICROS = 1_000_000
"""In a dollar: money is summed in whole millionths, exactly."""


def parse_duration(text: object) -> float:
    """Turn `90s`, `20m`, `1h30m` or a number of seconds into seconds.

    Raises:
        ValueError: not a duration, not positive, not finite, or over a year.
    """
    if isinstance(text, str) and len(text) <= MAX_TEXT and _DURATION.fullmatch(text):
        seconds = _seconds(text)
    elif isinstance(text, (int, float)) and not isinstance(text, bool):
        seconds = float(text)
    else:
        raise ValueError("write a duration such as 90s, 20m or 2h")
    if not (math.isfinite(seconds) and 0 < seconds <= MAX_SECONDS):
        raise ValueError("a duration is more than zero and at most a year")
    return seconds


@lru_cache(maxsize=64)  # the steps of a plan share a few
def _seconds(text: str) -> float:
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def parse_money(text: object) -> float:
    """Turn `2.50`, `$2.50`, `+1.50` or a number into US dollars.

    Raises:
        ValueError: not an amount, not positive, over a million, or finer than a millionth.
    """
    if isinstance(text, str) and (match := _MONEY.fullmatch(text)):
        dollars = float(match[1])
    elif isinstance(text, (int, float)) and not isinstance(text, bool):
        dollars = float(text)
    else:
        raise ValueError("write an amount of money such as 2.50")
    if not (math.isfinite(dollars) and 0 < dollars <= MAX_DOLLARS):
        raise ValueError("an amount of money is more than zero and at most a million")
    if round(dollars, 6) != dollars:
        raise ValueError("an amount of money has at most six decimals")
    return dollars


def micros(dollars: float) -> int:
    """Whole millionths of a dollar; what is finer counts as a whole one, what is only a slip of floats does not."""
    return math.ceil(round(dollars * MICROS, 3))


def priced(cost: float | None) -> int | None:
    """A cost as a provider or a price table says it; what is no amount is not known."""
    return micros(cost) if cost is not None and math.isfinite(cost) and cost >= 0 else None


def dollars(amount: int | None) -> str:
    """`$2.50` for whole millionths of a dollar, never less than it is; what is unknown is told as unknown."""
    if amount is None:
        return "$?"
    cents, finer = divmod(amount, MICROS // 100)
    if finer and amount < MICROS // 10:  # too little for cents to say much
        return f"${amount / MICROS:.6f}".rstrip("0")
    cents += bool(finer)
    return f"${cents // 100:,}.{cents % 100:02}"


@dataclass(frozen=True)
class Seconds:
    """Marks a float field that documents may write as a duration; None passes where the field allows it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _schema(parse_duration)


@dataclass(frozen=True)
class Dollars:
    """Marks a float field that documents may write as an amount of money; None passes where the field allows it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _schema(parse_money)


def _schema(parse: Callable[[object], float]) -> CoreSchema:
    from pydantic_core import core_schema

    plain = core_schema.no_info_plain_validator_function(lambda value: value if value is None else parse(value))
    described = core_schema.union_schema([core_schema.float_schema(gt=0), core_schema.str_schema()])
    return core_schema.json_or_python_schema(
        json_schema=plain, python_schema=plain, metadata={"pydantic_js_functions": [lambda _, h: h(described)]}
    )
