"""What a plan says: the document as it was written, and the revision of it that people sign and the engine runs.

A `Document` is what a planner hands in (`interface` 2). A `Plan` is a numbered revision: the same steps in topological
order, each with what the engine itself derived about it. Both are data: nothing here reads a file or the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, ClassVar, Literal

from engine.errors import Fault
from engine.model.amounts import Seconds
from engine.model.tier import Reason, Tier
from engine.model.union import TaggedBy

MAX_STEPS = 10_000
MAX_NAMES = 2_000
"""Step ids that are looked through for the one that was meant."""
MAX_SUGGESTIONS = 20


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
    """Which end of its needs a step waits for (B6.1)."""

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
    """How often a step is tried again by itself (B8.3)."""

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


@dataclass(frozen=True, kw_only=True)
class Notify(StepBase):
    """A message to a channel."""

    message: str
    channel: str = "terminal"
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


@dataclass(frozen=True, kw_only=True)
class SigningRule(Strict):
    """Who must sign (B5.8)."""

    quorum: int = 1
    exclude_proposer: bool = False


class Accept(StrEnum):
    """Who accepts the result of a task whose steps ended well (B4.5)."""

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


@dataclass(frozen=True, kw_only=True)
class SignedFile:
    """A file of the workdir that an operand names."""

    path: str
    """Relative to the root of the task."""
    sha256: str = ""
    """Digest of its bytes when the plan was written; empty where a step makes it."""
    produced_by: str = ""
    """The ancestor step that may write it; empty where nobody may."""


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
    planner: str = "file"
    digest: str = ""


def rank_steps(steps: Iterable[StepBase]) -> dict[str, int]:
    """Map each id to its topological rank. Every need must exist and there must be no cycle."""
    needs = {step.id: step.needs for step in steps}
    ranks: dict[str, int] = {}
    for step_id in TopologicalSorter(needs).static_order():
        ranks[step_id] = 1 + max((ranks[need] for need in needs[step_id]), default=-1)
    return ranks


def graph_faults(steps: tuple[Step, ...]) -> list[Fault]:
    """Everything wrong with the steps as a graph (B2.3): count, ids, needs, cycles."""
    if not steps:
        return [Fault("a plan needs at least one step", "steps")]
    if len(steps) > MAX_STEPS:
        return [Fault(f"{len(steps)} steps; at most {MAX_STEPS} are allowed", "steps")]
    faults = _id_faults(steps) + _need_faults(steps)
    return faults or _cycle_faults(steps)


def _id_faults(steps: tuple[Step, ...]) -> list[Fault]:
    first: dict[str, int] = {}
    faults = []
    for index, step in enumerate(steps):
        if step.id in first:
            faults.append(
                Fault(f"step id '{step.id}' is used by steps[{first[step.id]}] already", f"steps[{index}].id")
            )
        first.setdefault(step.id, index)
    return faults


def _need_faults(steps: tuple[Step, ...]) -> list[Fault]:
    known = {step.id for step in steps}
    names = sorted(known)[:MAX_NAMES]
    faults: list[Fault] = []
    for index, step in enumerate(steps):
        for need in step.needs:
            place = f"steps[{index}].needs"
            if need == step.id:
                faults.append(Fault("a step cannot need itself", place))
            elif need not in known:
                meant = _nearest(need, names) if len(faults) < MAX_SUGGESTIONS else ""
                faults.append(Fault(f"no step '{need}'{meant}", place))
    return faults


def _nearest(name: str, names: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name[:64], names, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def _cycle_faults(steps: tuple[Step, ...]) -> list[Fault]:
    try:
        TopologicalSorter({step.id: step.needs for step in steps}).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        index = next(i for i, step in enumerate(steps) if step.id == cycle[1])
        return [Fault("the needs form a cycle: " + " → ".join(reversed(cycle)), f"steps[{index}].needs")]
    return []
