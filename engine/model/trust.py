"""A person's word for what a directory brings: its recipes and its policy, these bytes and no others."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from engine.model.nouns import dataclass
from engine.model.policy import Policy


@dataclass(frozen=True, kw_only=True)
class TrustedFile:
    """One file, by its bytes."""

    path: str
    """Relative to the directory, such as `.signoff/recipes/deploy.yaml`."""
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Trusted:
    """What was trusted, until it is revoked or something else of that directory is trusted."""

    root: str
    """Absolute path of the directory, its links resolved."""
    digest: str
    """Of all its files together."""
    files: tuple[TrustedFile, ...]
    policy: Policy = field(default_factory=Policy)
    """What its policy asked for when it was trusted; it holds until a person trusts another one."""
    actor: str
    time: float


class Novelty(StrEnum):
    """How a file compares with what was trusted last."""

    SAME = "same"
    NEW = "new"
    CHANGED = "changed"
