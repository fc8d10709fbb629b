"""A task in single lines, a step in full, events as sentences: what they say, and that they fit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import (
    EngineInfo,
    Phase,
    Receipt,
    Run,
    RunState,
    StepState,
    TaskSummary,
    TaskView,
    Wait,
    When,
)
from engine.model import events
from engine.model.call import Call, Purpose, Usage
from engine.model.plan import Execute
from engine.model.run import ProcessEnd
from engine.testing import NOON
from tests.hostile import HOSTILE
from tests.tui import scenes
from tui.presentation.brief import progress
from tui.presentation.content import content
from tui.presentation.detail import detail, diff, operand
from tui.presentation.facts import network
from tui.presentation.line import clipped, spread
from tui.presentation.notes import note
from tui.presentation.safe import is_safe
from tui.presentation.steps import unlogged, wanted
from tui.presentation.task import banner, dies, empty, entry, farewell, header, status_line

INFO = EngineInfo(version="0.1.0", pid=1, user="ana", state="~", level="bubblewrap", running=3)


@given(st.text(max_size=300), st.integers(1, 120), st.booleans())
def test_every_line_fits_its_width(text: str, width: int, ascii_only: bool) -> None:
    view = scenes.failed()
    view = replace(view, task=replace(view.task, request=text))
    summary = TaskSummary(task=view.task, counts={StepState.COMPLETED: 3, StepState.FAILED: 1})
    assert status_line(INFO, f"/home/{text}", text, 2, width, ascii_only=ascii_only).cell_length <= max(width, 2)
    assert entry(summary, max(12, width), chosen=True, ascii_only=ascii_only).cell_length <= max(12, width)
    left, right = header(view, NOON, width, ascii_only=ascii_only)
    assert left.cell_length <= max(8, width - right.cell_length)
    assert is_safe(left.plain)


@given(st.text(max_size=80), st.text(max_size=80), st.integers(0, 60))
def test_spread_and_clipped_keep_to_their_width(left: str, right: str, width: int) -> None:
    assert clipped(content(left), width).cell_length <= width
    assert spread(content(left), content(right), width).cell_length <= width


def test_the_status_line_names_a_weak_sandbox_and_a_fault() -> None:
    line = status_line(replace(INFO, level="group", fault="the disk is full"), "/r/api", "ana", 2, 80).plain
    assert "process group" in line
    assert "the disk is full" in line
    assert line.rstrip().endswith("●3 !2")


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (scenes.running(), ("signed 4f1c9a ana ben", "tests", "2:40")),
        (scenes.failed(), ("✗ failed, a step failed", "2:35")),
        (scenes.cancelled(), ("■ cancelled",)),
    ],
)
def test_the_header_says_how_it_stands(view: TaskView, words: tuple[str, ...]) -> None:
    left, right = header(view, NOON, 120)
    assert all(word in left.plain + right.plain for word in words)


def test_an_unsigned_plan_says_so() -> None:
    view = scenes.running()
    unsigned = replace(view, task=replace(view.task, signed="", phase=Phase.AWAITING_APPROVAL))
    assert "not signed: r" in header(unsigned, NOON, 120)[0].plain
    pending = scenes.status("tell", StepState.PENDING)
    assert "signed" in unlogged(pending, unsigned)
    assert "comes first" in unlogged(pending, view)


def test_a_queued_task_says_when_it_begins() -> None:
    view = scenes.running()
    queued, pending = (
        replace(view, task=replace(view.task, phase=Phase.QUEUED)),
        scenes.status("tell", StepState.PENDING),
    )
    assert unlogged(pending, queued) == "queued: it begins when no other task writes in this directory"
    other = replace(view.task, id=11)
    assert unlogged(pending, queued, other) == "queued behind task 11, which writes in the same directory"


@pytest.mark.parametrize(
    ("phase", "waits", "step", "told"),
    [
        (Phase.PAUSED, (Wait.BUDGET,), "baseline", "not started: the task is at a cap of its budget; i asks how"),
        (Phase.PAUSED, (), "baseline", "not started: the task is paused; p goes on"),
        (Phase.EXECUTING, (), "baseline", "not started yet: its turn has not come"),
        (Phase.EXECUTING, (), "tell", "not started yet: what it needs comes first"),
        (Phase.FAILED, (), "baseline", "never ran"),
    ],
)
def test_a_step_that_has_not_begun_says_why(phase: Phase, waits: tuple[Wait, ...], step: str, told: str) -> None:
    view = scenes.running()
    stopped = replace(view, task=replace(view.task, phase=phase, waits=waits))
    assert unlogged(scenes.status(step, StepState.PENDING), stopped).startswith(told)


def test_what_dies_is_named() -> None:
    view = scenes.running()
    assert dies(view, "tests") == "step tests: its processes end, skips migrate, tell"
    assert dies(view, None) == "task 12: ends tests, 2 more never begin"


@pytest.mark.parametrize(
    ("when", "of_step", "of_task"),
    [
        (When.ALWAYS, "", "ends tests, 1 more never begin, then runs migrate"),
        (When.FAILURE, "", "ends tests, 2 more never begin"),
    ],
)
def test_what_a_cancellation_lets_run_is_not_counted_among_the_dead(when: When, of_step: str, of_task: str) -> None:
    view = scenes.running()
    assert view.plan is not None
    steps = tuple(
        replace(planned, step=replace(planned.step, when=when)) if planned.id == "migrate" else planned
        for planned in view.plan.steps
    )
    view = replace(view, plan=replace(view.plan, steps=steps))
    assert dies(view, "tests") == f"step tests: its processes end{of_step}"
    assert dies(view, None) == f"task 12: {of_task}"


def test_progress_counts_what_ended_well() -> None:
    counts = {StepState.COMPLETED: 3, StepState.SKIPPED: 2, StepState.FAILED: 1}
    assert progress(TaskSummary(task=scenes.task(), counts=counts)) == "3/6"
    assert progress(TaskSummary(task=scenes.task())) == ""


def test_hosts_that_were_asked_for_are_not_told_as_a_limit() -> None:
    step = Execute(id="get", command="uv sync", network=("mirror.example.org", "example.org"))
    assert network(step) == "network any host (asked for mirror.example.org example.org)"
    assert network(replace(step, network=True)) == "network any host"
    assert network(replace(step, network=False)) == "network none"


def test_where_to_look_first() -> None:
    assert wanted(scenes.running(), "") == "tests"
    assert wanted(scenes.waiting(), "") == "migrate"
    assert wanted(scenes.failed(), "") == "tests"
    assert wanted(scenes.done(), "") == "tell"
    assert wanted(scenes.done(), "pins") == "pins"


def test_banner_and_farewell_count() -> None:
    assert banner([]).plain == ""
    assert "2 questions wait" in banner([scenes.QUESTION, scenes.DRIFT]).plain
    assert farewell(0, 0, "signoff") == ""
    said = farewell(1, 2, "signoff --state x")
    assert said == "1 step goes on and 2 questions wait for you. Come back with: signoff --state x"
    assert len(empty()) == 3


def test_an_operand_is_shown_with_every_hidden_byte() -> None:
    rows = operand("ls\u200b\n\tprintf '\x1b[2J'\n")
    assert [row.plain.strip() for row in rows] == ["1  ls\\u{200B}", "2  →   printf '\\e[2J'"]


def test_the_detail_of_a_step_tells_its_receipt() -> None:
    receipt = Receipt(ends=(ProcessEnd(pid=7, name="sleep", end="SIGKILL", seconds=2.1),), seconds=2.2)
    run = Run(id=9, task=12, step="migrate", task_attempt=1, attempt=1, state=RunState.CANCELLED, started=NOON - 9)
    rows = detail(scenes.waiting(), "migrate", [replace(run, receipt=receipt)], NOON)
    text = "\n".join(row.plain for row in rows)
    for words in ("DESTRUCTIVE", "DROP TABLE destroys rows → destructive", "secret DSN", "gone in 2.20 s", "SIGKILL"):
        assert words in text
    assert detail(scenes.waiting(), "nobody", [], NOON) == []


def test_a_diff_is_told_of_its_step_alone() -> None:
    assert any(row.plain == " +rm -rf ~" for row in diff([scenes.DRIFT], "migrate"))
    assert "has changed" in diff([scenes.DRIFT], "tests")[0].plain


@pytest.mark.parametrize("kind", sorted(events.KINDS))
def test_every_kind_of_event_is_a_safe_sentence(kind: str) -> None:
    text = HOSTILE["osc52"] + HOSTILE["bidi"]
    view = scenes.waiting()
    fields = {
        "task": replace(view.task, request=text),
        "status": replace(view.steps[0], error=text),
        "statuses": view.steps,
        "signature": replace(view.signatures[0], reason=text),
        "question": scenes.QUESTION,
        "receipt": Receipt(),
        "run": 4,
        "call": Call(id=1, task=12, purpose=Purpose.PLAN, model=text, started=NOON),
        "expected": Usage(),
        "steps": 6,
        "pid": 1,
    }
    fact = events.KINDS[kind]
    made = fact(**{name: fields.get(name, text) for name in fact.__dataclass_fields__})  # type: ignore[attr-defined]
    said = note(events.Event(1, NOON, text, 12, text, made)).plain
    assert is_safe(said)
    assert len(said.split()) > 1
