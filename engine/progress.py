"""The phase of a task while it executes, each move written as it is made, and the clock of its timeout beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from engine.errors import Conflict
from engine.model.conclusion import conclude
from engine.model.memory import Memory
from engine.model.plan import Plan
from engine.model.run import StepStatus
from engine.model.state import Outcome, Phase, Wait, advance
from engine.model.task import ENGINE, Task
from engine.storage.store import Store
from engine.work_clock import WorkClock

ENDS = {
    Phase.CANCELLED: Outcome.CANCELLED,
    Phase.TIMED_OUT: Outcome.TIMED_OUT,
    Phase.BUDGET_EXCEEDED: Outcome.OVER_BUDGET,
}
"""The outcome of an attempt that is ended by a decision."""


class Progress:
    """The task of one execution.

    Args:
        worked: seconds that it has worked in this attempt already.
        time_out: called once the task has worked longer than its plan allows.
        allowed: seconds of work after which a person is asked; None for never.
        run_out: called then, and again whenever it goes on without having been allowed more.
    """

    def __init__(
        self,
        task: Task,
        plan: Plan,
        worked: float,
        store: Store,
        clock: Callable[[], float],
        time_out: Callable[[], None],
        allowed: float | None,
        run_out: Callable[[], None],
    ) -> None:
        self.task = task
        self.closed = False
        """Whether nothing more comes of this execution."""
        self._plan = plan
        self._store = store
        self._clock = clock
        self._work = WorkClock(plan.timeout, worked, time_out)
        self._budget = WorkClock(allowed, worked, run_out)
        self._become(task)

    @property
    def phase(self) -> Phase:
        return self.task.phase

    @property
    def rests(self) -> bool:
        """Whether nothing new may begin."""
        return self.closed or self.task.phase is Phase.PAUSED

    def extend(self, seconds: float) -> None:
        """A person lets it work longer before they are asked again."""
        self._budget.extend(seconds)

    def move(self, phase: Phase, waits: tuple[Wait, ...] = (), actor: str = ENGINE) -> Awaitable[int]:
        """Go to another phase."""
        before = self._become(replace(self.task, phase=advance(self.task.phase, phase), waits=waits))
        return self._store.set_phase(before, self.task, actor=actor, patient=True)

    def block(self, waits: tuple[Wait, ...]) -> None:
        """Nothing runs and people are waited for."""
        if self.task.phase is not Phase.BLOCKED:
            self.move(Phase.BLOCKED, waits)
        elif waits != self.task.waits:
            self._write(self._become(replace(self.task, waits=waits)))

    def wait_for(self, revision: int) -> Task:
        """A revision waits to be signed from now on, 0 for none any more; returns the task as it was, to be written."""
        return self._become(replace(self.task, pending=revision, planner=""))

    def written_by(self, planner: str) -> None:
        """Somebody writes the next revision from now on."""
        self._write(self._become(replace(self.task, planner=planner)))

    def take_up(self, plan: Plan) -> Task:
        """The revision that waited is signed, and the present one; returns the task as it was, to be written."""
        self._plan = plan
        signed = replace(self.task, revision=plan.revision, digest=plan.digest, signed=plan.digest, pending=0)
        return self._become(signed)

    def cancel(self, phase: Phase, reason: str) -> Task:
        """End by a decision; returns the task as it was. The caller writes it, together with the steps it ends."""
        after = replace(self.task, phase=advance(self.task.phase, phase), outcome=ENDS[phase], waits=(), error=reason)
        return self._become(replace(after, ended=self._clock(), planner="", pending=0))

    def conclude(self, statuses: Iterable[StepStatus]) -> None:
        """Every step has ended: say what came of it."""
        if self.task.phase is Phase.PAUSED:
            self.move(Phase.EXECUTING)
        self.move(Phase.RECONCILING)
        phase, outcome, error = conclude(statuses, self._plan.accept, repaired=self._plan.replans > 0)
        after = replace(self.task, phase=advance(self.task.phase, phase), outcome=outcome, error=error)
        self._write(self._become(replace(after, ended=self._clock())))

    def end(self, memories: Iterable[Memory]) -> None:
        """Nothing of the attempt is alive any more."""
        self.close()
        self._store.end_task(self.task, memories)

    def close(self) -> None:
        """Stop the clock; nothing more comes of this execution."""
        self.closed = True
        self._work.run(False)
        self._budget.run(False)

    def _write(self, before: Task) -> None:
        """Nobody waits for it, and nobody else changes the task meanwhile: where it is refused, we are wrong."""
        self._store.set_phase(before, self.task).add_done_callback(_must_hold)

    def _become(self, after: Task) -> Task:
        before, self.task = self.task, after
        for clock in (self._work, self._budget):
            clock.run(after.phase is Phase.EXECUTING and not self.closed)
        return before


def _must_hold(durable: asyncio.Future[int]) -> None:
    if not durable.cancelled() and isinstance(error := durable.exception(), Conflict):
        durable.get_loop().call_exception_handler({"message": "the store holds another phase", "exception": error})
