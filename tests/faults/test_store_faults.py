"""A full, a read-only, a damaged store: nothing new starts, it is said, nothing is lost (B11.4)."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import (
    Health,
    Item,
    ListRuns,
    ListTasks,
    Need,
    Outcome,
    Phase,
    ShowEngine,
    ShowTask,
    Shutdown,
    Stalled,
    StepState,
    VerifyAudit,
    connect,
    diagnose,
)
from engine.composition import Opening
from engine.engine import Engine
from engine.errors import StoreDamaged, StoreError, StoreFull
from engine.host import Host, RemoteEngine
from engine.settings import Settings
from engine.storage import writer
from tests.engine.desk import Desk, check_sound, shell, step
from tests.engine.process.process_room import until
from tests.faults.disk import Disk
from tests.patience import PATIENCE


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)


def remount(place: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)


@pytest.fixture
def disk(desk: Desk, small_disk: Path) -> Disk:
    """What the state directory of the desk lies on."""
    desk.state = small_disk / "state"
    return Disk(small_disk)


async def full(desk: Desk, disk: Disk) -> None:
    """Fill the disk and let the engine find out; what the log of the database still holds is used up first."""
    disk.fill()
    with pytest.raises(StoreFull):
        for _ in range(2000):
            await desk.plan(*(step(f"s{number}", text="x" * 200) for number in range(50)))


async def test_on_a_full_disk_nothing_starts_and_all_goes_on_when_there_is_space(desk: Desk, disk: Disk) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"), step("b", "a"), step("c", "b"))
    await desk.started(task, "a")
    await full(desk, disk)
    assert "full" in (await desk.engine.read(ShowEngine())).fault
    with pytest.raises(StoreFull):
        await desk.sign(task)
    desk.script.release("a")
    with pytest.raises(StoreFull):
        await desk.plan(step("x"))
    assert desk.script.ran == ["a"]
    assert (await desk.show(task)).task.phase is Phase.EXECUTING
    disk.free()
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert desk.script.ran == ["a", "b", "c"]
    assert (await desk.engine.read(ShowEngine())).fault == ""
    await check_sound(desk, task)
    assert (await desk.run(step("later"))).task.outcome is Outcome.OK


async def next_stall(following: AsyncIterator[Item]) -> Stalled:
    async with asyncio.timeout(PATIENCE):
        async for item in following:
            if isinstance(item, Stalled):
                return item
    raise AssertionError("the engine closed")


async def test_a_full_disk_is_told_to_who_follows_and_to_who_comes_later_and_so_is_its_end(
    desk: Desk, disk: Disk
) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"), step("b", "a"))
    await desk.started(task, "a")
    following = desk.engine.events()
    await full(desk, disk)
    told = await next_stall(following)
    assert "nothing new is started, nothing was lost" in told.fault
    assert told.hint == "free some space: the engine goes on by itself"
    assert await next_stall(desk.engine.events()) == told
    host = await Host.serve(desk.engine, desk.root / "socket")
    remote = await RemoteEngine.connect(desk.root / "socket")
    attached = remote.events()
    assert await next_stall(attached) == told
    desk.script.release("a")
    disk.free()
    assert await next_stall(following) == await next_stall(attached) == Stalled()
    await desk.ended(task)
    await remote.close()
    await host.close()


async def test_a_step_whose_log_the_disk_does_not_take_is_told(desk: Desk, disk: Disk) -> None:
    await desk.open(real=True, sandbox="group")
    following = desk.engine.events()
    task = await desk.begin(shell("a", "until [ -e go ]; do sleep 0.02; done; seq 100000; echo end"))
    await desk.started(task, "a")
    disk.fill()
    (desk.root / "go").touch()
    told = await next_stall(following)
    assert (told.task, told.step) == (task, "a")
    assert told.fault == "The log of a cannot be written (No space left on device); the step waits for space"
    assert (await desk.engine.read(ShowEngine())).fault == told.fault
    disk.free()
    assert await next_stall(following) == Stalled(task=task, step="a")
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    (run,) = await desk.runs(task)
    assert (await desk.engine.read_log(run.id, -11, 11)).data == b"100000\nend\n"
    assert run.summary == "1"


async def test_output_that_a_full_disk_swallowed_at_the_end_is_said_to_be_lost(desk: Desk, disk: Disk) -> None:
    await desk.open(real=True, sandbox="group")
    task = await desk.begin(shell("a", "until [ -e go ]; do sleep 0.02; done; echo end"))
    await desk.started(task, "a")
    disk.fill()
    following = desk.engine.events()
    (desk.root / "go").touch()
    while (await next_stall(following)).fault:
        pass
    disk.free()
    view = await desk.ended(task)
    assert view.steps[0].summary == "the end of its output is lost: the disk took no more of the log"


async def test_a_cancel_that_waits_for_the_disk_says_so(
    desk: Desk, disk: Disk, capfd: pytest.CaptureFixture[str]
) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"))
    await desk.started(task, "a")
    host = await Host.serve(desk.engine, desk.state / "socket")
    await full(desk, disk)
    command = ("60", sys.executable, "-m", "tui", "--state", str(desk.state), "cancel", str(task))
    cancel = await asyncio.create_subprocess_exec("timeout", *command, stderr=asyncio.subprocess.PIPE)
    assert cancel.stderr is not None
    await asyncio.wait_for(
        cancel.stderr.readuntil(b"nothing new is started, nothing was lost. Free some space"), PATIENCE
    )
    disk.free()
    assert await asyncio.wait_for(cancel.wait(), PATIENCE) == 4
    await host.close()
    assert "task 1 cancelled" in capfd.readouterr().out


async def test_a_cancel_on_a_full_disk_ends_what_runs_and_is_recorded_when_there_is_space(
    desk: Desk, disk: Disk
) -> None:
    await desk.open()
    desk.script.hold("a")
    task = await desk.begin(step("a"), step("b", "a"))
    await desk.started(task, "a")
    await full(desk, disk)
    cancelling = asyncio.create_task(desk.cancel(task))
    assert await until(lambda: not desk.script.running)
    disk.free()
    await cancelling
    view = await desk.ended(task)
    assert view.task.phase is Phase.CANCELLED
    assert await desk.states(task) == {"a": StepState.CANCELLED, "b": StepState.CANCELLED}
    await check_sound(desk, task)


async def test_an_engine_on_a_full_disk_can_be_closed_and_loses_only_what_could_not_be_written(
    desk: Desk, disk: Disk
) -> None:
    await desk.open()
    done = await desk.run(step("before"))
    await full(desk, disk)
    await desk.do(Shutdown())
    assert desk.engine.closing.is_set()
    await desk.close()
    with pytest.raises(StoreError):
        await desk.open()
    disk.free()
    await desk.open()
    assert (await desk.show(done.task.id)).task.outcome is Outcome.OK
    assert (await desk.engine.read(VerifyAudit())).ok
    assert (await desk.run(step("after"))).task.outcome is Outcome.OK


async def test_what_is_recorded_can_be_read_on_a_full_disk_that_nobody_owns(desk: Desk, disk: Disk) -> None:
    await desk.open()
    await desk.run(step("a"))
    await desk.close()
    disk.fill()
    client = await connect(desk.state, Need.READ, Settings())
    assert [summary.task.outcome for summary in await client.read(ListTasks())] == [Outcome.OK]
    await client.close()
    (told,) = [finding async for finding in diagnose(desk.state) if finding.name == "disk"]
    assert (told.health, "nothing can be recorded" in told.text) == (Health.FAULT, True)


async def test_changes_that_a_full_disk_keeps_out_of_the_database_are_not_passed_over(desk: Desk, disk: Disk) -> None:
    await desk.open()
    await desk.run(step("a"))
    await desk.crash()
    (desk.state / "signoff.db-shm").unlink()
    disk.fill()
    with pytest.raises(StoreFull):
        await connect(desk.state, Need.READ, Settings())


async def test_a_read_only_state_directory_is_told_and_can_still_be_read(
    desk: Desk, disk: Disk, small_disk: Path
) -> None:
    await desk.open()
    await desk.run(step("a"))
    await desk.close()
    remount(small_disk, "ro")
    with pytest.raises(StoreError):
        await desk.open()
    client = await connect(desk.state, Need.READ, Settings())
    assert [summary.task.outcome for summary in await client.read(ListTasks())] == [Outcome.OK]
    await client.close()
    remount(small_disk, "rw")
    await desk.open()


def damage(database: Path, pages: slice) -> bytes:
    """Overwrite pages with noise; what the file holds then."""
    data = bytearray(database.read_bytes())
    whole = range(0, len(data), 4096)[pages]
    assert whole
    for offset in whole:
        data[offset : offset + 4096] = os.urandom(4096)
    database.write_bytes(data)
    return bytes(data)


@pytest.mark.parametrize(
    ("pages", "crashed"),
    [(slice(0, 1), False), (slice(1, 2), False), (slice(5, 6), False), (slice(8, None), False), (slice(8, None), True)],
)
async def test_a_damaged_database_is_told_and_left_as_it_is(desk: Desk, pages: slice, crashed: bool) -> None:
    await desk.open()
    await desk.run(*(step(f"s{number}", text="x" * 500) for number in range(50)))
    await desk.reopen()
    await desk.run(step("a"))
    await (desk.crash() if crashed else desk.close())
    database = desk.state / "signoff.db"
    damaged = damage(database, pages)
    with pytest.raises(StoreDamaged):
        await desk.open()
    assert database.read_bytes() == damaged
    with pytest.raises(StoreDamaged):
        await desk.open()


async def test_a_file_that_is_no_database_is_left_as_it_is(desk: Desk) -> None:
    desk.state.mkdir()
    (desk.state / "signoff.db").write_text("these are my notes, do not touch\n" * 100)
    with pytest.raises(StoreDamaged):
        await desk.open()
    assert (desk.state / "signoff.db").read_text().startswith("these are my notes")


PAGE, FRAME, HEAD = 4096, 4096 + 24, 32
"""Bytes of a page, of a page with its header in the write-ahead log, and of the head of that log."""


async def crashed_at_work(desk: Desk) -> Path:
    """The write-ahead log of an owner that died while a step ran, with much that is nowhere else."""
    await desk.open()
    for _ in range(3):
        await desk.run(*(step(f"s{number}", text="x" * 300) for number in range(10)))
    desk.script.hold("a")
    await desk.started(await desk.begin(step("a"), step("b", "a")), "a")
    crashing = asyncio.create_task(desk.crash())
    desk.script.release("a")
    await crashing
    log = desk.state / "signoff.db-wal"
    assert log.stat().st_size > 100 * FRAME
    return log


def commits(log: bytes) -> list[int]:
    """Where the frames begin that end a transaction."""
    return [at for at in range(HEAD, len(log), FRAME) if log[at + 4 : at + 8] != b"\0" * 4]


async def test_recorded_work_that_a_damaged_log_would_forget_is_told(desk: Desk, long: bool) -> None:
    log = await crashed_at_work(desk)
    whole, chance = log.read_bytes(), random.Random(11)
    for _ in range(200 if long else 15):
        at = chance.randrange(commits(whole)[-2])
        damaged = whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        log.write_bytes(damaged)
        with pytest.raises(StoreDamaged):
            await desk.open()
        assert log.read_bytes() == damaged, at
    log.write_bytes(whole)
    await desk.open()
    assert len(await desk.engine.read(ListTasks())) == 4


@pytest.mark.parametrize("torn", ["cut in its page", "cut in its header", "its page is noise"])
async def test_what_a_loss_of_power_leaves_half_written_is_no_damage(desk: Desk, torn: str) -> None:
    log = await crashed_at_work(desk)
    whole = log.read_bytes()
    last = commits(whole)[-1]
    kept = {"cut in its page": last + 1000, "cut in its header": last + 10, "its page is noise": last + 24}
    log.write_bytes(whole[: kept[torn]])
    if torn == "its page is noise":
        with log.open("ab") as file:
            file.write(os.urandom(PAGE))
    await desk.open()
    assert (await desk.engine.read(VerifyAudit())).ok


async def test_a_flipped_bit_is_told_or_harms_nothing_and_breaks_nobody(desk: Desk, tmp_path: Path, long: bool) -> None:
    await desk.open()
    for _ in range(3):
        await desk.run(*(step(f"s{number}", text="x" * 300) for number in range(10)))
    await desk.close()
    whole, chance, told = (desk.state / "signoff.db").read_bytes(), random.Random(12), 0
    for number in range(200 if long else 20):
        state = tmp_path / f"flipped{number}"
        shutil.copytree(desk.state, state)
        at = chance.randrange(len(whole))
        flipped = bytes([whole[at] ^ 1 << chance.randrange(8)])
        (state / "signoff.db").write_bytes(whole[:at] + flipped + whole[at + 1 :])
        try:
            told += not await _looks_sound(state)
        except StoreError:
            told += 1
        shutil.rmtree(state)
    assert told


async def _looks_sound(state: Path) -> bool:
    """Whether everything can be read, and nobody finds a fault in it."""
    engine = await Engine.open(Opening(state=state, settings=Settings(sandbox="group")))
    try:
        tasks = [found.task.id for found in await engine.read(ListTasks())]
        assert tasks == [3, 2, 1]
        for task in tasks:
            await engine.read(ShowTask(task=task))
            await engine.read(ListRuns(task=task))
        return bool((await engine.read(VerifyAudit())).ok)
    finally:
        await engine.close()


@pytest.mark.parametrize(
    "damaging",
    [
        "UPDATE steps SET state = 'completad'",
        "UPDATE tasks SET phase = 'complfted'",
        "UPDATE runs SET produced = '{'",
        "UPDATE plans SET body = substr(body, 2)",
        "UPDATE plans SET body = replace(body, '\"tier\"', '\"tjer\"')",
    ],
)
async def test_a_row_that_nobody_of_us_wrote_is_damage(desk: Desk, damaging: str) -> None:
    await desk.open()
    await desk.run(step("a", tier="write"))
    await desk.close()
    store = sqlite3.connect(desk.state / "signoff.db")
    with store:
        assert store.execute(damaging).rowcount == 1
    store.close()
    engine = await desk.open()
    with pytest.raises(StoreDamaged):
        for query in (ListTasks(), ShowTask(task=1), ListRuns(task=1)):
            await engine.read(query)


def alter_plan(state: Path, before: str, after: str) -> None:
    """Change the bytes of a stored plan as damage would: its digest stays."""
    store = sqlite3.connect(state / "signoff.db")
    with store:
        assert store.execute("UPDATE plans SET body = replace(body, ?, ?)", (before, after)).rowcount
    store.close()


TOUCH = {"id": "touch", "action": "execute", "command": "touch good"}


async def test_a_signed_plan_whose_stored_bytes_changed_does_not_begin(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group", executes=False)
    task = await desk.begin(TOUCH)
    await desk.close()
    alter_plan(desk.state, "touch good", "touch evil")
    await desk.open(real=True, sandbox="group")
    assert (await desk.ended(task)).task.phase is Phase.FAILED
    assert await desk.runs(task) == ()
    assert list(desk.root.iterdir()) == []


async def test_a_plan_whose_stored_bytes_changed_half_way_does_not_go_on(desk: Desk) -> None:
    await desk.open(real=True, sandbox="group")
    task = await desk.begin({**TOUCH, "tier": "destructive"}, step("after", "touch"))
    question = await desk.asked(task)
    await desk.close()
    alter_plan(desk.state, "touch good", "touch evil")
    await desk.open(real=True, sandbox="group")
    view = await desk.ended(task)
    assert view.task.phase is Phase.CANCELLED
    assert view.task.error == "what the store holds is not the plan that was signed"
    assert question.id not in [asked.id for asked in view.questions]
    await check_sound(desk, task)
    assert list(desk.root.iterdir()) == []
