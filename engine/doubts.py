"""Why a person must be asked just before a step starts: it asks, its bytes are others, it is risky, it had started.

What is compared are the sealed copies that would be executed, never the files that somebody may still change (S2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from engine.actions import Waits
from engine.errors import Refused
from engine.job import Job
from engine.model.difference import MAX_COMPARED, bounded, shown
from engine.model.digest import step_digest
from engine.model.plan import Ask, PlannedStep, SignedFile
from engine.model.policy import LEVELS, Policy
from engine.model.question import QuestionKind
from engine.model.tier import Tier
from engine.policies import Policies
from engine.policy import assess, withheld
from engine.process import Level, SealedFile
from engine.storage.store import Store

_LENIENT = Policy()


def _had_started(job: Job) -> bool:
    """Whether it started before and may not simply do so again."""
    planned = job.planned
    return job.status.attempt > 0 and not (planned.tier is Tier.READ or planned.step.idempotent or job.repeats)


class Doubts:
    """Looks at a step once more before it starts."""

    def __init__(self, store: Store, policies: Policies, level: Level) -> None:
        self._store = store
        self._policies = policies
        self._level = level

    def any(self, job: Job) -> bool:
        """Whether there is anything to look at; of most steps there is not."""
        planned = job.planned
        if planned.files or planned.asks or planned.step.tty or isinstance(planned.step, Ask) or _had_started(job):
            return True
        return self._policies.of(job.plan.root) != _LENIENT

    async def about(self, job: Job, sealed: tuple[SealedFile, ...]) -> Waits | None:
        """What a person must answer first, if anything.

        Raises:
            Refused: the policy does not let it run at all.
        """
        planned, policy = job.planned, self._policies.of(job.plan.root)
        self._check(planned, policy)
        if isinstance(planned.step, Ask):
            return Waits(kind=QuestionKind.ASK, news=(planned.step.question,), options=planned.step.options)
        present = _as_they_are(planned, sealed, job.root)
        digest = step_digest(present)
        if job.clearance == digest:
            return None
        if drift := await self._drift(job, present, digest, sealed):
            return drift
        asks = planned.asks or planned.tier.value in policy.ask
        in_terminal = planned.step.tty
        grant = job.granted(digest) if asks and not in_terminal else None
        if asks and grant is None and not in_terminal:
            return _confirmation(job, digest)
        if _had_started(job):
            how = job.status.error or "it had started and did not complete"
            return Waits(kind=QuestionKind.INTERRUPTED, digest=digest, news=(how, *job.news))
        if in_terminal:
            return _confirmation(job, digest, QuestionKind.TERMINAL)
        if grant is not None:
            self._store.decisions.use(grant, planned.id)
        return None

    async def now(self, job: Job, sealed: tuple[SealedFile, ...]) -> Waits:
        """What a question about the start of this step is about, whatever it was when it was asked."""
        present = _as_they_are(job.planned, sealed, job.root)
        digest = step_digest(present)
        kind = QuestionKind.TERMINAL if job.planned.step.tty else QuestionKind.CONFIRMATION
        return await self._drift(job, present, digest, sealed) or _confirmation(job, digest, kind)

    async def _drift(self, job: Job, present: PlannedStep, digest: str, sealed: tuple[SealedFile, ...]) -> Waits | None:
        """The question about files that are not the signed ones, if any."""
        drifted = [file for file in present.files if _drifted(file, job)]
        if not drifted:
            return None
        diff = await self._diff(job, drifted, sealed)
        news = tuple(f"{file.path} is not what was signed" for file in drifted)
        return Waits(kind=QuestionKind.DRIFT, digest=digest, news=(*news, *job.news), diff=diff)

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

    async def _diff(self, job: Job, drifted: Iterable[SignedFile], sealed: tuple[SealedFile, ...]) -> str:
        """Signed bytes against present bytes, for each file that changed."""
        signed = {file.path: file for file in job.planned.files}
        copies = {str(file.path.relative_to(job.root)): file.copy for file in sealed}
        pieces = []
        for file in drifted:
            after = await asyncio.to_thread(_head, copies[file.path]) if file.path in copies else b""
            if maker := signed[file.path].produced_by:
                old: tuple[bytes | None, str] = b"", f"as {maker} left it: not kept"
            else:
                old = await self._store.read.content(signed[file.path].sha256), "signed"
            pieces.append(await asyncio.to_thread(shown, file.path, old[0], after, old[1], "now"))
        return bounded("".join(pieces))


def _confirmation(job: Job, digest: str, kind: QuestionKind = QuestionKind.CONFIRMATION) -> Waits:
    """With what other steps made of the files that this one executes."""
    files = [file for file in job.planned.files if file.produced_by]
    diff = bounded("".join(job.produced(file.produced_by, file.path).diff for file in files))
    news = tuple(f"{file.path} is as {file.produced_by} left it" for file in files)
    return Waits(kind=kind, digest=digest, news=(*news, *job.news), diff=diff)


def _as_they_are(planned: PlannedStep, sealed: tuple[SealedFile, ...], root: Path) -> PlannedStep:
    """The step with the digests of the bytes that would be executed."""
    present = {str(file.path.relative_to(root)): file.sha256 for file in sealed}
    files = tuple(replace(file, sha256=present.get(file.path, "")) for file in planned.files)
    return replace(planned, files=files)


def _drifted(file: SignedFile, job: Job) -> bool:
    signed = next(known for known in job.planned.files if known.path == file.path)
    maker = signed.produced_by
    return file.sha256 != (job.produced(maker, file.path).sha256 if maker else signed.sha256)


def _head(copy: Path) -> bytes:
    with open(copy, "rb") as file:
        return file.read(MAX_COMPARED + 1)
