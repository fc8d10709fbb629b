"""States, phases and tiers to a glyph, a word and a style. Never colour alone: every state has a glyph of its own.

The ASCII set serves terminals without Unicode, or where ambiguous characters are two cells wide.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine import ChangeKind, Phase, StepState, Tier, dataclass


@dataclass(frozen=True)
class Look:
    """How one value shows."""

    unicode: str
    """One cell."""
    ascii: str
    """One character; none of those that edges are drawn with."""
    word: str
    style: str
    """A Content style: theme variables, and attributes that a monochrome terminal has as well."""

    def glyph(self, *, ascii_only: bool = False) -> str:
        return self.ascii if ascii_only else self.unicode


_MUTED, _GOOD, _BAD = "$text-muted", "$text-success", "bold $text-error"
_ASKS, _BUSY = "bold $text-warning", "bold $text-primary"

CRITICAL = "bold $text-accent"
"""The path that takes longest."""

STEPS: Mapping[StepState, Look] = {
    StepState.PENDING: Look("○", "o", "pending", _MUTED),
    StepState.READY: Look("◎", "O", "ready", "$text-primary"),
    StepState.AWAITING_CONFIRMATION: Look("!", "!", "waits for you", _ASKS),
    StepState.RUNNING: Look("●", "*", "running", _BUSY),
    StepState.BLOCKED: Look("?", "?", "blocked", _ASKS),
    StepState.COMPLETED: Look("✓", "v", "done", _GOOD),
    StepState.FAILED: Look("✗", "x", "failed", _BAD),
    StepState.SKIPPED: Look("»", "/", "skipped", _MUTED),
    StepState.CANCELLED: Look("■", "#", "cancelled", "$text-error"),
    StepState.INTERRUPTED: Look("↯", "~", "interrupted", _ASKS),
}

HELD = Look("‖", "H", "held", "$text-warning")
"""A step that waits until a person releases it, whatever its state."""
SAID = Look("✎", '"', "open note", "$text-accent")
"""A step about which somebody said something that nobody resolved."""

PHASES: Mapping[Phase, Look] = {
    Phase.PLANNING: Look("◌", ":", "planning", "$text-primary"),
    Phase.AWAITING_APPROVAL: Look("!", "!", "to review", _ASKS),
    Phase.QUEUED: Look("○", "o", "queued", _MUTED),
    Phase.EXECUTING: Look("●", "*", "running", _BUSY),
    Phase.BLOCKED: Look("?", "?", "waits for you", _ASKS),
    Phase.PAUSED: Look("‖", "=", "paused", "$text-warning"),
    Phase.RECONCILING: Look("◐", "%", "reconciling", "$text-primary"),
    Phase.READY: Look("◎", "O", "to accept", _ASKS),
    Phase.COMPLETED: Look("✓", "v", "done", _GOOD),
    Phase.FAILED: Look("✗", "x", "failed", _BAD),
    Phase.TIMED_OUT: Look("◷", "t", "timed out", _BAD),
    Phase.CANCELLED: Look("■", "#", "cancelled", "$text-error"),
    Phase.BUDGET_EXCEEDED: Look("$", "$", "over budget", _BAD),
}

TIERS: Mapping[Tier, Look] = {
    Tier.READ: Look("·", ".", "read", _MUTED),
    Tier.WRITE: Look("+", "+", "write", "$text"),
    Tier.EXECUTE: Look("▸", ">", "execute", "$text"),
    Tier.DESTRUCTIVE: Look("▲", "!", "DESTRUCTIVE", _BAD),
    Tier.EXTERNAL: Look("↗", "^", "EXTERNAL", _ASKS),
}

CHANGES: Mapping[ChangeKind, Look] = {
    ChangeKind.ADDED: Look("A", "A", "added", _GOOD),
    ChangeKind.MODIFIED: Look("M", "M", "modified", "$text-warning"),
    ChangeKind.DELETED: Look("D", "D", "deleted", "$text-error"),
}
"""What became of a file, by the letters of git."""


def look(value: StepState | Phase | Tier) -> Look:
    """The look of any of the three."""
    if isinstance(value, StepState):
        return STEPS[value]
    return PHASES[value] if isinstance(value, Phase) else TIERS[value]
