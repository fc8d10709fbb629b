"""What a plan says: the document as it was written, and the revision of it that people sign and the engine runs.

A `Document` is what a planner hands in (`interface` 2). A `Plan` is a numbered revision: the same steps in topological
order, each with what the engine itself derived about it. Both are data: nothing here reads a file or the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from engine.errors import UnknownStep
from engine.model.amounts import Seconds
from engine.model.budget import UNLIMITED, Budget
from engine.model.nouns import dataclass
from engine.model.tier import Reason, Tier
from engine.model.union import TaggedBy


class Action(StrEnum):
    """What kind of thing a step does (B6.3)."""

    EXECUTE = "execute"
    TEST = "test"
    SHELL = "shell"
    RESEARCH = "research"
    PLAN = "plan"
    IMPLEMENT = "implement"
    REVIEW = "review"
    NOTIFY = "notify"
    ASK = "ask"


class When(StrEnum):
    """Which end of its needs a step waits for."""

    SUCCESS = "success"
    ALWAYS = "always"
    FAILURE = "failure"


class Backoff(StrEnum):
    """How the delay between attempts grows."""

    LINEAR = "linear"
    EXPONENTIAL = "exponential"


class Strict:
    """A part of a document: an unknown field in it is an error."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class Retry(Strict):
    """How often a step is tried again by itself."""

    attempts: int = 1
    """Tries after the first one."""
    delay: Annotated[float, Seconds()] = 1.0
    backoff: Backoff = Backoff.LINEAR
    jitter: bool = True


@dataclass(frozen=True, kw_only=True)
class StepBase(Strict):
    """What every step has, whatever it does."""

    id: str
    description: str = ""
    needs: tuple[str, ...] = ()
    when: When = When.SUCCESS
    tier: Tier | None = None
    """The declared tier; it can raise the derived one, never lower it."""
    workdir: str = "."
    """Relative to the root of the task."""
    timeout: Annotated[float | None, Seconds()] = None
    retry: Retry | None = None
    idempotent: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    network: bool | tuple[str, ...] = False
    writes: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()
    tty: bool = False
    """Whether it runs in a terminal, which a person takes when it is its turn."""

    @property
    def operand(self) -> str:
        """The text that will run or be said, byte for byte."""
        raise TypeError("a bare step has no operand")


@dataclass(frozen=True, kw_only=True)
class Execute(StepBase):
    """One program with its arguments, no shell."""

    command: str
    action: Literal[Action.EXECUTE] = Action.EXECUTE

    @property
    def operand(self) -> str:
        return self.command


@dataclass(frozen=True, kw_only=True)
class Test(StepBase):
    """As `execute`, for what is meant to be a test."""

    command: str
    action: Literal[Action.TEST] = Action.TEST

    @property
    def operand(self) -> str:
        return self.command


@dataclass(frozen=True, kw_only=True)
class Shell(StepBase):
    """One script, through bash."""

    script: str
    action: Literal[Action.SHELL] = Action.SHELL

    @property
    def operand(self) -> str:
        return self.script


@dataclass(frozen=True, kw_only=True)
class Research(StepBase):
    """A model call that gathers; its text is the result."""

    query: str
    model: str | None = None
    action: Literal[Action.RESEARCH] = Action.RESEARCH

    @property
    def operand(self) -> str:
        return self.query


@dataclass(frozen=True, kw_only=True)
class Write(StepBase):
    """A `plan` step: its text is the result."""

    text: str
    action: Literal[Action.PLAN] = Action.PLAN

    @property
    def operand(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class Implement(StepBase):
    """Work handed to a coding agent."""

    prompt: str
    agent: str | tuple[str, ...] = ()
    model: str | None = None
    action: Literal[Action.IMPLEMENT] = Action.IMPLEMENT

    @property
    def operand(self) -> str:
        return self.prompt


@dataclass(frozen=True, kw_only=True)
class Review(StepBase):
    """A model call that judges; with criteria it gates."""

    artifact: str
    criteria: str = ""
    model: str | None = None
    action: Literal[Action.REVIEW] = Action.REVIEW

    @property
    def operand(self) -> str:
        return self.artifact


TERMINAL = "terminal"
"""The channel that is always there: whoever is attached."""


@dataclass(frozen=True, kw_only=True)
class Notify(StepBase):
    """A message to a channel."""

    message: str
    channel: str = TERMINAL
    action: Literal[Action.NOTIFY] = Action.NOTIFY

    @property
    def operand(self) -> str:
        return self.message


@dataclass(frozen=True, kw_only=True)
class Ask(StepBase):
    """A question to a person; the answer is the result."""

    question: str
    options: tuple[str, ...] = ()
    action: Literal[Action.ASK] = Action.ASK

    @property
    def operand(self) -> str:
        return self.question


Step = Annotated[Execute | Test | Shell | Research | Write | Implement | Review | Notify | Ask, TaggedBy("action")]
STEP_TYPES: Mapping[str, type[StepBase]] = {
    "execute": Execute,
    "test": Test,
    "shell": Shell,
    "research": Research,
    "plan": Write,
    "implement": Implement,
    "review": Review,
    "notify": Notify,
    "ask": Ask,
}
OPERANDS: Mapping[str, str] = {
    "execute": "command",
    "test": "command",
    "shell": "script",
    "research": "query",
    "plan": "text",
    "implement": "prompt",
    "review": "artifact",
    "notify": "message",
    "ask": "question",
}
"""The field of each action that holds its operand."""


@dataclass(frozen=True, kw_only=True)
class SigningRule(Strict):
    """Who must sign."""

    quorum: int = 1
    exclude_proposer: bool = False


class Accept(StrEnum):
    """Who accepts the result of a task whose steps ended well."""

    NOBODY = "nobody"
    PERSON = "person"


@dataclass(frozen=True, kw_only=True)
class Document(Strict):
    """A plan as a person, a repository or a model wrote it."""

    request: str
    steps: tuple[Step, ...]
    policy: SigningRule = SigningRule()
    accept: Accept = Accept.NOBODY
    timeout: Annotated[float | None, Seconds()] = None
    """Working time of the whole task; the clock stops while it waits for people (B6.7)."""
    budget: Budget = UNLIMITED
    vars: Mapping[str, str | None] = field(default_factory=dict)
    """Values by name, for `${vars.NAME}`; None for one that must be given when the plan is made."""


@dataclass(frozen=True, kw_only=True)
class SignedFile:
    """A file of the workdir that an operand names."""

    path: str
    """Relative to the root of the task."""
    sha256: str = ""
    """Digest of its bytes when the plan was written; empty where a step makes it."""
    produced_by: str = ""
    """The ancestor step that may write it; empty where nobody may."""
    size: int = 0
    """Bytes when the plan was written; 0 where that is not known. Told, not signed: the digest says more."""


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """A step, and what the engine derived about it before anyone was asked."""

    step: Step
    rank: int = 0
    """Length of the longest path from a step without needs."""
    tier: Tier = Tier.READ
    reasons: tuple[Reason, ...] = ()
    binary: str = ""
    """Absolute path of the program that will run; empty where there is none, or an ancestor makes it."""
    files: tuple[SignedFile, ...] = ()
    asks: bool = False
    """Whether a person confirms it just before it runs: by its tier, or because the policy asks for that tier."""
    hints: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.step.id


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One numbered revision, immutable once written; what a signature signs is its digest (B5.2)."""

    task: int = 0
    revision: int = 1
    request: str = ""
    root: str = ""
    steps: tuple[PlannedStep, ...] = ()
    """In topological order: by rank, then by id."""
    policy: SigningRule = SigningRule()
    accept: Accept = Accept.NOBODY
    timeout: float | None = None
    budget: Budget = UNLIMITED
    vars: Mapping[str, str | None] = field(default_factory=dict)
    """The values that were filled in."""
    planner: str = "file"
    author: str = ""
    """Who wrote this revision, where that is not who proposed the task."""
    note: str = ""
    """Why it was written, in the words of its author."""
    model: str = ""
    """Which model wrote it; empty where none did."""
    corrections: tuple[str, ...] = ()
    """What of its answer was put right, a sentence each. Told, not signed: the steps say what will run."""
    failure: str = ""
    """What failed in the revision before, where this one was written to stand in its place (B8)."""
    replans: int = 0
    """How many revisions up to this one were written for that."""
    digest: str = ""

    def named(self, name: str) -> str:
        """The id of the step that a person calls so: by its id, or by its number counted from 1.

        Raises:
            UnknownStep: there is none.
        """
        ids = [planned.id for planned in self.steps]
        if name in ids:
            return name
        if name.isascii() and name.isdigit() and 1 <= int(name) <= len(ids):
            return ids[int(name) - 1]
        raise UnknownStep(task=self.task, step=name)
