"""One attempt of one step: check the bytes, ask if a person must be asked, record the intent, act, record the end.

The order is the promise: sealed bytes are compared with the signed ones, the running row is durable, and only then
something is started, from the sealed bytes (B6.2, S2). Nothing here orders steps; the scheduler does.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine import process
from engine.actions import Act, Context, Result, Waits
from engine.client import LogGrew
from engine.errors import Refused, SignoffError, StoreError
from engine.model.difference import MAX_COMPARED, bounded, shown
from engine.model.digest import sha256, step_digest
from engine.model.effect import Made
from engine.model.events import Notified
from engine.model.nouns import evolve
from engine.model.plan import Action, Ask, Plan, PlannedStep, SignedFile
from engine.model.policy import LEVELS, Policy
from engine.model.question import QuestionKind
from engine.model.run import Cause, Run, StepStatus
from engine.model.state import RunState, StepState, advance
from engine.model.tier import Tier
from engine.policies import Policies
from engine.policy import assess, withheld
from engine.settings import Settings
from engine.workspace.produced import held, made
from engine.workspace.watch import Watch

if TYPE_CHECKING:
    from engine.cancellation import CancelToken
    from engine.model.grant import Grant
    from engine.storage.store import Store

_ENDS = {"": RunState.COMPLETED, "timeout": RunState.TIMED_OUT}
"""How a run ends by the failure class of its result; every other one is a failure."""
_FRESH = StepStatus(id="")
"""What the status of a step that starts is made from: to copy it takes half as long as to make one."""
_NOTHING: Mapping[str, Made] = {}
_RUNS_COMMANDS = frozenset({Action.EXECUTE, Action.TEST, Action.SHELL})


@dataclass(slots=True, kw_only=True)
class Job:
    """A step that may run now."""

    plan: Plan
    root: Path
    planned: PlannedStep
    position: int
    status: StepStatus
    task_attempt: int
    token: CancelToken
    clearance: str = ""
    """The step digest that a person allowed in this attempt; empty if nobody was asked."""
    granted: Callable[[str], Grant | None] = lambda digest: None
    """The grant that covers these bytes now."""
    repeats: bool = False
    """Whether it may start although it had started before: by its own retry rule, or because a person said so."""
    news: Callable[[], tuple[str, ...]]
    """What ran since the plan was signed."""
    produced: Mapping[tuple[str, str], Made] = field(default_factory=dict)
    """Each file, by the step that makes it and its path, as that step left it."""
    makes: tuple[str, ...] = ()
    """Files that later steps expect from this one."""
    begun: Callable[[StepStatus, Run], None]
    """Called when the start is being recorded."""


@dataclass(slots=True, kw_only=True)
class End:
    """The attempt is over; its rows are on their way to the disk."""

    status: StepStatus
    run: Run


@dataclass(frozen=True)
class Lost:
    """It could not start: somebody decided about the step before, or what is signed is another plan."""

    reason: str


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
    ) -> None:
        self._store = store
        self._settings = settings
        self._policies = policies
        self._actions = actions
        self._level = level
        self._state = state
        self._masked = (state,) if settings.share is None else (state, settings.share)
        self._watch = Watch()
        self._home = cache(lambda root: _folder(state / "homes" / sha256(root.encode())[:16]))
        self._logs = cache(lambda task: _folder(state / "logs" / str(task)))
        self._clock = clock
        self._signal = signal

    async def attempt(self, job: Job) -> End | Waits | Lost:
        """Run the step once, or say what a person must answer first."""
        if not job.planned.files:
            return await self._attempt(job, ())
        with tempfile.TemporaryDirectory(prefix="signoff-") as into:  # for private copies of the signed files
            try:
                sealed = await asyncio.to_thread(_seal, job, into)
            except (SignoffError, OSError) as error:
                return await self._refuse(job, error)
            return await self._attempt(job, sealed)

    async def _attempt(self, job: Job, sealed: tuple[process.SealedFile, ...]) -> End | Waits | Lost:
        try:
            self._check(job.planned, self._policies.of(job.plan.root))
            waits = await self._doubt(job, sealed)
        except (SignoffError, OSError) as error:
            return await self._refuse(job, error)
        return waits or await self._run(job, sealed)

    # Before

    def _check(self, planned: PlannedStep, policy: Policy) -> None:
        """Raises `Refused` where what holds now does not let a step run, whatever held when it was planned."""
        least = policy.minimum_level
        if least is not None and LEVELS.index(self._level) < LEVELS.index(least):
            raise Refused(problem=f"The sandbox works at level {self._level}; the policy accepts {least} or better")
        if capability := withheld(planned.step, policy):
            raise Refused(
                problem=f"The policy lets no step have a network or sockets; this one declares `{capability}`"
            )
        if policy.refuse or policy.allow is not None:
            verdict = assess(planned.step.action, planned.step.operand, policy=policy)
            if verdict.refused:
                raise Refused(problem=f"{verdict.refused[0].upper()}{verdict.refused[1:]}; the step was not run")

    async def _doubt(self, job: Job, sealed: tuple[process.SealedFile, ...]) -> Waits | None:
        """Why a person must be asked first, if so."""
        planned = job.planned
        step = planned.step
        if isinstance(step, Ask):
            return Waits(kind=QuestionKind.ASK, news=(step.question,), options=step.options)
        repeatable = planned.tier is Tier.READ or step.idempotent or job.repeats
        started_before = job.status.attempt > 0 and not repeatable
        asks = planned.asks or planned.tier.value in self._policies.of(job.plan.root).ask
        if not (planned.files or asks or started_before):
            return None
        present = _as_they_are(planned, sealed, job.root)
        digest = step_digest(present)
        if job.clearance == digest:
            return None
        drifted = [file for file in present.files if _drifted(file, planned, job.produced)]
        if drifted:
            diff = await self._diff(planned, drifted, sealed, job.root)
            news = tuple(f"{file.path} is not what was signed" for file in drifted)
            return Waits(kind=QuestionKind.DRIFT, digest=digest, news=(*news, *job.news()), diff=diff)
        grant = job.granted(digest) if asks else None
        if asks and grant is None:
            return self._confirmation(job, digest)
        if started_before:
            how = job.status.error or "it had started and did not complete"
            return Waits(kind=QuestionKind.INTERRUPTED, digest=digest, news=(how, *job.news()))
        if grant is not None:
            self._store.decisions.use(grant, planned.id)
        return None

    @staticmethod
    def _confirmation(job: Job, digest: str) -> Waits:
        """With what other steps made of the files that this one executes."""
        files = [file for file in job.planned.files if file.produced_by]
        diff = bounded("".join(_made(file, job.produced).diff for file in files))
        news = tuple(f"{file.path} is as {file.produced_by} left it" for file in files)
        return Waits(kind=QuestionKind.CONFIRMATION, digest=digest, news=(*news, *job.news()), diff=diff)

    async def _diff(
        self,
        planned: PlannedStep,
        drifted: list[SignedFile],
        sealed: tuple[process.SealedFile, ...],
        root: Path,
    ) -> str:
        """Signed bytes against present bytes, for each file that changed."""
        signed = {file.path: file for file in planned.files}
        copies = {str(file.path.relative_to(root)): file.copy for file in sealed}
        pieces = []
        for file in drifted:
            after = await asyncio.to_thread(_head, copies[file.path]) if file.path in copies else b""
            if maker := signed[file.path].produced_by:
                old: tuple[bytes | None, str] = b"", f"as {maker} left it: not kept"
            else:
                old = await self._store.read.content(signed[file.path].sha256), "signed"
            pieces.append(await asyncio.to_thread(shown, file.path, old[0], after, old[1], "now"))
        return bounded("".join(pieces))

    async def _refuse(self, job: Job, error: SignoffError | OSError) -> End | Lost:
        """The step could not even be looked at: it fails without having run."""
        started = await self._record_start(job)
        if isinstance(started, Lost):
            return started
        failure = "launch" if isinstance(error, StoreError | Refused | OSError) else "bytes"
        return self._finish(job, *started, Result(error=str(error), failure=failure))

    # The run itself

    async def _run(self, job: Job, sealed: tuple[process.SealedFile, ...]) -> End | Lost:
        started = await self._record_start(job)
        if isinstance(started, Lost):
            return started
        status, run = started
        before = await asyncio.to_thread(held, job.root, job.makes) if job.makes else {}
        result = Result() if job.token.fired else await self._watched(job, run, sealed)
        made_now = await asyncio.to_thread(made, job.root, before, status.id) if before and not result.failure else {}
        return self._finish(job, status, run, result, made_now)

    async def _record_start(self, job: Job) -> tuple[StepStatus, Run] | Lost:
        now, number = self._clock(), next(self._store.runs)
        status = evolve(
            _FRESH,
            id=job.planned.id,
            state=StepState.RUNNING,
            attempt=job.status.attempt + 1,
            run=number,
            started=now,
            held_by=job.status.held_by,
        )
        run = Run(
            id=number,
            task=job.plan.task,
            step=status.id,
            task_attempt=job.task_attempt,
            attempt=status.attempt,
            state=RunState.RUNNING,
            started=now,
            log=f"{self._logs(job.plan.task)}/{number}.log",
            level=self._level.value,
        )
        job.begun(status, run)
        try:
            await self._store.start_step(job.position, status, run, job.plan.digest)
        except StoreError as error:
            return Lost(str(error))
        return status, run

    async def _watched(self, job: Job, run: Run, sealed: tuple[process.SealedFile, ...]) -> Result:
        """Act, and look at what changed meanwhile; what only reads is not looked at."""
        planned = job.planned
        if planned.tier is Tier.READ or planned.step.action not in _RUNS_COMMANDS:
            return await self._act(job, run, sealed)
        async with self._watch.writing(job.root) as writing:
            result = await self._act(job, run, sealed)
        return evolve(result, changed=writing.changes)

    async def _act(self, job: Job, run: Run, sealed: tuple[process.SealedFile, ...]) -> Result:
        try:
            return await self._actions[job.planned.step.action](self._context(job, run, sealed))
        except SignoffError as error:
            return Result(error=str(error), failure="launch")
        except OSError as error:
            return Result(error=f"{error.strerror or error}: {error.filename or job.planned.id}", failure="launch")
        except Exception as error:  # a step that breaks inside must end too, or its task would wait for ever
            return Result(error=f"{type(error).__name__}: {error}", failure="internal")

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
            notify=lambda channel, message: self._notified(task, channel, message),
        )

    def _notified(self, task: int, channel: str, message: str) -> None:
        self._store.record(Notified(channel, message), task=task)

    # After

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


def _seal(job: Job, into: str) -> tuple[process.SealedFile, ...]:
    paths = [job.root / file.path for file in job.planned.files]
    return process.seal([path for path in paths if path.exists()], job.root, Path(into))


def _as_they_are(planned: PlannedStep, sealed: tuple[process.SealedFile, ...], root: Path) -> PlannedStep:
    """The step with the digests of the bytes that would be executed."""
    present = {str(file.path.relative_to(root)): file.sha256 for file in sealed}
    files = tuple(replace(file, sha256=present.get(file.path, "")) for file in planned.files)
    return replace(planned, files=files)


def _drifted(file: SignedFile, planned: PlannedStep, produced: Mapping[tuple[str, str], Made]) -> bool:
    signed = next(known for known in planned.files if known.path == file.path)
    return file.sha256 != (_made(signed, produced).sha256 if signed.produced_by else signed.sha256)


def _made(file: SignedFile, produced: Mapping[tuple[str, str], Made]) -> Made:
    """The file as its maker left it; without a digest where it was not made."""
    return produced.get((file.produced_by, file.path), Made())


def _head(copy: Path) -> bytes:
    with open(copy, "rb") as file:
        return file.read(MAX_COMPARED + 1)
