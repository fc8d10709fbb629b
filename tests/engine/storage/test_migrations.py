"""A database of an earlier version: it is kept as it was, migrated by its owner, and read by anybody before that.

One of a later version is left alone.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import StoreNewer
from engine.model.effect import ChangeKind, Changes, FileChange, Made, TestSummary
from engine.model.events import StepEnded
from engine.model.nouns import evolve
from engine.model.plan import Plan, PlannedStep
from engine.model.plan import Test as TestStep
from engine.model.run import Run, StepStatus
from engine.model.state import Phase, RunState, StepState
from engine.model.task import Task
from engine.storage.connect import FILE, migrations, newest, open_reader
from engine.storage.reader import Reader
from engine.storage.store import Store

ROWS = """
INSERT INTO tasks (id, request, root, phase, proposer, created) VALUES (1, 'try', '/', 'completed', 'ana', 1.0);
INSERT INTO steps (task, position, id, state, run, summary) VALUES (1, 0, 'tests', 'completed', 1, 'ok');
INSERT INTO runs (id, task, step, task_attempt, attempt, state, started, log, level, produced)
 VALUES (1, 1, 'tests', 1, 1, 'completed', 1.0, 'x.log', 'group', '{"out.sh": "abc"}');
"""


def first_version(state: Path, folder: Path) -> None:
    """A state directory as a killed owner of the first version left it: the rows are in the write-ahead log alone."""
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as old:
        old.execute("PRAGMA journal_mode = WAL")
        old.executescript(f"BEGIN; {migrations()[0][1]} PRAGMA user_version = 1; COMMIT;")
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        old.executescript(ROWS)
        for name in (FILE, f"{FILE}-wal"):
            shutil.copy(folder / name, state / name)


def rows_of(file: Path) -> tuple[int, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(file)) as store:
        return store.execute("PRAGMA user_version").fetchone()[0], store.execute("SELECT * FROM runs").fetchall()


async def check_first_version(reader: Reader) -> None:
    (run,), (status,) = await reader.runs(1), await reader.statuses(1)
    assert (run.id, run.produced, run.changed, run.tests) == (1, {"out.sh": Made(sha256="abc")}, None, None)
    assert (status.id, status.changed, status.tests, status.did) == ("tests", None, None, "ok")
    assert await reader.produced(1) == {("tests", "out.sh"): Made(sha256="abc")}


async def test_the_owner_migrates_and_keeps_what_was_there_before(tmp_path: Path) -> None:
    (state := tmp_path / "state").mkdir()
    first_version(state, tmp_path)
    store = await Store.open(state, lambda: 1.0, lambda events: None)
    await check_first_version(store.read)
    await store.close()
    assert rows_of(state / FILE)[0] == newest()
    kept = state / "signoff.before-0002"
    version, runs = rows_of(kept)
    assert (version, len(runs), kept.stat().st_mode & 0o777) == (1, 1, 0o600)


async def test_a_reader_reads_a_database_that_was_not_migrated_and_leaves_it_alone(tmp_path: Path) -> None:
    (state := tmp_path / "state").mkdir()
    first_version(state, tmp_path)
    before = (state / FILE).read_bytes()
    reader = Reader(await open_reader(state))
    await check_first_version(reader)
    await reader.close()
    assert (state / FILE).read_bytes() == before
    assert [name for name in os.listdir(state) if "before" in name] == []


@pytest.mark.parametrize("opened", [open_reader, lambda state: Store.open(state, lambda: 1.0, lambda events: None)])
async def test_what_a_newer_program_wrote_is_neither_read_nor_changed(
    tmp_path: Path, opened: Callable[[Path], Awaitable[object]]
) -> None:
    await (await Store.open(tmp_path, lambda: 1.0, lambda events: None)).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as store:
        store.execute(f"PRAGMA user_version = {newest() + 2}")
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(StoreNewer) as refused:
        await opened(tmp_path)
    assert f"(version {newest() + 2}, known here up to {newest()}); it was left as it is" in str(refused.value)
    assert "newer program" in refused.value.hint
    assert (tmp_path / FILE).read_bytes() == before
    assert [name for name in os.listdir(tmp_path) if "before" in name] == []


async def test_what_a_run_did_is_read_as_it_was_written(tmp_path: Path) -> None:
    changed = Changes(
        files=(FileChange(path="a\\xff b", kind=ChangeKind.MODIFIED, added=3, removed=0),), count=300, beside=2
    )
    tests, made = TestSummary(passed=2, failed=1), {"out.sh": Made(sha256="abc", diff="+x\n")}
    run = Run(id=1, task=1, step="tests", task_attempt=1, attempt=1, state=RunState.RUNNING, started=1.0)
    ran = evolve(run, state=RunState.FAILED, changed=changed, tests=tests, produced=made)
    status = StepStatus(id="tests", state=StepState.FAILED, run=1, changed=evolve(changed, files=()), tests=tests)
    task = Task(id=1, request="x", root="/", phase=Phase.EXECUTING, proposer="ana", created=1.0, digest="d", signed="d")
    plan = Plan(task=1, digest="d", steps=(PlannedStep(step=TestStep(id="tests", command="pytest")),))
    store = await Store.open(tmp_path, lambda: 1.0, lambda events: None)
    await store.create_planned_task(task, task, plan, ())
    await store.start_step(0, evolve(status, changed=None, tests=None, state=StepState.RUNNING), run, "d")
    await store.end_step(0, status, ran)
    assert await store.read.run(1) == ran
    assert await store.read.statuses(1) == (status,)
    assert (await store.read.events(0, 99))[-1].fact == StepEnded(status)
    again = evolve(status, changed=None, tests=None, state=StepState.READY)
    await store.change_steps(1, [(0, again)], "again")
    assert await store.read.statuses(1) == (again,)
    await store.close()
