"""How risky a step is, and why. Tiers are advice to the reader; the sandbox is the boundary (safety by S2)."""

from __future__ import annotations

from enum import StrEnum

from engine.model.nouns import dataclass


class Tier(StrEnum):
    """Ordered from harmless to grave; compare with `rank`."""

    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"
    DESTRUCTIVE = "destructive"
    EXTERNAL = "external"

    @property
    def rank(self) -> int:
        return _RANKS[self]

    @property
    def asks(self) -> bool:
        """Whether a person confirms the step just before it runs."""
        return self in (Tier.DESTRUCTIVE, Tier.EXTERNAL)


_RANKS = {tier: rank for rank, tier in enumerate(Tier)}


@dataclass(frozen=True)
class Reason:
    """One derived risk of an operand."""

    tier: Tier
    text: str
    """What was found, such as `git push sends commits to a remote`."""
    rule: str = ""
    """The name of the rule that found it."""
    line: int | None = None
    """Line of the script, counted from 1; None for a plain command."""


def highest(tiers: list[Tier]) -> Tier:
    """The gravest of some tiers; `read` of none."""
    return max(tiers, key=lambda tier: tier.rank, default=Tier.READ)
