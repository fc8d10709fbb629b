"""The phases of a task and the states of a step and of a run: every legal transition stands in a table of this file.

A transition that is not listed raises `IllegalTransition` and changes nothing. `advance` is the only way from one
value to the next; what a transition means in the store and in the world is the business of the verbs.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from engine.errors import IllegalTransition


class Phase(StrEnum):
    """Where a task is (B4)."""

    PLANNING = "planning"
    AWAITING_APPROVAL = "awaiting_approval"
    QUEUED = "queued"
    EXECUTING = "executing"
    BLOCKED = "blocked"
    PAUSED = "paused"
    RECONCILING = "reconciling"
    READY = "ready"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    BUDGET_EXCEEDED = "budget_exceeded"

    @property
    def ended(self) -> bool:
        """Final within an attempt; only an explicit new attempt leaves it."""
        return self in _ENDED_PHASES

    @property
    def active(self) -> bool:
        """Whether an owner that executes has work with it."""
        return self in (Phase.QUEUED, Phase.EXECUTING, Phase.BLOCKED, Phase.RECONCILING)

    @property
    def under_way(self) -> bool:
        """Whether its steps run or can run: another revision is only written beside the present one then."""
        return self in (Phase.EXECUTING, Phase.BLOCKED, Phase.PAUSED, Phase.RECONCILING)


class StepState(StrEnum):
    """Where a step is."""

    PENDING = "pending"
    READY = "ready"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    RUNNING = "running"
    BLOCKED = "blocked"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """Found running after a crash: whether it had its effect, nobody knows."""

    @property
    def ended(self) -> bool:
        return self in _ENDED_STEPS

    @property
    def waits_for_person(self) -> bool:
        return self in (StepState.AWAITING_CONFIRMATION, StepState.BLOCKED, StepState.INTERRUPTED)


class RunState(StrEnum):
    """Where one attempt at a step is."""

    RUNNING = "running"
    CANCELLING = "cancelling"
    """Signalled; its process tree is not gone yet."""
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class Outcome(StrEnum):
    """How an attempt at a task ended (B4.4)."""

    OK = "ok"
    AFTER_REPAIR = "after_repair"
    PARTIAL = "partial"
    STEP_FAILED = "step_failed"
    DENIED = "denied"
    EXPIRED = "expired"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    OVER_BUDGET = "over_budget"
    NO_PLAN = "no_plan"
    """No plan could be produced (B2.4)."""


class Wait(StrEnum):
    """Why a task is blocked; a task holds a set of these (B4.3)."""

    QUESTION = "question"
    APPROVAL = "approval"
    CONFIRMATION = "confirmation"
    INTERRUPTED = "interrupted"
    HELD = "held"
    DRAINED = "drained"
    RATE_LIMITED = "rate_limited"
    DEPENDENCY = "dependency"
    SUBTASKS = "subtasks"
    DRIFT = "drift"
    BUDGET = "budget"
    """It is paused for this alone: nothing new starts until a person says how to go on."""


class Verdict(StrEnum):
    """What a person decides about one step."""

    HOLD = "hold"
    """It waits until it is released; the rest goes on."""
    RELEASE = "release"
    SKIP = "skip"
    """It is left out, with all that needs it."""
    TAKE_IN = "take_in"
    """It is not skipped after all."""

    @property
    def widens(self) -> bool:
        """Whether more would run than those have signed who signed before."""
        return self in (Verdict.RELEASE, Verdict.TAKE_IN)


_ENDED_PHASES = frozenset({Phase.COMPLETED, Phase.FAILED, Phase.TIMED_OUT, Phase.CANCELLED, Phase.BUDGET_EXCEEDED})
_ENDED_STEPS = frozenset({StepState.COMPLETED, StepState.FAILED, StepState.SKIPPED, StepState.CANCELLED})
_AGAIN = frozenset({Phase.QUEUED, Phase.PLANNING})

PHASES: Mapping[Phase, frozenset[Phase]] = {
    Phase.PLANNING: frozenset({Phase.AWAITING_APPROVAL, Phase.FAILED, Phase.CANCELLED}),
    Phase.AWAITING_APPROVAL: frozenset({Phase.QUEUED, Phase.PLANNING, Phase.CANCELLED}),
    Phase.QUEUED: frozenset({Phase.EXECUTING, Phase.PLANNING, Phase.PAUSED, Phase.FAILED, Phase.CANCELLED}),
    Phase.EXECUTING: frozenset({Phase.RECONCILING, Phase.BLOCKED, Phase.PAUSED, Phase.TIMED_OUT, Phase.CANCELLED}),
    Phase.BLOCKED: frozenset({Phase.EXECUTING, Phase.RECONCILING, Phase.PAUSED, Phase.TIMED_OUT, Phase.CANCELLED}),
    Phase.PAUSED: frozenset({Phase.EXECUTING, Phase.BLOCKED, Phase.QUEUED, Phase.BUDGET_EXCEEDED, Phase.CANCELLED}),
    Phase.RECONCILING: frozenset({Phase.EXECUTING, Phase.READY, Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED}),
    Phase.READY: frozenset({Phase.COMPLETED, Phase.PLANNING, Phase.CANCELLED}),
    Phase.COMPLETED: frozenset(),
    Phase.FAILED: _AGAIN,
    Phase.TIMED_OUT: _AGAIN,
    Phase.CANCELLED: _AGAIN,
    Phase.BUDGET_EXCEEDED: _AGAIN,
}

_BEGINNINGS = frozenset(
    {
        StepState.RUNNING,
        StepState.AWAITING_CONFIRMATION,
        StepState.BLOCKED,
        StepState.INTERRUPTED,
        StepState.FAILED,
        StepState.SKIPPED,
        StepState.CANCELLED,
    }
)

STEPS: Mapping[StepState, frozenset[StepState]] = {
    StepState.PENDING: _BEGINNINGS | {StepState.READY},
    StepState.READY: _BEGINNINGS | {StepState.PENDING},
    StepState.AWAITING_CONFIRMATION: frozenset(
        {StepState.READY, StepState.FAILED, StepState.SKIPPED, StepState.CANCELLED}
    ),
    StepState.RUNNING: frozenset(
        {
            StepState.COMPLETED,
            StepState.FAILED,
            StepState.CANCELLED,
            StepState.INTERRUPTED,
            StepState.BLOCKED,
            StepState.READY,
        }
    ),
    StepState.BLOCKED: frozenset(
        {StepState.READY, StepState.COMPLETED, StepState.FAILED, StepState.SKIPPED, StepState.CANCELLED}
    ),
    StepState.INTERRUPTED: frozenset({StepState.READY, StepState.COMPLETED, StepState.FAILED, StepState.CANCELLED}),
    StepState.COMPLETED: frozenset({StepState.PENDING}),
    StepState.FAILED: frozenset({StepState.PENDING}),
    StepState.SKIPPED: frozenset({StepState.PENDING}),
    StepState.CANCELLED: frozenset({StepState.PENDING}),
}
"""What ended is final within an attempt: pending in the next one, or when a person takes a skipped step in again."""

RUNS: Mapping[RunState, frozenset[RunState]] = {
    RunState.RUNNING: frozenset(
        {
            RunState.CANCELLING,
            RunState.COMPLETED,
            RunState.FAILED,
            RunState.TIMED_OUT,
            RunState.CANCELLED,
            RunState.INTERRUPTED,
        }
    ),
    RunState.CANCELLING: frozenset({RunState.CANCELLED, RunState.TIMED_OUT, RunState.INTERRUPTED}),
    RunState.COMPLETED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.TIMED_OUT: frozenset(),
    RunState.CANCELLED: frozenset(),
    RunState.INTERRUPTED: frozenset({RunState.COMPLETED, RunState.FAILED}),
}

State = TypeVar("State", Phase, StepState, RunState)
_NOUNS: Mapping[type[StrEnum], str] = {Phase: "task", StepState: "step", RunState: "run"}
_TABLES: Mapping[type[StrEnum], Mapping[StrEnum, frozenset[StrEnum]]] = {
    Phase: PHASES,  # type: ignore[dict-item]
    StepState: STEPS,  # type: ignore[dict-item]
    RunState: RUNS,  # type: ignore[dict-item]
}


def advance(source: State, target: State) -> State:
    """Return `target` if the table of its noun lists the transition.

    Raises:
        IllegalTransition: the table has no such edge; nothing was changed.
    """
    if target not in _TABLES[type(source)][source]:
        raise IllegalTransition(noun=_NOUNS[type(source)], source=source.value, target=target.value)
    return target
