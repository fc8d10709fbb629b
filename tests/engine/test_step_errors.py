"""What the error of a step says besides how it ended: what it lacks, and the line to add (B3.3)."""

from __future__ import annotations

import pytest

from engine import Answer, TaskView
from tests.engine.desk import Desk, shell


async def confirmed(desk: Desk, script: str, **fields: object) -> TaskView:
    """A step that asks before it runs, as everything that needs the network does; the task after its end."""
    await desk.open(real=True, sandbox="group")
    task = await desk.begin(shell("deps", script, **fields))
    await desk.answer(await desk.asked(task, "deps"), Answer.ONCE)
    return await desk.ended(task)


async def test_a_failed_step_names_the_capability_it_does_not_declare(desk: Desk) -> None:
    (status,) = (await confirmed(desk, "exit 4\nnpm ci")).steps
    assert status.error == "exit 4 · npm ci needs the network: add `network: true`"


async def test_what_it_declares_it_does_not_lack(desk: Desk) -> None:
    (status,) = (await confirmed(desk, "exit 4\nnpm ci", network=True)).steps
    assert status.error == "exit 4"


async def test_what_ended_well_needs_no_advice(desk: Desk) -> None:
    (status,) = (await confirmed(desk, "exit 0\nnpm ci")).steps
    assert status.error == ""


@pytest.mark.parametrize(
    ("secrets", "told"),
    [(["NO_SUCH"], "secret NO_SUCH is"), (["NO_SUCH", "NOR_THIS"], "secrets NO_SUCH, NOR_THIS are")],
)
async def test_a_step_whose_secret_is_not_set_says_that_and_nothing_else(
    desk: Desk, secrets: list[str], told: str
) -> None:
    (status,) = (await confirmed(desk, "npm ci", secrets=secrets)).steps
    assert status.error == f"/bin/bash could not be started: the {told} not set in the environment that signoff runs in"
