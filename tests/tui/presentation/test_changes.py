"""Two texts laid over each other: nothing of either is lost, and words show where a line was changed."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine import Comparison, compare
from engine.model.plan import Test
from tests.tui import plans
from tui.presentation.changes import changed_lines, comparison_lines
from tui.presentation.operand import lines_of

LINES = st.lists(st.sampled_from(["make test", "make tests -k a", "", "  cp a b", "rm -rf build"]), max_size=12)


GONE = "notes"


def told(before: str, after: str) -> list[str]:
    return [f"{line.mark} {line.number} {line.text}" for line in changed_lines(before, after)]


def test_a_changed_line_shows_its_words() -> None:
    before = "set -e\npsql -c 'DROP TABLE sessions'\n"
    assert told(before, before.replace("sessions", "sessions_old")) == [
        "  1 set -e",
        "~ 2 psql -c 'DROP TABLE [-sessions-]{+sessions_old+}'",
    ]


def test_lines_with_little_in_common_are_gone_and_new() -> None:
    assert told("alembic upgrade head", "echo nothing to do") == ["- 1 alembic upgrade head", "+ 1 echo nothing to do"]


def test_a_line_that_holds_marks_of_its_own_is_told_whole() -> None:
    assert told("echo {+a+} b c", "echo {+a+} b d") == ["- 1 echo {+a+} b c", "+ 1 echo {+a+} b d"]


def test_lines_that_come_and_go_keep_their_numbers() -> None:
    assert told("a\nb\nc", "a\nc\nd") == ["  1 a", "- 2 b", "  2 c", "+ 3 d"]


@given(LINES, LINES)
def test_both_texts_can_be_read_from_the_one(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old), "\n".join(new)
    found = changed_lines(before, after)
    for text, gone in ((before, "+"), (after, "-")):
        kept = ["".join(piece for mark, piece in line.pieces if mark != gone) for line in found if line.mark != gone]
        assert kept == lines_of(text)


def comparison() -> Comparison:
    plan = plans.view_of(*plans.twelve()).plan
    assert plan is not None
    assert plan.steps[-1].id == GONE
    quieter = Test(id="baseline", command="pytest -q -x")
    steps = [replace(each, step=quieter) if each.id == quieter.id else each for each in plan.steps[:-1]]
    return compare(plan, replace(plan, revision=4, steps=tuple(steps)))


def test_a_comparison_says_why_it_asks_again_and_what_changed() -> None:
    lines = list(comparison_lines(comparison(), note="quieter"))
    assert lines[0] == "revision 3 -> 4: 0 added, 1 changed, 1 dropped"
    assert "  note: quieter" in lines
    assert "  baseline: another operand (command)" in lines
    assert "~ baseline  command" in lines
    assert any("{+" in line for line in lines)
    assert f"- {GONE}" in lines


def test_a_comparison_that_widens_nothing_says_so() -> None:
    plan = plans.view_of(*plans.twelve()).plan
    assert plan is not None
    assert "nothing widens: signatures are carried over" in list(comparison_lines(compare(plan, plan)))
