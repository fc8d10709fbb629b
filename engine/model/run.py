"""One attempt at a step, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from engine.model.effect import Changes, Made, TestSummary
from engine.model.nouns import dataclass
from engine.model.state import RunState, StepState


class Cause(StrEnum):
    """Why a step ended without completing."""

    FAILED = "failed"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    """A person cancelled it or its task."""
    VERDICT = "verdict"
    """A signer left it out."""
    BUDGET = "budget"
    """A person lets the task finish without what costs."""
    DEPENDENCY = "dependency"
    """Something it needs did not complete."""
    NOT_NEEDED = "not_needed"
    """It waits for a failure, and nothing failed."""


@dataclass(frozen=True, kw_only=True)
class StepStatus:
    """Where one step of the present attempt of a task is."""

    id: str
    state: StepState = StepState.PENDING
    attempt: int = 0
    """How often it was started in this task."""
    run: int | None = None
    """The latest run."""
    exit_code: int | None = None
    error: str = ""
    """Why it failed, was skipped or refused, as a sentence."""
    cause: Cause | None = None
    summary: str = ""
    """First non-empty line of its output, at most 160 characters."""
    started: float | None = None
    """Unix time in seconds."""
    ended: float | None = None
    held_by: str = ""
    changed: Changes | None = None
    """How many files its latest run changed, without their names; None where nobody looked."""
    tests: TestSummary | None = None

    @property
    def effects(self) -> str:
        """What its latest run did besides its output: `214 passed · changed 3 files`; empty for nothing."""
        return " · ".join(effect.text for effect in (self.tests, self.changed) if effect and effect.text)

    @property
    def did(self) -> str:
        """What its latest run came to: its first line, or the counts of its tests in place of it; and its effects."""
        return " · ".join(filter(None, ("" if self.tests else self.summary, self.effects)))


@dataclass(frozen=True, kw_only=True)
class ProcessEnd:
    """How one process of a cancelled tree ended."""

    pid: int
    name: str
    end: str
    """`SIGTERM`, `SIGKILL`, or `with its parent`."""
    seconds: float
    """After the request."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The proof that a cancelled tree is gone (B7.3)."""

    ends: tuple[ProcessEnd, ...] = ()
    survivors: tuple[int, ...] = ()
    seconds: float = 0.0
    level: str = ""
    best_effort: bool = False


@dataclass(frozen=True, kw_only=True)
class Run:
    """One row of the ledger (B9.13)."""

    id: int
    task: int
    step: str
    task_attempt: int
    attempt: int
    state: RunState
    started: float
    ended: float | None = None
    exit_code: int | None = None
    error: str = ""
    failure: str = ""
    """Failure class: `exit timeout launch bytes internal budget interrupted`; empty when it did not fail."""
    summary: str = ""
    log: str = ""
    level: str = ""
    """The sandbox level it ran at."""
    receipt: Receipt | None = None
    produced: Mapping[str, Made] = field(default_factory=dict)
    """By path, the files that later steps expect from this one."""
    changed: Changes | None = None
    """None where nobody looked: of steps that only read, or that run no command."""
    tests: TestSummary | None = None
    """Of a `test` step whose output has one."""
