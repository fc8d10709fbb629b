"""What a step did: recorded with its run, and told to whoever must decide next (B5.3, B5.6, B6.3, B6.4)."""

from __future__ import annotations

import time

import pytest

from engine import Answer, Outcome, QuestionKind, RunState, StepState
from engine.model.effect import ChangeKind, Changes, FileChange, TestSummary
from engine.model.events import StepEnded
from engine.process.sandbox import bubblewrap
from engine.workspace import new_repository
from tests.engine.desk import Desk, shell, step

LEVELS = ["group", pytest.param("bubblewrap", marks=pytest.mark.skipif(bubblewrap() is None, reason="no bubblewrap"))]
ADDED, MODIFIED = ChangeKind.ADDED, ChangeKind.MODIFIED


@pytest.mark.parametrize("level", LEVELS)
async def test_a_run_tells_which_files_changed_and_how_much(desk: Desk, level: str) -> None:
    (desk.root / "a.txt").write_text("one\ntwo\n")
    (desk.root / ".gitignore").write_text("cache/\n")
    assert await new_repository(desk.root)
    await desk.open(real=True, sandbox=level)
    script = "echo three >> a.txt; mkdir cache out; echo x > cache/x; echo y > out/y"
    view = await desk.run(shell("it", script))
    (run,) = await desk.runs(view.task.id)
    files = (
        FileChange(path="a.txt", kind=MODIFIED, added=1, removed=0),
        FileChange(path="out/y", kind=ADDED, added=1, removed=0),
    )
    assert run.changed == Changes(files=files, count=2)
    assert view.steps[0].changed == Changes(count=2)
    assert view.steps[0].did == "changed 2 files"
    ended = await desk.fact(StepEnded, view.task.id)
    assert ended.status == view.steps[0]


async def test_what_only_reads_is_not_looked_at(desk: Desk) -> None:
    await desk.open(real=True)
    view = await desk.run({"id": "read", "action": "execute", "command": "ls"}, step("text", "read"))
    assert [run.changed for run in await desk.runs(view.task.id)] == [None, None]
    assert [status.changed for status in view.steps] == [None, None]


async def test_steps_that_ran_side_by_side_say_so(desk: Desk) -> None:
    await desk.open(real=True)
    wait = "until [ -e {0} ]; do sleep 0.01; done"
    view = await desk.run(
        shell("a", f"touch a; {wait.format('b')}", timeout=20),
        shell("b", f"touch b; {wait.format('a')}", timeout=20),
        shell("after", "touch c", "a", "b"),
    )
    told = {status.id: status.did for status in view.steps}
    beside = "changed 2 files while 1 other ran"
    assert told == {"a": beside, "b": beside, "after": "changed 1 file"}


async def test_a_failed_and_a_cancelled_run_tell_what_they_left(desk: Desk) -> None:
    await desk.open(real=True, grace=0.2)
    task = await desk.begin(
        shell("bad", "touch half; exit 3"), shell("long", "touch begun; echo up; sleep 60", "bad", when="failure")
    )
    await desk.spoke(task, "long")
    await desk.cancel(task)
    await desk.ended(task)
    bad, long = await desk.runs(task)
    assert (bad.state, long.state) == (RunState.FAILED, RunState.CANCELLED)
    assert bad.changed is not None and [file.path for file in bad.changed.files] == ["half"]
    assert long.changed is not None and [file.path for file in long.changed.files] == ["begun"]


async def test_the_target_of_a_redirect_was_changed_by_its_step(desk: Desk) -> None:
    await desk.open(real=True)
    view = await desk.run({"id": "it", "action": "execute", "command": "printf 'a\\nb\\n' > out.txt"})
    (run,) = await desk.runs(view.task.id)
    assert run.changed == Changes(files=(FileChange(path="out.txt", kind=ADDED, added=2, removed=0),), count=1)


@pytest.mark.parametrize(("verdict", "state"), [("OK", StepState.COMPLETED), ("FAILED", StepState.FAILED)])
async def test_a_test_step_keeps_the_counts_of_its_output(desk: Desk, verdict: str, state: StepState) -> None:
    await desk.open(real=True)
    failed = int(verdict == "FAILED")
    end = f"{verdict} (skipped=2{', failures=1' * failed})"
    (desk.root / "t.sh").write_text(f"echo begins\necho 'Ran 12 tests in 0.1s\n{end}' >&2\nexit {failed}\n")
    tests = {"id": "tests", "action": "test", "command": "bash t.sh"}
    plain = {"id": "plain", "action": "execute", "command": "bash t.sh", "needs": ["tests"], "when": "always"}
    view = await desk.run(tests, plain)
    counts = TestSummary(passed=10 - failed, failed=failed, skipped=2)
    assert (view.steps[0].state, view.steps[0].tests, view.steps[1].tests) == (state, counts, None)
    assert [run.tests for run in await desk.runs(view.task.id)] == [counts, None]
    assert view.steps[0].did == counts.text


GENERATE = shell("gen", "printf 'echo new\\necho more\\n' > run.sh", writes=["run.sh"])
RUN = {"id": "go", "action": "execute", "command": "bash run.sh", "needs": ["gen"], "tier": "destructive"}


async def test_the_confirmation_shows_what_another_step_made_of_a_file(desk: Desk) -> None:
    await desk.open(real=True)
    (desk.root / "run.sh").write_text("echo old\necho more\n")
    (desk.root / "t.sh").write_text("echo '214 passed in 1.2s'\n")
    tests = {"id": "tests", "action": "test", "command": "bash t.sh"}
    task = await desk.begin(
        tests, GENERATE, shell("other", "touch x y", "tests", "gen"), {**RUN, "needs": ["gen", "other"]}
    )
    question = await desk.asked(task, "go")
    assert question.kind is QuestionKind.CONFIRMATION
    assert question.diff == (
        "--- run.sh (before gen)\n+++ run.sh (after gen)\n@@ -1,2 +1,2 @@\n-echo old\n+echo new\n echo more\n"
    )
    assert question.news[0] == "run.sh is as gen left it"
    assert next(line for line in question.news if line.startswith("other completed")).endswith(": changed 2 files")
    assert question.news[-1] == "nothing failed"
    run = next(run for run in await desk.runs(task) if run.step == "gen")
    assert run.produced["run.sh"].diff == question.diff
    await desk.answer(question, Answer.ONCE)
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_what_a_step_made_is_shown_also_after_the_engine_was_gone(desk: Desk) -> None:
    await desk.open(real=True)
    task = await desk.begin(GENERATE, RUN)
    question = await desk.asked(task, "go")
    assert "+echo new" in question.diff
    await desk.answer(question, Answer.DENY, "not now")
    await desk.ended(task)
    await desk.reopen(real=True)
    seq = await desk.seq()
    await desk.resume(task)
    assert (await desk.asked(task, "go", after=seq)).diff == question.diff


async def test_what_is_not_as_its_maker_left_it_is_shown_whole(desk: Desk) -> None:
    await desk.open(real=True)
    meddle = shell("meddle", "printf 'evil\\n' > $(echo run).sh", "gen")
    question = await desk.asked(await desk.begin(GENERATE, meddle, {**RUN, "needs": ["meddle"]}), "go")
    assert question.kind is QuestionKind.DRIFT
    assert question.diff == "--- run.sh (as gen left it: not kept)\n+++ run.sh (now)\n@@ -0,0 +1 @@\n+evil\n"


async def test_a_file_made_to_be_hard_to_compare_does_not_hold_up_the_engine(desk: Desk) -> None:
    await desk.open(real=True)
    lines = [f"{number:x}\n" for number in range(12_000)]
    tool(desk, "".join(lines))
    task = await desk.plan({"id": "it", "action": "execute", "command": "bash tool.sh"})
    tool(desk, "".join(line for pair in zip(lines[1::2], lines[::2], strict=True) for line in pair))
    began = time.monotonic()
    await desk.sign(task)
    question = await desk.asked(task)
    assert question.kind is QuestionKind.DRIFT and "characters more are not shown" in question.diff
    assert time.monotonic() - began < 3


def tool(desk: Desk, text: str) -> None:
    (desk.root / "tool.sh").write_text(text)
