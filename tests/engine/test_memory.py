"""Memory: what ran is found again by its words, told as data, and gone when it is forgotten (B13)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine import Forget, Memory, MemoryForgotten, Outcome, Recall, Recollection, Remove, StepState
from engine.errors import UsageError
from engine.memory import relevant
from engine.storage.connect import FILE, open_reader
from engine.storage.reader import Reader
from tests.engine.desk import Desk, shell, step


async def recall(desk: Desk, text: str = "", root: str = "", limit: int = 20) -> list[Memory]:
    found: tuple[Recollection, ...] = await desk.engine.read(Recall(text=text, root=root, limit=limit))
    assert [each.relevance for each in found] == sorted((each.relevance for each in found), reverse=True)
    return [each.memory for each in found]


async def test_what_ran_is_found_by_its_words(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("migrate", "exit 1: table sessions is locked")
    await desk.run(step("backup"), step("migrate", "backup"), step("tell", "migrate"))
    await desk.run(step("docs"))
    (found, *_) = await recall(desk, "why was the sessions table locked?")
    assert (found.step, found.state, found.error) == (
        "migrate", StepState.FAILED, "exit 1: table sessions is locked",
    )  # fmt: skip
    assert {memory.step for memory in await recall(desk)} == {"backup", "migrate", "docs"}


async def test_words_are_words_and_no_language_of_the_index(desk: Desk) -> None:
    await desk.open()
    await desk.run(step("a"))
    for text in ('"', "a* OR", "NEAR(a b)", "step:a", "-a", "'; DROP TABLE memories; --", "(", "\0", "🙂"):
        await recall(desk, text)
    assert [memory.step for memory in await recall(desk, "a")] == ["a"]


async def test_words_are_found_in_other_forms(desk: Desk) -> None:
    await desk.open()
    await desk.run(step("a", text="migrating the café databases"))
    assert await recall(desk, "migrate cafe database")


async def test_the_files_of_a_run_are_remembered(desk: Desk) -> None:
    await desk.open(real=True)
    await desk.run(shell("make", "echo x > made.txt", tier="write"))
    assert [memory.files for memory in await recall(desk, "made.txt")] == [("made.txt",)]


async def test_what_a_cancelled_task_had_done_is_remembered(desk: Desk) -> None:
    await desk.open()
    desk.script.hold("b")
    task = await desk.begin(step("a"), step("b", "a"))
    await desk.started(task, "b")
    await desk.cancel(task)
    await desk.ended(task)
    assert [memory.step for memory in await recall(desk)] == ["a"]


async def test_what_is_forgotten_is_found_no_more_and_its_words_leave_the_index(desk: Desk) -> None:
    await desk.open()
    await desk.run(step("a", text="the purple elephant"))
    (memory,) = await recall(desk, "elephant")
    await desk.do(Forget(memories=(memory.id,)))
    assert await recall(desk, "elephant") == await recall(desk) == []
    event = await desk.until(lambda event: isinstance(event.fact, MemoryForgotten))
    assert event.fact == MemoryForgotten((memory.id,))
    await desk.close()
    with closing(sqlite3.connect(desk.state / FILE)) as file:
        words = file.execute("SELECT hex(block) FROM memories_text_data").fetchall()
    assert not any(b"eleph".hex().upper() in block for (block,) in words)


async def test_nothing_is_forgotten_unnamed(desk: Desk) -> None:
    await desk.open()
    with pytest.raises(UsageError):
        await desk.do(Forget(memories=()))


async def test_with_a_task_goes_what_is_remembered_of_it(desk: Desk) -> None:
    await desk.open()
    first = await desk.run(step("a"))
    await desk.run(step("b"))
    await desk.do(Remove(task=first.task.id))
    assert [memory.step for memory in await recall(desk)] == ["b"]


async def test_a_long_task_leaves_its_failures_and_not_all_the_rest(desk: Desk) -> None:
    await desk.open()
    desk.script.fails("s99", "exit 7")
    await desk.run(*(step(f"s{number}") for number in range(100)))
    found = await recall(desk, limit=200)
    assert len(found) == 40
    assert "s99" in {memory.step for memory in found}


async def test_a_model_is_told_what_is_near_in_the_same_directory_as_data(desk: Desk, tmp_path: Path) -> None:
    await desk.open()
    task = (await desk.run(step("a", text="deploy to staging"))).task
    now = task.created + 3 * 86_400 + 60
    reader = Reader(await open_reader(desk.state))
    (passage,) = await relevant(reader, "deploy", task.root, now)
    assert passage.source == f"an earlier run, task {task.id} step a, 3 days ago"
    assert "deploy to staging" in passage.text
    assert await relevant(reader, "deploy", str(tmp_path / "elsewhere"), now) == ()
    await reader.close()


async def test_memory_outlives_the_engine(desk: Desk) -> None:
    await desk.open()
    assert (await desk.run(step("a"))).task.outcome is Outcome.OK
    await desk.reopen()
    assert [memory.step for memory in await recall(desk)] == ["a"]
