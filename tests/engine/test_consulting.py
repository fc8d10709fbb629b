"""Steps that ask a model: what they are told of the steps before, what is kept, when a review lets the plan go on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from engine import InvalidPlan, Outcome, StepState, TaskView, Tier
from engine.errors import ModelFailed
from engine.model.call import ModelFailure, Purpose
from engine.model.events import CallReserved
from tests.engine.desk import Desk, shell, step
from tests.engine.scripted_model import ScriptedModel
from tests.patience import PATIENCE

ASK = {"id": "ask", "action": "research", "query": "Why does it fail?"}
TESTS = shell("tests", "echo '2 failed, 12 passed'")


def gate(artifact: str, *needs: str, **fields: Any) -> dict[str, Any]:
    given = {"id": "gate", "action": "review", "artifact": artifact, "criteria": "no test fails", "needs": list(needs)}
    return given | fields


def verdict(met: bool, *evidence: str, reason: str = "so it says") -> str:
    return json.dumps({"met": met, "reason": reason, "evidence": evidence})


async def ran(desk: Desk, model: ScriptedModel, *steps: dict[str, Any]) -> TaskView:
    await desk.open(model=model, real=True)
    return await desk.run(*steps)


def asked_to_decide(model: ScriptedModel) -> int:
    """How often a model was asked about criteria; after a failure it is asked for new steps too."""
    return sum("You decide whether" in messages[0].text for messages in model.heard)


def log(view: TaskView, step_id: str) -> str:
    return Path(view.logs[step_id]).read_text()


async def test_research_is_answered_with_the_output_of_the_steps_before(desk: Desk) -> None:
    model = ScriptedModel("The fixture is gone.\nIt rests on the output of tests.")
    other = shell("other", "echo unrelated")
    view = await ran(desk, model, TESTS, other, ASK | {"needs": ["tests"]})
    assert view.task.outcome is Outcome.OK
    status = next(status for status in view.steps if status.id == "ask")
    assert status.summary == "The fixture is gone."
    assert "2 failed, 12 passed" in model.told and model.told.endswith("Why does it fail?")
    assert "unrelated" not in model.told
    assert "It rests on" in log(view, "ask")
    assert "[scripted; given: output of step tests (echo '2 failed, 12 passed')]" in log(view, "ask")


async def test_research_is_told_what_earlier_runs_taught(desk: Desk) -> None:
    model = ScriptedModel("yes")
    await desk.open(model=model, real=True)
    earlier = await desk.run(shell("fails", "true"), request="Find out why it fails")
    await desk.run(ASK)
    assert f"an earlier run, task {earlier.task.id} step fails" in model.told


async def test_the_nearest_steps_come_first_and_a_failed_one_is_told(desk: Desk) -> None:
    model = ScriptedModel(otherwise="because")  # it is asked for new steps too
    broken = shell("broken", "echo far >&2; exit 3")
    near = step("near", "broken", when="failure")
    await ran(desk, model, broken, near, ASK | {"needs": ["near"], "when": "always"})
    (told,) = (each[-1].text for each in model.heard if each[-1].text.endswith("Why does it fail?"))
    assert told.index("output of step near") < told.index("output of step broken")
    assert "failed, exit 3" in told and "far" in told


async def test_its_text_is_followed_while_it_comes_and_the_call_is_told_before(desk: Desk) -> None:
    model = ScriptedModel("a long answer " * 20)
    model.hold()
    await desk.open(model=model, real=True)
    task = await desk.begin(ASK)
    await desk.spoke(task, "ask")
    assert (await desk.fact(CallReserved, task, "ask")).call.purpose is Purpose.RESEARCH
    model.released.set()
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_cancelling_closes_the_call(desk: Desk) -> None:
    model = ScriptedModel("never " * 20)
    model.hold()
    await desk.open(model=model, real=True)
    task = await desk.begin(ASK)
    await asyncio.wait_for(model.asked.wait(), PATIENCE)
    await desk.cancel(task)
    view = await desk.ended(task)
    assert model.released.is_set()
    assert [status.state for status in view.steps] == [StepState.CANCELLED]


async def test_its_timeout_ends_it(desk: Desk) -> None:
    model = ScriptedModel("never " * 20)
    model.hold()
    view = await ran(desk, model, ASK | {"timeout": 0.2})
    assert "timeout of 0.2 s" in view.steps[0].error


async def test_the_named_model_is_asked(desk: Desk) -> None:
    model = ScriptedModel("yes")
    await ran(desk, model, ASK | {"model": "other/one"})
    assert model.models == ["other/one"]


@pytest.mark.parametrize(
    "answers", [("", "  "), (ModelFailed(failure=ModelFailure.AUTH, problem="the key is refused"),)]
)
async def test_no_answer_is_a_failure_never_a_silent_success(desk: Desk, answers: tuple[Any, ...]) -> None:
    view = await ran(desk, ScriptedModel(*answers), ASK)
    assert view.task.outcome is Outcome.STEP_FAILED
    assert "empty" in view.steps[0].error or "refused" in view.steps[0].error


# Reviews


async def test_a_review_without_criteria_says_what_it_thinks(desk: Desk) -> None:
    (desk.root / "notes.md").write_text("all is well")
    model = ScriptedModel("Too short.")
    view = await ran(desk, model, {"id": "look", "action": "review", "artifact": "notes.md"})
    assert (view.task.outcome, view.steps[0].summary) == (Outcome.OK, "Too short.")
    assert "all is well" in model.told


async def test_criteria_that_are_not_met_fail_the_step_with_the_evidence(desk: Desk) -> None:
    model = ScriptedModel(verdict(False, "2 failed, 12 passed", reason="two fail"))
    view = await ran(desk, model, TESTS, gate("tests", "tests"), step("ship", "gate"))
    states = {status.id: status.state for status in view.steps}
    assert states == {"tests": StepState.COMPLETED, "gate": StepState.FAILED, "ship": StepState.SKIPPED}
    (error,) = (status.error for status in view.steps if status.id == "gate")
    assert error == "criteria not met: two fail: “2 failed, 12 passed”"
    assert "no test fails" in model.told


async def test_criteria_that_are_met_let_the_plan_go_on(desk: Desk) -> None:
    view = await ran(
        desk, ScriptedModel(verdict(True, "2 failed, 12 passed")), TESTS, gate("tests", "tests"), step("ship", "gate")
    )
    assert view.task.outcome is Outcome.OK


@pytest.mark.parametrize(
    "wrong",
    [
        verdict(True, "4 failed, 14 passed"),
        verdict(True, "2"),
        verdict(True, "passed"),
        verdict(True, ", "),
        verdict(True, "2 failed, 12 passed", "d"),
        verdict(True),
        verdict(True, " "),
        '{"met": "yes", "evidence": ["12 passed"]}',
        '{"met": true, "evidence": "12 passed"}',
        "[]",
        "yes",
    ],
)
async def test_a_verdict_without_evidence_that_was_shown_goes_back_once_and_then_fails(desk: Desk, wrong: str) -> None:
    model = ScriptedModel(wrong, wrong)
    view = await ran(desk, model, TESTS, gate("tests", "tests"))
    assert view.task.outcome is Outcome.STEP_FAILED
    assert asked_to_decide(model) == 2


@pytest.mark.parametrize("quote", ["ok", "  ok  ", "ok\n12 fine", "2 warnings, none of them new"])
async def test_a_whole_line_is_evidence_however_short_and_so_is_a_telling_piece_of_one(desk: Desk, quote: str) -> None:
    said = shell("tests", r"printf '  ok  \n12 fine\nthere were 2 warnings, none of them new, sorry\n'")
    quote = quote.replace("ok\n", "ok  \n")
    view = await ran(desk, ScriptedModel(verdict(True, quote)), said, gate("tests", "tests"))
    assert view.task.outcome is Outcome.OK


async def test_what_is_remembered_of_earlier_runs_is_no_evidence(desk: Desk) -> None:
    model = ScriptedModel()
    await desk.open(model=model, real=True)
    await desk.run(shell("lint", "echo 'the linter found nothing at all'"), request="no test fails")
    model.answers += 2 * [verdict(True, "the linter found nothing at all")]
    view = await desk.run(TESTS, gate("tests", "tests"))
    assert "the linter found nothing at all" in model.heard[0][-1].text, "it is told all the same"
    assert view.task.outcome is Outcome.STEP_FAILED
    assert asked_to_decide(model) == 2


async def test_what_the_program_says_of_a_cut_is_no_evidence(desk: Desk) -> None:
    long = shell("tests", "seq 100000")
    model = ScriptedModel(*2 * [verdict(True, "characters left out")])
    (desk.root / "notes.md").write_text("fine\n" * 20_000)
    view = await ran(
        desk, model, *(long | {"id": f"t{n}"} for n in range(9)), gate("notes.md", *(f"t{n}" for n in range(9)))
    )
    assert "characters left out" in model.heard[0][-1].text
    assert view.task.outcome is Outcome.STEP_FAILED


async def test_the_criteria_are_no_evidence_for_themselves(desk: Desk) -> None:
    view = await ran(desk, ScriptedModel(*2 * [verdict(True, "no test fails")]), TESTS, gate("tests", "tests"))
    assert view.task.outcome is Outcome.STEP_FAILED


@pytest.mark.parametrize("artifact", ["gone.md", "../outside.md", "link.md", "folder", "/etc/hostname"])
async def test_what_is_no_step_before_and_no_file_of_the_task_is_not_reviewed(desk: Desk, artifact: str) -> None:
    (desk.root.parent / "outside.md").write_text("secret")
    (desk.root / "link.md").symlink_to(desk.root.parent / "outside.md")
    (desk.root / "folder").mkdir()
    model = ScriptedModel()
    view = await ran(desk, model, gate(artifact))
    assert view.task.outcome is Outcome.STEP_FAILED
    assert not asked_to_decide(model)


async def test_they_are_read_steps_and_need_a_model(desk: Desk) -> None:
    await desk.open(model=ScriptedModel(), real=True)
    view = await desk.show(await desk.plan(ASK, gate("ask", "ask")))
    assert view.plan is not None and {planned.tier for planned in view.plan.steps} == {Tier.READ}
    await desk.reopen(real=True)
    with pytest.raises(InvalidPlan) as refused:
        await desk.plan(ASK)
    assert "research needs a model: none is configured" in str(refused.value.faults[0])
