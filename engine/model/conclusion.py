"""How an attempt at a task ended, from how its steps ended (B4.4): a pure decision."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.plan import Accept
from engine.model.run import Cause, StepStatus
from engine.model.state import Outcome, Phase, StepState

_BAD = ((Cause.FAILED, Outcome.STEP_FAILED), (Cause.DENIED, Outcome.DENIED), (Cause.EXPIRED, Outcome.EXPIRED))
_CHOSEN = frozenset({Cause.VERDICT, Cause.CANCELLED, Cause.BUDGET})


def conclude(statuses: Iterable[StepStatus], accept: Accept, *, repaired: bool = False) -> tuple[Phase, Outcome, str]:
    """The phase, the outcome and a sentence, once every step has ended; `repaired` where an attempt before failed and
    the plan replaces what did."""
    ended = list(statuses)
    for cause, outcome in _BAD:
        culprits = [status for status in ended if status.cause is cause]
        if culprits:
            return Phase.FAILED, outcome, _sentence(culprits)
    chosen = any(status.cause in _CHOSEN for status in ended)
    phase = Phase.READY if accept is Accept.PERSON else Phase.COMPLETED
    well = Outcome.AFTER_REPAIR if repaired else Outcome.OK
    return phase, Outcome.PARTIAL if chosen else well, ""


def _sentence(culprits: list[StepStatus]) -> str:
    first = culprits[0]
    more = f" (and {len(culprits) - 1} more)" if len(culprits) > 1 else ""
    what = "failed" if first.state is StepState.FAILED else str(first.cause)
    return f"{first.id} {what}: {first.error}{more}" if first.error else f"{first.id} {what}{more}"
