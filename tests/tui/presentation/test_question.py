"""Questions as text: what is asked, what is new, what follows from a no."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import Answer, Question
from engine.testing import NOON
from tests.tui import plans
from tests.tui.stage import utc  # noqa: F401
from tui.presentation.question import answered, facts_page, heading, operand_page, place, run_of, waits

pytestmark = pytest.mark.usefixtures("utc")


def _facts(question: Question) -> dict[str, str]:
    lines = facts_page(question, plans.asking(question), NOON).lines
    return {line.label: line.text for line in lines}


def test_a_confirmation_tells_what_a_signer_could_not_know() -> None:
    told = _facts(plans.QUESTION)
    assert told["bytes"] == "4f1c9a unchanged ✓ they are the signed ones"
    assert told["signed"] == "ben 11:00; asked for by ana"
    assert told["if no"] == "skips 10 schema, 11 push, 12 notes, keeps 8 done steps; ask again: signoff resume 12"
    assert told["touches"] == "in ., network none, secret DSN"


def test_changed_bytes_are_never_called_the_signed_ones() -> None:
    assert "NOT the signed ones" in _facts(plans.DRIFT)["bytes"]
    assert operand_page(plans.DRIFT, plans.asking(plans.DRIFT), {}).diff == plans.DIFF
    assert operand_page(plans.QUESTION, plans.asking(plans.QUESTION), {}).diff == ""


def test_a_confirmation_shows_below_what_was_signed_of_the_files_and_asks_nobody_to_read_it_again() -> None:
    page = operand_page(plans.QUESTION, plans.asking(plans.QUESTION), plans.CONTENTS)
    assert [(file.path, file.text.encode()) for file in page.files] == [("alembic.ini", plans.CONTENTS[plans.INI])]
    assert not page.files_count


def test_an_interruption_says_since_when_and_what_is_unknown() -> None:
    told = _facts(plans.INTERRUPTED)
    assert told["started"].startswith("11:48, 6:40 before it was found")
    assert "whether it had its effect" in told["unknown"]
    assert run_of(plans.INTERRUPTED, plans.asking(plans.INTERRUPTED)) == 4


def test_the_heading_names_step_and_tier() -> None:
    view = plans.asking(plans.QUESTION)
    assert heading(plans.QUESTION, view).plain == "Run 9 migrate now?  ▲ DESTRUCTIVE"
    assert heading(plans.ASK, plans.asking(plans.ASK)).plain == "13 which asks"


def test_its_place_among_all_that_waits() -> None:
    assert place(plans.QUESTION, [3, 7]) == "2 of 2 waiting · task 12"
    assert place(plans.QUESTION, [3]) == "task 12"


@pytest.mark.parametrize(
    ("deadline", "said"),
    [
        (NOON + 600, "by 12:10"),
        (NOON + 86_400, "by 12:00 tomorrow"),
        (NOON - 86_400, "by 12:00 yesterday"),
        (NOON + 5 * 86_400, "by 12:00 on 2026-01-06"),
        (None, ""),
    ],
)
def test_a_deadline_is_a_time_of_day(deadline: float | None, said: str) -> None:
    assert waits(replace(plans.QUESTION, deadline=deadline), NOON) == ("5 min ago", said)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer.ONCE, "ben let it run once: migrate"),
        (Answer.DENY, "ben denied it: migrate"),
        (Answer.EXPIRED, "migrate: nobody answered in time, it did not run"),
        (Answer.MOOT, "migrate: no longer asked"),
    ],
)
def test_who_answered_is_said(answer: Answer, said: str) -> None:
    assert answered(replace(plans.QUESTION, answer=answer, answered_by="ben")) == said
