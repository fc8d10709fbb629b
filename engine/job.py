"""One attempt of one step, as it passes between the execution that orders it and the runner that carries it out.

A job looks things up when it is asked for them: most steps ask for little, and thousands may be waiting.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.cancellation import CancelToken
from engine.consent import Consent
from engine.grants import Grants
from engine.model.board import Board
from engine.model.effect import Made
from engine.model.grant import Grant
from engine.model.plan import Plan, PlannedStep
from engine.model.retry import Failure
from engine.model.run import Run, StepStatus
from engine.turns import Turn


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the jobs of one execution stand on."""

    board: Board
    consent: Consent
    grants: Grants
    root: Path
    attempt: int
    """Of the task."""
    produced: dict[tuple[str, str], Made]
    """Each file, by the step that makes it and its path, as that step left it."""
    failures: dict[str, list[Failure]]
    """The failed tries of the steps that are tried again by themselves."""


@dataclass(slots=True)
class Job:
    """A step that may run now."""

    ground: Ground
    planned: PlannedStep
    turn: Turn

    @property
    def plan(self) -> Plan:
        return self.ground.board.plan

    @property
    def root(self) -> Path:
        return self.ground.root

    @property
    def position(self) -> int:
        """Of the step in its plan."""
        return self.ground.board.position[self.planned.step.id]

    @property
    def status(self) -> StepStatus:
        """Where the step is now."""
        return self.ground.board.statuses[self.planned.step.id]

    @property
    def token(self) -> CancelToken:
        return self.turn.token

    @property
    def clearance(self) -> str:
        """The step digest that a person allowed in this attempt; empty if nobody was asked."""
        return self.ground.consent.clearance(self.planned.step.id)

    def granted(self, digest: str) -> Grant | None:
        """The grant that covers these bytes now."""
        return self.ground.grants.covering(self.plan, self.planned.step.id, digest)

    @property
    def repeats(self) -> bool:
        """Whether it may start although it had started before: by its own retry rule, or because a person said so."""
        return self.planned.step.id in self.ground.failures or self.ground.consent.repeats(self.planned.step.id)

    @property
    def news(self) -> tuple[str, ...]:
        """What ran since the plan was signed."""
        return self.ground.board.news(self.planned.step.id)

    def produced(self, maker: str, path: str) -> Made:
        """A file as its maker left it; without a digest where it was not made."""
        return self.ground.produced.get((maker, path), Made())

    @property
    def makes(self) -> tuple[str, ...]:
        """Files that later steps expect from this one."""
        return self.ground.board.makes.get(self.planned.step.id, ())

    def begin(self, status: StepStatus, run: Run) -> None:
        """Its start is being recorded; what people let run is spent by it."""
        self.turn.run = run.id
        self.ground.consent.spend(status.id)
        self.ground.board.note(status)


@dataclass(slots=True, kw_only=True)
class End:
    """The attempt is over; its rows are on their way to the disk."""

    status: StepStatus
    run: Run


@dataclass(frozen=True)
class Lost:
    """It could not start: somebody decided about the step before, or what is signed is another plan."""

    reason: str
