"""Anything in any order: random plans under random commands, crashes and answers always come to a sound end.

Sixty walks; `--long` makes it three thousand. A walk that fails is repeated by its seed.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from engine import (
    ANSWERS,
    Answer,
    Cancel,
    GrantUsed,
    Judge,
    Kill,
    ListEvents,
    ListGrants,
    Pause,
    Phase,
    Resume,
    RevokeGrant,
    StepState,
    Verdict,
    VerifyAudit,
)
from engine.actions import Result
from engine.errors import Conflict, Refused, SignoffError, UsageError
from engine.model.events import Event, PlanSigned, QuestionAnswered, StepStarted, TaskEnded
from engine.model.question import CLEARS
from engine.model.state import PHASES
from engine.model.tier import Tier
from tests.engine.desk import Desk, check_sound, step
from tests.patience import PATIENCE

OVER = (Phase.READY, Phase.COMPLETED, Phase.FAILED, Phase.TIMED_OUT, Phase.CANCELLED)


class Walk:
    """One task, and everything that may happen to it."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self.desk = desk
        self.chance = chance
        self.task = 0
        self.names = [f"s{number}" for number in range(chance.randint(1, 8))]
        self.held = {name for name in self.names if chance.random() < 0.5}

    def plan(self) -> list[dict[str, Any]]:
        chance, steps = self.chance, []
        for place, name in enumerate(self.names):
            needs = [need for need in self.names[:place] if chance.random() < 0.4]
            when = chance.choice(["success", "success", "always", "failure"]) if needs else "success"
            fields: dict[str, Any] = {"when": when}
            if chance.random() < 0.15:
                steps.append({"id": name, "action": "ask", "question": "?", "needs": needs, **fields})
                continue
            fields["tier"] = chance.choice(["read", "read", "write", "destructive"])
            fields["idempotent"] = chance.random() < 0.3
            if chance.random() < 0.3:
                fields["retry"] = {"attempts": 2, "delay": 0.005, "jitter": False}
            steps.append(step(name, *needs, **fields))
            if chance.random() < 0.4:
                tries: list[Result | Exception] = [
                    Result(error=f"no {number}", failure="exit") for number in range(chance.randint(1, 3))
                ]
                self.desk.script.results[name] = [*tries, chance.choice([Result(), RuntimeError("broken"), tries[-1]])]
        return steps

    async def begin(self) -> None:
        await self.desk.open(parallel=self.chance.choice([1, 2, 8]))
        self.desk.script.hold(*self.held)
        self.desk.script.stubborn = {name for name in self.held if self.chance.random() < 0.3}
        timeout = {"timeout": 0.05} if self.chance.random() < 0.1 else {}
        self.task = await self.desk.begin(*self.plan(), **timeout)

    async def go(self) -> None:
        acts = (
            [self._release] * 4
            + [self._answer] * 4
            + [self._wait] * 3
            + [self._pause, self._resume, self._cancel_step, self._judge, self._judge, self._revoke]
        )
        for _ in range(self.chance.randint(0, 25)):
            act = self.chance.choice([*acts, self._cancel] if self.chance.random() < 0.3 else acts)
            if self.chance.random() < 0.08:
                act = self.chance.choice([self._reopen, self._crash])
            try:
                await act()
            except (Refused, UsageError, Conflict):
                continue  # as it should be in many of these states

    async def _wait(self) -> None:
        await self.desk.pass_time(self.chance.choice([0, 0.002, 0.01]))

    async def _release(self) -> None:
        if self.held:
            name = self.chance.choice(sorted(self.held))
            self.held.discard(name)
            self.desk.script.release(name)

    async def _answer(self) -> None:
        if questions := await self.desk.questions():
            question = self.chance.choice(questions)
            await self.desk.answer(question, self.chance.choice(sorted(ANSWERS[question.kind])), "because")

    async def _pause(self) -> None:
        await self.desk.do(Pause(task=self.task))

    async def _resume(self) -> None:
        from_step = self.chance.choice(self.names) if self.chance.random() < 0.3 else None
        await self.desk.do(Resume(task=self.task, from_step=from_step))

    async def _cancel(self) -> None:
        command = Kill(task=self.task) if self.chance.random() < 0.3 else Cancel(task=self.task)
        await self.desk.do(command)

    async def _judge(self) -> None:
        verdict = self.chance.choice([Verdict.HOLD, Verdict.RELEASE, Verdict.SKIP, Verdict.TAKE_IN])
        await self.desk.do(Judge(task=self.task, revision=1, step=self.chance.choice(self.names), verdict=verdict))

    async def _revoke(self) -> None:
        for grant in await self.desk.engine.read(ListGrants()):
            await self.desk.do(RevokeGrant(grant=grant.id))

    async def _cancel_step(self) -> None:
        await self.desk.cancel(self.task, self.chance.choice(self.names))

    async def _reopen(self) -> None:
        await self.desk.reopen(parallel=self.chance.choice([1, 8]))

    async def _crash(self) -> None:
        await self.desk.crash()
        await self.desk.open(parallel=self.chance.choice([1, 8]))

    async def finish(self) -> None:
        """Release what is held, answer what is asked, until the task is over."""
        self.desk.script.release_all()
        async with asyncio.timeout(PATIENCE):
            while True:
                view = await self.desk.show(self.task)
                with suppress(Refused, Conflict):  # it may have gone on by itself meanwhile
                    if view.task.phase is Phase.PAUSED:
                        await self.desk.resume(self.task)
                    for status in view.steps:
                        if status.held_by and not status.state.ended:
                            await self.desk.do(
                                Judge(task=self.task, revision=1, step=status.id, verdict=Verdict.RELEASE)
                            )
                    for question in view.questions:
                        answer = Answer.TEXT if Answer.TEXT in ANSWERS[question.kind] else min(ANSWERS[question.kind])
                        await self.desk.answer(question, answer, "at last")
                if view.task.phase in OVER and not view.questions and await self._told():
                    return
                await self.desk.pass_time(0.003)

    async def _told(self) -> bool:
        """Whether the end of the present attempt is in the log, and nothing behind it."""
        events = await self._events()
        told = [event.seq for event in events if isinstance(event.fact, TaskEnded)]
        changed = [event.seq for event in events if event.kind == "phase_changed"]
        return bool(told) and told[-1] > changed[-1]

    async def _events(self) -> tuple[Event, ...]:
        events: tuple[Event, ...] = await self.desk.engine.read(ListEvents(task=self.task, limit=100_000))
        return events

    async def judge(self) -> None:
        await check_sound(self.desk, self.task)
        view, events = await self.desk.show(self.task), await self._events()
        assert (await self.desk.engine.read(VerifyAudit())).ok
        phases = [
            event.fact.task.phase for event in events if hasattr(event.fact, "task") and event.kind == "phase_changed"
        ]
        assert all(after in PHASES[before] or after is before for before, after in pairwise(phases)), phases
        assert view.plan is not None
        destructive = {planned.id for planned in view.plan.steps if planned.tier is Tier.DESTRUCTIVE}
        starts = decided_before(events, destructive)
        assert starts == Counter(run.step for run in await self.desk.runs(self.task))
        for status in view.steps:
            assert status.attempt == starts[status.id]
            if status.state is StepState.SKIPPED:
                assert status.cause is not None


def decided_before(events: tuple[Event, ...], destructive: set[str]) -> Counter[str | None]:
    """How often each step started; before every start somebody signed, and allowed just that where it destroys."""
    starts, allowed, signed = Counter[str | None](), Counter[str | None](), False
    for event in events:
        match event.fact:
            case PlanSigned():
                signed = True
            case GrantUsed():
                allowed[event.step] += 1
            case QuestionAnswered(question=question) if question.answer in CLEARS:
                allowed[event.step] += 1
            case StepStarted():
                starts[event.step] += 1
                assert signed, f"{event.step} ran unsigned"
                assert event.step not in destructive or starts[event.step] <= allowed[event.step], (
                    f"{event.step} ran unasked"
                )
    return starts


@pytest.mark.parametrize("block", range(6))
async def test_every_walk_comes_to_a_sound_end(tmp_path: Path, block: int, long: bool) -> None:
    broken: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: broken.append(context))
    size = 500 if long else 10
    for seed in range(block * size, (block + 1) * size):
        desk = Desk(tmp_path / f"walk{seed}")
        walk = Walk(desk, random.Random(seed))
        try:
            await walk.begin()
            await walk.go()
            await walk.finish()
            await walk.judge()
            assert not broken
        except (AssertionError, TimeoutError, SignoffError) as error:
            view = await desk.show(walk.task)
            raise AssertionError(
                f"walk {seed}: {error!r}\n{view.task}\n{view.steps}\n{view.questions}\n{broken}"
            ) from error
        finally:
            await desk.close()
