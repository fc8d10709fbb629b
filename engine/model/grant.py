"""A confirmation given ahead or for longer (B5.6): exactly the step digests that were listed, until a moment.

It never covers a step of a later revision nor other bytes, and a clock that went back behind its beginning ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from engine.model.nouns import dataclass


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What one person allowed, and until when."""

    id: int
    task: int
    revision: int
    steps: Mapping[str, str] = field(default_factory=dict)
    """Digest of each step it covers, by step id, enumerated when it was given."""
    given_by: str
    given: float
    """Unix time in seconds."""
    expires: float
    """Unix time in seconds."""
    means: str = "screen"
    """How it was given: `screen`, `command`, `run --confirm`."""
    revoked: float | None = None
    revoked_by: str = ""

    def active(self, now: float) -> bool:
        """Whether it holds at this moment."""
        return self.revoked is None and self.given <= now < self.expires

    def covers(self, step: str, digest: str, now: float) -> bool:
        """Whether exactly these bytes of this step may run without being asked about."""
        return bool(digest) and self.active(now) and self.steps.get(step) == digest
