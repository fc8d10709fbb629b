"""YAML 1.2 core schema: what an unquoted scalar means. `yes`, `on`, `0777`, `1:30` and dates are text here."""

from __future__ import annotations

import math
import re
from typing import Final

_CONSTANTS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_FIRST: Final = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII)
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", re.ASCII)
_SAFE_INTEGER: Final = 2**53 - 1
"""Beyond it canonical JSON (RFC 8785) cannot say which integer is meant."""


class NotFinite(ValueError):
    """Infinity or not a number."""


class TooLarge(ValueError):
    """An integer beyond what JSON carries exactly."""


def resolve(text: str) -> str | int | float | bool | None:
    """Give an unquoted scalar its meaning.

    Raises:
        NotFinite: `.inf`, `.nan`, or a float too large to be one.
        TooLarge: an integer beyond 2**53 - 1.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return text if text[0] not in _FIRST else _number(text)


def _number(text: str) -> str | int | float:
    if _NOT_FINITE.fullmatch(text):
        raise NotFinite
    if _INTEGER.fullmatch(text):
        return _integer(text, 10)
    if _BASED.fullmatch(text):
        return _integer(text, 0)
    if not _FLOAT.fullmatch(text):
        return text
    number = float(text)
    if not math.isfinite(number):
        raise NotFinite
    return number


def _integer(text: str, base: int) -> int:
    # the length is looked at first: turning very many digits into a number takes quadratic time
    if len(text) > 24 or abs(number := int(text, base)) > _SAFE_INTEGER:
        raise TooLarge
    return number
