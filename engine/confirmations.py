"""Questions to people while a task runs: asked here, answered here, and nowhere else.

`resolve` is the one choke point: the store closes a question if it is still open and asks about the bytes that were
answered, so the first answer wins and every later one is told who was first (B5.6). Deadlines are kept here too;
passing one is `expired`, never an approval.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from engine.actions import Waits
from engine.commands import GiveGrant, LookAgain, Reply, Resolve
from engine.errors import AlreadyAnswered, Conflict, Refused, StaleQuestion, StaleRevision, StoreError, UsageError
from engine.grants import Grants
from engine.model.grant import Grant
from engine.model.question import ANSWERS, CLEARS, Answer, Question, QuestionKind
from engine.model.review import grantable
from engine.model.run import Cause, StepStatus
from engine.model.state import Phase, StepState
from engine.model.task import ENGINE, Task
from engine.storage.store import Store

CONSEQUENCE: dict[Answer, tuple[StepState, Cause | None]] = {
    Answer.ONCE: (StepState.READY, None),
    Answer.PLAN: (StepState.READY, None),
    Answer.TIMED: (StepState.READY, None),
    Answer.AGAIN: (StepState.READY, None),
    Answer.DONE: (StepState.COMPLETED, None),
    Answer.TEXT: (StepState.COMPLETED, None),
    Answer.DENY: (StepState.CANCELLED, Cause.DENIED),
    Answer.EXPIRED: (StepState.CANCELLED, Cause.EXPIRED),
    Answer.FAIL: (StepState.FAILED, Cause.FAILED),
}
"""What becomes of the step."""

AGAIN = 60.0
"""Seconds until an expiry that could not be recorded is tried again."""
EXPIRES = frozenset({QuestionKind.CONFIRMATION, QuestionKind.DRIFT, QuestionKind.TERMINAL})
"""Questions about the start of a step: they have a deadline, and are about bytes that may change meanwhile."""


async def _nowhere(question: Question) -> Waits | None:
    return None


class Confirmations:
    """The open questions of this owner, their deadlines, and the one way to close them."""

    def __init__(self, store: Store, grants: Grants, clock: Callable[[], float], deadline: float) -> None:
        self._store = store
        self._grants = grants
        self._clock = clock
        self._deadline = deadline
        self._alarms: dict[tuple[int, str], asyncio.TimerHandle] = {}
        self._expiring: set[asyncio.Task[None]] = set()
        self.answered: Callable[[Question, StepStatus], None] = lambda question, status: None
        """Told of every closed question about a step; the scheduler sets it."""
        self.looked: Callable[[Question], Awaitable[Waits | None]] = _nowhere
        """What a question is about by now, None where its task does not execute here; the scheduler sets it."""
        self.changed: Callable[[Question], None] = lambda question: None
        """Told of every question that asks about other bytes now; the scheduler sets it."""
        self.decided: Callable[[Question], Awaitable[None]] = _nothing
        """Carries out what was decided about a task at a cap; the scheduler sets it."""

    def ask(self, task: Task, position: int, status: StepStatus, waits: Waits) -> Question:
        """Record a question and the step that waits for it."""
        question = self._question(task, status.id, waits)
        self._store.ask(question, task.attempt, position, status)
        self.watch(question)
        return question

    def ask_about(self, task: Task, waits: Waits) -> Question:
        """Record a question about a task as a whole."""
        question = self._question(task, "", waits)
        self._store.ask(question, task.attempt)
        return question

    def _question(self, task: Task, step: str, waits: Waits) -> Question:
        now = self._clock()
        return Question(
            id=next(self._store.questions),
            task=task.id,
            step=step,
            kind=waits.kind,
            asked=now,
            deadline=now + self._deadline if waits.kind in EXPIRES else None,
            digest=waits.digest,
            news=waits.news,
            diff=waits.diff,
            options=waits.options,
            cap=waits.cap,
            cheaper=waits.cheaper,
        )

    def watch(self, question: Question) -> None:
        """Keep the deadline of an open question; a clock that went back expires it at once."""
        if question.deadline is None:
            return
        now = self._clock()
        left = 0.0 if now < question.asked else question.deadline - now
        loop = asyncio.get_running_loop()
        self._alarms[question.task, question.step] = loop.call_later(max(0.0, left), self._expire, question)

    def forget(self, task: int, step: str) -> None:
        """Stop keeping the deadline of a question that became moot."""
        alarm = self._alarms.pop((task, step), None)
        if alarm is not None:
            alarm.cancel()

    def _expire(self, question: Question) -> None:
        task = asyncio.get_running_loop().create_task(self._expired(question), name=f"expire question {question.id}")
        self._expiring.add(task)
        task.add_done_callback(self._expiring.discard)

    async def _expired(self, question: Question) -> None:
        try:
            await self._close(question, Answer.EXPIRED, ENGINE, "nobody answered by the deadline")
        except AlreadyAnswered:
            return  # A person was first: the deadline has nothing left to do.
        except StoreError:
            loop = asyncio.get_running_loop()
            self._alarms[question.task, question.step] = loop.call_later(AGAIN, self._expire, question)

    async def resolve(self, command: Resolve, actor: str) -> Reply:
        """Answer an open question.

        Raises:
            UsageError: no such question, or not an answer to its kind.
            AlreadyAnswered: somebody was first.
            StaleQuestion: the bytes asked about are not those the person saw.
            Refused: the deadline has passed.
        """
        question = await self._open(command.question)
        self._check(question, command)
        now = self._clock()
        if question.deadline is not None and not question.asked <= now < question.deadline:
            self._store.forgo()
            await self._close(question, Answer.EXPIRED, ENGINE, "nobody answered by the deadline")
            raise Refused(problem=f"The deadline of {question.step} has passed: it was not run and may be asked again")
        grant = await self._granted(question, command, actor)
        seq = await self._close(question, command.answer, actor, command.reason, command.means, grant)
        if grant is not None:
            seq = await self._settle(grant) or seq
        about = question.step or f"task {question.task}"
        paused = await self.paused(question.task) if question.kind is QuestionKind.BUDGET else ""
        return Reply(task=question.task, seq=seq, text=f"{about}: {_words(question, command.answer)}{paused}")

    async def _open(self, number: int) -> Question:
        question = await self._store.read.question(number)
        if question is None:
            raise UsageError(problem=f"There is no question {number}", hint="signoff inbox lists the open ones")
        if question.answer is not None:
            raise _too_late(question)
        return question

    async def look_again(self, command: LookAgain, actor: str) -> Reply:
        """Ask about the bytes as they are now, where they are not those that were asked about.

        Raises:
            UsageError: no such question.
            AlreadyAnswered: it is not open any more.
            Refused: the files cannot be read.
        """
        question = await self._open(command.question)
        waits = await self.looked(question) if question.kind in EXPIRES else None
        if waits is None or waits.digest == question.digest:
            return Reply(task=question.task, seq=self._store.seq, text=f"{question.step}: the bytes are as shown")
        now = replace(question, kind=waits.kind, digest=waits.digest, news=waits.news, diff=waits.diff)
        try:
            seq = await self._store.change_question(now, question.digest)
        except Conflict:  # answered, or looked at by somebody else, in between
            return await self.look_again(command, actor)
        self.forget(now.task, now.step)
        self.watch(now)
        self.changed(now)
        return Reply(task=now.task, seq=seq, text=f"{now.step}: the bytes changed since they were shown")

    async def grant(self, command: GiveGrant, actor: str) -> Reply:
        """Let listed steps of a revision run as signed, without being asked about, for a time (B5.6).

        Raises:
            StaleRevision: another revision, or other bytes, are present by now.
            UsageError: it names steps that are not there or do not ask, or holds too long.
            Refused: the task has ended.
        """
        task = await self._store.read.task(command.task)
        plan = await self._store.read.plan(task.id, task.revision)
        if plan is None or (task.revision, task.digest) != (command.revision, command.digest):
            raise StaleRevision(task=task.id, current=task.revision, given=command.revision)
        if task.phase.ended:
            raise Refused(problem=f"Task {task.id} has ended ({task.phase}); nothing was recorded")
        named = {plan.named(name) for name in command.steps}
        steps = grantable(planned for planned in plan.steps if planned.id in named)
        if not named or named - steps.keys():
            what = ", ".join(sorted(named - steps.keys())) or "no step"
            raise UsageError(problem=f"{what} cannot be granted: it does not ask, or its bytes are made on the way")
        await self._check_open(task, steps)
        grant = self._grants.make(plan, steps, command.seconds, actor, command.means)
        seq = await self._store.decisions.grant(grant)
        self._grants.keep(grant)
        seq = await self._settle(grant) or seq
        return Reply(task=task.id, seq=seq, text=f"grant {grant.id}: {', '.join(steps)} run as signed")

    async def _check_open(self, task: Task, steps: Iterable[str]) -> None:
        """Raises `Refused` where a step has ended: nothing of it would run because of a grant."""
        states = {status.id: status.state for status in await self._store.read.statuses(task.id)}
        if ended := [f"{step} is {states[step]} already" for step in steps if states[step].ended]:
            raise Refused(
                problem=f"{', '.join(ended)}; nothing was granted", hint="grant it when another attempt is to run it"
            )

    async def _granted(self, question: Question, command: Resolve, actor: str) -> Grant | None:
        """What an answer allows besides this one start."""
        if command.answer not in (Answer.PLAN, Answer.TIMED):
            return None
        task = await self._store.read.task(question.task)
        plan = await self._store.read.plan(task.id, task.revision)
        if plan is None:
            raise StaleRevision(task=task.id, current=task.revision, given=task.revision)
        steps = grantable(plan.steps) if command.answer is Answer.PLAN else {}
        steps[question.step] = question.digest
        seconds = self._deadline if command.seconds is None else command.seconds
        return self._grants.make(plan, steps, seconds, actor, command.means)

    async def _settle(self, grant: Grant) -> int | None:
        """Answer the open confirmations that a new grant covers; the number of the last event, if any."""
        seq = None
        for question in await self._store.read.questions(grant.task):
            covered = grant.covers(question.step, question.digest, self._clock())
            if question.kind is QuestionKind.CONFIRMATION and covered:
                with suppress(Refused, StoreError):  # the grant holds; what stays open can be answered
                    reason = f"grant {grant.id}"
                    seq = await self._close(question, Answer.ONCE, grant.given_by, reason, grant.means)
        return seq

    def _check(self, question: Question, command: Resolve) -> None:
        if command.answer not in ANSWERS[question.kind]:
            choices = " or ".join(sorted(ANSWERS[question.kind]))
            raise UsageError(problem=f"A question of kind {question.kind} is answered with {choices}")
        if command.answer in (Answer.DENY, Answer.TEXT) and not command.reason.strip():
            what = "A reason" if command.answer is Answer.DENY else "An answer"
            raise UsageError(problem=f"{what} is needed; nothing was recorded")
        if question.kind is QuestionKind.BUDGET and command.answer not in question.options:
            raise UsageError(problem=f"Task {question.task} can go on by {' or '.join(question.options)} only")
        if command.answer is Answer.TEXT and question.options and command.reason not in question.options:
            choices = ", ".join(question.options)
            raise UsageError(problem=f"{question.step} is answered with one of: {choices}; nothing was recorded")
        if command.answer in CLEARS and command.digest != question.digest:
            raise StaleQuestion(step=question.step)

    async def _close(
        self,
        question: Question,
        answer: Answer,
        actor: str,
        reason: str,
        means: str = "",
        grant: Grant | None = None,
    ) -> int:
        now = self._clock()
        closed = replace(question, answer=answer, answered_by=actor, answered=now, reason=reason, means=means)
        if question.kind is QuestionKind.BUDGET:
            return await self._decide(closed)
        state, cause = CONSEQUENCE[answer]
        _, before = await self._store.read.step(question.task, question.step)
        ended = now if state.ended else None
        summary = reason[:160] if answer is Answer.TEXT else before.summary
        error = f"{answer.value} by {actor}: {reason}" if cause is not None else ""
        status = replace(before, state=state, cause=cause, error=error, summary=summary, ended=ended)
        try:
            seq = await self._store.answer(closed, status, grant)
        except Conflict:
            present = await self._store.read.question(question.id)
            if present is None or present.answer is not None:
                raise _too_late(present or question) from None
            if answer in CLEARS:
                raise StaleQuestion(step=question.step) from None
            return await self._close(present, answer, actor, reason, means)  # a no is one to whatever would run
        if grant is not None:
            self._grants.keep(grant)
        self.forget(question.task, question.step)
        self.answered(closed, status)
        return seq

    async def raised(self, question: Question, actor: str, means: str) -> int:
        """Somebody lets a task use more: close what asked for it. Raises `AlreadyAnswered`."""
        return await self._close(question, Answer.RAISE, actor, "", means)

    async def paused(self, number: int) -> str:
        """What to add to how a task goes on at its cap, where it does not: a person had paused it besides."""
        task = await self._store.read.task(number)
        still = task.phase is Phase.PAUSED and not task.at_its_cap
        return f"; it is still paused, as a person had it; go on: signoff resume {number}" if still else ""

    async def _decide(self, closed: Question) -> int:
        """Close a question about a task as a whole, and do what was decided."""
        try:
            seq = await self._store.answer(closed)
        except Conflict:
            raise _too_late(await self._store.read.question(closed.id) or closed) from None
        await self.decided(closed)
        return seq

    async def close(self) -> None:
        """Stop keeping deadlines; the questions stay open in the store."""
        for alarm in self._alarms.values():
            alarm.cancel()
        for task in self._expiring:
            task.cancel()


async def _nothing(question: Question) -> None:
    """Before somebody carries out what is decided."""


def _too_late(question: Question) -> AlreadyAnswered:
    return AlreadyAnswered(what=f"Question {question.id}", answer=question.answer, actor=question.answered_by)


def _words(question: Question, answer: Answer) -> str:
    """What was answered, as the person is told."""
    return f"goes on with {question.cheaper}" if answer is Answer.CHEAP and question.cheaper else _WORDS[answer]


_WORDS = {
    Answer.ONCE: "runs once",
    Answer.PLAN: "runs, and what else asks in this plan, as signed",
    Answer.TIMED: "runs, and again until the time is up",
    Answer.DENY: "denied",
    Answer.TEXT: "answered",
    Answer.AGAIN: "runs again",
    Answer.DONE: "marked done",
    Answer.FAIL: "marked failed",
    Answer.CHEAP: "goes on without what costs",
    Answer.STOP: "stopped, over its budget",
}
