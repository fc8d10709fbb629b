"""What a person is told when somebody is needed, and when they are told again: pure decisions (B12)."""

from __future__ import annotations

from engine.model.nouns import dataclass

SLOWEST = 3600.0
"""Seconds between two messages about the same thing, however long it waits."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Somebody is needed, or a task has ended."""

    task: int
    title: str
    body: str
    step: str = ""
    nth: int = 0
    """How often the same was told before."""


def pause(nth: int, after: float, every: float) -> float:
    """Seconds until the next message about something that still waits.

    Args:
        nth: how many were sent.
        after: seconds before the first one: whoever sits there has answered by then.
        every: seconds between the first two; each next pause is twice as long, up to `SLOWEST`.
    """
    return after if nth == 0 else min(every * 2 ** min(nth - 1, 16), max(every, SLOWEST))
