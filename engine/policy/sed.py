"""What a sed script does: reads it command by command, because `e` runs programs and `w` writes files."""

from __future__ import annotations

import re

from engine.model.tier import Tier

_ADDRESS = re.compile(r"(?:\d+(?:~\d+)?|\$|/(?:\\.|\[\^?\]?[^\]\n]*\]|[^/\\\n])*/[IM]*|\\(.)(?:\\.|(?!\1).)*\1[IM]*)")
_RANGE_END = re.compile(r"[ \t]*,[ \t]*[+~]?")
_BLANK = re.compile(r"[\s;]*")
_SILENT = frozenset("pPdDgGhHxnNlqQ=zF{}")
_TO_LINE_END = re.compile(r"[^\n]*(?:\\\n[^\n]*)*")
_NUMBER = re.compile(r"[ \t]*\d*")
_FLAGS = re.compile(r"[gpiImM0-9]*")


def sed_tier(script: str) -> Tier:
    """`read`, `write` (w, W) or `destructive` (e, or what cannot be followed)."""
    tier = Tier.READ
    position = _skip(_BLANK, script, 0)
    while position < len(script):
        position, found = _command(script, _address(script, position))
        if position < 0:
            return Tier.DESTRUCTIVE
        tier = max(tier, found, key=lambda each: each.rank)
        position = _skip(_BLANK, script, position)
    return tier


def _skip(pattern: re.Pattern[str], script: str, position: int) -> int:
    match = pattern.match(script, position)
    return match.end() if match else position


def _address(script: str, position: int) -> int:
    position = _skip(_ADDRESS, script, position)
    after = _skip(_RANGE_END, script, position)
    if after > position:
        position = _skip(_ADDRESS, script, after)
    while position < len(script) and script[position] in " \t!":
        position += 1
    return position


def _command(script: str, position: int) -> tuple[int, Tier]:
    """The position after one command, and its tier; -1 where it runs something or is not understood."""
    char, after = script[position : position + 1], position + 1
    if char in ("s", "y"):
        return _substitute(script, after)
    if char and char in _SILENT:
        return _skip(_NUMBER, script, after), Tier.READ
    if char and char in "aicrR#:btT":
        return _skip(_TO_LINE_END, script, after), Tier.READ
    if char and char in "wW":
        return _skip(_TO_LINE_END, script, after), Tier.WRITE
    return -1, Tier.DESTRUCTIVE


def _substitute(script: str, position: int) -> tuple[int, Tier]:
    delimiter = script[position : position + 1]
    for _ in range(2):
        position = _closing(script, position + 1, delimiter)
        if position < 0:
            return -1, Tier.DESTRUCTIVE
    position = _skip(_FLAGS, script, position + 1)
    if script[position : position + 1] == "w":
        return _skip(_TO_LINE_END, script, position), Tier.WRITE
    return position if script[position : position + 1] in ("", ";", "\n", "}", " ", "#") else -1, Tier.READ


def _closing(script: str, position: int, delimiter: str) -> int:
    """Where the next delimiter stands that is not escaped; -1 if there is none or it cannot be one."""
    while position < len(script) and delimiter not in ("", "\\", "\n"):
        if script[position] == delimiter:
            return position
        position += 2 if script[position] == "\\" else 1
    return -1
