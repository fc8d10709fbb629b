"""What judging yields: a reason at once, or something that is inside and must be judged in its turn.

Judges are generators over these; `inspection` drives them with a worklist, so nothing here recurses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from engine.model.tier import Reason, Tier

UNKNOWN = "\0"
"""Stands inside a word for a part that is known only when the script runs; NUL cannot occur in a real argument."""


class Input(Enum):
    """Where standard input comes from when its text is not written in the script."""

    NOTHING = "nothing"
    UNSEEN = "unseen"
    """A pipe or a file."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One program with its arguments, as far as they are known."""

    argv: tuple[str, ...]
    line: int | None = None
    stdin: str | Input = Input.NOTHING
    """The literal text of a here-document, where it has one."""


@dataclass(frozen=True, slots=True)
class Script:
    """Text that a shell will run."""

    text: str
    line: int | None = None


Finding: TypeAlias = Reason | Invocation | Script
Findings: TypeAlias = Iterator[Finding]


def destructive(text: str, rule: str) -> Reason:
    return Reason(Tier.DESTRUCTIVE, text, rule)


def execute(text: str, rule: str) -> Reason:
    return Reason(Tier.EXECUTE, text, rule)
