"""What waits for a person: a confirmation, changed bytes, a question of a step, a step found interrupted.

The first answer wins; the second one is told so (B5.6). *Later* is not an answer: the question stays.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from engine.model.nouns import dataclass


class QuestionKind(StrEnum):
    """Why a person is asked."""

    CONFIRMATION = "confirmation"
    """The step is destructive or external."""
    DRIFT = "drift"
    """What would run is not what was signed."""
    ASK = "ask"
    """The step itself is a question."""
    INTERRUPTED = "interrupted"
    """The step was found running after a crash."""
    TERMINAL = "terminal"
    """The step runs in a terminal, and somebody must take it."""
    BUDGET = "budget"
    """The task has come to a cap. It is about the task as a whole: `step` is empty, `options` are its ways on."""


class Answer(StrEnum):
    """How a question was closed."""

    ONCE = "once"
    """Run it now, this time."""
    PLAN = "plan"
    """Run it, and every other step of this revision that asks, as signed."""
    TIMED = "timed"
    """Run it, and the very same again until a time has passed."""
    DENY = "deny"
    TEXT = "text"
    """An `ask` step was answered; the text is in the reason."""
    AGAIN = "again"
    """An interrupted step shall run again."""
    DONE = "done"
    """An interrupted step had its effect."""
    FAIL = "fail"
    """An interrupted step counts as failed."""
    RAISE = "raise"
    """The task may use more; the engine writes it when somebody gives `RaiseBudget`."""
    CHEAP = "cheap"
    """The task goes on with a cheaper model, or without what costs: as the question says."""
    STOP = "stop"
    """The task ends, over its budget."""
    EXPIRED = "expired"
    """Nobody answered by the deadline; not run."""
    MOOT = "moot"
    """The task was cancelled or the step skipped meanwhile."""


ANSWERS: dict[QuestionKind, frozenset[Answer]] = {
    QuestionKind.CONFIRMATION: frozenset({Answer.ONCE, Answer.PLAN, Answer.TIMED, Answer.DENY}),
    QuestionKind.DRIFT: frozenset({Answer.ONCE, Answer.DENY}),
    QuestionKind.ASK: frozenset({Answer.TEXT, Answer.DENY}),
    QuestionKind.INTERRUPTED: frozenset({Answer.AGAIN, Answer.DONE, Answer.FAIL}),
    QuestionKind.TERMINAL: frozenset({Answer.ONCE, Answer.DENY}),
    QuestionKind.BUDGET: frozenset({Answer.CHEAP, Answer.STOP}),
}
"""What a person may answer; the engine alone writes `raise`, `expired` and `moot`."""
CLEARS = frozenset({Answer.ONCE, Answer.PLAN, Answer.TIMED, Answer.AGAIN})
"""Answers after which the very bytes that were asked about may run."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One open or closed question."""

    id: int
    task: int
    step: str
    kind: QuestionKind
    asked: float
    deadline: float | None
    """Unix time; passing it is `expired`."""
    digest: str = ""
    """What exactly is asked about: the step digest, over the bytes as they are now."""
    news: tuple[str, ...] = ()
    """What the signer could not know: what ran since, what changed."""
    diff: str = ""
    """The signed bytes against the present ones, unified."""
    options: tuple[str, ...] = ()
    cap: str = ""
    """The cap that the task came to, as a raise calls it; empty for one of its own."""
    cheaper: str = ""
    """The model that would fit under it, with which to finish cheaply goes on; empty: what costs is left out."""
    answer: Answer | None = None
    answered_by: str = ""
    answered: float | None = None
    reason: str = ""
    means: str = ""
    """How it was answered: `screen`, `command`, `run --confirm`, `demo`."""

    def closed_as_moot(self, actor: str, now: float) -> Question:
        """Nobody needs to answer any more: the step was cancelled or skipped."""
        return replace(self, answer=Answer.MOOT, answered_by=actor, answered=now)

    @property
    def open(self) -> bool:
        return self.answer is None
