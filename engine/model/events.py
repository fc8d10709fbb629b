"""What happened: one past-tense class per fact, carried by an immutable `Event`.

An event that changes a noun carries the new noun, so that nobody who follows has to recompute it. `KINDS` maps the
kind in a row or on the wire to its class.
"""

from __future__ import annotations

from engine.model.budget import Raise, Standing
from engine.model.call import Call, Usage
from engine.model.comment import Comment
from engine.model.grant import Grant
from engine.model.nouns import dataclass
from engine.model.question import Question
from engine.model.run import Receipt, StepStatus
from engine.model.task import Signature, Task
from engine.model.trust import Trusted


class Fact:
    """What an event says; the name of the class in snake case is its kind."""

    kind = ""

    def __init_subclass__(cls) -> None:
        name = cls.__name__
        cls.kind = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


@dataclass(frozen=True)
class Event:
    """One immutable row of the log."""

    seq: int
    time: float
    actor: str
    task: int | None
    step: str | None
    fact: Fact

    @property
    def kind(self) -> str:
        return self.fact.kind


# Tasks


@dataclass(frozen=True)
class TaskRequested(Fact):
    """Somebody asked for something."""

    task: Task


@dataclass(frozen=True)
class PlanWritten(Fact):
    """A revision was written; `task` names its digest."""

    task: Task
    planner: str
    steps: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PhaseChanged(Fact):
    """A task moved to another phase, or waits for other things."""

    task: Task


@dataclass(frozen=True)
class TaskRemoved(Fact):
    """The rows of an ended task were forgotten; its events stay."""

    request: str


@dataclass(frozen=True)
class TaskEnded(Fact):
    """The attempt is over and nothing of it is alive; follows the last receipt."""

    task: Task


# Verdicts


@dataclass(frozen=True)
class PlanSigned(Fact):
    """A person approved a revision."""

    signature: Signature


@dataclass(frozen=True)
class PlanRejected(Fact):
    """A person refused a revision."""

    signature: Signature


@dataclass(frozen=True)
class PlanReturned(Fact):
    """A person asked for another revision."""

    signature: Signature


@dataclass(frozen=True)
class RevisionTakenUp(Fact):
    """The revision that waited beside the present one is the present one now."""

    revision: int
    digest: str


@dataclass(frozen=True)
class ApprovalCarried(Fact):
    """A signature on an earlier revision holds for this one too, because nothing in it widens."""

    signature: Signature
    """The one that holds from now on."""
    before: str
    """The digest that the person signed."""


@dataclass(frozen=True)
class SignaturesVoided(Fact):
    """Signatures on the present revision count no longer: more would run than they covered."""

    actors: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class CommentWritten(Fact):
    """A person said something about a plan or a step."""

    comment: Comment


@dataclass(frozen=True)
class CommentResolved(Fact):
    """A person closed a thread."""

    comment: Comment


@dataclass(frozen=True)
class GrantGiven(Fact):
    """A person allowed listed steps to run without being asked about, until a moment."""

    grant: Grant


@dataclass(frozen=True)
class GrantRevoked(Fact):
    """A person took a grant back."""

    grant: Grant


@dataclass(frozen=True)
class GrantUsed(Fact):
    """A step runs because of a grant; the digest is of exactly what runs."""

    grant: int
    digest: str


# Steps


@dataclass(frozen=True)
class StepStarted(Fact):
    """Durable before the effect."""

    status: StepStatus
    log: str


@dataclass(frozen=True)
class StepEnded(Fact):
    """One attempt of a step is over."""

    status: StepStatus


@dataclass(frozen=True)
class StepsChanged(Fact):
    """Several steps at once: skipped by a cascade, cancelled, reset for another attempt, waiting."""

    statuses: tuple[StepStatus, ...]
    reason: str


@dataclass(frozen=True)
class RunCancelled(Fact):
    """The tree of a run is gone."""

    run: int
    receipt: Receipt


@dataclass(frozen=True)
class TerminalTaken(Fact):
    """Somebody types at the terminal of a step; what they type is kept nowhere."""

    run: int


@dataclass(frozen=True)
class Notified(Fact):
    """A `notify` step said something."""

    channel: str
    message: str


@dataclass(frozen=True)
class Alerted(Fact):
    """Somebody was told through a channel that they are needed, or that a task has ended."""

    channel: str
    title: str
    error: str = ""
    """Why it did not arrive; empty where it did."""


@dataclass(frozen=True)
class RepairFailed(Fact):
    """A model was asked for steps in the place of what failed, and gave none; the task stays as it was."""

    reason: str


# Questions


@dataclass(frozen=True)
class QuestionAsked(Fact):
    """A step waits for a person."""

    question: Question


@dataclass(frozen=True)
class QuestionChanged(Fact):
    """What an open question asks about became other bytes; an answer to those that were shown before is refused."""

    question: Question


@dataclass(frozen=True)
class QuestionAnswered(Fact):
    """A question was closed, by a person or by its deadline."""

    question: Question


# Budgets


@dataclass(frozen=True)
class CallReserved(Fact):
    """A model or an agent is about to be called; durable before anything is sent."""

    call: Call
    expected: Usage
    """What it uses at most."""


@dataclass(frozen=True)
class CallSettled(Fact):
    """What a call used is known, or it never will be."""

    call: Call


@dataclass(frozen=True)
class BudgetWarned(Fact):
    """What was spent came near a cap; told once in its window."""

    standing: Standing


@dataclass(frozen=True)
class BudgetRaised(Fact):
    """A person lets a task use more than was signed."""

    more: Raise


# Directories


@dataclass(frozen=True)
class DirectoryTrusted(Fact):
    """A person lets the recipes and the policy of a directory be used, these bytes and no others."""

    trusted: Trusted


@dataclass(frozen=True)
class TrustRevoked(Fact):
    """A person took that back."""

    root: str
    digest: str


# Memory


@dataclass(frozen=True)
class MemoryForgotten(Fact):
    """A person let what was remembered of earlier runs be forgotten; what it was is not told again."""

    memories: tuple[int, ...]


# The engine itself


@dataclass(frozen=True)
class EngineOpened(Fact):
    """A process became the owner and goes on with what was under way."""

    version: str
    pid: int
    level: str
    recovered: tuple[str, ...] = ()


@dataclass(frozen=True)
class EngineClosed(Fact):
    """The owner let go."""

    reason: str = ""


@dataclass(frozen=True)
class ClientRefused(Fact):
    """Somebody tried to attach who may not."""

    user: str
    reason: str


KINDS: dict[str, type[Fact]] = {fact.kind: fact for fact in Fact.__subclasses__()}
