"""A command that is sent again with its key: it is told what it was told, and nobody is told what another one was."""

from __future__ import annotations

import asyncio

import pytest

from engine import Cancel, Command, Pause, Phase, Resume, WriteComment
from engine.commands import MakePlan
from engine.errors import KeyTaken, NothingFits
from tests.engine.desk import Desk, step


async def test_a_request_that_no_planner_serves_is_refused_again_when_it_is_sent_again(desk: Desk) -> None:
    await desk.open()
    asked = MakePlan(root=str(desk.root), request="make me a sandwich of gold")
    for _ in range(2):
        with pytest.raises(NothingFits):
            await desk.do(asked)


async def test_an_attempt_at_planning_that_failed_fails_again_when_it_is_sent_again(desk: Desk) -> None:
    await desk.open()
    with pytest.raises(NothingFits):
        await desk.do(MakePlan(root=str(desk.root), request="make me a sandwich of gold"))
    again = Resume(task=1)
    for _ in range(2):
        with pytest.raises(NothingFits):
            await desk.do(again)


OTHERS = [(Cancel(task=1, key="k"), "ana"), (WriteComment(task=1, text="said", key="k"), "ben")]


@pytest.mark.parametrize("reopened", [False, True])
@pytest.mark.parametrize(("other", "actor"), OTHERS)
async def test_a_key_answers_only_for_the_kind_of_command_and_the_person_it_came_from(
    desk: Desk, other: Command, actor: str, reopened: bool
) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    said = WriteComment(task=task, text="said", key="k")
    reply = await desk.do(said, "ana")
    if reopened:
        await desk.reopen()
    with pytest.raises(KeyTaken, match="another one before; nothing was recorded"):
        await desk.do(other, actor)
    assert await desk.do(said, "ana") == reply
    view = await desk.show(task)
    assert (len(view.comments), view.task.phase) == (1, Phase.AWAITING_APPROVAL)


async def test_two_commands_with_one_key_at_once_are_not_both_carried_out(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"))
    await desk.started(task, "a")
    commands = (Pause(task=task, key="k"), Cancel(task=task, key="k"))
    first, second = await asyncio.gather(*map(desk.do, commands), return_exceptions=True)
    assert not isinstance(first, BaseException)
    assert isinstance(second, KeyTaken), second
    assert (await desk.show(task)).task.phase is Phase.PAUSED
    desk.script.release_all()
