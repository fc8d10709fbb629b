"""Every query, one typed class each, with the role that may give it and the type that answers it.

As a command is for `do`, a query is at once the argument of `read`, the message on the socket and the row of the role
table. Queries change nothing; `answering` answers them.
"""

from __future__ import annotations

from typing import ClassVar

from engine.model.nouns import dataclass
from engine.model.role import Role


@dataclass(frozen=True, kw_only=True)
class Query:
    """Something to look up."""

    role: ClassVar[Role] = Role.VIEWER
    words: ClassVar[str] = "looking"
    """What asks it on the command line."""


@dataclass(frozen=True, kw_only=True)
class ListTasks(Query):
    """A page of tasks, newest first -> tuple[TaskSummary, ...]."""

    before: int | None = None
    """Only tasks with a smaller id (keyset paging)."""
    limit: int = 100


@dataclass(frozen=True, kw_only=True)
class ShowTask(Query):
    """One task whole -> TaskView."""

    task: int


@dataclass(frozen=True, kw_only=True)
class ReadPlan(Query):
    """One revision of a task -> Plan."""

    task: int
    revision: int


@dataclass(frozen=True, kw_only=True)
class EstimatePlan(Query):
    """Which model would plan a request, and what it would use at most; `NoModel` without one -> Estimate."""

    root: str
    request: str


@dataclass(frozen=True, kw_only=True)
class ReadDraft(Query):
    """What a model has written of the next revision of a task, or wrote last, as it came -> str."""

    task: int


@dataclass(frozen=True, kw_only=True)
class ReadDocument(Query):
    """The present revision of a task as the text of a plan file, to be edited -> str."""

    task: int


@dataclass(frozen=True, kw_only=True)
class ListGrants(Query):
    """The grants that hold now, first given first -> tuple[Grant, ...]."""


@dataclass(frozen=True, kw_only=True)
class ReadContent(Query):
    """The bytes of a signed file when the plan was written, None where they were not kept -> bytes | None."""

    sha256: str
    """Digest of the file, as a `SignedFile` names it."""


@dataclass(frozen=True, kw_only=True)
class ListRuns(Query):
    """The runs of a task, oldest first -> tuple[Run, ...]."""

    task: int
    step: str | None = None


@dataclass(frozen=True, kw_only=True)
class ListLengths(Query):
    """Seconds that the steps of a task took in earlier runs, by id -> dict[str, float].

    Those of the same steps by the last tasks in the same directory; what never ended well is missing.
    """

    task: int


@dataclass(frozen=True, kw_only=True)
class ListCosts(Query):
    """What the steps of a task that call a model or an agent are expected to cost, by id -> dict[str, int | None].

    In millionths of a US dollar: by earlier runs of the same step, else the most that one call can take; None where
    nobody knows. Empty where nothing costs.
    """

    task: int


@dataclass(frozen=True, kw_only=True)
class ShowBudget(Query):
    """How the caps stand: over all tasks, by model and agent, and of one task -> BudgetView."""

    task: int | None = None


@dataclass(frozen=True, kw_only=True)
class ListQuestions(Query):
    """Everything that waits for a person, first asked first -> tuple[Question, ...]."""


@dataclass(frozen=True, kw_only=True)
class ListEvents(Query):
    """Events after a number, oldest first -> tuple[Event, ...]."""

    after: int = 0
    limit: int = 1000
    task: int | None = None


@dataclass(frozen=True, kw_only=True)
class ListTargets(Query):
    """What the repository itself declares -> tuple[Target, ...]."""

    role: ClassVar[Role] = Role.OPERATOR
    words: ClassVar[str] = "plan"
    """It reads files as the user of the engine, in any directory, as a plan does."""
    root: str


@dataclass(frozen=True, kw_only=True)
class ShowDirectory(Query):
    """What a directory brings for this program, and whether a person trusted it -> DirectoryView."""

    role: ClassVar[Role] = Role.OPERATOR
    words: ClassVar[str] = "trust"
    """It reads files as the user of the engine, as `ListTargets` does."""
    root: str


@dataclass(frozen=True, kw_only=True)
class Recall(Query):
    """What is remembered of earlier runs, the nearest first -> tuple[Recollection, ...]."""

    text: str = ""
    """Words to look for; empty for the latest first."""
    root: str = ""
    """The directory they ran in; empty for all."""
    limit: int = 20


@dataclass(frozen=True, kw_only=True)
class ListTrusted(Query):
    """Every directory that is trusted, by path -> tuple[Trusted, ...]."""


@dataclass(frozen=True, kw_only=True)
class Explain(Query):
    """Tier, reasons and verdict of a command or script -> Explanation."""

    operand: str
    shell: bool = False
    root: str = ""
    """The directory whose policy holds besides; empty for none."""


@dataclass(frozen=True, kw_only=True)
class VerifyAudit(Query):
    """Walk the hash chain -> AuditReport."""


@dataclass(frozen=True, kw_only=True)
class ShowEngine(Query):
    """Owner, sandbox level, last event -> EngineInfo."""


@dataclass(frozen=True, kw_only=True)
class ListPeople(Query):
    """Who is here now and what each reads, first come first -> tuple[Person, ...]."""
