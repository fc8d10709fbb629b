"""Steps that need a person's terminal: they wait for somebody, take what is typed, and keep none of it (B3.3)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from engine import (
    Answer,
    InvalidPlan,
    MakePlan,
    Phase,
    QuestionKind,
    StepState,
    TerminalTaken,
    Type,
    Wait,
)
from engine.errors import Refused, UsageError
from engine.model.role import Role
from engine.process import read_log
from tests.engine.desk import Desk, shell

ASKS = "read -rsp 'Password: ' word; echo; echo ${#word} characters"


def login(script: str = ASKS, **fields: Any) -> dict[str, Any]:
    return shell("login", script, tty=True, **fields)


async def taken(desk: Desk, task: int) -> int:
    """Take the terminal of the step; the number of its run."""
    await desk.answer(await desk.asked(task, "login"), Answer.ONCE)
    run = (await desk.started(task, "login")).run
    assert run is not None
    await desk.spoke(task, "login")
    return run


async def type_at(
    desk: Desk, run: int, data: bytes, actor: str | None = None, *, rows: int = 0, columns: int = 0
) -> None:
    await desk.do(Type(run=run, data=b64encode(data).decode(), rows=rows, columns=columns), actor)


async def test_it_waits_for_somebody_who_takes_it(desk: Desk) -> None:
    await desk.open(real=True)
    task = await desk.begin(login(), shell("other", "true"))
    question = await desk.asked(task, "login")
    assert question.kind is QuestionKind.TERMINAL
    await desk.phase(task, Phase.BLOCKED)
    view = await desk.show(task)
    assert view.task.waits == (Wait.CONFIRMATION,)
    assert await desk.states(task) == {"login": StepState.AWAITING_CONFIRMATION, "other": StepState.COMPLETED}
    run = await taken(desk, task)
    await type_at(desk, run, b"correct horse\r", rows=40, columns=100)
    view = await desk.ended(task)
    assert view.task.phase is Phase.COMPLETED
    log = read_log(desk.state / "logs" / str(task) / f"{run}.log", 0, 4096).data
    assert log == b"Password: \r\n13 characters\r\n"


async def test_what_is_typed_is_kept_nowhere_and_who_types_is(desk: Desk) -> None:
    await desk.open(real=True)
    task = await desk.begin(login())
    run = await taken(desk, task)
    for key in b"correct horse":
        await type_at(desk, run, bytes([key]), actor="ben")
    await type_at(desk, run, b"\r", actor="ben")
    await desk.ended(task)
    facts = [(event.actor, event.fact) for event in desk.heard if isinstance(event.fact, TerminalTaken)]
    assert facts == [("ben", TerminalTaken(run))]
    await desk.close()
    kept = b"".join(file.read_bytes() for file in desk.state.rglob("*") if file.is_file())
    assert b"correct horse" not in kept
    assert b64encode(b"correct horse") not in kept
    assert b'"Type"' not in kept and b"Type\x00" not in kept


async def test_the_exit_code_is_kept_and_it_knows_its_terminal(desk: Desk) -> None:
    await desk.open(real=True)
    task = await desk.begin(login("echo $TERM; read -r x; exit 9"))
    run = await taken(desk, task)
    await type_at(desk, run, b"\r")
    await desk.ended(task)
    (status,) = (await desk.show(task)).steps
    assert (status.state, status.exit_code, status.summary) == (StepState.FAILED, 9, "xterm-256color")
    with pytest.raises(Refused, match="has no terminal, or not any more"):
        await type_at(desk, run, b"late")


async def test_nobody_needs_to_take_it(desk: Desk) -> None:
    await desk.open(real=True)
    task = await desk.begin(login())
    await desk.answer(await desk.asked(task, "login"), Answer.DENY, "not now")
    assert (await desk.ended(task)).task.phase is Phase.FAILED
    assert (await desk.show(task)).steps[0].state is StepState.CANCELLED


async def test_a_risky_one_asks_once_and_for_both(desk: Desk) -> None:
    await desk.open(real=True)
    task = await desk.begin(login("rm -rf build; read -r x", tier="destructive"))
    question = await desk.asked(task, "login")
    assert question.kind is QuestionKind.TERMINAL
    await desk.answer(question, Answer.ONCE)
    run = (await desk.started(task, "login")).run
    assert run is not None
    await type_at(desk, run, b"\r")
    assert (await desk.ended(task)).task.phase is Phase.COMPLETED


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (Type(run=999, data=""), Refused),
        (Type(run=1, data="not base64!"), UsageError),
        (Type(run=1, data=b64encode(b"x" * 70_000).decode()), UsageError),
    ],
)
async def test_what_cannot_be_typed_is_refused(desk: Desk, command: Type, error: type[Exception]) -> None:
    await desk.open(real=True)
    task = await desk.begin(login())
    assert await desk.asked(task)
    await desk.answer(await desk.asked(task), Answer.ONCE)
    await desk.started(task, "login")
    await desk.spoke(task, "login")
    with pytest.raises(error):
        await desk.do(command)
    await desk.cancel(task)
    await desk.ended(task)


def test_typing_takes_an_operator() -> None:
    assert Type.role is Role.OPERATOR


async def test_only_commands_and_scripts_run_in_one(desk: Desk) -> None:
    await desk.open()
    steps = (
        '{"id": "a", "action": "notify", "message": "hi", "tty": true},'
        '{"id": "b", "action": "execute", "command": "true > out", "tty": true}'
    )
    with pytest.raises(InvalidPlan) as refusal:
        await desk.do(MakePlan(root=str(desk.root), document=f'{{"request": "try", "steps": [{steps}]}}'))
    told = [f"{fault.field}: {fault.message}" for fault in refusal.value.faults]
    assert any(fault.startswith("steps[0].tty: only execute, test and shell") for fault in told)
    assert any(fault.startswith("steps[1].command: a redirect, and `tty`") for fault in told)


# Steps without one that want a person


@pytest.mark.parametrize(
    "script",
    [
        "printf 'Password: '; read -r x || exit 1",
        "printf 'Continue? [y/N] '; read -r x || exit 1",
        "echo 'Are you sure you want to continue connecting (yes/no/[fingerprint])?'; exit 1",
        "printf 'Really? ' >&2; read -r x || exit 1",
        "echo 'sudo: a terminal is required to read the password' >&2; exit 1",
        "read -r x < /dev/tty",
    ],
)
async def test_a_step_that_asked_a_person_in_vain_is_told_so(desk: Desk, script: str) -> None:
    await desk.open(real=True)
    (status,) = (await desk.run(shell("a", script))).steps
    assert status.state is StepState.FAILED
    assert "a step that needs one at a terminal says `tty: true`" in status.error


@pytest.mark.parametrize(
    "script", ["echo 'error: no such file'; exit 1", "echo 'what?'; exit 1", "exit 1", "printf 'x'; exit 1"]
)
async def test_other_failures_are_not(desk: Desk, script: str) -> None:
    await desk.open(real=True)
    (status,) = (await desk.run(shell("a", script))).steps
    assert "tty: true" not in status.error
