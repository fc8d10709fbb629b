"""Cancelled is gone: seven shapes of tree at every level, the grace, the receipt, and the death of the engine."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from engine.process import Level, adopt_orphans, spawn, sweep
from tests.engine.process.process_room import (
    HELD,
    REPEAT,
    RUNNER,
    SHAPES,
    Room,
    alive,
    needs_linux,
    room,
    script_of,
    token,
    until,
)
from tests.patience import PATIENCE

__all__ = ["room"]
GRACE = 0.1
pytestmark = needs_linux


@pytest.fixture(autouse=True)
def _adopting() -> None:
    adopt_orphans()


@pytest.mark.parametrize("level", HELD)
@pytest.mark.parametrize("shape", SHAPES)
async def test_nothing_of_a_cancelled_tree_survives(room: Room, shape: str, level: Level) -> None:
    (room.work / "runner.py").write_text(RUNNER)
    late = []
    for _ in range(REPEAT):
        mark = token()
        launch = room.launch(script=script_of(shape, mark))
        running = await room.start(launch, level)
        receipt = await running.cancel(GRACE)
        late.append(max((end.seconds for end in receipt.ends), default=0.0) - GRACE)
        assert alive(mark) == []
        assert receipt.survivors == ()
        assert not receipt.best_effort
        assert (await running.wait()).log_bytes > 0
    assert REPEAT < 100 or statistics.quantiles(late, n=100)[-1] < 0.1


@pytest.mark.parametrize("shape", ["plain", "ignores TERM", "setsid", "double fork"])
async def test_a_group_is_ended_as_well_as_can_be_and_says_so(room: Room, shape: str) -> None:
    mark = token()
    running = await room.start(room.launch(script=script_of(shape, mark)), Level.GROUP)
    receipt = await running.cancel(0.1)
    assert receipt.best_effort
    assert alive(mark) == []
    assert (await running.wait()).signal in (signal.SIGTERM, signal.SIGKILL)


@pytest.mark.parametrize("level", Level)
async def test_a_trap_gets_its_grace_even_when_the_command_ends_before_it(room: Room, level: Level) -> None:
    script = """bash -c 'trap "echo cleaned > trap.txt; exit" TERM; echo ready; for i in {1..200}; do sleep 0.1; done' &
    sleep 20"""
    running = await room.start(room.launch(script=script), level)
    receipt = await running.cancel(15)
    assert (room.work / "trap.txt").read_text() == "cleaned\n"
    assert receipt.seconds < 12
    assert {end.end for end in receipt.ends} == {"SIGTERM"}


@pytest.mark.parametrize("level", Level)
async def test_the_receipt_names_what_had_to_be_killed(room: Room, level: Level) -> None:
    running = await room.start(room.launch(script="trap '' TERM; echo ready; sleep 20 & wait; wait"), level)
    receipt = await running.cancel(0.2)
    assert {end.name for end in receipt.ends} == {"bash", "sleep"}
    assert {end.end for end in receipt.ends} == {"SIGKILL"}
    assert all(end.seconds >= 0.2 for end in receipt.ends)
    assert receipt.level == level
    assert receipt.survivors == ()
    assert (await running.wait()).signal == signal.SIGKILL


@pytest.mark.parametrize("level", Level)
async def test_cancelling_twice_is_one_cancellation(room: Room, level: Level) -> None:
    running = await room.start(room.launch(script="echo ready; sleep 20"), level)
    first, second = await asyncio.gather(running.cancel(1), running.cancel(1))
    assert first is second
    assert (await running.wait()).signal == signal.SIGTERM


@pytest.mark.parametrize("level", Level)
async def test_a_kill_ends_the_grace_of_a_cancellation(room: Room, level: Level) -> None:
    running = await room.start(room.launch(script="trap '' TERM; echo ready; sleep 20 & wait; wait"), level)
    cancelling = asyncio.create_task(running.cancel(15))
    asyncio.get_running_loop().call_later(0.2, running.kill)
    receipt = await asyncio.wait_for(cancelling, 5)
    assert {end.end for end in receipt.ends} == {"SIGKILL"}
    assert receipt.survivors == ()
    assert (await running.wait()).signal == signal.SIGKILL


@pytest.mark.parametrize("level", Level)
async def test_a_kill_without_a_cancellation_has_no_grace(room: Room, level: Level) -> None:
    mark = token()
    running = await room.start(room.launch(script=f"trap '' TERM; echo ready; sleep {mark} & wait; wait"), level)
    running.kill()
    running.kill()
    assert (await asyncio.wait_for(running.wait(), 5)).signal == signal.SIGKILL
    assert (await running.cancel(15)).survivors == ()
    assert alive(mark) == []


@pytest.mark.parametrize("level", Level)
async def test_cancelling_what_has_ended_signals_nothing(room: Room, level: Level) -> None:
    running = await spawn(room.launch("true"), level)
    end = await running.wait()
    receipt = await running.cancel(1)
    assert receipt.ends == () and receipt.survivors == ()
    assert (await running.wait()) is end


@pytest.mark.parametrize("level", Level)
async def test_a_run_cancelled_at_once_leaves_nothing(room: Room, level: Level) -> None:
    for _ in range(3 * REPEAT):
        mark = token()
        running = await spawn(room.launch("sleep", mark), level)
        receipt = await running.cancel(0.2)
        assert receipt.survivors == ()
        assert alive(mark) == []


@pytest.mark.parametrize("level", Level)
async def test_background_children_end_with_the_command(room: Room, level: Level) -> None:
    mark = token()
    end, _ = await room.run(room.launch(script=f"sleep {mark} & echo done"), level)
    assert end.code == 0
    assert await until(lambda: not alive(mark), 1)


@pytest.mark.parametrize("level", HELD)
async def test_nothing_survives_the_death_of_the_engine(tmp_path: Path, level: Level) -> None:
    for attempt in range(REPEAT):
        mark = token()
        folder = tmp_path / str(attempt)
        engine = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _ENGINE,
            str(folder),
            level,
            mark,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )
        assert engine.stdout is not None
        assert await asyncio.wait_for(engine.stdout.readline(), PATIENCE) == b"ready\n"
        assert alive(mark)
        engine.send_signal(signal.SIGKILL)
        await engine.wait()
        assert await until(lambda mark=mark: not alive(mark), 1)  # type: ignore[misc]


_ENGINE = """
import asyncio, sys
sys.path.insert(0, ".")
from pathlib import Path
from tests.engine.process.process_room import Room
from engine.process import Level, adopt_orphans
async def main(folder, level, mark):
    adopt_orphans()
    room = Room(Path(folder))
    script = "sleep T & (setsid sleep T &); (env -i setsid bash -c 'exec -a x sleep T' &); echo ready; sleep T"
    await room.start(room.launch(script=script.replace("T", mark)), Level(level))
    print("ready", flush=True)
    await asyncio.sleep(20)
asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("level", Level)
async def test_nothing_survives_an_engine_that_dies_while_it_starts_things(tmp_path: Path, level: Level) -> None:
    for attempt in range(REPEAT):
        mark = token()
        engine = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", _STARTER, str(tmp_path / str(attempt)), level, mark),
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )
        assert engine.stdout is not None
        started = await asyncio.wait_for(engine.stdout.readexactly(2 + attempt % 9), PATIENCE)
        engine.send_signal(signal.SIGKILL)
        await engine.wait()
        assert set(started) == set(b".")
        await asyncio.get_running_loop().run_in_executor(None, _moment_of_grace)
        assert alive(mark) == []


def _moment_of_grace() -> None:
    """What must be dead within a second may be looked at after it only: before, it may just be appearing."""
    threading.Event().wait(1)


_STARTER = """
import asyncio, sys
sys.path.insert(0, ".")
from pathlib import Path
from tests.engine.process.process_room import Room
from engine.process import Level, adopt_orphans, spawn
async def main(folder, level, mark):
    adopt_orphans()
    room = Room(Path(folder))
    for _ in range(20):
        await spawn(room.launch("timeout", "20", "sleep", mark), Level(level))
        print(end=".", flush=True)
        await asyncio.sleep(0.002)
    await asyncio.sleep(20)
asyncio.run(main(*sys.argv[1:]))
"""


async def test_the_supervisor_leaves_a_record(room: Room) -> None:
    record = room.folder / "record.json"
    end, _ = await room.run(room.launch(script="exit 7", record=record), Level.SUPERVISOR)
    assert end.code == 7
    assert record.read_text() == '{"code": 7, "signal": null, "gone": true}'


async def test_a_killed_supervisor_takes_its_tree_along(room: Room) -> None:
    mark = token()
    launch = room.launch(script=f"(setsid sleep {mark} &); echo ready; sleep {mark}")
    running = await room.start(launch, Level.SUPERVISOR)
    os.kill(running.pid, signal.SIGKILL)
    assert (await asyncio.wait_for(running.wait(), 10)).signal == signal.SIGKILL
    assert alive(mark) == []


async def test_sweep_ends_what_carries_the_marker_and_what_is_below_it(room: Room) -> None:
    mark, marker = token(), f"sweep-{token()}"
    script = f"env -i sleep {mark} & sleep {mark} & echo ready; wait"
    left = await asyncio.create_subprocess_exec(
        "bash", "-c", script, env={**os.environ, "SIGNOFF_RUN": marker}, stdout=subprocess.PIPE, start_new_session=True
    )
    assert left.stdout is not None
    assert await left.stdout.readline() == b"ready\n"
    assert await sweep(marker) >= 2
    assert alive(mark) == []
    assert await sweep(marker) == 0
    await left.wait()


async def test_a_marker_that_only_begins_alike_is_left_alone(room: Room) -> None:
    launch = room.launch(script="echo ready; sleep 20")
    running = await room.start(replace(launch, environment={**launch.environment, "SIGNOFF_RUN": "abc1"}), Level.GROUP)
    assert await sweep("abc") == 0
    assert await sweep("abc1") > 0
    await running.wait()
