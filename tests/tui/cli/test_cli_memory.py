"""What earlier runs taught, from the command line: found, told safely, forgotten by name only."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine import Forget, Memory, Recall, Recollection, StepState
from engine.testing import NOON, ScriptedEngine
from tests.tui.cli.outside import call
from tui.presentation.memory import recollection_lines

LOCKED = Memory(
    id=7,
    task=12,
    step="migrate",
    root="/srv/api",
    time=NOON - 3 * 86_400,
    request="Upgrade SQLAlchemy",
    action="execute",
    operand="alembic upgrade head",
    state=StepState.FAILED,
    error="exit 1: table sessions is locked",
    files=("alembic.ini",),
)
OTHER = replace(LOCKED, id=8, task=13, step="docs", operand="make docs", error="", state=StepState.COMPLETED, files=())


def remembering(*found: Recollection) -> ScriptedEngine:
    engine = ScriptedEngine()
    engine.answers[Recall] = lambda query: found
    return engine


def test_what_is_found_says_how_near_it_is_and_how_it_ended() -> None:
    engine = remembering(Recollection(memory=LOCKED), Recollection(memory=OTHER, relevance=0.2))
    done = call(engine, "memory", "search", "sessions", "locked")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("    7  ##### x migrate · ")
    assert "table sessions is locked" in done.out
    assert "changed alembic.ini" in done.out
    assert all(len(line) <= 80 for line in lines)


def test_a_line_says_when_it_was_and_what_was_asked_for() -> None:
    lines = recollection_lines(Recollection(memory=LOCKED), NOON, 80, scored=True)
    assert lines[0] == "    7  █████ ✗ migrate · 3 days ago · task 12: Upgrade SQLAlchemy"
    assert all(len(line) <= 30 for line in recollection_lines(Recollection(memory=LOCKED), NOON, 30, scored=True))


def test_a_list_has_no_score() -> None:
    assert "#" not in call(remembering(Recollection(memory=LOCKED)), "memory").out


def test_what_ran_cannot_act_on_the_terminal() -> None:
    hostile = replace(LOCKED, operand="\x1b]52;c;aGk=\x07", request="a\u202eb", error="\x9b31m")
    out = call(remembering(Recollection(memory=hostile)), "memory").out
    assert not set(out) & {"\x1b", "\x07", "\u202e", "\x9b"}


def test_scripts_get_every_field() -> None:
    done = call(remembering(Recollection(memory=LOCKED, relevance=0.5)), "memory", "search", "x", "--json")
    (entry,) = json.loads(done.out)
    assert (entry["relevance"], entry["state"], entry["files"]) == (0.5, "failed", ["alembic.ini"])


def test_nothing_found_is_said_and_is_no_error() -> None:
    done = call(remembering(), "memory", "search", "x")
    assert (done.code, done.out) == (0, "")
    assert "nothing is remembered of that" in done.err


@pytest.mark.parametrize(
    ("words", "forgotten"), [(["7"], (7,)), (["7", "8"], (7, 8)), (["--task", "13"], (8,)), (["--all"], (7, 8))]
)
def test_what_is_named_is_forgotten(words: list[str], forgotten: tuple[int, ...]) -> None:
    engine = remembering(Recollection(memory=LOCKED), Recollection(memory=OTHER))
    assert call(engine, "memory", "forget", *words).code == 0
    (command,) = engine.done
    assert isinstance(command, Forget)
    assert command.memories == forgotten


@pytest.mark.parametrize("words", [[], ["migrate"], ["7", "--all"]])
def test_nothing_is_forgotten_by_mistake(words: list[str]) -> None:
    engine = remembering(Recollection(memory=LOCKED))
    done = call(engine, "memory", "forget", *words)
    assert (done.code, engine.done) == (2, [])
    assert "nothing was forgotten" in done.err
