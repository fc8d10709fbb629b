"""Commands that look: their JSON shapes are a contract, their text is safe, and they ask for nothing but reading."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from engine import (
    AuditReport,
    Explain,
    Explanation,
    ListEvents,
    Need,
    Outcome,
    Phase,
    QuestionKind,
    Reason,
    Receipt,
    Run,
    RunState,
    StepState,
    StepStatus,
    Tier,
    TryModel,
    VerifyAudit,
    Wait,
)
from engine.errors import OverBudget
from engine.model.events import EngineOpened, Event
from engine.testing import NOON, ScriptedEngine
from tests.tui import plans
from tests.tui.cli.outside import call

HEAD = ["id", "request", "phase", "attempt", "revision", "digest", "outcome", "interrupted"]
STEP = ["id", "action", "operand", "tier", "declared_tier", "reasons", "needs", "state", "exit_code", "error", "log"]
HOSTILE = "clear \x1b[2J\u202e the screen"


def told(engine: ScriptedEngine, *words: str) -> Any:
    said = call(engine, *words)
    assert said.code == 0
    assert said.out.count("\n") == 1, "one JSON object a line"
    return json.loads(said.out)


def test_show_has_the_documented_shape() -> None:
    view = plans.to_review()
    failed = replace(view.steps[0], state=StepState.FAILED, exit_code=2, error="exit 2", run=4)
    view = replace(view, steps=(failed, *view.steps[1:]), logs={"baseline": "/state/logs/4.log"})
    shown = told(ScriptedEngine(view), "show", "12", "--json")
    assert list(shown) == [*HEAD, "steps"]
    assert [list(step) for step in shown["steps"]] == [STEP] * 12
    assert shown["steps"][0] == {
        "id": "baseline",
        "action": "test",
        "operand": "pytest -q",
        "tier": "execute",
        "declared_tier": None,
        "reasons": [],
        "needs": [],
        "state": "failed",
        "exit_code": 2,
        "error": "exit 2",
        "log": "/state/logs/4.log",
    }
    assert shown["steps"][8]["reasons"] == [
        "line 2: pg_dump writes backup/pre21.dump",
        "line 5: DROP TABLE drops a table",
    ]


def test_ls_is_a_list_of_the_same_objects_without_steps() -> None:
    done = replace(plans.to_review(), task=plans.task(Phase.COMPLETED, id=11, outcome=Outcome.OK))
    listed = told(ScriptedEngine(plans.to_review(), done), "ls", "--json")
    assert [list(entry) for entry in listed] == [HEAD, HEAD]
    assert [entry["id"] for entry in listed] == [12, 11]
    assert [entry["outcome"] for entry in listed] == [None, "ok"]


def test_without_an_owner_nothing_is_said_to_run() -> None:
    view = plans.view_of(*plans.twelve()[:2], phase=Phase.EXECUTING)
    running = replace(view.steps[0], state=StepState.RUNNING, started=0.0, run=7)
    engine = ScriptedEngine(replace(view, steps=(running, view.steps[1])))
    run = Run(id=7, task=12, step="baseline", task_attempt=1, attempt=1, state=RunState.RUNNING, started=0.0)
    engine.runs = (run,)
    listed = call(engine, "ls", owned=False).out
    assert "~ interrupted" in listed
    assert listed.rstrip().endswith(": nobody runs it; go on: signoff run 12")
    assert json.loads(call(engine, "ls", "--json", owned=False).out)[0]["interrupted"] is True
    shown = call(engine, "show", "12", owned=False).out
    assert "~ 1 baseline" in shown
    assert "~ task 12 interrupted\n" in shown
    assert shown.endswith("nobody runs it; go on: signoff run 12\n")
    whole = json.loads(call(engine, "show", "12", "--json", owned=False).out)
    assert (whole["interrupted"], whole["steps"][0]["state"]) == (True, "interrupted")
    assert "interrupted" in call(engine, "runs", "12", owned=False).out
    followed = call(engine, "log", "12", "baseline", "--follow", owned=False)
    assert "nobody runs task 12; go on: signoff run 12" in followed.err


def test_without_an_owner_the_inbox_names_what_nobody_runs() -> None:
    engine = ScriptedEngine(plans.view_of(*plans.twelve()[:2], phase=Phase.EXECUTING))
    assert call(engine, "inbox").out == ""
    told = call(engine, "inbox", owned=False)
    assert told.out.rstrip().endswith("nobody runs it; go on: signoff run 12")
    assert told.err == ""
    (entry,) = json.loads(call(engine, "inbox", "--json", owned=False).out)
    assert (entry["task"], entry["kind"]) == (12, "interrupted")


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        (QuestionKind.INTERRUPTED, "signoff answer ID STEP again|done|fail"),
        (QuestionKind.CONFIRMATION, "signoff confirm ID STEP, or signoff deny ID STEP --reason TEXT"),
        (QuestionKind.ASK, "signoff answer ID STEP TEXT"),
    ],
)
def test_the_inbox_hints_the_words_that_answer(kind: QuestionKind, how: str) -> None:
    question = replace(plans.QUESTION, kind=kind)
    told = call(ScriptedEngine(plans.asking(question, replace(question, id=2))), "inbox").out
    assert told.splitlines()[2:] == [how]


def test_with_an_owner_what_runs_is_said_to_run() -> None:
    engine = ScriptedEngine(plans.view_of(*plans.twelve()[:2], phase=Phase.EXECUTING))
    assert "* running" in call(engine, "ls").out
    assert json.loads(call(engine, "ls", "--json").out)[0]["interrupted"] is False


def test_ls_has_a_line_for_each_task_and_reads_only() -> None:
    said = call(ScriptedEngine(plans.to_review()), "ls")
    assert said.out.split() == "12 ! to review 0/12 Upgrade SQLAlchemy to 2.1".split()
    assert said.needs == [Need.READ]


def test_ls_says_why_a_task_waits() -> None:
    writing = plans.view_of(*plans.twelve(), phase=Phase.EXECUTING)
    behind = replace(writing, task=replace(writing.task, id=13, phase=Phase.QUEUED))
    blocked = replace(writing.task, id=14, phase=Phase.BLOCKED, waits=(Wait.HELD,), root="/elsewhere")
    steps = tuple(replace(each, held_by="ben") if each.id == "pins" else each for each in writing.steps)
    said = call(ScriptedEngine(writing, behind, replace(writing, task=blocked, steps=steps)), "ls")
    listed = {line.split()[0]: line for line in said.out.splitlines()}
    assert "behind task 12, which writes in the same directory" in listed["13"]
    assert "pins is held by ben, and what needs it waits: signoff release 14 pins" in listed["14"]
    assert said.needs == [Need.READ]


def test_show_says_behind_which_task_it_is_queued() -> None:
    writing = plans.view_of(*plans.twelve(), phase=Phase.EXECUTING)
    queued = replace(writing, task=replace(writing.task, id=13, phase=Phase.QUEUED))
    engine = ScriptedEngine(writing, queued)
    said = call(engine, "show", "13")
    head, _, rest = said.out.partition("\n\n")
    assert "queued behind task 12, which writes in the same directory" in " ".join(head.split())
    assert "behind task 12, which writes in the same directory; it begins by itself when that has ended" in rest
    assert "run it:" not in said.out
    del engine.views[12]
    assert "run it: signoff run 13" in call(engine, "show", "13").out


def test_an_empty_list_says_how_to_begin() -> None:
    said = call(ScriptedEngine(), "ls")
    assert (said.code, said.out) == (0, "")
    assert "signoff run" in said.err


def test_plain_tells_states_in_words() -> None:
    assert "to review:" in call(ScriptedEngine(plans.to_review()), "ls", "--plain").out
    assert "to review:" in call(ScriptedEngine(plans.to_review()), "--plain", "ls").out


def test_show_tells_the_operands_and_how_to_go_on() -> None:
    said = call(ScriptedEngine(plans.to_review()), "show", "12")
    assert "git push origin release/2.1" in said.out
    assert "signoff approve 12" in said.out


@pytest.mark.parametrize("words", [["show", "12"], ["show", "12", "--md"]])
def test_show_tells_the_text_of_signed_files(words: list[str]) -> None:
    engine = ScriptedEngine(plans.to_review())
    engine.contents = dict(plans.CONTENTS)
    assert "script_location = migrations" in call(engine, *words).out


def test_markdown_is_for_a_comment() -> None:
    assert call(ScriptedEngine(plans.to_review()), "show", "12", "--md").out.startswith("## Plan 12, revision 3")


@pytest.mark.parametrize("words", [["ls"], ["show", "12"], ["show", "12", "--json"], ["inbox"], ["show", "12", "--md"]])
def test_nothing_hostile_is_printed(words: list[str]) -> None:
    view = plans.asking(replace(plans.QUESTION, news=(HOSTILE,)))
    hostile = replace(view, task=replace(view.task, request=HOSTILE, error=HOSTILE))
    said = call(ScriptedEngine(hostile), *words)
    assert said.code == 0
    assert "\x1b" not in said.out
    assert "\u202e" not in said.out


def test_a_task_that_is_not_there() -> None:
    said = call(ScriptedEngine(), "show", "7")
    assert said.code == 2
    assert said.out == ""
    assert "There is no task 7" in said.err


def test_errors_with_json_have_the_documented_shape() -> None:
    said = call(ScriptedEngine(), "show", "7", "--json")
    assert said.code == 2
    (error,) = json.loads(said.out)["errors"]
    assert list(error) == ["file", "line", "column", "field", "message"]
    assert error["message"].startswith("There is no task 7")


def test_the_inbox_holds_plans_and_questions() -> None:
    waiting = replace(plans.to_review(), task=plans.task(id=13))
    entries = told(ScriptedEngine(plans.asking(plans.QUESTION), waiting), "inbox", "--json")
    assert [(entry["task"], entry["step"], entry["kind"]) for entry in entries] == [
        (13, None, "approval"),
        (12, "migrate", "confirmation"),
    ]
    assert list(entries[0]) == list(entries[1])


def test_runs_with_their_receipts() -> None:
    engine = ScriptedEngine(plans.to_review())
    receipt = Receipt(seconds=0.5, level="bubblewrap")
    engine.runs = (
        Run(
            id=4,
            task=12,
            step="tests",
            task_attempt=1,
            attempt=2,
            state=RunState.CANCELLED,
            started=NOON,
            ended=NOON + 5,
            receipt=receipt,
        ),
    )
    assert "tests: gone in 0.50 s, 0 processes, none alive" in call(engine, "runs", "12").out
    (entry,) = told(engine, "runs", "12", "--json")
    assert (entry["state"], entry["receipt"]["seconds"]) == ("cancelled", 0.5)


def log_engine(log: bytes) -> ScriptedEngine:
    view = plans.to_review()
    ran = StepStatus(id="baseline", state=StepState.COMPLETED, run=4)
    engine = ScriptedEngine(replace(view, steps=(ran, *view.steps[1:])), logs={4: log})
    engine.runs = (
        Run(id=4, task=12, step="baseline", task_attempt=1, attempt=1, state=RunState.COMPLETED, started=NOON),
    )
    return engine


@pytest.mark.parametrize("step", ["baseline", "1"])
def test_a_log_by_number_or_id_is_printed_line_by_line(step: str) -> None:
    engine = log_engine(b"\x1b[32mgreen\x1b[0m\nclear\x1b[2J\nlast")
    assert call(engine, "log", "12", step, "-f").out == "green\nclear\\e[2J\nlast\n"


def test_a_step_that_wrote_nothing_says_so() -> None:
    engine = ScriptedEngine(plans.view_of(*plans.twelve()[:2]))
    view = engine.views[12]
    engine.views[12] = replace(view, steps=(replace(view.steps[0], run=7), view.steps[1]))
    engine.runs = (
        Run(
            id=7, task=12, step="baseline", task_attempt=1, attempt=1, state=RunState.COMPLETED, started=0.0, ended=1.0
        ),
    )
    said = call(engine, "log", "12", "baseline", "--plain")
    assert (said.code, said.out, said.err) == (0, "", "baseline has written nothing\n")
    engine.logs[7] = b"one line\n"
    assert call(engine, "log", "12", "baseline", "--plain").err == ""


def test_a_step_that_never_ran_has_no_log() -> None:
    said = call(log_engine(b""), "log", "12", "2")
    assert (said.code, said.out) == (0, "")
    assert "has not run" in said.err


def test_an_unknown_step_is_named() -> None:
    said = call(log_engine(b""), "log", "12", "13")
    assert said.code == 2
    assert "no step '13'" in said.err


@pytest.mark.parametrize(("verdict", "code"), [("run", 0), ("ask", 2), ("refuse", 3)])
def test_explain_exits_as_its_verdict(verdict: str, code: int) -> None:
    engine = ScriptedEngine()
    asked: list[Explain] = []
    reason = Reason(Tier.EXTERNAL, "git push sends commits to a remote", "git push")

    def answer(query: Explain) -> Explanation:
        asked.append(query)
        return Explanation(tier=Tier.EXTERNAL, reasons=(reason,), verdict=verdict)

    engine.answers[Explain] = answer
    said = call(engine, "explain", "--json", "--", "git", "push", "a b")
    assert said.code == code
    assert json.loads(said.out) == {
        "tier": "external",
        "reasons": ["git push sends commits to a remote"],
        "verdict": verdict,
    }
    assert asked == [Explain(operand="git push 'a b'", root="/")]
    assert call(engine, "explain", "--shell", "rm -rf /").code == code
    assert asked[-1] == Explain(operand="rm -rf /", shell=True, root="/")


def test_audit_names_the_first_bad_row() -> None:
    engine = ScriptedEngine()
    engine.answers[VerifyAudit] = lambda query: AuditReport(
        ok=False, events=7, head="ab", first_bad=7, problem="its payload was changed"
    )
    said = call(engine, "audit")
    assert said.code == 1
    assert "event 7: its payload was changed" in said.out


def test_audit_export_is_one_event_a_line() -> None:
    engine = ScriptedEngine()
    event = Event(1, NOON, "@engine", None, None, EngineOpened("0.1.0", 7, "group"))
    engine.answers[ListEvents] = lambda query: () if query.after else (event,)
    line = json.loads(call(engine, "audit", "export").out)
    assert list(line) == ["seq", "time", "actor", "kind", "task", "step", "data"]
    assert line["data"] == {"version": "0.1.0", "pid": 7, "level": "group", "recovered": []}


@pytest.mark.parametrize("words", [f"{'9' * 20}..1", "1..x", "..", "²..3"])
def test_revisions_that_are_none_are_told(words: str) -> None:
    said = call(ScriptedEngine(plans.to_review()), "diff", "12", words)
    assert said.code == 2
    assert "names no two revisions" in said.err


def test_a_step_number_beyond_counting_is_no_step() -> None:
    said = call(ScriptedEngine(plans.to_review()), "runs", "12", "9" * 5000)
    assert said.code == 2
    assert "Task 12 has no step" in said.err


def test_doctor_has_the_engine_try_the_models_that_are_set_for_this_call() -> None:
    engine = ScriptedEngine()
    said = call(engine, "doctor", "--model", "--set", "model.name=openai/mine", "--set", "model.fallbacks=openai/other")
    assert [replace(each, key="") for each in engine.done] == [
        TryModel(model="openai/mine", key=""),
        TryModel(model="openai/other", key=""),
    ]
    assert said.out.count("model call") == 2
    engine.refusal = OverBudget(problem="No room", ways=(), hint="signoff config edit")
    said = call(engine, "doctor", "--model", "--set", "model.name=openai/mine")
    assert (said.code, "No room; nothing was sent; signoff config edit" in said.out) == (1, True)
