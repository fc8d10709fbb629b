"""What an action is handed and what it answers; it knows its own kind of work and nothing of tasks or the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass as mutable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from engine.cancellation import CancelToken
from engine.errors import NoModel
from engine.model.call import Purpose
from engine.model.effect import Changes, TestSummary
from engine.model.nouns import dataclass
from engine.model.plan import PlannedStep
from engine.model.prompt import Passage, Prompt
from engine.model.question import QuestionKind
from engine.model.run import Receipt, StepStatus
from engine.process import Level, SealedFile, Terminal
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.inference import Inferred

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A step that this one stands on, as it ended."""

    planned: PlannedStep
    status: StepStatus
    log: str = ""
    """Path of the log of its last run; empty where it did not run."""


class Infer(Protocol):
    """Asks a model in the name of this step."""

    async def __call__(
        self,
        purpose: Purpose,
        prompt: Prompt,
        read: Callable[[str], T],
        heard: Callable[[str], None],
        model: str = "",
    ) -> Inferred[T]:
        """As `Inference.infer`; `model` is empty for the usual one. Raises a `ModelError`, or `Cancelled`."""


async def _nobody(
    purpose: Purpose, prompt: Prompt, read: Callable[[str], T], heard: Callable[[str], None], model: str = ""
) -> Inferred[T]:
    raise NoModel


async def _nothing(words: str) -> tuple[Passage, ...]:
    return ()


@mutable(slots=True, kw_only=True)
class Context:
    """One attempt at one step."""

    planned: PlannedStep
    run: int
    root: Path
    home: Path
    """The private home of the project."""
    log: str
    """Path of the log of this run."""
    mark: str
    """Names the run in the environment of its processes, unlike any other run on this machine."""
    token: CancelToken
    level: Level
    settings: Settings
    sealed: tuple[SealedFile, ...] = ()
    masked: tuple[Path, ...] = ()
    grew: Callable[[int], None]
    """Call with the size of the log when it has grown."""
    stalled: Callable[[OSError | None], None]
    """Call when the disk does not take the log, and with None when it takes it again."""
    notify: Callable[[str, str], Awaitable[None]]
    """Channel and message. Raises a `SignoffError` where it did not arrive."""
    terminal: Callable[[Terminal], None]
    """Call with the terminal of the step, where it has one: from then on a person can type."""
    infer: Infer = _nobody
    earlier: Callable[[], tuple[Earlier, ...]] = tuple
    """The steps that this one stands on, the nearest first."""
    remembered: Callable[[str], Awaitable[tuple[Passage, ...]]] = _nothing
    """What earlier runs taught about some words."""

    @property
    def workdir(self) -> Path:
        """Where the step works, its links resolved."""
        return (self.root / self.planned.step.workdir).resolve()

    @property
    def writes(self) -> tuple[Path, ...]:
        """What the step declares to write, besides its workdir."""
        return tuple(self.workdir / Path(path).expanduser() for path in self.planned.step.writes)


@dataclass(frozen=True, kw_only=True)
class Result:
    """How an attempt ended. Without a failure class it completed."""

    exit_code: int | None = None
    error: str = ""
    failure: str = ""
    """`exit timeout launch bytes criteria internal`, or a `ModelFailure`; empty when it completed."""
    summary: str = ""
    receipt: Receipt | None = None
    """Of a tree that was ended by us."""
    tests: TestSummary | None = None
    changed: Changes | None = None
    """Set by the runner, which looks before and after."""


@dataclass(frozen=True, kw_only=True)
class Waits:
    """The attempt cannot go on without a person; it holds nothing meanwhile."""

    kind: QuestionKind
    digest: str = ""
    news: tuple[str, ...] = ()
    diff: str = ""
    options: tuple[str, ...] = ()
    cap: str = ""
    """As of a `Question`."""
    cheaper: str = ""


class Act(Protocol):
    """One kind of action."""

    async def __call__(self, context: Context) -> Result:
        """Do it. Raises a `StepError` where it could not be begun."""
