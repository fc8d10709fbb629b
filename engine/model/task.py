"""A request with its revisions, runs and phase; and the views of it that queries return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from engine.model.comment import Comment
from engine.model.grant import Grant
from engine.model.nouns import dataclass
from engine.model.plan import Plan
from engine.model.question import Question
from engine.model.run import StepStatus
from engine.model.state import Outcome, Phase, StepState, Wait

ENGINE = "@engine"
"""The actor of what no person did; user names do not begin with `@`."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """The row of a task."""

    id: int
    request: str
    root: str
    """Absolute path of the directory that the steps run in."""
    phase: Phase
    proposer: str
    created: float
    attempt: int = 1
    revision: int = 0
    """The present revision; 0 while there is none."""
    digest: str = ""
    signed: str = ""
    """The digest that is signed and may run; empty while none is."""
    outcome: Outcome | None = None
    waits: tuple[Wait, ...] = ()
    """Why it is blocked, or why steps wait while others run."""
    error: str = ""
    started: float | None = None
    ended: float | None = None
    planner: str = ""
    """Who writes its next revision now; empty while nobody does, or a person does."""
    pending: int = 0
    """The revision that waits to be signed while the present one goes on; 0 where none does."""

    @property
    def at_its_cap(self) -> bool:
        """Whether it is paused because of its budget, and not by a person, whose pause a raise leaves as it is."""
        return self.phase is Phase.PAUSED and Wait.BUDGET in self.waits

    @property
    def unplanned(self) -> bool:
        """Whether it ended without the plan that was asked for: its request is there still, and can be planned again
        (B2.4)."""
        return self.phase.ended and (not self.revision or self.outcome is Outcome.NO_PLAN)


@dataclass(frozen=True, kw_only=True)
class TaskSummary:
    """A task as lists show it."""

    task: Task
    counts: Mapping[StepState, int] = field(default_factory=dict)
    """How many steps are in which state."""

    @property
    def steps(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A person's verdict on a revision (B5.4)."""

    task: int
    revision: int
    digest: str
    actor: str
    verdict: str
    """`sign`, `reject` or `return`."""
    time: float
    skipped: tuple[str, ...] = ()
    """Steps that were left out when it was given."""
    held: tuple[str, ...] = ()
    """Steps that were held when it was given."""
    means: str = "screen"
    """How it was given: `screen`, `command`, `run --yes`, `demo`; `carried` from an earlier revision."""
    reason: str = ""
    void: str = ""
    """Why it counts no longer; empty while it does."""


@dataclass(frozen=True, kw_only=True)
class TaskView:
    """Everything a screen or `show` needs about one task, as of event `seq`."""

    task: Task
    plan: Plan | None = None
    pending: Plan | None = None
    """The revision that waits to be signed while this one goes on."""
    steps: tuple[StepStatus, ...] = ()
    """In the order of the plan."""
    signatures: tuple[Signature, ...] = ()
    questions: tuple[Question, ...] = ()
    """The open ones."""
    comments: tuple[Comment, ...] = ()
    """First written first; answers stand behind what they answer only by their time."""
    grants: tuple[Grant, ...] = ()
    """Those of the present revision that were not revoked; whether one still holds depends on the time."""
    logs: Mapping[str, str] = field(default_factory=dict)
    """Path of the latest log of each step that ran."""
    seq: int = 0
    signed_before: tuple[int, float, str] | None = None
    """How often this digest ran well before, when last, and who signed it."""
