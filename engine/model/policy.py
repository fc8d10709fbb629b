"""What a person or a repository configured about programs, tiers and isolation (B3.5)."""

from __future__ import annotations

from engine.model.nouns import dataclass

LEVELS = ("group", "supervisor", "bubblewrap")
"""Isolation from weakest to strongest."""


@dataclass(frozen=True)
class Policy:
    """The rules beside the tiers."""

    refuse: tuple[str, ...] = ()
    """Programs that may not run, by name or glob."""
    allow: tuple[str, ...] | None = None
    """The only programs that may run, by name or glob; None: every one that resolves."""
    ask: tuple[str, ...] = ()
    """Tiers that ask besides destructive and external, which always do."""
    minimum_level: str | None = None
    """The weakest isolation that is accepted, one of `LEVELS`; None: any."""
    allow_yes: bool = True
    """Whether `run --yes` may answer for a person."""
    network: bool = True
    """Whether steps may declare a network or sockets."""
    quorum: int = 1
    """People who must sign a plan at least."""
    money: float | None = None
    """US dollars that one task may cost; None: as much as its plan says."""
    exclude_proposer: bool = False
    """Whether who proposed a plan counts for none of them."""
