"""`people`: who is connected, from the owner's own list; where there is no owner, that is said."""

from __future__ import annotations

import json
import os

import pytest

from engine import Need, Person, Role
from engine.testing import ScriptedEngine
from tests.hostile import HOSTILE, is_control
from tests.tui.cli.outside import call

ANA = Person(user="ana", role=Role.OPERATOR, pid=7, since=-400.0, label="pts/3", task=12, step="migrate")
BEN = Person(user="ben", role=Role.VIEWER, pid=8, since=-5.0)
US = Person(user="ana", role=Role.OPERATOR, pid=os.getpid(), since=0.0, label="pts/9")


def _with(*people: Person) -> ScriptedEngine:
    engine = ScriptedEngine()
    engine.people = people
    return engine


def test_everybody_else_is_listed_with_role_terminal_and_what_they_read() -> None:
    said = call(_with(ANA, BEN, US), "people")
    assert (said.code, said.needs) == (0, [Need.ATTACH])
    first, second = (" ".join(line.split()) for line in said.out.splitlines())
    assert first == "ana operator pts/3 reads 12 migrate, came 6 min ago"
    assert second == "ben viewer process 8 reads nothing, came just now"


def test_as_json() -> None:
    (ana, ben) = json.loads(call(_with(ANA, BEN, US), "people", "--json").out)
    assert (ana["user"], ana["role"], ana["label"], ana["task"], ana["step"]) == (
        "ana",
        "operator",
        "pts/3",
        12,
        "migrate",
    )
    assert (ben["user"], ben["task"], ben["since"]) == ("ben", None, -5.0)


def test_nobody_else_is_said() -> None:
    said = call(_with(US), "people")
    assert (said.code, said.out) == (0, "") and "nobody is connected" in said.err


@pytest.mark.parametrize("trick", HOSTILE)
def test_what_people_call_their_terminal_reaches_no_terminal_as_it_is(trick: str) -> None:
    hostile = Person(user="eve", role=Role.VIEWER, pid=9, since=0.0, label=HOSTILE[trick], task=1, step=HOSTILE[trick])
    assert not any(map(is_control, call(_with(hostile), "people").out.removesuffix("\n")))
