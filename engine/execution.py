"""One attempt at a task while it executes: who is ready, who waits, who has ended, and when it is over.

It decides by `Frontier`, hands ready steps to the pool, and writes what follows. It never waits for a step: ends arrive
as calls. What a step does is the runner's business; where the steps are is kept by `Board`, the phase of the task by
`Progress`, and what people let run by `Consent`.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from engine.actions import Waits
from engine.cancellation import CancelToken
from engine.confirmations import Confirmations
from engine.consent import WAITING, Consent
from engine.errors import Refused
from engine.grants import Grants
from engine.job import End, Ground, Job, Lost
from engine.model.board import Board, Row
from engine.model.budget import COSTS, Raise, Way
from engine.model.events import QuestionAnswered, RepairFailed
from engine.model.frontier import Decision, Frontier
from engine.model.joining import joined
from engine.model.memory import remembered
from engine.model.plan import Plan, PlannedStep
from engine.model.question import Answer, Question, QuestionKind
from engine.model.retry import Failure, retry_delay
from engine.model.review import judged
from engine.model.run import Cause, StepStatus
from engine.model.state import Phase, StepState, Verdict, Wait
from engine.model.task import ENGINE, Signature, Task
from engine.pool import Pool
from engine.progress import Progress
from engine.runner import Runner
from engine.storage.reader import Standing
from engine.storage.store import Store
from engine.turns import Turn, Turns


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """What an execution works with."""

    store: Store
    runner: Runner
    pool: Pool
    confirmations: Confirmations
    grants: Grants
    clock: Callable[[], float]
    failed: Callable[[Execution, Returned | None], str]
    """Called when a step failed and others go on, or when steps in its place were returned: who writes new ones now,
    empty for nobody."""
    cancelled: Callable[[int], None]
    """Called when the task was ended by a decision."""
    over: Callable[[Execution], None]
    """Called once when nothing of the attempt is alive."""


Returned = tuple[Plan, str]
"""A revision that a person returned, and what they said of it."""


@dataclass(slots=True)
class Proposal:
    """The revision that waits to be signed while the present one goes on."""

    plan: Plan
    signed: bool = False
    """Whether enough people have; it could not be taken up then, and begins when what runs has ended."""


class Execution:
    """The steps of one task between `queued` and its end; of a cancelled one, those that clean up after it."""

    def __init__(
        self,
        task: Task,
        plan: Plan,
        standing: Standing,
        worked: float,
        allowed: float | None,
        rooms: Rooms,
        proposal: Proposal | None = None,
        *,
        declined: bool = False,
    ) -> None:
        self.proposal = proposal
        self.declined = declined
        """Whether a person wants no steps in the place of what failed in this attempt."""
        self.token = CancelToken()
        if task.phase.ended:
            self.token.fire(task.error)
        self._cancelled: Awaitable[int] | None = None
        self._standing = standing
        self.board = Board(plan, standing.statuses)
        self._rooms = rooms
        self._progress = Progress(
            task, plan, worked, rooms.store, rooms.clock, self._time_out, allowed, self._out_of_time
        )
        self._consent = Consent(rooms.confirmations)
        self._frontier = self._unended()
        self._turns = Turns(rooms.pool, self.board, self.token, lambda: self._progress.rests, self._attempt)
        self._ground = Ground(
            board=self.board,
            consent=self._consent,
            grants=rooms.grants,
            root=Path(plan.root),
            attempt=task.attempt,
            produced=standing.produced,
            failures={},
        )

    @property
    def task(self) -> Task:
        """The task as it stands."""
        return self._progress.task

    # Beginning

    def begin(self) -> None:
        """Start what can start."""
        self._consent.restore(self._standing.answered, self._standing.questions, self.board.statuses)
        if self.proposal and self.proposal.signed:
            self._join(self.proposal.plan)
        self._decide(self._frontier.start())
        self._repair()

    def _unended(self) -> Frontier:
        return Frontier((planned.step for planned in self.board.plan.steps), self.board.ended())

    # What the frontier says

    def _decide(self, decision: Decision) -> None:
        if decision.skipped:
            now = self._rooms.clock()
            skipped = [
                self.board.end(step_id, StepState.SKIPPED, cause, reason, now)
                for step_id, cause, reason in decision.skipped
            ]
            self._rooms.store.change_steps(self.task.id, skipped, "skipped")
        for step_id in decision.ready:
            if self._consent.cheap and self._costs(step_id):
                self._leave_out(step_id)
            elif step_id not in self._consent.questions:
                self._turns.give(step_id)
        self._settle()

    async def _attempt(self, planned: PlannedStep, turn: Turn) -> None:
        try:
            answer = await self._rooms.runner.attempt(Job(self._ground, planned, turn))
        except Exception as error:  # whatever broke: the step must end, or its task would wait for ever
            answer = Lost(f"{type(error).__name__}: {error}")
        self._arrived(planned.id, turn, answer)

    def _drop(self, step_id: str) -> None:
        """The step has left the pool without an end of its own."""
        self._turns.end(step_id)
        self._turns.release()
        self._settle()

    # What attempts answer

    def _arrived(self, step_id: str, turn: Turn, answer: End | Waits | Lost) -> None:
        match answer:
            case Waits(kind=QuestionKind.BUDGET) if not turn.token.fired:
                self._exhausted(step_id, answer)
            case Waits():
                if not turn.token.fired:
                    self._ask(step_id, answer)
                self._drop(step_id)
            case Lost() if turn.token.fired:
                self._drop(step_id)
            case Lost():
                self._refused(step_id, answer)
            case End():
                self._ended(step_id, turn, answer)

    def _ask(self, step_id: str, waits: Waits) -> None:
        row = self.board.note(replace(self.board.statuses[step_id], state=WAITING[waits.kind]))
        self._consent.ask(self.task, row, waits)

    def answered(self, question: Question, status: StepStatus) -> None:
        """A question of this task was closed; `status` is what became of its step."""
        if not self._consent.close(question):
            return
        self.board.note(replace(status, held_by=self.board.statuses[status.id].held_by))
        if status.state is StepState.READY:
            self._turns.give(question.step)
            self._settle()
        else:
            self._decide(self._frontier.end(question.step, status.state))
            self._repair()

    async def look_again(self, step_id: str) -> Waits:
        """What the open question of a step is about, with its bytes as they are now. Raises `Refused`."""
        return await self._rooms.runner.look_again(Job(self._ground, self.board.planned[step_id], Turn()))

    def asks(self, question: Question) -> None:
        """An open question asks about other bytes than before."""
        if question.step in self._consent.questions:
            self._consent.questions[question.step] = question
            self._settle()

    def _refused(self, step_id: str, lost: Lost) -> None:
        """Its start could not be recorded and nobody cancelled it: it fails rather than to wait for ever."""
        row = self.board.end(step_id, StepState.FAILED, Cause.FAILED, lost.reason, self._rooms.clock())
        self._rooms.store.change_steps(self.task.id, [row], "refused")
        self._turns.end(step_id)
        self._decide(self._frontier.end(step_id, StepState.FAILED))
        self._repair()

    def _ended(self, step_id: str, turn: Turn, end: End) -> None:
        if turn.token.fired:
            self._drop(step_id)
            return
        for path, made in end.run.produced.items():
            self._ground.produced[step_id, path] = made
        delay = self._delay(step_id, end)
        if delay is not None:
            self._again(step_id, end, delay)
            return
        self._turns.end(step_id)
        self.board.note(end.status)
        self._decide(self._frontier.end(step_id, end.status.state))
        if end.status.state is StepState.FAILED:
            self._repair()

    # Steps in the place of what failed

    def _repair(self, returned: Returned | None = None) -> None:
        """Have steps written in the place of what failed while the rest goes on, one revision at a time."""
        if self._progress.closed or self.token.fired or self.declined or self.task.planner or self.proposal:
            return
        if planner := self._rooms.failed(self, returned):
            self._progress.written_by(planner)

    def propose(self, plan: Plan, contents: Iterable[tuple[str, bytes]]) -> Awaitable[int] | None:
        """A revision in the place of what failed waits to be signed from now on; None where it comes too late."""
        if self._progress.closed or self.token.fired:
            return None
        before = self._progress.wait_for(plan.revision)
        self.proposal = Proposal(plan)
        durable = self._rooms.store.decisions.propose(before, self.task, plan, contents)
        self._settle()
        return durable

    def unwritten(self, reason: str) -> None:
        """There will be no such revision: all ends as it would have ended."""
        if not (self._progress.closed or self.token.fired):
            before = self._progress.wait_for(0)
            self._rooms.store.set_phase(before, self.task, RepairFailed(reason))

    def withdraw(self, signature: Signature) -> Awaitable[int] | None:
        """A person does not want the revision that waits; None where it does not any more."""
        if self.proposal is None or self.proposal.plan.revision != signature.revision:
            return None
        plan, self.proposal = self.proposal.plan, None
        self.declined = signature.verdict == "reject"
        before = self._progress.wait_for(0)
        durable = self._rooms.store.decisions.withdraw(before, self.task, signature)
        self._repair((plan, signature.reason))
        self._settle()
        return durable

    def take_up(self, plan: Plan) -> bool | None:
        """Enough people signed the revision that waits: go on by it. False where that must wait until what runs has
        ended, None where it waits no more."""
        if self.proposal is None or self.proposal.plan.digest != plan.digest:
            return None
        self.proposal.signed = True
        taken = self._turns.taken
        if self._progress.closed or not self._join(self.proposal.plan):
            return False
        decision = self._frontier.start()
        decision.ready = [step_id for step_id in decision.ready if step_id not in taken]
        self._decide(decision)
        self._repair()
        return True

    def _join(self, plan: Plan) -> bool:
        """Make it the present revision, unless something that has started would be another step then."""
        before, statuses = self.board.plan, self.board.statuses
        stand = joined(before, plan, statuses, self._turns.taken)
        if stand is None:
            return False
        dropped = statuses.keys() - {status.id for status in stand}
        task, self.proposal = self._progress.take_up(plan), None
        memories = remembered(before, [statuses[step_id] for step_id in dropped])
        self._rooms.store.decisions.take_up(task, self.task, stand, memories)
        self.board.become(plan, stand)
        self._frontier = self._unended()
        return True

    # Trying again

    def _delay(self, step_id: str, end: End) -> float | None:
        if end.status.state is not StepState.FAILED:
            return None
        failures = self._ground.failures.setdefault(step_id, [])
        failures.append(Failure(end.run.failure, end.run.error))
        return retry_delay(self.board.planned[step_id].step.retry, failures, random.random())

    def _again(self, step_id: str, end: End, delay: float) -> None:
        """Another try by itself after a delay that holds no slot."""
        status = replace(end.status, state=StepState.READY, cause=None, ended=None)
        reason = f"tried again in {delay:.1f} s: {end.status.error}"
        self._rooms.store.change_steps(self.task.id, [self.board.note(status)], reason)
        self._turns.again(step_id, delay)

    # The budget

    def _exhausted(self, step_id: str, waits: Waits) -> None:
        """A step came to a cap: it is ready to begin again, once a person has said how to go on."""
        self._turns.end(step_id)
        if self._consent.cheap:
            self._leave_out(step_id)
        else:
            self._turns.hold([step_id])
            self._run_out(waits)
            self._settle()

    def _run_out(self, waits: Waits) -> None:
        """Ask how to go on; nothing new begins meanwhile, and what runs goes on (B10.2)."""
        self._consent.ask_about_budget(self.task, waits)
        if self.task.phase in (Phase.EXECUTING, Phase.BLOCKED):
            self._progress.move(Phase.PAUSED, (Wait.BUDGET,))

    def _out_of_time(self) -> None:
        time = self.board.plan.budget.time or 0.0
        news = (f"Task {self.task.id} has worked for the {time:g} s of its budget",)
        self._run_out(Waits(kind=QuestionKind.BUDGET, news=news, options=(Way.RAISE, Way.STOP)))

    @property
    def over_budget(self) -> bool:
        """Whether a person is asked how to go on at a cap."""
        return self._consent.over_budget

    def raised(self, more: Raise) -> None:
        """A person lets it use more."""
        self._progress.extend(more.seconds)

    def decided(self, question: Question) -> Awaitable[int] | None:
        """A person said how the task goes on at its cap; None where it ended meanwhile, or a person paused it."""
        if self._consent.forget("") is None:
            return None
        actor = question.answered_by
        if question.answer is Answer.STOP:
            if self.task.phase is not Phase.PAUSED:
                self._progress.move(Phase.PAUSED)
            return self.cancel(actor, question.reason or "stopped at its budget", Phase.BUDGET_EXCEEDED)
        if self._consent.finish_cheaply(question) and self._consent.cheap:
            for step_id in filter(self._costs, self.board.open()):
                if not self._turns.started(step_id):
                    self._leave_out(step_id)
        return self.unpause(actor) if self.task.at_its_cap else None

    def _costs(self, step_id: str) -> bool:
        return self.board.planned[step_id].step.action in COSTS

    def _leave_out(self, step_id: str) -> None:
        if self.board.statuses[step_id].state.ended:  # with what it needed, just now
            return
        error = "left out, to finish without what costs"
        row = self.board.end(step_id, StepState.SKIPPED, Cause.BUDGET, error, self._rooms.clock())
        self._rooms.store.cancel_step(self.task.id, row, [], ENGINE, "finished cheaply")
        self._fire([step_id], ENGINE)
        self._decide(self._frontier.end(step_id, StepState.SKIPPED))

    # Verdicts

    def judge(self, step_id: str, verdict: Verdict, actor: str) -> Awaitable[int]:
        """Hold, release or skip a step that has not started.

        Raises:
            Refused: it has, or it was left out by those who signed.
        """
        if self.token.fired:
            raise Refused(problem=f"Task {self.task.id} is being cancelled; nothing was recorded")
        if self._turns.started(step_id):
            raise Refused(problem=f"{step_id} has started already; nothing was recorded", hint="cancel it to end it")
        if verdict is Verdict.TAKE_IN:
            raise Refused(problem=f"Task {self.task.id} runs without {step_id}, as it was signed; nothing was recorded")
        row = self.board.note(judged(self.board.statuses[step_id], verdict, actor, self._rooms.clock()))
        if verdict is Verdict.SKIP:
            durable = self._rooms.store.cancel_step(self.task.id, row, [], actor, "skipped")
            self._fire([step_id], actor)
            self._decide(self._frontier.end(step_id, StepState.SKIPPED))
            return durable
        durable = self._rooms.store.hold_step(self.task.id, row, f"{verdict} by {actor}", actor)
        if verdict is Verdict.HOLD:
            self._turns.put_back(step_id)
        else:
            self._turns.release()
        self._settle()
        return durable

    # Cancelling, pausing

    def cancel(
        self, actor: str, reason: str, phase: Phase = Phase.CANCELLED, *, urgent: bool = False
    ) -> Awaitable[int] | None:
        """Flip every state that is not ended, then fire the tokens; cleanup steps run when the trees are gone.

        A second call is the same cancellation, and None where that was before this execution. An urgent one lets no
        cleanup begin, and gives what runs no more grace.
        """
        if self.token.fired and not urgent:
            return self._cancelled
        again = self.token.fired
        cleanup = set() if urgent else self.board.cleanup()
        flipped = [step_id for step_id in self.board.open() if step_id not in cleanup]
        runs = self._turns.runs(flipped)
        rows = self._flip(flipped, reason or f"task {phase.value}")
        before = self.task if again else self._progress.cancel(phase, reason)
        self.proposal = None
        self._rooms.cancelled(self.task.id)
        durable = self._cancelled = self._rooms.store.cancel(before, self.task, rows, runs, actor)
        self.token.fire(reason)
        self._fire([*flipped, ""], actor)
        self._turns.forgo(cleanup)
        for step_id in flipped:  # what this makes ready are cleanup steps; they wait until the trees are gone
            self._turns.hold(self._frontier.end(step_id, StepState.CANCELLED).ready)
        if urgent:
            self._turns.hurry()
        self._turns.release()
        self._settle()
        return durable

    def cancel_step(self, step_id: str, actor: str, reason: str) -> Awaitable[int]:
        """End one step; its dependents are skipped, its siblings go on (B7.4)."""
        runs = self._turns.runs([step_id])
        rows = self._flip([step_id], reason or "cancelled")
        durable = self._rooms.store.cancel_step(self.task.id, rows[0], runs, actor)
        self._fire([step_id], actor)
        self._decide(self._frontier.end(step_id, StepState.CANCELLED))
        return durable

    def _flip(self, steps: list[str], reason: str) -> list[Row]:
        now = self._rooms.clock()
        return [self.board.end(step_id, StepState.CANCELLED, Cause.CANCELLED, reason, now) for step_id in steps]

    def _fire(self, steps: list[str], actor: str) -> None:
        for question in filter(None, map(self._consent.forget, steps)):
            moot = question.closed_as_moot(actor, self._rooms.clock())
            self._rooms.store.record(QuestionAnswered(moot), actor=actor, task=self.task.id)
        self._turns.cancel(steps)

    def pause(self, actor: str) -> Awaitable[int]:
        """Start nothing new; what runs goes on."""
        return self._progress.move(Phase.PAUSED, actor=actor)

    def unpause(self, actor: str) -> Awaitable[int]:
        """Go on after a pause."""
        durable = self._progress.move(Phase.EXECUTING, actor=actor)
        self._turns.release()
        self._settle()
        return durable

    # The end

    def _settle(self) -> None:
        """Bring the phase in line with what runs, waits or has ended."""
        if self._progress.closed or self._turns:
            if self.task.phase is Phase.BLOCKED:
                self._progress.move(Phase.EXECUTING)
        elif self.token.fired:
            if not self._turns.kept_back and not self._consent.questions:
                self._end()
        elif self._frontier.done:
            self._progress.conclude(self.board.statuses.values())
            self._end()
        elif self.task.phase in (Phase.EXECUTING, Phase.BLOCKED):
            held, approval = [Wait.HELD] * self._turns.held, [Wait.APPROVAL] * bool(self.proposal)
            self._progress.block((*self._consent.waits, *held, *approval))

    def _end(self) -> None:
        if question := self._consent.forget(""):
            self._rooms.store.answer(question.closed_as_moot(ENGINE, self._rooms.clock()))
        self._progress.end(remembered(self.board.plan, self.board.statuses.values()))
        self._rooms.over(self)

    def let_go(self) -> None:
        """The engine closes: nothing of this may begin by itself any more."""
        self._progress.close()
        self._turns.let_go()

    def _time_out(self) -> None:
        self.cancel(ENGINE, f"ran longer than its timeout of {self.board.plan.timeout:g} s", Phase.TIMED_OUT)
