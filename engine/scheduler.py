"""Which task executes: begins queued ones, keeps one writing task per root, and passes control on to executions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from engine.actions import Waits
from engine.commands import Cancel, Kill, Pause, Reply, Resume
from engine.confirmations import Confirmations
from engine.ending import Ending
from engine.errors import Conflict, NotSigned, Refused, SignoffError, StoreError, UnknownStep, UnknownTask
from engine.execution import Execution, Proposal, Returned, Rooms
from engine.grants import Grants
from engine.model.attempt import to_reset
from engine.model.budget import Raise
from engine.model.events import TaskEnded
from engine.model.plan import Plan
from engine.model.question import Answer, Question, QuestionKind
from engine.model.review import is_signed, quorum
from engine.model.run import StepStatus
from engine.model.state import PHASES, Phase, RunState, Verdict, advance
from engine.model.task import ENGINE, Signature, Task
from engine.model.tier import Tier
from engine.overtaken import at_its_cap, nothing_to_resume, overtaken, still_cancelling
from engine.pool import Pool
from engine.runner import Runner
from engine.storage.store import Store
from engine.work_clock import worked


class Scheduler:
    """The tasks that execute in this process.

    Args:
        executes: False for an owner that only records a decision and leaves; nothing is begun then.
        deciding: as for `Reviews`: no task begins while somebody decides about it.
    """

    def __init__(
        self,
        store: Store,
        runner: Runner,
        pool: Pool,
        confirmations: Confirmations,
        grants: Grants,
        clock: Callable[[], float],
        executes: bool,
        deciding: asyncio.Lock,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ending = Ending(store, clock, executes)
        self._executes = executes
        self._rooms = Rooms(
            store=store,
            runner=runner,
            pool=pool,
            confirmations=confirmations,
            grants=grants,
            clock=clock,
            failed=lambda execution, returned: self.failed(execution, returned),
            cancelled=lambda task: self.cancelled(task),
            over=self._over,
        )
        confirmations.answered, confirmations.looked = self._answered, self._looked
        confirmations.changed = self._changed
        confirmations.decided = self._decided
        self._pool = pool
        self._executions: dict[int, Execution] = {}
        self._writers: dict[str, int] = {}
        """Which task writes in which root."""
        self.failed: Callable[[Execution, Returned | None], str] = lambda execution, returned: ""
        """As in `Rooms`; whoever orders repairs sets these three."""
        self.cancelled: Callable[[int], None] = lambda task: None
        self.ended: Callable[[Execution], Awaitable[int] | None] = lambda execution: None
        """Called when nothing of an attempt is alive any more: where the task is queued again, once that is durable."""
        self._queue: list[int] = []
        """Tasks that begin once their root is free; of a cancelled one, its cleanup."""
        self._arriving: dict[int, list[Callable[[Execution], None]]] = {}
        """What happened to tasks while their rows were being read."""
        self._beginning: asyncio.Task[None] | None = None
        self._deciding = deciding
        self._turn = asyncio.Lock()
        """Held while a task is looked up and begun or stopped, never while a change becomes durable."""

    @property
    def executing(self) -> int:
        """How many tasks execute."""
        return len(self._executions)

    @property
    def running(self) -> int:
        """How many steps have a slot."""
        return self._pool.busy

    @property
    def moving(self) -> bool:
        """Whether something goes on by itself now: a step has a slot, or the next task is about to begin."""
        return self._pool.busy > 0 or (self._beginning is not None and not self._beginning.done())

    async def begun(self) -> None:
        """Wait until the next task, if one is about to begin, has begun."""
        if self._beginning is not None:
            await asyncio.wait([self._beginning])

    # Beginning

    async def queue(self, task: int) -> None:
        """Begin a queued task as soon as its root is free."""
        if self._executes and task not in self._queue and task not in self._executions:
            self._queue.append(task)
            await self._begin_next()

    async def _begin_next(self) -> None:
        async with self._turn, self._deciding:
            for number in list(self._queue):
                try:
                    task = await self._store.read.task(number)
                except UnknownTask:
                    self._queue.remove(number)
                    continue
                except StoreError:  # it stays queued, and is looked at again with the next one
                    continue
                try:
                    await self._begin(task)
                except Exception as error:  # whatever it is: the others begin
                    await self._set_aside(task, error)

    async def _begin(self, task: Task) -> None:
        """Begin what is queued, or the cleanup of what was cancelled, if its root is free."""
        queued = task.phase is Phase.QUEUED
        if not queued and not await self._ending.is_unclean(task):
            self._queue.remove(task.id)
            return
        plan = await self._plan(task)
        if queued and not is_signed(task, plan):
            self._queue.remove(task.id)
            self._refuse(task)
        elif self._claim(task, plan):
            self._queue.remove(task.id)
            await self._go_on(task, self._executing(task) if queued else task, plan)

    async def _plan(self, task: Task) -> Plan:
        """The present revision. Raises `StoreError`."""
        plan = await self._store.read.plan(task.id, task.revision)
        if plan is None:
            raise StoreError(reason=f"revision {task.revision} of task {task.id} is missing")
        return plan

    async def _set_aside(self, task: Task, error: Exception) -> None:
        """It cannot be gone on with as the store holds it: a person sees why, and the other tasks go on."""
        self._free(task)
        what = str(error) if isinstance(error, SignoffError) else f"{type(error).__name__}: {error}"
        reason = f"it could not go on: {what}"
        with suppress(StoreError):
            if task.phase.ended:
                await self._end_idle(task, ENGINE, reason, task.phase, cleans=False)
            elif Phase.PAUSED in PHASES[task.phase]:
                paused = replace(task, phase=advance(task.phase, Phase.PAUSED), waits=(), error=reason)
                self._store.set_phase(task, paused)
            else:
                self._fail(task, reason)

    def _free(self, task: Task) -> None:
        """It neither waits for its root nor keeps it."""
        self._executions.pop(task.id, None)
        if task.id in self._queue:
            self._queue.remove(task.id)
        if self._writers.get(task.root) == task.id:
            del self._writers[task.root]

    def _claim(self, task: Task, plan: Plan) -> bool:
        """One writing task per root at a time (B6.8)."""
        if all(planned.tier is Tier.READ for planned in plan.steps):
            return True
        return self._writers.setdefault(task.root, task.id) == task.id

    def _refuse(self, task: Task) -> None:
        """What is signed is not what would run: the task fails, the others go on."""
        self._fail(task, str(NotSigned(revision=task.revision, task=task.id)))

    def _fail(self, task: Task, error: str) -> None:
        failed = replace(task, phase=advance(task.phase, Phase.FAILED), error=error, ended=self._clock())
        self._store.set_phase(task, failed, TaskEnded(failed))

    def _executing(self, task: Task) -> Task:
        phase = advance(task.phase, Phase.EXECUTING)
        return replace(task, phase=phase, started=self._clock(), ended=None, outcome=None, error="")

    async def take_up(self, task: Task) -> None:
        """Go on with a task that was executing or blocked when the last owner went away."""
        async with self._turn:
            try:
                plan = await self._plan(task)
                if is_signed(task, plan):
                    self._claim(task, plan)
                    await self._go_on(task, task, plan)
                else:
                    reason = "what the store holds is not the plan that was signed"
                    await self._end_idle(task, ENGINE, reason, Phase.CANCELLED)
            except Exception as error:  # whatever it is: the engine opens, and the others go on
                await self._set_aside(task, error)

    async def _go_on(self, before: Task, task: Task, plan: Plan) -> None:
        """Execute as the rows of the task stand, which was `before` until now."""
        missed = self._arriving[task.id] = []
        try:
            execution = await self._execution(task, plan)
        finally:
            del self._arriving[task.id]
        if task is not before:
            self._store.set_phase(before, task)
        self._executions[task.id] = execution
        try:
            execution.begin()
            for tell in missed:
                tell(execution)
        except Exception as error:
            execution.let_go()
            await self._set_aside(execution.task, error)

    async def _execution(self, task: Task, plan: Plan) -> Execution:
        reader = self._store.read
        standing = await reader.standing(task)
        timed = plan.timeout is not None or plan.budget.time is not None
        spent = worked(await reader.working(task)) if timed else 0.0
        allowed = plan.budget.time
        if allowed is not None:
            allowed += (await reader.ledger.raised(task.id, 0.0)).seconds
        proposal, declined = await self._proposed(task)
        return Execution(task, plan, standing, spent, allowed, self._rooms, proposal, declined=declined)

    async def _proposed(self, task: Task) -> tuple[Proposal | None, bool]:
        """The revision that waits beside the present one; whether a person rejected one in this attempt."""
        given = await self._store.read.signatures(task.id)
        since = [each for each in given if each.revision > task.revision and each.time >= (task.started or 0.0)]
        plan = await self._store.read.plan(task.id, task.pending) if task.pending else None
        if plan is None:
            return None, any(each.verdict == "reject" for each in since)
        return Proposal(plan, quorum(task, plan, given).reached), False

    def _over(self, execution: Execution) -> None:
        self._free(execution.task)
        queued = self.ended(execution)
        if queued is not None or self._queue:
            beginning = self._begin_after(queued, execution.task.id)
            self._beginning = asyncio.create_task(beginning, name="begin the next task")

    async def _begin_after(self, queued: Awaitable[int] | None, task: int) -> None:
        if queued is not None:
            with suppress(StoreError):
                await queued
                self._queue.append(task)
        await self._begin_next()

    def close(self) -> None:
        """Begin nothing more, whatever time it is."""
        self._queue.clear()
        for execution in self._executions.values():
            execution.let_go()

    def _tell(self, task: int, tell: Callable[[Execution], None]) -> None:
        """Let a task hear of what people did; one that is being taken up hears of it next."""
        if execution := self._executions.get(task):
            tell(execution)
        elif task in self._arriving:
            self._arriving[task].append(tell)

    def _answered(self, question: Question, status: StepStatus) -> None:
        self._tell(question.task, lambda execution: execution.answered(question, status))

    async def _looked(self, question: Question) -> Waits | None:
        execution = self._executions.get(question.task)
        return await execution.look_again(question.step) if execution is not None else None

    def _changed(self, question: Question) -> None:
        self._tell(question.task, lambda execution: execution.asks(question))

    async def _decided(self, question: Question) -> None:
        """A person said how a task goes on at its cap; it may have been paused since before this owner."""
        async with self._turn:
            execution, task = await self._look_up(question.task)
            if execution is not None:
                durable = execution.decided(question)
            elif task.phase is not Phase.PAUSED:
                return
            elif question.answer is Answer.STOP:
                reason = question.reason or "stopped at its budget"
                durable = await self._end_idle(task, question.answered_by, reason, Phase.BUDGET_EXCEEDED)
            elif not task.at_its_cap:
                return
            else:
                queued = replace(task, phase=advance(task.phase, Phase.QUEUED), waits=())
                durable = self._store.set_phase(task, queued, actor=question.answered_by)
        if durable is not None:
            await durable
        await self.queue(question.task)

    # The revision that waits beside the present one

    def find(self, task: int) -> Execution | None:
        """The execution of a task, where it executes here."""
        return self._executions.get(task)

    def signed(self, task: int, plan: Plan) -> str:
        """Enough people signed the revision that waits; what comes of that, in words."""
        execution = self._executions.get(task)
        taken = execution.take_up(plan) if execution is not None else False
        if taken is None:
            return f"; task {task} ended meanwhile: it is not taken up"
        return "; it is taken up" if taken else "; it begins when what runs has ended"

    def withdraw(self, task: Task, signature: Signature) -> Awaitable[int]:
        """A person does not want the revision that waits. Raises `Conflict` where it waits no more."""
        execution = self._executions.get(task.id)
        if execution is None:
            return self._store.decisions.withdraw(task, replace(task, pending=0), signature)
        durable = execution.withdraw(signature)
        if durable is None:
            raise Conflict(what=f"task {task.id}")
        return durable

    def raised(self, more: Raise) -> None:
        """A person lets a task use more."""
        if execution := self._executions.get(more.task):
            execution.raised(more)

    # Control

    async def cancel(self, command: Cancel, actor: str) -> Reply:
        """Cancel a task or one of its steps. What was cancelled already stays so, and its cleanup goes on."""
        if command.step is None:
            return await self._cancel(command.task, actor, command.reason)
        async with self._turn:
            execution, task = await self._look_up(command.task)
            durable = self._cancel_step(task, execution, command.step, actor, command.reason)
        if durable is None:
            return Reply(task=task.id, seq=self._store.seq, text=f"{command.step} had ended already")
        return Reply(task=task.id, seq=await durable, text=f"{command.step} cancelled")

    async def _cancel(self, number: int, actor: str, reason: str = "", *, urgent: bool = False) -> Reply:
        async with self._turn:
            execution, task = await self._look_up(number)
            already = task.phase.ended
            if execution is not None:
                durable = execution.cancel(actor, reason, urgent=urgent)
            elif already and not (urgent and number in self._queue):
                durable = None
            else:
                phase = task.phase if already else Phase.CANCELLED
                durable = await self._end_idle(task, actor, reason, phase, cleans=not urgent)
        try:
            seq = self._store.seq if durable is None else await durable
        except Conflict:  # somebody signed it, say, while we looked: cancelling is meant whatever happens
            return await self._cancel(number, actor, reason, urgent=urgent)
        text = f"task {number} was {task.phase} already" if already else f"task {number} cancelled"
        if execution is None and await self._ending.is_unclean(await self._store.read.task(number)):
            await self.queue(number)
        elif already and execution is not None and execution.board.open():
            text += f"; its cleanup goes on: signoff cancel {number} --kill ends that too"
        return Reply(task=number, seq=seq, text=text)

    async def _look_up(self, task: int) -> tuple[Execution | None, Task]:
        """The task as it stands, and its execution where it has one."""
        execution = self._executions.get(task)
        return execution, execution.task if execution is not None else await self._store.read.task(task)

    async def _end_idle(
        self, task: Task, actor: str, reason: str, phase: Phase, *, cleans: bool = True
    ) -> Awaitable[int]:
        if task.id in self._queue:
            self._queue.remove(task.id)
        return await self._ending.end(task, actor, reason, phase, cleans=cleans)

    def _cancel_step(
        self, task: Task, execution: Execution | None, step: str, actor: str, reason: str
    ) -> Awaitable[int] | None:
        """None where the step had ended."""
        if execution is None:
            raise Refused(problem=f"Task {task.id} does not execute: none of its steps can be cancelled alone")
        if step not in execution.board.statuses:
            raise UnknownStep(task=task.id, step=step)
        return None if execution.board.statuses[step].state.ended else execution.cancel_step(step, actor, reason)

    def judge(self, task: int, step: str, verdict: Verdict, actor: str) -> Awaitable[int] | None:
        """A verdict on a step of a task that executes here; None where it does not."""
        execution = self._executions.get(task)
        if execution is not None and step not in execution.board.statuses:
            raise UnknownStep(task=task, step=step)
        return execution.judge(step, verdict, actor) if execution is not None else None

    async def kill(self, command: Kill, actor: str) -> Reply:
        """Cancel, let no cleanup step begin, and give what runs no more grace."""
        reply = await self._cancel(command.task, actor, urgent=True)
        return replace(reply, text=f"task {command.task} killed")

    async def pause(self, command: Pause, actor: str) -> Reply:
        """Start nothing new of a task; what runs goes on."""
        async with self._turn:
            execution, task = await self._look_up(command.task)
            if execution is not None:
                durable = execution.pause(actor)
            else:
                paused = replace(task, phase=advance(task.phase, Phase.PAUSED), waits=())
                if task.id in self._queue:
                    self._queue.remove(task.id)
                durable = self._store.set_phase(task, paused, actor=actor)
        try:
            seq = await durable
        except Conflict:
            raise await overtaken(self._store.read, task) from None
        return Reply(task=command.task, seq=seq, text=f"task {command.task} paused; what runs goes on")

    async def resume(self, command: Resume, actor: str) -> Reply:
        """Go on with a paused task, or begin another attempt of an ended one (B4.6)."""
        execution = self._executions.get(command.task)
        if execution is not None:
            return await self._unpause(execution, actor)
        task = await self._store.read.task(command.task)
        plan = await self._store.read.plan(task.id, task.revision)
        if plan is None or not is_signed(task, plan):
            ways = f"take the plan up again, as it is or better: signoff edit {task.id}" if task.phase.ended else ""
            raise NotSigned(revision=task.revision, task=task.id, hint=ways)
        statuses = await self._store.read.statuses(task.id)
        await self.refuse_if_alive(task)
        if Phase.QUEUED not in PHASES[task.phase]:
            raise nothing_to_resume(task)
        if task.phase is Phase.PAUSED:
            if any(question.kind is QuestionKind.BUDGET for question in await self._store.read.questions(task.id)):
                raise at_its_cap(task)
        try:
            seq = await self._queued_again(task, plan, statuses, command.from_step, actor)
        except Conflict:
            raise await overtaken(self._store.read, task) from None
        await self.queue(task.id)
        return Reply(task=task.id, seq=seq, text=f"task {task.id} queued again")

    def _queued_again(
        self, task: Task, plan: Plan, statuses: tuple[StepStatus, ...], from_step: str | None, actor: str
    ) -> Awaitable[int]:
        if task.phase is Phase.PAUSED:
            return self._store.set_phase(task, replace(task, phase=Phase.QUEUED, waits=()), actor=actor)
        after = replace(
            task,
            phase=advance(task.phase, Phase.QUEUED),
            attempt=task.attempt + 1,
            outcome=None,
            error="",
            ended=None,
            planner="",
        )
        return self._store.restart(task, after, to_reset(plan, statuses, from_step, task.id), actor)

    async def _unpause(self, execution: Execution, actor: str) -> Reply:
        if execution.task.phase is not Phase.PAUSED:
            if execution.token.fired:
                raise still_cancelling(execution.task)
            raise nothing_to_resume(execution.task)
        if execution.over_budget:
            raise at_its_cap(execution.task)
        seq = await execution.unpause(actor)
        return Reply(task=execution.task.id, seq=seq, text=f"task {execution.task.id} goes on")

    async def refuse_if_alive(self, task: Task) -> None:
        """Raise `Refused` while something of a cancelled task is not gone yet."""
        if task.phase.ended and (task.id in self._executions or task.id in self._queue):
            raise still_cancelling(task)
        alive = [run for run in await self._store.read.unfinished_runs() if run.task == task.id]
        if any(run.state is RunState.CANCELLING for run in alive):
            raise still_cancelling(task)
