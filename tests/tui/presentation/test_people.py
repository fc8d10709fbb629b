"""Who else is here, said in a few words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import EngineInfo, Person, Role
from tests.tui import plans
from tui.presentation.people import company
from tui.presentation.task import status_line

INFO = EngineInfo(version="0.1.0", pid=1, user="ana", state="~", level="bubblewrap", running=3)


def people(*users: str) -> list[Person]:
    return [Person(user=user, role=Role.VIEWER, pid=1, since=0) for user in users]


@pytest.mark.parametrize(
    ("users", "said"),
    [
        ([], ""),
        (["ana", "ana"], ""),
        (["ana", "ben"], "ben is here"),
        (["ben", "ana", "ben"], "ben is here"),
        (["ben", "cara", "ana"], "ben and cara are here"),
        (["ben", "cara", "dora", "eve"], "ben, cara and 2 more are here"),
    ],
)
def test_the_others_are_named_once(users: list[str], said: str) -> None:
    assert company(people(*users), "ana") == said


def test_the_bar_names_them_where_there_is_room() -> None:
    line = status_line(INFO, "/r/api", "ana", 2, 80, "ben is here").plain
    assert line.rstrip().endswith("●3 !2  ben is here")
    assert len(line) == 80
    narrow = status_line(INFO, "/r/api", "ana", 2, 50, "ben is here").plain
    assert narrow.rstrip().endswith("●3 !2")


def test_a_name_cannot_act_on_the_terminal() -> None:
    assert "\x1b" not in status_line(INFO, "/r/api", "ana", 2, 80, "\x1b[2J is here").plain


def test_who_has_the_review_open_is_said_to_read() -> None:
    ben, cara, dan = people("ben", "cara", "dan")
    view = plans.to_review()
    reading = [replace(ben, task=12, step="pins"), replace(cara, task=12), replace(dan, task=13, step="pins")]
    assert company(reading, "ana", view) == "ben reads 3, cara reads the plan, dan is here"
    assert company([replace(each, task=12, step="docs") for each in (ben, cara, dan)], "ana", view) == (
        "ben reads 5, cara reads 5, 1 more read"
    )
    assert company(reading, "ana") == "ben, cara and 1 more are here"
