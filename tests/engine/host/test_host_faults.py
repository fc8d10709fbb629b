"""Clients that stop, never read, or never stop talking: the engine and everybody else go on, in bounded memory."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.client import Gap
from engine.errors import Refused
from engine.host import RemoteEngine
from engine.host.answers import error_frame
from engine.host.gate import only_this_user
from engine.host.protocol import FROM_CLIENT
from engine.host.sharing import NAME
from engine.model.events import EngineClosed, Event
from engine.model.role import Role
from engine.queries import ListTasks, ShowTask
from tests.engine.host.host_room import Open, Room
from tests.engine.host.hostile import NOBODY, WAYS, hostile
from tests.engine.host.shop import open_folder
from tests.patience import PATIENCE

FOLLOWER = """
import asyncio, pathlib, sys
from engine.queries import (ListTasks)
from engine.host import RemoteEngine

async def main():
    client = await RemoteEngine.connect(pathlib.Path(sys.argv[1]), "to be stopped")
    items = client.events()
    await client.read(ListTasks())
    print("ready", flush=True)
    async for item in items:
        if hasattr(item, "seq"):
            print(type(item).__name__, item.seq, flush=True)

asyncio.run(main())
"""
FAT = "x" * 100_000


def resident(field: str = "VmRSS") -> int:
    """Bytes of memory of this process, now or at most (`VmHWM`)."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


async def publish_and_follow(room: Room, client: RemoteEngine, count: int) -> Event:
    """Publish events in small batches; the client has each before the next batch."""
    items = client.events()
    await client.read(ListTasks())
    for _ in range(count // 10):
        events = [room.engine.publish(EngineClosed(FAT)) for _ in range(10)]
        assert [await anext(items) for _ in range(10)] == events
    return events[-1]


async def test_a_stopped_client_gets_one_gap_and_goes_on(room: Room) -> None:
    process = await asyncio.create_subprocess_exec(
        *("timeout", "--foreground", "30", sys.executable, "-c", FOLLOWER, str(room.path)),
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        env={"PATH": os.environ["PATH"]},
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    (stopped,) = room.host.clients
    os.kill(stopped.pid, signal.SIGSTOP)
    last = await publish_and_follow(room, await room.connect(), 200)
    os.kill(stopped.pid, signal.SIGCONT)
    seen: list[tuple[bytes, int]] = []
    while not seen or seen[-1][1] < last.seq:
        kind, seq = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).split()
        seen.append((kind, int(seq)))
    gap = seen.index(next(item for item in seen if item[0] == b"Gap"))
    assert [seq for _, seq in seen[:gap]] == list(range(1, gap + 1))
    assert [seq for _, seq in seen[gap:]] == list(range(seen[gap][1], last.seq + 1))
    process.terminate()
    await process.wait()


async def test_a_client_that_never_reads_costs_its_backlog_and_no_more(room: Room) -> None:
    raw = await room.raw()
    await raw.say({"id": 1, "follow": {}})
    raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
    client = await room.connect()
    before = resident()
    await publish_and_follow(room, client, 500)
    assert resident() - before < 30e6
    assert await client.read(ListTasks()) == ()


async def test_requests_of_a_client_that_never_reads_are_bounded(open_room: Open) -> None:
    room = await open_room()
    asked = 0

    def answer(query: ListTasks) -> str:
        nonlocal asked
        asked += 1
        return "x" * 10**6

    room.engine.answers[ListTasks] = answer
    deaf = await room.raw()
    deaf.reader._transport.pause_reading()  # type: ignore[attr-defined]
    for number in range(200):
        deaf.writer.write(b'{"id":%d,"read":{"kind":"ListTasks"}}\n' % number)
    polite = await room.raw()
    assert len((await polite.ask({"id": 1, "read": {"kind": "ListTasks"}}))["ok"]) == 10**6
    assert asked < 40


async def test_a_line_without_an_end_is_cut_off(room: Room) -> None:
    raw, other = await room.raw(), await room.connect()
    before, piece, sent = resident("VmHWM"), b"x" * 2**20, 0
    with pytest.raises(ConnectionError):
        while sent < 2**30:
            await raw.send(piece)
            sent += len(piece)
            assert await other.read(ListTasks()) == ()
    assert FROM_CLIENT <= sent < 4 * FROM_CLIENT
    assert resident("VmHWM") - before < 150e6


async def test_a_line_that_is_too_long_is_told_so(room: Room) -> None:
    raw = await room.raw()
    await raw.send(b"x" * (FROM_CLIENT + 2**16))
    assert "too long" in (await raw.hear())["error"]["text"]
    assert await raw.hear() == {}


async def test_a_client_that_vanishes_leaves_nothing_behind(room: Room) -> None:
    staying = await room.connect()
    for _ in range(20):
        raw = await room.raw()
        await raw.say({"id": 1, "follow": {}})
        await raw.send(b'{"id":2,"read":{"kind":"Li')
        raw.writer.transport.abort()
    while len(room.host.clients) > 1:
        await staying.read(ListTasks())
    assert room.engine.broker._followers == set()


async def test_signals_are_dropped_and_events_are_not(room: Room) -> None:
    client = await room.connect()
    items = client.events()
    await client.read(ListTasks())
    for size in range(1000):
        room.engine.grow(size)
    event = room.engine.publish(EngineClosed())
    async for item in items:
        if isinstance(item, Event | Gap):
            assert item.seq == event.seq
            break


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = open_folder()
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("way", WAYS)
async def test_beside_hostile_clients_everything_goes_on(open_room: Open, folder: Path, way: str) -> None:
    """How fast it goes on is told by `bench_crowd`."""
    room = await open_room(backlog=4096, role_of=lambda uid: Role.VIEWER if uid == NOBODY else only_this_user(uid))
    room.engine.answers[ShowTask] = lambda query: "x" * 10**6
    room.host.share(folder)
    with hostile(way, folder / NAME, seconds=10):
        client = await room.connect()
        items = client.events()
        await client.read(ListTasks())
        for number in range(300):
            event = room.engine.publish(EngineClosed(str(number)))
            assert await asyncio.wait_for(anext(items), 5) == event
        assert await client.read(ListTasks()) == ()
        assert len(room.host.clients) <= 17


async def test_a_hundred_at_once(room: Room) -> None:
    found = await asyncio.gather(*(room.connect() for _ in range(100)), return_exceptions=True)
    refused = [error for error in found if isinstance(error, BaseException)]
    assert len(found) - len(refused) == 64
    assert {str(error) for error in refused} == {"64 clients are attached already"}
    assert await room.clients[-1].read(ListTasks()) == ()


async def test_who_knocks_at_a_full_door_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turned_away, wait = asyncio.Event(), asyncio.sleep

    async def waited(seconds: float) -> None:
        turned_away.set()
        await wait(seconds)

    monkeypatch.setattr("engine.host.client.asyncio.sleep", waited)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "socket"))
        door.listen(0)
        knocking = [asyncio.create_task(RemoteEngine.connect(tmp_path / "socket")) for _ in range(3)]
        await asyncio.wait_for(turned_away.wait(), PATIENCE)
        for _ in knocking:
            connection, _ = await asyncio.to_thread(door.accept)
            connection.sendall(error_frame(None, Refused(problem="it was opened")))
            connection.close()
        answers = await asyncio.gather(*knocking, return_exceptions=True)
    assert [str(answer) for answer in answers] == ["it was opened"] * 3
