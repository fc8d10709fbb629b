"""What a step did, as it is told: in the detail, the diff, the notes, and to whoever confirms."""

from __future__ import annotations

from dataclasses import replace

from engine import Changes, Event, Made, Run, RunState, StepEnded
from engine.testing import NOON
from tests.tui import plans, scenes
from tui.presentation.batch import batchable
from tui.presentation.detail import detail, diff
from tui.presentation.inbox import Item
from tui.presentation.notes import note
from tui.presentation.question import facts_page, operand_page


def rows(run: Run | None = None) -> list[str]:
    told = detail(scenes.reported(), "tests", [run] if run else [], NOON)
    return [" ".join(row.plain.split()) for row in told]


def test_the_detail_tells_counts_and_changed_files() -> None:
    told = rows(scenes.report())
    assert "tests 213 passed, 1 failed, 3 skipped" in told
    at = told.index("changed 212 files while 2 others ran")
    assert told[at + 1 : at + 7] == [
        "M src/api/models.py +12 -3",
        "A src/api/session.py +41 -0",
        "D src/legacy/query.py +0 -118",
        "M static/logo.png",
        "A \\xff\\e[2Jevil\\u{202E}.py +1 -0",
        "and 207 more",
    ]
    assert not any("test session" in row for row in told)  # the counts stand for the first line


def test_the_detail_tells_the_count_where_the_run_is_not_known() -> None:
    told = rows()
    assert "changed 212 files while 2 others ran" in told and not any("more" in row for row in told)


def test_the_detail_tells_that_nothing_changed_or_why_nobody_knows() -> None:
    run = scenes.report()
    assert "changed no file" in rows(replace(run, changed=Changes()))
    assert "changed not recorded: too many" in rows(replace(run, changed=Changes(unknown="too many")))


def test_the_diff_of_a_step_is_what_it_made_unless_it_asks() -> None:
    run = replace(scenes.report(), step="codemod", state=RunState.COMPLETED, produced={"x": Made(diff="-old\n+new\n")})
    assert [row.plain for row in diff([], "codemod", [run])] == [" -old", " +new"]
    assert diff([plans.MADE], "migrate", [run])[0].plain == " --- migrations/21.py (before codemod)"
    assert "has changed" in diff([], "codemod", [replace(run, produced={})])[0].plain


def test_a_note_tells_what_a_step_did() -> None:
    event = Event(1, NOON, "engine", 12, "tests", StepEnded(scenes.reported().steps[3]))
    assert note(event).plain.endswith("· 213 passed, 1 failed, 3 skipped · changed 212 files while 2 others ran")


def test_a_confirmation_shows_what_other_steps_made() -> None:
    view = plans.asking(plans.MADE)
    page = operand_page(plans.MADE, view, {})
    assert (page.diff, page.diff_title.split(":")[0]) == (
        plans.MADE.diff,
        "what other steps made of the files it executes",
    )
    told = {line.label: line.text for line in facts_page(plans.MADE, view, NOON).lines if line.label}
    assert told["new"] == "migrations/21.py is as codemod left it"
    assert told["bytes"] == "4f1c9a as signed ✓ with what other steps made, shown above"


def test_what_must_be_read_by_itself_is_not_answered_together_with_others() -> None:
    items = [Item(plans.task(), NOON, question, plans.asking(question)) for question in (plans.QUESTION, plans.MADE)]
    assert [batchable(item) for item in items] == [True, False]
