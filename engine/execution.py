"""One attempt at a task while it executes: who is ready, who waits, who has ended, and when it is over.

It decides by `Frontier`, hands ready steps to the pool, and writes what follows. It never waits for a step: ends arrive
as calls. What a step does is the runner's business.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.actions import Waits
from engine.cancellation import CancelToken
from engine.confirmations import Confirmations
from engine.model.conclusion import conclude
from engine.model.events import TaskEnded
from engine.model.frontier import Decision, Frontier
from engine.model.plan import Plan, PlannedStep, When
from engine.model.question import Answer, Question, QuestionKind
from engine.model.retry import Failure, retry_delay
from engine.model.run import Cause, Run, StepStatus
from engine.model.state import Outcome, Phase, StepState, Wait, advance
from engine.model.task import ENGINE, Task
from engine.pool import Pool
from engine.runner import End, Job, Lost, Runner
from engine.storage.store import Store
from engine.work_clock import WorkClock

WAITS = {
    QuestionKind.CONFIRMATION: Wait.CONFIRMATION,
    QuestionKind.DRIFT: Wait.DRIFT,
    QuestionKind.ASK: Wait.QUESTION,
    QuestionKind.INTERRUPTED: Wait.INTERRUPTED,
}
WAITING = {
    QuestionKind.CONFIRMATION: StepState.AWAITING_CONFIRMATION,
    QuestionKind.DRIFT: StepState.AWAITING_CONFIRMATION,
    QuestionKind.ASK: StepState.BLOCKED,
    QuestionKind.INTERRUPTED: StepState.INTERRUPTED,
}
CLEARS = frozenset({Answer.ONCE, Answer.AGAIN})
"""Answers after which the very bytes that were asked about may run."""


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """What an execution works with."""

    store: Store
    runner: Runner
    pool: Pool
    confirmations: Confirmations
    clock: Callable[[], float]
    over: Callable[[Execution], None]
    """Called once when nothing of the attempt is alive."""


@dataclass
class Live:
    """What is known of a step that is in the pool, runs, or waits for its next try."""

    token: CancelToken = field(default_factory=CancelToken)
    started: bool = False
    """Whether it has left the queue of the pool."""
    run: int | None = None
    retry: asyncio.TimerHandle | None = None
    """Set while it waits for its next try."""


class Execution:
    """The steps of one task between `queued` and its end."""

    def __init__(
        self,
        task: Task,
        plan: Plan,
        statuses: tuple[StepStatus, ...],
        produced: Mapping[tuple[str, str], str],
        rooms: Rooms,
    ) -> None:
        self.task = task
        self.plan = plan
        self.token = CancelToken()
        self._root = Path(plan.root)
        self._rooms = rooms
        self._planned = {planned.id: planned for planned in plan.steps}
        self._position = {planned.id: position for position, planned in enumerate(plan.steps)}
        self.statuses = {status.id: status for status in statuses}
        ended = {status.id: status.state for status in statuses if status.state.ended}
        self._frontier = Frontier((planned.step for planned in plan.steps), ended)
        self._live: dict[str, Live] = {}
        self._questions: dict[str, Question] = {}
        self._clearances: dict[str, str] = {}
        self._begun_again: set[str] = set()
        """Steps that had started before, and that a person lets run again."""
        self._held: list[str] = []
        """Ready steps that a pause or the end of a cancelled tree keeps back."""
        self._failures: dict[str, list[Failure]] = {}
        """The failed tries of the steps that are tried again by themselves."""
        self._produced = dict(produced)
        self._makes = _makers(plan)
        self._work = WorkClock(plan.timeout, self._time_out)
        self._closed = False

    # Beginning

    def begin(self, answered: tuple[Question, ...], questions: tuple[Question, ...]) -> None:
        """Start what can start; `answered` and `questions` are those of this attempt, closed and open."""
        for question in answered:
            started = self.statuses[question.step].started
            if question.answer in CLEARS and not (started and question.answered and question.answered <= started):
                self._clear(question)
        for question in questions:
            self._questions[question.step] = question
            self._rooms.confirmations.watch(question)
        self._tick()
        self._decide(self._frontier.start())

    # What the frontier says

    def _decide(self, decision: Decision) -> None:
        now = self._rooms.clock()
        skipped = []
        for step_id, cause, reason in decision.skipped:
            status = replace(self.statuses[step_id], state=StepState.SKIPPED, cause=cause, error=reason, ended=now)
            skipped.append(self._note(status))
        if skipped:
            self._rooms.store.change_steps(self.task.id, skipped, "skipped")
        for step_id in decision.ready:
            if step_id not in self._questions:
                self._submit(step_id)
        self._settle()

    def _note(self, status: StepStatus) -> tuple[int, StepStatus]:
        before = self.statuses[status.id].state
        if status.state is not before:
            advance(before, status.state)
        self.statuses[status.id] = status
        return self._position[status.id], status

    def _submit(self, step_id: str) -> None:
        if self._kept_back() or any(map(self._is_dying, self._planned[step_id].step.needs)):
            self._held.append(step_id)
            return
        live = self._live[step_id] = Live()
        self._enqueue(step_id, live)

    def _enqueue(self, step_id: str, live: Live) -> None:
        planned = self._planned[step_id]
        self._rooms.pool.submit(planned.rank, step_id, lambda: self._attempt(planned, live))

    async def _attempt(self, planned: PlannedStep, live: Live) -> None:
        if self._live.get(planned.id) is not live:
            return
        if self.task.phase is Phase.PAUSED:
            self._held.append(planned.id)
            self._drop(planned.id)
            return
        live.started = True
        try:
            answer = await self._rooms.runner.attempt(self._job(planned, live))
        except Exception as error:  # whatever broke: the step must end, or its task would wait for ever
            answer = Lost(f"{type(error).__name__}: {error}")
        self._arrived(planned.id, live, answer)

    def _drop(self, step_id: str) -> None:
        """The step has left the pool without an end of its own."""
        del self._live[step_id]
        self._release()
        self._settle()

    def _job(self, planned: PlannedStep, live: Live) -> Job:
        def begun(status: StepStatus, run: Run) -> None:
            live.run = run.id
            self._clearances.pop(status.id, None)  # an answer is good for one start
            self._begun_again.discard(status.id)
            self._note(status)

        return Job(
            plan=self.plan,
            root=self._root,
            planned=planned,
            position=self._position[planned.id],
            status=self.statuses[planned.id],
            task_attempt=self.task.attempt,
            token=live.token,
            clearance=self._clearances.get(planned.id, ""),
            repeats=planned.id in self._failures or planned.id in self._begun_again,
            news=lambda: self._news(planned),
            produced=self._produced,
            makes=self._makes.get(planned.id, ()),
            begun=begun,
        )

    def _news(self, planned: PlannedStep) -> tuple[str, ...]:
        """What came of the steps this one stands on."""
        lines = []
        for need in planned.step.needs[:8]:
            status = self.statuses[need]
            took = f" in {status.ended - status.started:.0f} s" if status.ended and status.started else ""
            lines.append(f"{need} {status.state.value}{took}" + (f": {status.summary}" if status.summary else ""))
        failed = sum(status.state is StepState.FAILED for status in self.statuses.values())
        return (*lines, f"{failed} failed" if failed else "nothing failed")

    # What attempts answer

    def _arrived(self, step_id: str, live: Live, answer: End | Waits | Lost) -> None:
        match answer:
            case Waits():
                if not live.token.fired:
                    self._ask(step_id, answer)
                self._drop(step_id)
            case Lost() if live.token.fired:
                self._drop(step_id)
            case Lost():
                self._refused(step_id, answer)
            case End():
                self._ended(step_id, live, answer)

    def _refused(self, step_id: str, lost: Lost) -> None:
        """Its start could not be recorded and nobody cancelled it: it fails rather than to wait for ever."""
        now = self._rooms.clock()
        status = replace(
            self.statuses[step_id], state=StepState.FAILED, cause=Cause.FAILED, error=lost.reason, ended=now
        )
        self._rooms.store.change_steps(self.task.id, [self._note(status)], "refused")
        del self._live[step_id]
        self._decide(self._frontier.end(step_id, StepState.FAILED))

    def _ended(self, step_id: str, live: Live, end: End) -> None:
        if live.token.fired:
            self._drop(step_id)
            return
        self._produced.update({(step_id, path): digest for path, digest in end.run.produced.items()})
        delay = self._delay(step_id, live, end)
        if delay is not None:
            self._again(step_id, live, end, delay)
            return
        del self._live[step_id]
        self._note(end.status)
        self._decide(self._frontier.end(step_id, end.status.state))

    def _delay(self, step_id: str, live: Live, end: End) -> float | None:
        if end.status.state is not StepState.FAILED:
            return None
        failures = self._failures.setdefault(step_id, [])
        failures.append(Failure(end.run.failure, end.run.error))
        return retry_delay(self._planned[step_id].step.retry, failures, random.random())

    def _again(self, step_id: str, live: Live, end: End, delay: float) -> None:
        """Another try by itself after a delay that holds no slot."""
        status = replace(end.status, state=StepState.READY, cause=None, ended=None)
        reason = f"tried again in {delay:.1f} s: {end.status.error}"
        self._rooms.store.change_steps(self.task.id, [self._note(status)], reason)
        live.run = None
        live.retry = asyncio.get_running_loop().call_later(delay, self._resubmit, step_id, live)

    def _resubmit(self, step_id: str, live: Live) -> None:
        live.retry = None
        live.started = False
        self._enqueue(step_id, live)

    # Questions

    def _ask(self, step_id: str, waits: Waits) -> None:
        state = WAITING[waits.kind]
        position, status = self._note(replace(self.statuses[step_id], state=state))
        self._questions[step_id] = self._rooms.confirmations.ask(self.task, position, status, waits)

    def answered(self, question: Question, status: StepStatus) -> None:
        """A question of this task was closed; `status` is what became of its step."""
        if self._questions.pop(question.step, None) is None:
            return
        self._note(status)
        if status.state is StepState.READY:
            self._clear(question)
            self._submit(question.step)
            self._settle()
        else:
            self._decide(self._frontier.end(question.step, status.state))

    def _clear(self, question: Question) -> None:
        """What a person let run may run; nothing else may."""
        if question.answer in CLEARS:
            self._clearances[question.step] = question.digest
        if question.answer is Answer.AGAIN:
            self._begun_again.add(question.step)

    # Cancelling, pausing

    def cancel(
        self, actor: str, reason: str, phase: Phase = Phase.CANCELLED, *, urgent: bool = False
    ) -> Awaitable[int]:
        """Flip every state that is not ended, then fire the tokens; cleanup steps run when the trees are gone.

        A second call ends the cleanup too; an urgent one ends what runs without any more grace.
        """
        again = self.token.fired
        cleanup = set() if again else self._cleanup()
        flipped = [status for status in self.statuses.values() if not status.state.ended and status.id not in cleanup]
        rows = self._flip(flipped, reason or f"task {phase.value}")
        ended = {status.id for status in flipped}
        runs = [live.run for step_id, live in self._live.items() if step_id in ended and live.run is not None]
        before = self.task
        if not again:
            outcome = Outcome.TIMED_OUT if phase is Phase.TIMED_OUT else Outcome.CANCELLED
            now = self._rooms.clock()
            self.task = replace(
                before, phase=advance(before.phase, phase), outcome=outcome, waits=(), error=reason, ended=now
            )
        durable = self._rooms.store.cancel(before, self.task, rows, runs, actor)
        self.token.fire(reason)
        self._tick()
        self._fire(ended)
        self._held = [step_id for step_id in self._held if step_id in cleanup]
        for status in flipped:
            self._hold(self._frontier.end(status.id, status.state))
        if urgent:
            for live in self._live.values():
                live.token.hurry()
        self._release()
        self._settle()
        return durable

    def _cleanup(self) -> set[str]:
        """Steps that run in any case, of which something they stand on has begun, however far above."""
        cleanup, begun = set[str](), set[str]()
        for planned in self.plan.steps:  # in topological order
            above = not begun.isdisjoint(planned.step.needs)
            if above and planned.step.when is When.ALWAYS and not self.statuses[planned.id].state.ended:
                cleanup.add(planned.id)
            if above or self.statuses[planned.id].attempt:
                begun.add(planned.id)
        return cleanup

    def _flip(self, statuses: list[StepStatus], reason: str) -> list[tuple[int, StepStatus]]:
        now = self._rooms.clock()
        return [
            self._note(replace(status, state=StepState.CANCELLED, cause=Cause.CANCELLED, error=reason, ended=now))
            for status in statuses
        ]

    def _fire(self, steps: set[str]) -> None:
        for step_id in steps:
            if self._questions.pop(step_id, None) is not None:
                self._rooms.confirmations.forget(self.task.id, step_id)
            live = self._live.get(step_id)
            if live is None:
                continue
            if live.retry is not None:
                live.retry.cancel()
            if live.retry is not None or not live.started:
                del self._live[step_id]
            live.token.fire("cancelled")

    def _hold(self, decision: Decision) -> None:
        """What a cancellation makes ready are cleanup steps; they wait until the trees are gone."""
        self._held += decision.ready

    def _release(self) -> None:
        if self._kept_back():
            return
        held, self._held = self._held, []
        for step_id in held:
            if not self.statuses[step_id].state.ended:
                self._submit(step_id)

    def _is_dying(self, step_id: str) -> bool:
        """Whether a step was cancelled and its tree is not gone yet."""
        return step_id in self._live and self._live[step_id].token.fired

    def _kept_back(self) -> bool:
        """Whether nothing may begin: in a pause, and after a cancellation until the trees are gone."""
        if self.token.fired:
            return any(map(self._is_dying, self._live))
        return self.task.phase is Phase.PAUSED

    def cancel_step(self, step_id: str, actor: str, reason: str) -> Awaitable[int]:
        """End one step; its dependents are skipped, its siblings go on (B7.4)."""
        status = self.statuses[step_id]
        live = self._live.get(step_id)
        runs = [live.run] if live is not None and live.run is not None else []
        rows = self._flip([status], reason or "cancelled")
        durable = self._rooms.store.cancel_step(self.task.id, rows[0], runs, actor)
        self._fire({step_id})
        self._decide(self._frontier.end(step_id, StepState.CANCELLED))
        return durable

    def pause(self, actor: str) -> Awaitable[int]:
        """Start nothing new; what runs goes on."""
        return self._phase(Phase.PAUSED, (), actor)

    def unpause(self, actor: str) -> Awaitable[int]:
        """Go on after a pause."""
        durable = self._phase(Phase.EXECUTING, (), actor)
        self._release()
        self._settle()
        return durable

    # The phase

    def _phase(self, phase: Phase, waits: tuple[Wait, ...], actor: str = ENGINE) -> Awaitable[int]:
        before = self.task
        self.task = replace(before, phase=advance(before.phase, phase), waits=waits)
        self._tick()
        return self._rooms.store.set_phase(before, self.task, actor=actor, patient=True)

    def _settle(self) -> None:
        """Bring the phase in line with what runs, waits or has ended."""
        if self._closed or self._live:
            if self.task.phase is Phase.BLOCKED:
                self._phase(Phase.EXECUTING, ())
            return
        if self.token.fired:
            if not self._held and not self._questions:
                self._close()
        elif self._frontier.done:
            self._conclude()
        elif self.task.phase in (Phase.EXECUTING, Phase.BLOCKED):
            self._block()

    def _block(self) -> None:
        waits = tuple(sorted({WAITS[question.kind] for question in self._questions.values()}))
        if self.task.phase is not Phase.BLOCKED:
            self._phase(Phase.BLOCKED, waits)
        elif waits != self.task.waits:
            before, self.task = self.task, replace(self.task, waits=waits)
            self._rooms.store.set_phase(before, self.task)

    def _conclude(self) -> None:
        if self.task.phase is Phase.PAUSED:
            self._phase(Phase.EXECUTING, ())
        self._phase(Phase.RECONCILING, ())
        phase, outcome, error = conclude(self.statuses.values(), self.plan.accept)
        before, now = self.task, self._rooms.clock()
        self.task = replace(before, phase=advance(before.phase, phase), outcome=outcome, error=error, ended=now)
        self._rooms.store.set_phase(before, self.task)
        self._close()

    def _close(self) -> None:
        self._closed = True
        self._tick()
        self._rooms.store.record(TaskEnded(self.task), task=self.task.id)
        self._rooms.over(self)

    def _tick(self) -> None:
        self._work.run(self.task.phase is Phase.EXECUTING and not self._closed)

    def let_go(self) -> None:
        """The engine closes: nothing of this may begin by itself any more."""
        self._closed = True
        self._tick()
        for live in self._live.values():
            if live.retry is not None:
                live.retry.cancel()

    def _time_out(self) -> None:
        self.cancel(ENGINE, f"ran longer than its timeout of {self.plan.timeout:g} s", Phase.TIMED_OUT)


def _makers(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Map each step to the files that later steps expect from it."""
    makes: dict[str, set[str]] = {}
    for planned in plan.steps:
        for file in planned.files:
            if file.produced_by:
                makes.setdefault(file.produced_by, set()).add(file.path)
    return {step: tuple(sorted(paths)) for step, paths in makes.items()}
