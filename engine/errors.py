"""Every error that leaves a room, one tree. The docstring of a class is its message; facts fill the braces.

    SignoffError
    ├── UsageError               the request itself is wrong; nothing was done (exit 2)
    │   ├── UnknownTask
    │   ├── UnknownStep
    │   ├── InvalidPlan          carries every Fault found, each with its place
    │   └── NothingFits          no target of the repository serves the request
    ├── Refused                  understood, but not allowed now
    │   ├── IllegalTransition    the state machine has no such edge; nothing changed
    │   ├── NotSigned
    │   ├── PersonNeeded         the policy lets nothing else than a person at a terminal decide this
    │   ├── NotTrusted           what a directory brings, as it is now, is nothing a person trusted
    │   ├── StaleRevision
    │   ├── StaleQuestion        it asks about other bytes than those that were shown
    │   ├── KeyTaken             its key came with another command before
    │   ├── AlreadyJudged        somebody gave their verdict on the plan first
    │   ├── AlreadyAnswered
    │   ├── Overtaken            somebody moved the task on while a command looked at it
    │   └── NotAllowed           the role of the caller does not reach
    ├── StepError                one attempt of one step went wrong
    │   ├── BytesChanged         what would run is not what was signed
    │   ├── SpawnFailed
    │   └── StepTimedOut
    ├── ModelError               a model was needed and gave nothing that can be used
    │   ├── NoModel              none is configured
    │   ├── ModelFailed          carries the class of the failure, and what was used all the same
    │   ├── OverBudget           a call would cost more than it may; it was not made
    │   └── Unusable             an answer cannot be read; says what is wrong with it
    ├── Cancelled                somebody cancelled what was waited for
    ├── EngineGone               the owner behind the socket closed or died
    ├── Unforeseen               a defect of the program; its cause is what broke
    └── StoreError               the store cannot be used; nothing new is started
        ├── Conflict             a guarded change found another state than it expected
        ├── StoreFull
        ├── StoreDamaged
        ├── StoreNewer           a newer program wrote it
        └── Owned                another process owns this state directory

No room raises a bare Exception, and no traceback reaches a person: the command line and the screens print
`str(error)` and, where there is one, `error.hint`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.model.budget import Way
    from engine.model.call import ModelFailure, Usage


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a document, and where."""

    message: str
    field: str = ""
    """Path inside the document, such as `steps[2].needs`."""
    file: str = ""
    line: int | None = None
    """Counted from 1."""
    column: int | None = None
    """Counted from 1."""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file or None, self.line, self.column) if part is not None)
        return "  ".join(
            part for part in (place, f"{self.field}: {self.message}" if self.field else self.message) if part
        )


def counted(faults: Collection[Fault]) -> str:
    """`1 fault`, `12 faults`."""
    return f"{len(faults)} fault{'s' * (len(faults) != 1)}"


class SignoffError(Exception):
    """Something went wrong"""

    hint: str = ""
    """What to do next, one sentence; empty where the message says it already."""

    def __init__(self, *, hint: str = "", **facts: object) -> None:
        self.facts = facts
        self.hint = hint or self.hint
        super().__init__((self.__class__.__doc__ or "").format(**facts))


class EngineGone(SignoffError):
    """The engine went away; what was recorded is kept"""

    hint = "start signoff again: it attaches to the engine, or becomes it"


class Unforeseen(SignoffError):
    """Something unforeseen went wrong: {kind}; what was recorded is kept"""


class UsageError(SignoffError):
    """{problem}"""


class UnknownTask(UsageError):
    """There is no task {task}"""

    hint = "signoff ls shows the tasks of this state directory"


class UnknownStep(UsageError):
    """Task {task} has no step {step!r}"""

    hint = "signoff show ID lists the steps by number and id"


class InvalidPlan(UsageError):
    """The plan has {faults}; nothing was stored and nothing was run"""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__(faults=counted(faults))


class NothingFits(UsageError):
    """{problem}"""


class Refused(SignoffError):
    """{problem}"""


class IllegalTransition(Refused):
    """A {noun} that is {source} cannot become {target}; nothing was changed"""


class NotSigned(Refused):
    """Revision {revision} of task {task} is not signed; nothing was run"""

    hint = "read it with signoff show and sign it with signoff approve"


class PersonNeeded(Refused):
    """{problem}"""


class NotTrusted(Refused):
    """{folder} {why}; nothing of it was used and nothing was stored"""

    hint = "signoff trust shows it and asks"


class StaleRevision(Refused):
    """Task {task} is at revision {current}, not {given}; nothing was recorded"""

    hint = "read the present revision and answer that one"


class AlreadyJudged(Refused):
    """Task {task} was {verdict} already, by {actor} at {when}; nothing was recorded"""

    hint = "signoff show ID tells how it stands"


class Overtaken(Refused):
    """Task {task} is {phase} by now: {actor} changed it at {when}, while this was asked for; nothing was recorded"""

    hint = "signoff show ID tells how it stands; repeat the command if it still applies"


class StaleQuestion(Refused):
    """What {step} would run has changed since it was shown; nothing was recorded"""

    hint = "read what it asks about now and answer that"


class KeyTaken(Refused):
    """The key of this command was given to another one before; nothing was recorded"""

    hint = "send it with a key of its own"


class AlreadyAnswered(Refused):
    """{what} was answered before: {answer} by {actor}"""


class NotAllowed(Refused):
    """{command} needs the role {needed}; you are {role}"""


class StepError(SignoffError):
    """{problem}"""


class BytesChanged(StepError):
    """{path} is not what was signed; the step was not run"""


class SpawnFailed(StepError):
    """{program} could not be started: {reason}"""


class StepTimedOut(StepError):
    """The step ran longer than its timeout of {seconds:g} s and was ended"""


class StoreError(SignoffError):
    """The store cannot be used: {reason}"""

    hint = "signoff doctor names the fault"


class Conflict(StoreError):
    """{what} was changed by someone else meanwhile; nothing was recorded"""

    hint = "look again and repeat the command if it still applies"


class StoreFull(StoreError):
    """The disk of the state directory is full or cannot be written; nothing new is started, nothing was lost"""

    hint = "free some space: the engine goes on by itself"


class StoreDamaged(StoreError):
    """The store {path} is damaged ({reason}); it was left as it is"""

    hint = "copy it away, then start with another --state directory or restore a backup"


class StoreNewer(StoreError):
    """The store {path} is of a newer Signoff (version {found}, known here up to {known}); it was left as it is"""

    hint = "use the newer program, or start this one with another --state directory"


class Owned(StoreError):
    """Process {pid} owns this state directory"""

    hint = "attach to it with signoff, or end that process"


class ModelError(SignoffError):
    """A model could not be used"""


class NoModel(ModelError):
    """No model is configured; nothing was sent"""

    hint = 'set one with signoff config edit, such as [model] name = "anthropic/claude-sonnet-4-5"'


class ModelFailed(ModelError):
    """{problem}"""

    def __init__(
        self,
        *,
        failure: ModelFailure,
        problem: str,
        usage: Usage | None = None,
        wait: float | None = None,
        hint: str = "",
    ) -> None:
        self.failure = failure
        self.usage = usage
        self.wait = wait
        """Seconds after which the provider said to come again."""
        super().__init__(hint=hint, problem=problem)


class OverBudget(ModelError):
    """{problem}; {sent}"""

    def __init__(
        self, *, problem: str, ways: tuple[Way, ...], hint: str = "", cap: str = "", sent: str = "nothing was sent"
    ) -> None:
        self._problem = problem
        self.ways = ways
        self.cap = cap
        """The cap of all tasks or of a model that it does not fit under, as a raise calls it; else empty."""
        self.cheaper = ""
        """A configured model that would fit; empty where none does."""
        super().__init__(hint=hint, problem=problem, sent=sent)

    def after(self, failed: Sequence[str]) -> OverBudget:
        """The same, of a try that came after others, each in words."""
        problem = "; ".join((*dict.fromkeys(failed), self._problem))
        return OverBudget(problem=problem, ways=self.ways, hint=self.hint, cap=self.cap, sent="nothing more was sent")


class Unusable(ModelError):
    """{problem}"""


class Cancelled(SignoffError):
    """Cancelled: {reason}"""

    usage: Usage | None = None
    """What the try of a model that it ended had used until then; None where none was asked."""
