"""Whether a failed step is tried again by itself, and when: a pure decision."""

from __future__ import annotations

from engine.model.nouns import dataclass
from engine.model.plan import Backoff, Retry

RETRYABLE = frozenset({"exit", "timeout", "launch"})
"""Failure classes that another try may mend."""


@dataclass(frozen=True)
class Failure:
    """One failed try: its class and its error."""

    kind: str
    error: str


def retry_delay(retry: Retry | None, failures: list[Failure], spread: float) -> float | None:
    """Seconds until the next try, or None for no more.

    Args:
        retry: the policy of the step.
        failures: every failure so far, oldest first.
        spread: a number from 0 to 1; with jitter the delay is multiplied by 0.5 to 1.5 of it.
    """
    if retry is None or len(failures) > retry.attempts or failures[-1].kind not in RETRYABLE:
        return None
    if len(failures) > 1 and failures[-1] == failures[-2]:
        return None
    tries = len(failures)
    growth = tries if retry.backoff is Backoff.LINEAR else 2 ** (tries - 1)
    return retry.delay * growth * ((0.5 + spread) if retry.jitter else 1.0)
