"""One attempt of one step: check the bytes, ask if a person must be asked, record the intent, act, record the end.

The order is the promise: sealed bytes are compared with the signed ones, the running row is durable, and only then
something is started, from the sealed bytes (B6.2, S2). Nothing here orders steps; the scheduler does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine import process
from engine.actions import Act, Context, Earlier, Infer, Result, Waits
from engine.channels import Channels
from engine.client import LogGrew
from engine.doubts import Doubts
from engine.errors import OverBudget, Refused, SignoffError, SpawnFailed, StoreError
from engine.inference import Inference, Inferred, Question
from engine.job import End, Job, Lost
from engine.memory import relevant
from engine.model.call import Purpose
from engine.model.digest import sha256
from engine.model.effect import Made
from engine.model.events import Notified
from engine.model.nouns import evolve
from engine.model.plan import TERMINAL, Action, PlannedStep
from engine.model.prompt import Prompt
from engine.model.question import QuestionKind
from engine.model.run import Cause, Run, StepStatus
from engine.model.state import RunState, StepState, advance
from engine.model.tier import Tier
from engine.policies import Policies
from engine.settings import Settings
from engine.temporary import scratch
from engine.terminals import Terminals
from engine.workspace.produced import held, made
from engine.workspace.watch import Watch

if TYPE_CHECKING:
    from engine.storage.decisions import Durable
    from engine.storage.store import Store

T = TypeVar("T")
_ENDS = {"": RunState.COMPLETED, "timeout": RunState.TIMED_OUT}
"""How a run ends by the failure class of its result; every other one is a failure."""
_NOTHING: Mapping[str, Made] = {}
_RUNS_COMMANDS = frozenset({Action.EXECUTE, Action.TEST, Action.SHELL})


class Runner:
    """Carries out attempts; several at a time."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        policies: Policies,
        actions: Mapping[Action, Act],
        level: process.Level,
        state: Path,
        clock: Callable[[], float],
        signal: Callable[[LogGrew], None],
        stalled: Callable[[int, str, OSError | None], None],
        channels: Channels,
        inference: Inference,
    ) -> None:
        self._store = store
        self._settings = settings
        self._actions = actions
        self._inference = inference
        self._level = level
        self._state = state
        self._masked = (state,) if settings.share is None else (state, settings.share)
        self._watch = Watch()
        self._doubts = Doubts(store, policies, level)
        self._home = cache(lambda root: _folder(state / "homes" / sha256(root.encode())[:16]))
        self._logs = cache(lambda task: str(_folder(state / "logs" / str(task))))
        self._clock = clock
        self._signal = signal
        self._stalled = stalled
        self._channels = channels
        self.terminals = Terminals(store)
        """The terminals of the steps that run in one."""

    def attempt(self, job: Job) -> Awaitable[End | Waits | Lost]:
        """Run the step once, or say what a person must answer first."""
        return self._checked(job) if self._doubts.any(job) else self._run(job, ())

    async def _checked(self, job: Job) -> End | Waits | Lost:
        """Run it unless a person must be asked, from private copies of its signed files."""
        with scratch("signoff-run-") if job.planned.files else nullcontext() as into:
            try:
                sealed = await asyncio.to_thread(_seal, job, into) if into else ()
                waits = await self._doubts.about(job, sealed)
            except (SignoffError, OSError) as error:
                return await self._refuse(job, error)
            return waits or await self._run(job, sealed)

    async def look_again(self, job: Job) -> Waits:
        """What a question about the start of a step is about, with its files as they are now.

        Raises:
            Refused: they cannot be read.
        """
        with scratch("signoff-look-") as into:
            try:
                return await self._doubts.now(job, await asyncio.to_thread(_seal, job, into))
            except (SpawnFailed, OSError) as error:
                raise Refused(problem=f"What {job.planned.id} would run cannot be looked at: {error}") from error

    async def _refuse(self, job: Job, error: SignoffError | OSError) -> End | Lost:
        """The step could not even be looked at: it fails without having run."""
        status, run, durable = self._start(job)
        try:
            await durable
        except StoreError as conflict:
            return Lost(str(conflict))
        failure = "launch" if isinstance(error, StoreError | Refused | OSError) else "bytes"
        return self._finish(job, status, run, Result(error=str(error), failure=failure))

    # The run itself

    async def _run(self, job: Job, sealed: tuple[process.SealedFile, ...]) -> End | Waits | Lost:
        status, run, durable = self._start(job)
        if job.planned.step.tty:
            self.terminals.expect(run.id)
        try:
            await durable
        except StoreError as error:
            self.terminals.close(run.id)
            return Lost(str(error))
        try:
            result, made_now = await self._carry_out(job, run, sealed)
        except OverBudget as over:
            return self._put_back(job, status, run, over)
        except Exception as error:  # beside the act: its run must end too, or it would seem to go on for ever
            result, made_now = _broken(error), _NOTHING
        finally:
            self.terminals.close(run.id)
        return self._finish(job, status, run, result, made_now)

    async def _carry_out(
        self, job: Job, run: Run, sealed: tuple[process.SealedFile, ...]
    ) -> tuple[Result, Mapping[str, Made]]:
        """Act, and look at what it made for later steps."""
        if job.token.fired:
            return Result(), _NOTHING
        before = await asyncio.to_thread(held, job.root, job.makes) if job.makes else {}
        act = self._watched if _may_change_files(job.planned) else self._act
        result = await act(job, run, sealed)
        if not before or result.failure:
            return result, _NOTHING
        return result, await asyncio.to_thread(made, job.root, before, run.step)

    def _start(self, job: Job) -> tuple[StepStatus, Run, Durable]:
        """Record the intent; nothing may be started before it is durable."""
        now, number, task, before = self._clock(), next(self._store.runs), job.plan.task, job.status
        status = StepStatus(
            id=before.id,
            state=StepState.RUNNING,
            attempt=before.attempt + 1,
            run=number,
            started=now,
            held_by=before.held_by,
        )
        run = Run(
            id=number,
            task=task,
            step=before.id,
            task_attempt=job.ground.attempt,
            attempt=status.attempt,
            state=RunState.RUNNING,
            started=now,
            log=f"{self._logs(task)}/{number}.log",
            level=self._level.value,
        )
        job.begin(status, run)
        return status, run, self._store.start_step(job.position, status, run, job.plan.digest)

    async def _watched(self, job: Job, run: Run, sealed: tuple[process.SealedFile, ...]) -> Result:
        """Act, and look at what changed meanwhile."""
        async with self._watch.writing(job.root) as writing:
            result = await self._act(job, run, sealed)
        return evolve(result, changed=writing.changes)

    async def _act(self, job: Job, run: Run, sealed: tuple[process.SealedFile, ...]) -> Result:
        try:
            return await self._actions[job.planned.step.action](self._context(job, run, sealed))
        except OverBudget:
            raise
        except SignoffError as error:
            return Result(error=str(error), failure="launch")
        except OSError as error:
            return Result(error=f"{error.strerror or error}: {error.filename or job.planned.id}", failure="launch")
        except Exception as error:  # a step that breaks inside must end too, or its task would wait for ever
            return _broken(error)

    def _context(self, job: Job, run: Run, sealed: tuple[process.SealedFile, ...]) -> Context:
        task, step = run.task, run.step
        return Context(
            planned=job.planned,
            run=run.id,
            root=job.root,
            home=self._home(job.plan.root),
            log=run.log,
            mark=run_mark(self._state, run.id),
            token=job.token,
            level=self._level,
            settings=self._settings,
            sealed=sealed,
            masked=self._masked,
            grew=lambda size: self._signal(LogGrew(task=task, step=step, run=run.id, size=size)),
            stalled=lambda error: self._stalled(task, step, error),
            notify=lambda channel, message: self._notify(task, channel, message),
            terminal=lambda terminal: self.terminals.open(run.id, terminal),
            infer=self._infer(job, run),
            earlier=lambda: self._earlier(job),
            remembered=lambda words: relevant(self._store.read, words, str(job.root), self._clock()),
        )

    def _infer(self, job: Job, run: Run) -> Infer:
        async def infer(
            purpose: Purpose, prompt: Prompt, read: Callable[[str], T], heard: Callable[[str], None], model: str = ""
        ) -> Inferred[T]:
            question = Question(
                purpose=purpose,
                prompt=prompt,
                read=read,
                task=run.task,
                step=run.step,
                run=run.id,
                model=model or job.ground.consent.cheaper,
            )
            return await self._inference.infer(question, heard, job.token)

        return infer

    def _earlier(self, job: Job) -> tuple[Earlier, ...]:
        board, logs = job.ground.board, self._logs(job.plan.task)
        found = ((board.planned[step], board.statuses[step]) for step in board.before(job.planned.id))
        return tuple(
            Earlier(planned=planned, status=status, log=f"{logs}/{status.run}.log" if status.run else "")
            for planned, status in found
        )

    async def _notify(self, task: int, channel: str, message: str) -> None:
        if channel != TERMINAL:
            await self._channels.send(channel, f"signoff: task {task}", message)
        self._store.record(Notified(channel, message), task=task)

    # After

    def _put_back(self, job: Job, status: StepStatus, run: Run, over: OverBudget) -> End | Waits:
        """The step came to a cap: its run ends, and it is ready to begin again once a person has decided."""
        if job.token.fired:
            return self._finish(job, status, run, Result())
        error, now = str(over), self._clock()
        run = evolve(run, state=advance(run.state, RunState.FAILED), ended=now, error=error, failure="budget")
        status = evolve(status, state=StepState.READY, error=error)
        self._store.end_step(job.position, status, run)
        job.ground.board.note(status)
        news = tuple(filter(None, (error, over.hint)))
        return Waits(kind=QuestionKind.BUDGET, news=news, options=over.ways, cap=over.cap, cheaper=over.cheaper)

    def _finish(
        self, job: Job, status: StepStatus, run: Run, result: Result, produced: Mapping[str, Made] = _NOTHING
    ) -> End:
        """Queue the rows of the end; a decision made meanwhile is never overwritten."""
        now = self._clock()
        if job.token.fired:
            run = evolve(
                run,
                state=advance(run.state, RunState.CANCELLED),
                ended=now,
                exit_code=result.exit_code,
                receipt=result.receipt,
                changed=result.changed,
            )
            self._store.end_run(run)
            return End(status=status, run=run)
        failed = bool(result.failure)
        state = _ENDS.get(result.failure, RunState.FAILED)
        run = evolve(
            run, state=advance(run.state, state), ended=now, produced={} if failed else produced, **vars(result)
        )
        status = evolve(
            status,
            state=StepState.FAILED if failed else StepState.COMPLETED,
            cause=Cause.FAILED if failed else None,
            exit_code=result.exit_code,
            error=" · ".join([result.error, *_advice(job, result)]) if failed else "",
            summary=result.summary,
            ended=now,
            changed=result.changed and evolve(result.changed, files=()),
            tests=result.tests,
        )
        self._store.end_step(job.position, status, run)
        return End(status=status, run=run)


def _broken(error: Exception) -> Result:
    return Result(error=f"{type(error).__name__}: {error}", failure="internal")


def _may_change_files(planned: PlannedStep) -> bool:
    """Whether it is worth a look at what it changed; of what only reads it is not."""
    return planned.tier is not Tier.READ and planned.step.action in _RUNS_COMMANDS


def _advice(job: Job, result: Result) -> tuple[str, ...]:
    """What the step may have lacked; nothing where it was not even started."""
    return () if result.failure == "launch" else job.planned.hints


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def run_mark(state: Path, run: int) -> str:
    """The mark of a run in the environment of its processes: two state directories never share one."""
    return f"{_state_mark(state)}-{run}"


@cache
def _state_mark(state: Path) -> str:
    return sha256(str(state).encode())[:12]


def _seal(job: Job, into: Path) -> tuple[process.SealedFile, ...]:
    paths = [job.root / file.path for file in job.planned.files]
    return process.seal([path for path in paths if path.exists()], job.root, into)
