"""Revisions: an edited plan asks again only where it widens, and says why (B5.5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import (
    Answer,
    ApprovalCarried,
    GiveGrant,
    ListGrants,
    Outcome,
    Phase,
    PlanWritten,
    ReadDocument,
    ReadPlan,
    Reject,
    Reply,
    Return,
    Revise,
    Role,
    Rule,
    Sign,
    StepState,
    Verdict,
    compare,
)
from engine.commands import Judge
from engine.errors import InvalidPlan, Refused, StaleRevision, UsageError
from tests.engine.desk import Desk, step

PEOPLE = ("ben", "cem", "dilan")
"""Who may sign besides the owner."""


async def revise(desk: Desk, task: int, *steps: dict[str, Any], actor: str = "ana", **fields: Any) -> Reply:
    view = await desk.show(task)
    document = json.dumps({"request": "try it", "steps": steps, **fields})
    return await desk.do(Revise(task=task, revision=view.task.revision, document=document, note="better"), actor)


async def test_a_returned_plan_is_edited_into_the_next_revision(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    await desk.do(Return(task=task, revision=1, note="add b"), "ben")
    await revise(desk, task, step("a"), step("b", "a"))
    view = await desk.show(task)
    assert (view.task.phase, view.task.revision, len(view.steps)) == (Phase.AWAITING_APPROVAL, 2, 2)
    assert view.plan is not None
    assert (view.plan.author, view.plan.note, view.plan.digest) == ("ana", "better", view.task.digest)
    await desk.sign(task)
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_after_an_end_two_edits_carry_nobodys_signature(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "it broke", then_works=True)
    task = await desk.begin(step("a"))
    assert (await desk.ended(task)).task.outcome is Outcome.STEP_FAILED
    for words in ("said otherwise", "said better"):
        await revise(desk, task, step("a", description=words))
        view = await desk.show(task)
        assert (view.task.phase, view.task.signed, desk.script.ran) == (Phase.AWAITING_APPROVAL, "", ["a"])
    await desk.sign(task)
    assert (await desk.ended(task, after=view.seq)).task.outcome is Outcome.OK


async def test_who_signed_before_the_end_signs_the_edited_plan_again(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("a", "it broke", then_works=True)
    task = await desk.begin(step("a"))
    ended = await desk.ended(task)
    await revise(desk, task, step("a", description="said otherwise"))
    assert (await desk.show(task)).task.signed == ""
    await desk.sign(task)
    assert (await desk.ended(task, after=ended.seq)).task.outcome is Outcome.OK


async def test_a_plan_that_was_cancelled_unsigned_is_taken_up_again_as_it_is(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    await desk.cancel(task)
    await revise(desk, task, step("a"))
    assert (await desk.show(task)).task.phase is Phase.AWAITING_APPROVAL
    await desk.sign(task)
    assert (await desk.ended(task, after=await desk.seq() - 1)).task.attempt == 2


@pytest.mark.parametrize("rule", [{}, {"quorum": 1, "exclude_proposer": True}, {"quorum": 2}])
async def test_no_edit_lets_fewer_people_sign(desk: Desk, rule: dict[str, Any]) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE, Role.OPERATOR))
    task = await desk.plan(step("a"), policy={"quorum": 2, "exclude_proposer": True})
    with pytest.raises(InvalidPlan) as refused:
        await revise(desk, task, step("a", description="harmless"), policy=rule)
    assert [fault.field for fault in refused.value.faults] == ["policy"]
    await revise(desk, task, step("a", description="harmless"), policy={"quorum": 3, "exclude_proposer": True})


async def test_a_return_undoes_the_signatures_of_every_revision(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"), policy={"quorum": 1})
    await desk.do(Return(task=task, revision=1, note="say more"), "ben")
    await revise(desk, task, step("a", description="more"))
    await desk.do(Return(task=task, revision=2, note="and more"), "ben")
    assert all(signature.void for signature in (await desk.show(task)).signatures if signature.verdict == "sign")


async def test_a_verdict_on_an_old_revision_is_refused_and_says_so(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    old = (await desk.show(task)).task.digest
    await revise(desk, task, step("a"), step("b"))
    with pytest.raises(StaleRevision, match="at revision 2, not 1"):
        await desk.do(Sign(task=task, revision=1, digest=old))
    with pytest.raises(StaleRevision):
        await desk.do(Revise(task=task, revision=1, document="{}"))


async def test_what_does_not_widen_carries_the_signatures_over(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE[:2], Role.REVIEWER))
    rule: dict[str, Any] = {"policy": {"quorum": 2}}
    task = await desk.plan(step("a"), step("b"), step("c"), **rule)
    await desk.sign(task, "ben")
    signed = (await desk.show(task)).task.digest
    await revise(desk, task, step("a", description="other words"), step("b", "a"), **rule)
    carried = await desk.fact(ApprovalCarried, task)
    view = await desk.show(task)
    assert (carried.before, carried.signature.digest, carried.signature.actor) == (signed, view.task.digest, "ben")
    await desk.sign(task, "cem")
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert desk.script.ran == ["a", "b"]


async def test_what_widens_is_signed_again(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE[:2], Role.REVIEWER))
    rule: dict[str, Any] = {"policy": {"quorum": 2}}
    task = await desk.plan(step("a"), **rule)
    await desk.sign(task, "ben")
    await revise(desk, task, step("a"), step("b"), **rule)
    await desk.sign(task, "cem")
    assert (await desk.show(task)).task.phase is Phase.AWAITING_APPROVAL
    await desk.sign(task, "ben")
    await desk.ended(task)


async def test_whoever_wrote_the_revision_does_not_count_where_proposers_are_excluded(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE[:3], Role.REVIEWER))
    rule: dict[str, Any] = {"policy": {"quorum": 1, "exclude_proposer": True}}
    task = await desk.plan(step("a"), **rule)
    await revise(desk, task, step("a"), step("b"), actor="ben", **rule)
    for excluded in ("ana", "ben"):
        with pytest.raises(Refused, match="proposed"):
            await desk.sign(task, excluded)
    await desk.sign(task, "cem")
    await desk.ended(task)


async def test_a_failed_task_is_mended_and_keeps_what_was_completed(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("b", "no", then_works=True)
    task = await desk.begin(step("a"), step("b", "a"), step("c", "b"))
    assert (await desk.ended(task)).task.outcome is Outcome.STEP_FAILED
    before = await desk.seq()
    await revise(desk, task, step("a"), step("b", "a", text="otherwise"), step("c", "b"))
    view = await desk.show(task)
    assert (view.task.phase, view.task.attempt, view.task.signed) == (Phase.AWAITING_APPROVAL, 2, "")
    assert [status.state for status in view.steps] == [StepState.COMPLETED, StepState.PENDING, StepState.PENDING]
    await desk.sign(task)
    assert (await desk.ended(task, before)).task.outcome is Outcome.OK
    assert desk.script.ran == ["a", "b", "b", "c"]


async def test_what_stands_on_a_changed_step_runs_again(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("c", "no", then_works=True)
    task = await desk.begin(step("a"), step("b", "a"), step("c", "b"))
    await desk.ended(task)
    before = await desk.seq()
    await revise(desk, task, step("a", text="otherwise"), step("b", "a"), step("c", "b"))
    await desk.sign(task)
    await desk.ended(task, before)
    assert desk.script.ran == ["a", "b", "c", "a", "b", "c"]


async def test_a_plan_under_way_or_completed_is_not_edited(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"))
    await desk.started(task, "a")
    with pytest.raises(Refused, match="under way"):
        await revise(desk, task, step("a"), step("b"))
    desk.script.release("a")
    await desk.ended(task)
    with pytest.raises(Refused):
        await revise(desk, task, step("a"), step("b"))
    assert (await desk.show(task)).task.revision == 1


async def test_an_edit_that_changes_nothing_or_is_wrong_leaves_the_plan_as_it_is(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    with pytest.raises(Refused, match="Nothing was changed"):
        await revise(desk, task, step("a"))
    with pytest.raises(InvalidPlan):
        await revise(desk, task, step("a", "z"))
    assert (await desk.show(task)).task.revision == 1
    assert desk.kinds(task).count(PlanWritten.kind) == 1


async def test_the_id_of_a_dropped_step_does_not_come_back_as_another_one(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"), step("b"))
    await revise(desk, task, step("a"))
    with pytest.raises(InvalidPlan, match="1 fault") as refused:
        await revise(desk, task, step("a"), step("b", text="another"))
    assert "was another step in revision 1" in refused.value.faults[0].message
    await revise(desk, task, step("a"), step("b"))
    assert (await desk.show(task)).task.revision == 3


async def test_verdicts_on_steps_stay_and_grants_do_not(desk: Desk) -> None:
    await desk.open()
    risky = step("a", tier="destructive")
    task = await desk.plan(risky, step("b"))
    await desk.do(Judge(task=task, revision=1, step="b", verdict=Verdict.HOLD))
    view = await desk.show(task)
    await desk.do(GiveGrant(task=task, revision=1, digest=view.task.digest, steps=("a",), seconds=60))
    await revise(desk, task, risky, step("b"), step("c"))
    assert (await desk.steps(task))["b"].held_by == "ana"
    assert await desk.engine.read(ListGrants()) == ()
    await desk.sign(task)
    assert (await desk.asked(task)).step == "a"


async def test_earlier_revisions_can_be_read_and_compared(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"), step("b"))
    await revise(desk, task, step("a", text="otherwise"), step("c"))
    one, two = [await desk.engine.read(ReadPlan(task=task, revision=number)) for number in (1, 2)]
    found = compare(one, two)
    assert [(change.mark, change.id) for change in found.changes] == [("~", "a"), ("+", "c"), ("-", "b")]
    assert [(widening.rule, widening.step) for widening in found.widened] == [
        (Rule.OPERAND, "a"),
        (Rule.NEW_STEP, "c"),
    ]
    with pytest.raises(UsageError):
        await desk.engine.read(ReadPlan(task=task, revision=3))


async def test_the_document_of_a_plan_is_read_back_as_the_same_plan(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a", timeout="90s"), step("b", "a", env={"N": "0o14"}), timeout="1h")
    text = await desk.engine.read(ReadDocument(task=task))
    with pytest.raises(Refused, match="Nothing was changed"):
        await desk.do(Revise(task=task, revision=1, document=text))


async def test_a_rejection_leaves_no_signature_to_carry(desk: Desk) -> None:
    await desk.open(roles=dict.fromkeys(PEOPLE, Role.REVIEWER))
    rule: dict[str, Any] = {"policy": {"quorum": 2}}
    task = await desk.plan(step("a"), **rule)
    await desk.sign(task, "ben")
    await desk.do(Reject(task=task, revision=1, reason="no"), "cem")
    await revise(desk, task, step("a", description="other words"), **rule)
    await desk.sign(task, "dilan")
    assert (await desk.show(task)).task.phase is Phase.AWAITING_APPROVAL


async def test_an_ended_task_runs_again_only_if_somebody_signs(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("b", "no", then_works=True)
    task = await desk.begin(step("a"), step("b", "a"), step("c"))
    await desk.ended(task)
    await revise(desk, task, step("a"), step("b", "a"))
    assert (await desk.show(task)).task.phase is Phase.AWAITING_APPROVAL


async def test_a_confirmation_of_an_earlier_revision_lets_nothing_run_twice(desk: Desk) -> None:
    await desk.open()
    push = step("push", "build", tier="destructive")
    task = await desk.begin(push, step("build"), accept="person")
    await desk.answer(await desk.asked(task, "push"), Answer.ONCE)
    await desk.phase(task, Phase.READY)
    before = await desk.seq()
    await revise(
        desk, task, step("push", "build", tier="destructive"), step("build", text="otherwise"), accept="person"
    )
    await desk.sign(task)
    assert (await desk.asked(task, "push", before)).step == "push"
    assert desk.script.ran.count("push") == 1


async def test_a_revision_without_the_step_that_was_confirmed_runs(desk: Desk) -> None:
    await desk.open()
    task = await desk.begin(step("push", tier="destructive"), step("build"), accept="person")
    await desk.answer(await desk.asked(task, "push"), Answer.ONCE)
    await desk.phase(task, Phase.READY)
    before = await desk.seq()
    await revise(desk, task, step("build", text="otherwise"), accept="person")
    await desk.sign(task)
    await desk.phase(task, Phase.READY, before)
    assert desk.script.ran == ["build", "push", "build"]


async def test_what_is_still_dying_is_not_edited(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    desk.script.stubborn = {"a"}
    task = await desk.begin(step("a"), step("clean", "a", when="always"))
    await desk.started(task, "a")
    await desk.cancel(task)
    with pytest.raises(Refused, match="still being cancelled"):
        await revise(desk, task, step("a", text="otherwise"), step("clean", "a", when="always"))
    desk.script.release("a")
    await desk.ended(task)
    assert desk.script.ran == ["a", "clean"]
