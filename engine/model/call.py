"""One call of a model: what it was for, what it used, and what that cost."""

from __future__ import annotations

from enum import StrEnum

from engine.model.nouns import dataclass


class Purpose(StrEnum):
    """What a model is called for."""

    PLAN = "plan"
    REPLAN = "replan"
    RESEARCH = "research"
    REVIEW = "review"
    PROBE = "probe"
    """A tiny call that shows whether all is set up well."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a call used, as its provider reported it; several calls add up."""

    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None
    """In US dollars; None where the price is not known, which is never the same as nothing."""

    def __add__(self, other: Usage) -> Usage:
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Usage(
            tokens_in=self.tokens_in + other.tokens_in, tokens_out=self.tokens_out + other.tokens_out, cost=cost
        )


FREE = Usage(cost=0.0)
"""Before anything was called."""


class ModelFailure(StrEnum):
    """Why a call failed (B9.6)."""

    AUTH = "auth"
    """The key is missing or refused."""
    UNAVAILABLE = "unavailable"
    """The provider cannot be reached, or breaks."""
    TIMEOUT = "timeout"
    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    PARSE = "parse"
    """It answered, and the answer could not be used."""
    INVALID = "invalid"
    """The provider takes no such request: a model it does not know, a prompt that is too long."""


INTERRUPTED = "interrupted"
"""The failure of a call that was under way when the engine died."""
CANCELLED = "cancelled"
"""The failure of a call that somebody cancelled."""


NO_TASK = 0
"""Where the number of a task stands, for a call that is about none."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One try, a row of the ledger of calls (B9.13); amounts in whole millionths of a US dollar."""

    id: int
    task: int
    """`NO_TASK` for a call that is about none."""
    step: str = ""
    """Empty while the task is planned."""
    run: int | None = None
    purpose: Purpose
    model: str
    """Who is asked; a fallback has a row of its own."""
    reserved: int | None = None
    """What it was expected to cost at most; None where nobody knows the price."""
    started: float
    cost: int | None = None
    """None before it is settled, and where nobody knows."""
    tokens_in: int = 0
    tokens_out: int = 0
    settled: float | None = None
    """Unix time; None while it is under way."""
    failure: str = ""
    """A `ModelFailure`, `cancelled` or `interrupted`; empty for an answer."""
    preview: str = ""
    """The beginning of the answer."""
