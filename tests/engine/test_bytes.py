"""Approved bytes are executed bytes: files that change after the signature, and files that steps make (B5.3, S2)."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest

from engine import Answer, Channels, Outcome, Phase, QuestionKind, StepState, Wait
from engine.model.digest import plan_digest
from engine.process.sandbox import bubblewrap
from engine.storage import rows
from engine.wire import encode
from tests.engine.desk import Desk, shell, step

LEVELS = ["group", pytest.param("bubblewrap", marks=pytest.mark.skipif(bubblewrap() is None, reason="no bubblewrap"))]


def tool(desk: Desk, text: str = "echo first >> out.txt\n") -> Path:
    path = desk.root / "tool.sh"
    path.write_text(text)
    return path


def output(desk: Desk) -> str:
    path = desk.root / "out.txt"
    return path.read_text() if path.exists() else ""


RUN_TOOL = {"id": "run", "action": "execute", "command": "bash tool.sh", "idempotent": True}


@pytest.mark.parametrize("level", LEVELS)
async def test_a_signed_file_that_did_not_change_asks_nobody(desk: Desk, level: str) -> None:
    await desk.open(real=True, sandbox=level)
    tool(desk)
    assert (await desk.run(RUN_TOOL)).task.outcome is Outcome.OK
    assert output(desk) == "first\n"


@pytest.mark.parametrize("level", LEVELS)
async def test_a_changed_file_is_refused_shown_and_run_only_as_answered(desk: Desk, level: str) -> None:
    await desk.open(real=True, sandbox=level)
    path = tool(desk)
    task = await desk.plan(RUN_TOOL)
    path.write_text("echo second >> out.txt\n")
    await desk.sign(task)
    question = await desk.asked(task)
    assert question.kind is QuestionKind.DRIFT
    assert "-echo first" in question.diff and "+echo second" in question.diff
    assert question.news[0] == "tool.sh is not what was signed"
    await desk.phase(task, Phase.BLOCKED)
    assert (await desk.show(task)).task.waits == (Wait.DRIFT,)
    assert output(desk) == ""

    path.write_text("echo third >> out.txt\n")
    await desk.answer(question, Answer.ONCE)
    third = await desk.asked_next(question)
    assert output(desk) == ""
    assert "+echo third" in third.diff
    await desk.answer(third, Answer.ONCE)
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert output(desk) == "third\n"


async def test_a_file_that_was_restored_runs_without_another_question(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group")
    path = tool(desk)
    task = await desk.plan(RUN_TOOL)
    path.write_text("echo second >> out.txt\n")
    await desk.sign(task)
    await desk.answer(await desk.asked(task), Answer.DENY, "who did that?")
    first = await desk.ended(task)
    assert first.task.outcome is Outcome.DENIED
    tool(desk)
    await desk.resume(task)
    assert (await desk.ended(task, after=first.seq)).task.outcome is Outcome.OK
    assert output(desk) == "first\n"
    assert desk.kinds(task).count("question_asked") == 1


async def test_a_signed_file_that_is_gone_is_a_change(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group")
    path = tool(desk)
    task = await desk.plan(RUN_TOOL)
    path.unlink()
    await desk.sign(task)
    question = await desk.asked(task)
    assert question.kind is QuestionKind.DRIFT and "-echo first" in question.diff
    await desk.answer(question, Answer.DENY, "no")
    await desk.ended(task)


async def test_a_signed_file_that_became_a_link_out_of_the_root_does_not_run(desk: Desk, tmp_path: Path) -> None:
    await desk.open(real=True, sandbox="group")
    path = tool(desk)
    task = await desk.plan(RUN_TOOL)
    (tmp_path / "evil.sh").write_text("echo first >> out.txt\n")
    path.unlink()
    path.symlink_to(tmp_path / "evil.sh")
    await desk.sign(task)
    view = await desk.ended(task)
    assert (view.task.outcome, output(desk)) == (Outcome.STEP_FAILED, "")
    assert "link leads out" in view.steps[0].error


MAKE = {"id": "make", "action": "execute", "command": "echo 'echo made >> out.txt' > made.sh", "idempotent": True}
USE = {"id": "use", "action": "execute", "command": "bash made.sh", "needs": ["make"], "idempotent": True}


async def test_a_file_that_a_step_makes_may_be_run_by_a_later_one(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group")
    task = await desk.plan(MAKE, USE)
    view = await desk.show(task)
    assert view.plan is not None
    assert [file.produced_by for file in view.plan.steps[1].files] == ["make"]
    await desk.sign(task)
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert output(desk) == "made\n"


async def test_a_file_that_a_step_made_and_another_changed_is_refused(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group")
    desk.script.hold("between")
    task = await desk.begin(MAKE, step("between", "make"), {**USE, "needs": ["make", "between"]})
    await desk.started(task, "between")
    (desk.root / "made.sh").write_text("echo evil >> out.txt\n")
    desk.script.release("between")
    question = await desk.asked(task, "use")
    assert question.kind is QuestionKind.DRIFT
    await desk.answer(question, Answer.DENY, "no")
    await desk.ended(task)
    assert output(desk) == ""


@pytest.mark.parametrize("restart", [False, True])
async def test_a_made_file_is_still_held_to_its_bytes_in_a_later_attempt(desk: Desk, restart: bool) -> None:
    await desk.open(real=True, sandbox="group")
    desk.script.fails("between", "no", then_works=True)
    first = await desk.run(MAKE, step("between", "make"), {**USE, "needs": ["make", "between"]})
    assert first.task.outcome is Outcome.STEP_FAILED
    (desk.root / "made.sh").write_text("echo evil >> out.txt\n")
    if restart:
        await desk.reopen(real=True, sandbox="group")
    await desk.resume(first.task.id)
    question = await desk.asked(first.task.id, "use")
    assert question.kind is QuestionKind.DRIFT
    await desk.answer(question, Answer.DENY, "no")
    await desk.ended(first.task.id, after=question.id and first.seq)
    assert output(desk) == ""


async def test_an_unchanged_made_file_runs_unasked_after_a_restart(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group")
    desk.script.fails("between", "no", then_works=True)
    first = await desk.run(MAKE, step("between", "make"), {**USE, "needs": ["make", "between"]})
    await desk.reopen(real=True, sandbox="group")
    await desk.resume(first.task.id)
    assert (await desk.ended(first.task.id, after=first.seq)).task.outcome is Outcome.OK
    assert output(desk) == "made\n"


async def test_a_file_whose_maker_did_not_make_it_does_not_run_unasked(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group")
    make = {**MAKE, "command": "false > made.sh"}
    task = await desk.plan(make, {**USE, "when": "always"})
    (desk.root / "made.sh").write_text("echo evil >> out.txt\n")
    await desk.sign(task)
    question = await desk.asked(task, "use")
    assert question.kind is QuestionKind.DRIFT
    await desk.answer(question, Answer.DENY, "no")
    await desk.ended(task)
    assert output(desk) == ""


async def test_a_redirect_never_leaves_the_workdir_by_a_link(desk: Desk, tmp_path: Path) -> None:
    await desk.open(real=True, sandbox="group")
    target = tmp_path / "outside.txt"
    target.write_text("precious\n")
    desk.script.hold("before")
    write = {"id": "write", "action": "execute", "command": "echo x > new.txt", "needs": ["before"]}
    pipe = {"id": "pipe", "action": "execute", "command": "echo x > pipe", "needs": ["before"]}
    task = await desk.begin(step("before"), write, pipe)
    await desk.started(task, "before")
    (desk.root / "new.txt").symlink_to(target)
    os.mkfifo(desk.root / "pipe")
    desk.script.release("before")
    await desk.ended(task)
    assert {status.id: status.state for status in (await desk.show(task)).steps if status.id != "before"} == {
        "write": StepState.FAILED,
        "pipe": StepState.FAILED,
    }
    assert target.read_text() == "precious\n"


async def test_a_redirect_replaces_or_appends(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group")
    (desk.root / "sub").mkdir()
    write = {"id": "write", "action": "execute", "command": "echo one > sub/out.txt", "idempotent": True}
    append = {"id": "more", "action": "execute", "command": "echo two >> sub/out.txt", "needs": ["write"]}
    (desk.root / "sub/out.txt").write_text("something much longer\n")
    assert (await desk.run(write, append)).task.outcome is Outcome.OK
    assert (desk.root / "sub/out.txt").read_text() == "one\ntwo\n"


async def test_the_digest_of_a_plan_is_the_one_of_the_row_it_is_read_from(desk: Desk, tmp_path: Path) -> None:
    channels = tmp_path / "channels.toml"
    channels.touch(0o600)
    channels.write_text('ops = "json://127.0.0.1"\n')
    await desk.open(real=True, sandbox="group", channels=Channels(channels))
    tool(desk)
    steps = [
        {**RUN_TOOL, "env": {"B": "2", "A": "é"}, "timeout": "90s", "retry": {"attempts": 3, "backoff": "exponential"}},
        shell("net", "curl x", network=["example.org"], writes=["/tmp/x"], secrets=["TOKEN"], sockets=["docker"]),
        shell("open", "true", network=True, when="always", tier="write"),
        {"id": "t", "action": "test", "command": "true", "workdir": "."},
        {"id": "n", "action": "notify", "message": "hi", "channel": "ops"},
        {"id": "q", "action": "ask", "question": "?", "options": ["a"], "needs": ["n"]},
        step("p", "q"),
    ]
    task = await desk.plan(*steps, accept="person", timeout=60)
    view = await desk.show(task)
    assert view.plan is not None
    with sqlite3.connect(desk.state / "signoff.db") as store:
        body = store.execute("SELECT body FROM plans").fetchone()[0]
    store.close()
    read = rows.plan_of(body)
    assert plan_digest(read) == read.digest == view.task.digest
    assert encode(read) == body


async def test_a_step_timeout_fails_the_step_and_its_siblings_go_on(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group", grace=0.2)
    view = await desk.run(shell("slow", "sleep 60", timeout=0.2), shell("quick", "echo ok"), step("after", "slow"))
    assert await desk.states(1) == {
        "slow": StepState.FAILED,
        "quick": StepState.COMPLETED,
        "after": StepState.SKIPPED,
    }
    run = next(run for run in await desk.runs(1) if run.step == "slow")
    assert (run.state.value, run.failure) == ("timed_out", "timeout")
    assert run.receipt is not None and not run.receipt.survivors
    assert view.task.outcome is Outcome.STEP_FAILED


@pytest.mark.parametrize("level", LEVELS)
async def test_cancelling_a_long_step_is_quick_and_leaves_a_receipt(desk: Desk, level: str) -> None:
    await desk.open(real=True, sandbox=level, grace=0.5)
    task = await desk.begin(shell("slow", "echo up; sleep 60 & sleep 60; wait"))
    await desk.spoke(task, "slow")
    begun = time.monotonic()
    await desk.cancel(task)
    await desk.ended(task)
    assert time.monotonic() - begun < 2
    receipt = (await desk.runs(task))[0].receipt
    assert receipt is not None and not receipt.survivors


async def test_errors_that_a_step_prints_are_kept_short_in_the_store(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group")
    view = await desk.run(shell("loud", "head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 1"))
    assert view.task.outcome is Outcome.STEP_FAILED
    assert len(view.steps[0].error) < 20_000
    assert len(view.steps[0].summary) <= 160
