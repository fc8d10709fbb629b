"""What a step did, on the command line."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from engine import StepState
from engine.testing import ScriptedEngine
from tests.tui import plans, scenes
from tests.tui.cli.outside import call
from tests.tui.cli.test_cli_reading import told
from tui.cli.console import Console
from tui.cli.lines import question_lines


def engine() -> ScriptedEngine:
    made = ScriptedEngine(scenes.reported())
    made.runs = (scenes.report(),)
    return made


def test_show_tells_it_in_the_line_of_the_step() -> None:
    effects = "213 passed, 1 failed, 3 skipped · changed 212 files while 2 others ran"
    assert f"exit 2: 1 failed, 213 passed · {effects}" in call(engine(), "show", "12").out


def test_a_step_that_went_well_tells_its_counts_in_place_of_its_first_line() -> None:
    view = scenes.reported()
    tests = replace(view.steps[3], state=StepState.COMPLETED, error="", exit_code=0)
    out = call(ScriptedEngine(replace(view, steps=(*view.steps[:3], tests, *view.steps[4:]))), "show", "12").out
    assert "1:12  213 passed, 1 failed, 3 skipped · changed 212 files" in out and "test session" not in out


def test_runs_tell_how_much_and_of_one_step_which_files() -> None:
    out = call(engine(), "runs", "12").out
    assert "changed 212 files while 2 others ran" in out and "models.py" not in out
    out = call(engine(), "runs", "12", "tests").out
    assert "  M src/api/models.py  +12 -3\n" in out
    assert "  A \\xff\\e[2Jevil\\u{202E}.py  +1 -0\n  and 207 more\n" in out
    (entry,) = told(engine(), "runs", "12", "--json")
    assert (entry["changed"]["count"], entry["changed"]["files"][0]) == (
        212,
        {"path": "src/api/models.py", "kind": "modified", "added": 12, "removed": 3},
    )


def test_the_object_of_show_is_as_it_was() -> None:
    shown = told(engine(), "show", "12", "--json")
    assert {"changed", "tests"}.isdisjoint(shown["steps"][3])


def test_a_question_shows_what_other_steps_made() -> None:
    lines = list(question_lines(plans.MADE, plans.asking(plans.MADE), Console(StringIO(), StringIO(), {})))
    assert any(line.strip() == "+    drop('sessions')" for line in lines)
    assert lines[-1].endswith(", bytes as signed, with what other steps made")
