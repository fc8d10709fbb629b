"""Grants: exactly what was listed, as long as it was said, and no longer (B5.6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import (
    Answer,
    GiveGrant,
    Grant,
    GrantGiven,
    GrantUsed,
    ListGrants,
    Outcome,
    Phase,
    Question,
    Reply,
    Resolve,
    RevokeGrant,
)
from engine.errors import Refused, StaleRevision, UsageError
from tests.engine.desk import Desk, shell, step

RISKY = {"tier": "destructive"}


async def give(desk: Desk, task: int, *steps: str, seconds: float = 60.0, digest: str = "") -> Reply:
    view = await desk.show(task)
    command = GiveGrant(
        task=task, revision=view.task.revision, digest=digest or view.task.digest, steps=steps, seconds=seconds
    )
    return await desk.do(command)


async def grants(desk: Desk) -> tuple[Grant, ...]:
    found: tuple[Grant, ...] = await desk.engine.read(ListGrants())
    return found


async def answer_for(desk: Desk, question: Question, answer: Answer, seconds: float | None = None) -> None:
    await desk.do(Resolve(question=question.id, answer=answer, digest=question.digest, seconds=seconds))


async def test_a_step_that_was_granted_ahead_runs_unasked_and_says_so(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a", **RISKY), step("b", "a", **RISKY))
    await give(desk, task, "a")
    await desk.sign(task)
    question = await desk.asked(task)
    assert (question.step, desk.script.ran) == ("b", ["a"])
    assert (await desk.fact(GrantUsed, task, "a")).grant == (await grants(desk))[0].id


async def test_for_the_whole_plan_every_other_question_of_it_is_settled(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("a", **RISKY), step("b", **RISKY), step("c", "a", "b", **RISKY))
    first = await desk.asked(task, "a")
    await desk.asked(task, "b")
    await answer_for(desk, first, Answer.PLAN)
    view = await desk.ended(task)
    assert (view.task.outcome, sorted(desk.script.ran)) == (Outcome.OK, ["a", "b", "c"])
    assert sorted((await grants(desk))[0].steps) == ["a", "b", "c"]


async def test_a_timed_answer_covers_the_same_step_when_it_is_tried_again(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "once", then_works=True)
    task = await desk.begin(step("a", retry={"attempts": 1, "delay": 0.01, "jitter": False}, **RISKY))
    await answer_for(desk, await desk.asked(task), Answer.TIMED, 600.0)
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert (await desk.fact(GrantUsed, task, "a")).grant == 1
    assert desk.script.ran == ["a", "a"]


async def test_an_expired_or_revoked_grant_covers_nothing(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a", **RISKY), step("b", **RISKY))
    await give(desk, task, "a", seconds=30)
    await give(desk, task, "b")
    await desk.do(RevokeGrant(grant=2), "ben")
    desk.clock.offset = 31
    await desk.sign(task)
    assert {(await desk.asked(task, "a")).step, (await desk.asked(task, "b")).step} == {"a", "b"}
    assert desk.script.ran == []
    with pytest.raises(Refused, match="revoked by ben"):
        await desk.do(RevokeGrant(grant=2))


async def test_a_clock_that_went_back_ends_a_grant(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a", **RISKY))
    await give(desk, task, "a")
    desk.clock.offset = -3600
    await desk.sign(task)
    assert (await desk.asked(task)).step == "a"


async def test_grants_hold_over_a_restart_and_never_for_another_revision(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a", **RISKY))
    await give(desk, task, "a")
    await desk.reopen()
    await desk.sign(task)
    await desk.ended(task)
    assert desk.script.ran == ["a"]
    other = await desk.plan(step("a", **RISKY))
    await desk.sign(other)
    assert (await desk.asked(other)).step == "a"


async def test_a_grant_is_given_for_what_was_shown_and_for_what_asks(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a", **RISKY), step("b"))
    with pytest.raises(StaleRevision):
        await give(desk, task, "a", digest="0" * 64)
    for steps, seconds in ((("b",), 60.0), ((), 60.0), (("a",), 0.0), (("a",), 1e9)):
        with pytest.raises(UsageError):
            await give(desk, task, *steps, seconds=seconds)
    assert await grants(desk) == ()


async def test_a_grant_for_a_step_that_has_ended_is_refused(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("a", **RISKY), step("b", "a", **RISKY))
    await answer_for(desk, await desk.asked(task, "a"), Answer.ONCE)
    await desk.asked(task, "b")
    with pytest.raises(Refused, match="a is completed already; nothing was granted"):
        await give(desk, task, "a", "b")
    assert await grants(desk) == ()
    await give(desk, task, "b")
    assert (await desk.ended(task)).task.phase is Phase.COMPLETED


async def test_grants_whose_time_has_passed_are_let_go_of(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a", **RISKY))
    for _ in range(3):
        await give(desk, task, "a", seconds=30)
    desk.clock.offset = 31
    await give(desk, task, "a", seconds=30)
    assert len(desk.engine._parts.grants) == 1
    desk.clock.offset = 62
    await desk.reopen()
    assert len(desk.engine._parts.grants) == 0


async def test_a_grant_for_an_open_question_answers_it(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("a", **RISKY))
    await desk.asked(task)
    await give(desk, task, "a")
    assert (await desk.ended(task)).task.phase is Phase.COMPLETED
    assert (await desk.fact(GrantGiven, task)).grant.given_by == "ana"


async def test_changed_bytes_are_asked_about_in_spite_of_a_grant(desk: Desk) -> None:
    script = Path(desk.root) / "wipe.sh"
    script.write_text("echo one\n")
    await desk.open(real=True)
    task = await desk.plan(shell("a", "bash wipe.sh", **RISKY))
    await give(desk, task, "a")
    script.write_text("echo two\n")
    await desk.sign(task)
    assert (await desk.asked(task)).kind.value == "drift"
