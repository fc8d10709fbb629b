"""Exit codes of the program, and which outcome and which error ends with which; scripts rely on them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from engine import Outcome, Phase, Task, Wait
from engine.errors import Cancelled, NotSigned, NotTrusted, PersonNeeded, Refused, SignoffError, UsageError


class Exit(IntEnum):
    """What the shell gets."""

    COMPLETED = 0
    FAILED = 1
    USAGE = 2
    """Or an invalid plan: nothing was run."""
    DENIED = 3
    """A signature or confirmation was denied, expired, or needed where nobody can be asked."""
    CANCELLED = 4
    OVER_BUDGET = 5
    TIMED_OUT = 6
    BLOCKED = 7
    """On a person, for another reason."""


class NobodyToAsk(Refused):
    """{problem}"""


_OUTCOMES: Mapping[Outcome, Exit] = {
    Outcome.OK: Exit.COMPLETED,
    Outcome.AFTER_REPAIR: Exit.COMPLETED,
    Outcome.PARTIAL: Exit.COMPLETED,
    Outcome.STEP_FAILED: Exit.FAILED,
    Outcome.NO_PLAN: Exit.FAILED,
    Outcome.DENIED: Exit.DENIED,
    Outcome.EXPIRED: Exit.DENIED,
    Outcome.REJECTED: Exit.DENIED,
    Outcome.CANCELLED: Exit.CANCELLED,
    Outcome.OVER_BUDGET: Exit.OVER_BUDGET,
    Outcome.TIMED_OUT: Exit.TIMED_OUT,
}
_YES_OR_NO = frozenset({Wait.APPROVAL, Wait.CONFIRMATION, Wait.DRIFT})


def of_task(task: Task) -> Exit:
    """The code for a task as it stands: by its outcome once it ended, else by what it waits for."""
    if task.phase.ended and task.outcome is not None:
        return _OUTCOMES[task.outcome]
    if task.phase.ended:
        return Exit.FAILED
    if task.phase is Phase.AWAITING_APPROVAL:
        return Exit.DENIED
    if Wait.BUDGET in task.waits:
        return Exit.OVER_BUDGET
    return Exit.DENIED if set(task.waits) & _YES_OR_NO else Exit.BLOCKED


def of_error(error: SignoffError) -> Exit:
    """The code for an error that ended the program."""
    if isinstance(error, UsageError):
        return Exit.USAGE
    if isinstance(error, Cancelled):
        return Exit.CANCELLED
    return Exit.DENIED if isinstance(error, NotSigned | NotTrusted | PersonNeeded | NobodyToAsk) else Exit.FAILED
