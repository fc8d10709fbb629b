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
