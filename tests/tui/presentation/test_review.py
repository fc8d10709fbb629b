"""The review as text: what must be read, what a skip takes along, what a signature would mean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Plan, PlannedStep, StepState, Tier, When
from engine.model.frontier import Frontier
from engine.model.plan import Execute
from engine.testing import NOON
from tests.tui import plans
from tui.presentation.facts import headline
from tui.presentation.line import spread
from tui.presentation.reading import Reading, cascade, missing
from tui.presentation.review import heading, line, rows
from tui.presentation.review_head import history, signing, title


def _reading(read: frozenset[str] = frozenset(), skipped: frozenset[str] = frozenset()) -> Reading:
    return Reading.of(plans.without(plans.to_review(), *skipped), read)


def test_risky_steps_stand_first_and_routine_ones_are_folded_by_tier() -> None:
    shown = rows(_reading())
    assert [row.heading or (row.planned and row.planned.id) or row.group for row in shown] == [
        "read these", "migrate", "push", "routine", Tier.EXECUTE, Tier.WRITE, Tier.READ,
    ]  # fmt: skip
    assert [row.numbers for row in shown if row.group] == [(1, 4, 5, 6, 7, 8), (3,), (2, 10, 12)]


def test_a_folded_tier_names_its_steps_as_far_as_they_fit() -> None:
    reading = _reading()
    execute = next(row for row in rows(reading) if row.group is Tier.EXECUTE)
    assert "6 execute  1 baseline, 4 codemod, 5 docs, 6 tests, 7 bench, 8 chart" in line(execute, reading, 80).plain
    assert line(execute, reading, 30).plain.endswith("…")
    assert "baseline" not in line(execute, reading, 80, opened=True).plain


def test_an_opened_tier_shows_its_steps_below_it() -> None:
    shown = rows(_reading(), {Tier.WRITE})
    place = next(position for position, row in enumerate(shown) if row.group is Tier.WRITE)
    planned = shown[place + 1].planned
    assert planned is not None and planned.id == "pins"


def test_what_is_skipped_shows_though_its_tier_is_folded() -> None:
    reading = _reading(skipped=frozenset({"bench"}))
    shown = {row.planned.id: line(row, reading, 80).plain for row in rows(reading) if row.planned}
    assert "skip → skips 8 chart" in shown["bench"]
    assert "skipped with bench" in shown["chart"]


def test_a_name_that_looks_like_another_is_never_folded_away() -> None:
    odd = PlannedStep(step=Execute(id="odd", command="curl gіthub.com"), tier=Tier.READ)  # noqa: RUF001
    view = plans.view_of(odd, plans.twelve()[1])
    assert "odd" in [row.planned.id for row in rows(Reading.of(view)) if row.planned]


def test_what_is_missing_is_named_until_all_that_asks_was_read_or_skipped() -> None:
    assert "9 migrate, 11 push" in missing(_reading())
    assert "11 push" in missing(_reading(read=frozenset({"migrate"})))
    assert missing(_reading(read=frozenset({"migrate", "push"}))) == ""
    assert missing(_reading(skipped=frozenset({"migrate"}))) == ""
    assert heading(rows(_reading())[0], _reading(read=frozenset({"push"}))) == ("read these", "1 of 2 read")


def test_a_step_that_the_policy_asks_for_must_be_read_whatever_its_tier() -> None:
    asked = replace(plans.twelve()[2], asks=True)
    view = plans.view_of(plans.twelve()[0], asked)
    reading = Reading.of(view)
    assert [planned.id for planned in reading.unread] == ["pins"]
    assert "2 pins" in missing(reading)
    assert "asks again at run" in headline(asked)
    assert "1 asks again at run" in signing(view, reading, "ana", NOON)


def test_a_signature_says_what_runs_what_does_not_and_what_asks_again() -> None:
    said = signing(plans.to_review(), _reading(skipped=frozenset({"bench", "push"})), "ana", NOON)
    assert said == "Sign rev 3 4f1c9a as ana: 8 run, 4 skipped, 1 asks again at run?"


def test_history_fits_the_room_it_has() -> None:
    view = plans.to_review()
    assert history(view, NOON, 80) == "this digest ran well 3 times, last 2 days ago, signed by ben"
    assert history(view, NOON, 50) == "ran well 3 times, 2 days ago, signed by ben"
    assert history(view, NOON, 30) == "ran well 3 times, 2 days ago"
    assert history(replace(view, signed_before=None), NOON, 80) == ""


@st.composite
def _plans(draw: st.DrawFn) -> tuple[Plan, str]:
    count = draw(st.integers(2, 8))
    planned = []
    for number in range(count):
        needs = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        when = draw(st.sampled_from(When)) if needs else When.SUCCESS
        step = Execute(id=f"s{number}", command="true", needs=tuple(f"s{need}" for need in sorted(needs)), when=when)
        planned.append(PlannedStep(step=step, rank=number))
    return Plan(steps=tuple(planned)), f"s{draw(st.integers(0, count - 1))}"


@given(_plans(), st.booleans())
def test_the_cascade_is_the_one_the_engine_will_carry_out(case: tuple[Plan, str], denied: bool) -> None:
    """Everything else succeeds: whatever is skipped because of one step was shown, and nothing shown runs after all."""
    plan, origin = case
    end = StepState.CANCELLED if denied else StepState.SKIPPED

    def skipped(without: bool) -> set[str]:
        frontier = Frontier([planned.step for planned in plan.steps], {})
        waiting, lost = frontier.start(), set[str]()
        todo = list(waiting.ready)
        lost |= {step for step, _, _ in waiting.skipped}
        while todo:
            step = todo.pop(0)
            decision = frontier.end(step, end if without and step == origin else StepState.COMPLETED)
            todo += decision.ready
            lost |= {step for step, _, _ in decision.skipped}
        return lost

    if origin not in skipped(False):
        shown = set(cascade(plan, {origin}, failed=denied))
        assert skipped(True) - skipped(False) <= shown <= skipped(True)


@pytest.mark.parametrize("width", [60, 78])
def test_a_long_request_gives_way_to_the_revision_and_the_digest(width: int) -> None:
    view = plans.to_review()
    long = replace(view, task=replace(view.task, request="Upgrade everything that anybody ever " * 3))
    left, right = title(long, width)
    line = spread(left, right, width).plain
    assert f"rev {view.task.revision} · {view.task.digest[:6]} " in line
    assert line.endswith(f"  {right.plain}")
