"""Every command, one typed class each, with the role that may give it.

A command is at once the argument of `do`, the message on the socket and the row of the role table; adding a verb is one
class here and one handler. Commands change something, carry an idempotency key and answer with a `Reply`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Annotated, ClassVar

from engine.model.amounts import Dollars, Seconds
from engine.model.nouns import dataclass
from engine.model.question import Answer
from engine.model.role import Role
from engine.model.state import Verdict


@dataclass(frozen=True, kw_only=True)
class Command:
    """Something to do. The same key given twice is done once."""

    role: ClassVar[Role] = Role.OPERATOR
    words: ClassVar[str]
    """What gives it on the command line."""
    key: str = field(default_factory=lambda: os.urandom(16).hex())


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came of a command."""

    task: int | None = None
    seq: int = 0
    """The last event it made."""
    text: str = ""
    """One sentence for a person."""


# Planning


class Planner(StrEnum):
    """Who makes a plan of a request in words."""

    AUTO = "auto"
    """A model where one is configured, else the repository."""
    REPO = "repo"
    LLM = "llm"


@dataclass(frozen=True, kw_only=True)
class MakePlan(Command):
    """Turn a request, or the text of a plan file, into revision 1 of a new task."""

    words: ClassVar[str] = "plan"
    root: str
    """Absolute path of the directory the steps shall run in."""
    request: str = ""
    document: str | None = None
    """The text of a plan file; None to let a planner make one of the request."""
    name: str = "plan"
    """What faults call the document."""
    recipe: str = ""
    """The name of a recipe of the directory, instead of a request or a document."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Values for the variables of the document or recipe; they win over its own."""
    targets: tuple[str, ...] = ()
    """Targets of the repository to run, by name; empty to let the request pick."""
    planner: Planner = Planner.AUTO
    """Who plans a request in words, where no targets are named."""


@dataclass(frozen=True, kw_only=True)
class Revise(Command):
    """Replace the plan of a task by an edited one: its next revision. It says what runs, as a plan does."""

    words: ClassVar[str] = "edit"
    task: int
    revision: int
    """The revision that was edited."""
    document: str
    """The text of the whole plan file."""
    name: str = "plan"
    """What faults call the document."""
    note: str = ""


# Trust


@dataclass(frozen=True, kw_only=True)
class Trust(Command):
    """Let the recipes and the policy of a directory be used, as they were shown."""

    words: ClassVar[str] = "trust"
    root: str
    digest: str
    """What was shown; anything else is refused."""


@dataclass(frozen=True, kw_only=True)
class RevokeTrust(Command):
    """Use nothing of a directory any more."""

    words: ClassVar[str] = "trust --revoke"
    root: str


# Memory


@dataclass(frozen=True, kw_only=True)
class Forget(Command):
    """Remember these no more."""

    words: ClassVar[str] = "memory forget"
    memories: tuple[int, ...]


# Verdicts


@dataclass(frozen=True, kw_only=True)
class Sign(Command):
    """Approve a revision; what is left out by `only` and `skip` is skipped with its dependents."""

    role: ClassVar[Role] = Role.REVIEWER
    words: ClassVar[str] = "approve"
    task: int
    revision: int
    digest: str
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    spared: tuple[str, ...] | None = None
    """The steps that were shown as skipped or held; None where nobody looked at that."""
    means: str = "screen"


@dataclass(frozen=True, kw_only=True)
class Judge(Command):
    """Hold, release, skip or take in one step."""

    role: ClassVar[Role] = Role.REVIEWER
    words: ClassVar[str] = "hold, release or skip"
    task: int
    revision: int
    """The one that was read."""
    step: str
    """By id, or by number counted from 1."""
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class WriteComment(Command):
    """Say something about a plan, or about one of its steps."""

    role: ClassVar[Role] = Role.REVIEWER
    words: ClassVar[str] = "comment"
    task: int
    text: str
    step: str = ""
    answers: int | None = None
    """The comment that is answered."""
    revision: int | None = None
    """The one that was read; without it, the present one or the one that waits beside it."""


@dataclass(frozen=True, kw_only=True)
class ResolveComment(Command):
    """Close the thread that a comment began."""

    role: ClassVar[Role] = Role.REVIEWER
    words: ClassVar[str] = "comment --resolve"
    comment: int


@dataclass(frozen=True, kw_only=True)
class GiveGrant(Command):
    """Let listed steps of a revision run as signed, without being asked about, for a time."""

    role: ClassVar[Role] = Role.REVIEWER
    words: ClassVar[str] = "grants give"
    task: int
    revision: int
    digest: str
    """The digest of the revision that was shown."""
    steps: tuple[str, ...]
    seconds: float
    means: str = "screen"


@dataclass(frozen=True, kw_only=True)
class RevokeGrant(Command):
    """Take a grant back; what runs already goes on."""

    role: ClassVar[Role] = Role.REVIEWER
    words: ClassVar[str] = "grants revoke"
    grant: int


@dataclass(frozen=True, kw_only=True)
class Reject(Command):
    """Refuse a revision; its task ends."""

    role: ClassVar[Role] = Role.REVIEWER
    words: ClassVar[str] = "reject"
    task: int
    revision: int
    reason: str
    means: str = "screen"


@dataclass(frozen=True, kw_only=True)
class Return(Command):
    """Ask for another revision; never taken for approval."""

    role: ClassVar[Role] = Role.REVIEWER
    words: ClassVar[str] = "return"
    task: int
    revision: int
    note: str
    means: str = "screen"


@dataclass(frozen=True, kw_only=True)
class Resolve(Command):
    """Answer an open question; the first answer wins."""

    role: ClassVar[Role] = Role.REVIEWER
    words: ClassVar[str] = "confirm, deny or answer"
    question: int
    answer: Answer
    reason: str = ""
    digest: str = ""
    """The digest that was shown; a confirmation of other bytes is refused."""
    seconds: float | None = None
    """How long `plan` and `timed` hold; None for as long as a question waits."""
    means: str = "screen"


@dataclass(frozen=True, kw_only=True)
class LookAgain(Command):
    """Hold an open question against the bytes as they are now; where those are others, it asks about them instead."""

    role: ClassVar[Role] = Role.REVIEWER
    words: ClassVar[str] = "confirm"
    question: int


@dataclass(frozen=True, kw_only=True)
class RaiseBudget(Command):
    """Let a task use more than a cap says; where it waits for that, it goes on."""

    words: ClassVar[str] = "budget raise"
    task: int
    money: Annotated[float | None, Dollars()] = None
    """US dollars, on top of the task's own caps in their windows of now, or of the one cap that `beyond` calls."""
    seconds: Annotated[float | None, Seconds()] = None
    """Of working time."""
    unpriced: bool = False
    """Whether it may call what has no known price, uncounted by every cap."""
    beyond: str = ""
    """A cap of all tasks, `day`, or of a model, `openai/gpt-5 day`; the other tasks keep to it."""
    means: str = "screen"


@dataclass(frozen=True, kw_only=True)
class TryModel(Command):
    """Have a configured model answer one tiny question."""

    words: ClassVar[str] = "doctor --model"
    model: str


@dataclass(frozen=True, kw_only=True)
class Type(Command):
    """Keys for the terminal of a step that runs in one, and the size of the person's own. Never stored."""

    words: ClassVar[str] = "attach"
    run: int
    data: str = ""
    """What was typed, in base64."""
    rows: int = 0
    """Both 0 to leave the size as it is."""
    columns: int = 0


# Control


@dataclass(frozen=True, kw_only=True)
class Cancel(Command):
    """End a task, or one step of it, with everything it started."""

    words: ClassVar[str] = "cancel"
    task: int
    step: str | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Kill(Command):
    """End what a cancellation is still waiting for, without any more grace."""

    words: ClassVar[str] = "cancel"
    task: int


@dataclass(frozen=True, kw_only=True)
class Pause(Command):
    """Start nothing new of a task; what runs goes on."""

    words: ClassVar[str] = "pause"
    task: int


@dataclass(frozen=True, kw_only=True)
class Resume(Command):
    """Go on with a paused task, or begin another attempt of an ended one: at its steps, or at a plan if it has none."""

    words: ClassVar[str] = "resume"
    task: int
    from_step: str | None = None


@dataclass(frozen=True, kw_only=True)
class AcceptResult(Command):
    """Say that what came of a task is what was wanted."""

    role: ClassVar[Role] = Role.REVIEWER
    words: ClassVar[str] = "accept"
    task: int


@dataclass(frozen=True, kw_only=True)
class Remove(Command):
    """Forget an ended task; its events stay."""

    words: ClassVar[str] = "rm"
    task: int


@dataclass(frozen=True, kw_only=True)
class Shutdown(Command):
    """Close the engine; refused while something runs unless `force`."""

    words: ClassVar[str] = "serve --stop"
    force: bool = False
