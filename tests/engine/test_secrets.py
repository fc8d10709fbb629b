"""A granted secret reaches its step and nothing else: not the store, a log, an event, or an argument list (S5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import ListEvents, Outcome
from engine.model.events import StepEnded
from engine.process import Level
from engine.process.sandbox import bubblewrap
from engine.wire import encode
from tests.engine.desk import Desk, shell

CANARY = "canary-7f3a9b-value"
LEVELS = [level.value for level in Level if level is not Level.BUBBLEWRAP or bubblewrap()]


@pytest.fixture(autouse=True)
def canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", CANARY)
    monkeypatch.setenv("MANY_LINES", f"{CANARY}-one\n{CANARY}-two")


def found_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


def arguments() -> bytes:
    """The argument lists of all processes."""
    lists = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                lists.append((entry / "cmdline").read_bytes())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return b"\n".join(lists)


@pytest.mark.parametrize("level", LEVELS)
async def test_a_granted_secret_is_nowhere_but_in_its_step(desk: Desk, level: str) -> None:
    await desk.open(real=True, sandbox=level, grace=0.2)
    loud = 'test "$CANARY" = "$(printf canary-; printf 7f3a9b-value)" || exit 9; echo "$CANARY"; echo "no: $CANARY" >&2'
    halves = 'printf "%.6s" "$CANARY"; sleep 0.1; printf "%s" "${CANARY:6}"; echo "$MANY_LINES"; exit 3'
    task = await desk.plan(
        shell("loud", loud + "; exit 3", secrets=["CANARY"]),
        shell("halves", halves, secrets=["CANARY", "MANY_LINES"]),
        {"id": "env", "action": "execute", "command": "env > env.txt", "secrets": ["CANARY"]},
        shell("other", "env; cat /proc/self/environ | tr '\\0' '\\n'"),
        shell("waits", "echo up; sleep 60", secrets=["CANARY"]),
    )
    await desk.sign(task)
    for name in ("loud", "halves", "env"):
        await desk.fact(StepEnded, task, name)
    await desk.spoke(task, "waits")
    assert CANARY.encode() not in arguments()
    await desk.cancel(task, "waits")
    await desk.ended(task)
    steps = await desk.steps(task)
    assert (steps["loud"].exit_code, steps["halves"].exit_code, steps["env"].exit_code) == (3, 3, 0)
    events = await desk.engine.read(ListEvents(limit=10_000))
    assert CANARY not in "".join(encode(event.fact) for event in events)
    await desk.close()
    assert found_below(desk.state) == []
    assert found_below(desk.root) == []


async def test_a_secret_that_is_not_there_fails_the_step_by_its_name(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group")
    view = await desk.run(shell("a", "true", secrets=["NOT_THERE"]))
    assert view.task.outcome is Outcome.STEP_FAILED
    assert "NOT_THERE" in view.steps[0].error


async def test_an_empty_secret_hides_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTY", "")
    await desk.open(real=True, sandbox="group")
    view = await desk.run(shell("a", "echo plain", secrets=["EMPTY"]))
    assert (view.task.outcome, view.steps[0].summary) == (Outcome.OK, "plain")
