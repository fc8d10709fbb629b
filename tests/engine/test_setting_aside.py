"""What breaks of one task, or of one run, ends or pauses there with its reason; the rest of the house goes on."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from engine import Answer, Pause, Phase, Remove, RunState, StepState
from engine.errors import Conflict, StoreError
from engine.execution import Execution
from engine.model.task import Task
from engine.storage.reader import Reader, Standing
from engine.workspace.tree import Tree
from engine.workspace.watch import Watch
from tests.engine.desk import Desk, check_sound, shell, step
from tests.patience import PATIENCE


@pytest.mark.parametrize("look", [1, 2])
async def test_a_look_that_breaks_ends_the_run_with_its_step(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    looks = 0
    tree = Watch._tree

    async def breaks(self: Watch, root: Path, since: float) -> Tree:
        nonlocal looks
        looks += 1
        if looks == look:
            raise RuntimeError("the look broke")
        return await tree(self, root, since)

    monkeypatch.setattr(Watch, "_tree", breaks)
    await desk.open(real=True)
    view = await desk.run(shell("a", "touch f"))
    (run,) = await desk.runs(view.task.id)
    assert (run.state, run.failure, run.error) == (RunState.FAILED, "internal", "RuntimeError: the look broke")
    assert view.steps[0].error.startswith(run.error)
    await check_sound(desk, view.task.id)
    await desk.do(Remove(task=view.task.id))


async def test_a_task_whose_rows_cannot_be_read_pauses_and_the_next_one_begins(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.open(executes=False)
    first, second = await desk.begin(step("a", tier="write")), await desk.begin(step("b", tier="write"))
    whole = Reader.standing

    async def breaks(self: Reader, task: Task) -> Standing:
        if task.id == first:
            raise StoreError(reason="disk I/O error")
        return await whole(self, task)

    monkeypatch.setattr(Reader, "standing", breaks)
    await desk.reopen()
    await desk.ended(second)
    task = (await desk.show(first)).task
    assert (task.phase, "disk I/O error" in task.error) == (Phase.PAUSED, True)
    monkeypatch.undo()
    await desk.resume(first)
    view = await desk.ended(first)
    assert (view.task.phase, view.task.error) == (Phase.COMPLETED, "")
    assert desk.script.ran == ["b", "a"]


async def test_a_task_that_breaks_as_it_begins_keeps_neither_its_root_nor_a_slot(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.open()
    begin = Execution.begin

    def breaks(self: Execution) -> None:
        if self.task.id == 1:
            raise RuntimeError("the begin broke")
        begin(self)

    monkeypatch.setattr(Execution, "begin", breaks)
    await desk.begin(step("a", tier="write"))
    view = await desk.run(step("b", tier="write"))
    assert view.task.phase is Phase.COMPLETED
    task = (await desk.show(1)).task
    assert (task.phase, task.error) == (Phase.PAUSED, "it could not go on: RuntimeError: the begin broke")
    await desk.cancel(1)
    await check_sound(desk, 1)


async def test_nothing_of_a_task_that_broke_begins_until_somebody_resumes_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(self: Execution) -> None:
        raise RuntimeError("the begin broke")

    await desk.open()
    with monkeypatch.context() as patched:
        patched.setattr(Execution, "_repair", breaks)  # what comes after the ready steps got their turns
        task = await desk.begin(step("a", tier="write"), step("b", "a"))
        await desk.phase(task, Phase.PAUSED)
    await desk.run(step("other"))
    assert desk.script.ran == ["other"]
    await desk.resume(task)
    assert (await desk.ended(task)).task.phase is Phase.COMPLETED
    assert desk.script.ran == ["other", "a", "b"]


def rewrite(desk: Desk, task: int, plan: str) -> str:
    """Put another body in the place of a plan; what stood there."""
    with sqlite3.connect(desk.state / "signoff.db") as store:
        (body,) = store.execute("SELECT body FROM plans WHERE task = ?", (task,)).fetchone()
        store.execute("UPDATE plans SET body = ? WHERE task = ?", (plan, task))
    store.close()
    return str(body)


@pytest.mark.parametrize("broken", ['{"broken": 1', "[]", '{"steps": [{"step": {"action": "fly"}}]}'])
async def test_one_plan_that_cannot_be_read_closes_no_house(desk: Desk, broken: str) -> None:
    await desk.open(executes=False)
    first, second = await desk.begin(step("a")), await desk.begin(step("b"))
    await desk.close()
    body = rewrite(desk, first, broken)
    await desk.open()
    assert (await desk.ended(second)).task.phase is Phase.COMPLETED
    await desk.phase(first, Phase.PAUSED)
    await desk.close()
    rewrite(desk, first, body)
    await desk.open()
    await desk.resume(first)
    assert (await desk.ended(first)).task.phase is Phase.COMPLETED


async def test_what_ran_of_a_plan_that_cannot_be_read_is_closed_and_can_be_cancelled(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a", tier="write"), step("tidy", "a", when="always"))
    await desk.started(task, "a")
    await desk.crash()
    body = rewrite(desk, task, "{")
    await desk.open()
    await desk.phase(task, Phase.PAUSED)
    (run,) = await desk.runs(task)
    assert run.state is RunState.INTERRUPTED
    await desk.cancel(task)
    await desk.close()
    rewrite(desk, task, body)
    await desk.open()
    assert (await desk.states(task)) == {"a": StepState.FAILED, "tidy": StepState.CANCELLED}
    await check_sound(desk, task)


async def test_an_answer_that_comes_while_a_task_is_taken_up_is_heard(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.open()
    task = await desk.begin(step("a", tier="destructive"))
    question = await desk.asked(task, "a")
    await desk.do(Pause(task=task))
    await desk.reopen()
    reading, go_on = asyncio.Event(), asyncio.Event()
    whole = Reader.standing

    async def slow(self: Reader, task: Task) -> Standing:
        standing = await whole(self, task)
        reading.set()
        await go_on.wait()
        return standing

    monkeypatch.setattr(Reader, "standing", slow)
    resuming = asyncio.create_task(desk.resume(task))
    await reading.wait()
    await desk.answer(question, Answer.ONCE)
    go_on.set()
    await resuming
    assert (await desk.ended(task)).task.phase is Phase.COMPLETED
    assert desk.script.ran == ["a"]


async def test_a_phase_that_the_store_refuses_goes_not_unseen(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"))
    await desk.started(task, "a")
    with sqlite3.connect(desk.state / "signoff.db") as store:
        store.execute("UPDATE tasks SET phase = 'blocked' WHERE id = ?", (task,))
    store.close()
    loop = asyncio.get_running_loop()
    told: asyncio.Future[dict[str, Any]] = loop.create_future()
    loop.set_exception_handler(lambda loop, context: told.set_result(context))
    desk.script.release("a")
    assert isinstance((await asyncio.wait_for(told, PATIENCE))["exception"], Conflict)
