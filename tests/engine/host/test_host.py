"""A host and those who come: who is let in, what each gets to hear, what becomes of them when the engine goes."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from engine.client import Gap, Person
from engine.commands import Cancel, Reject
from engine.errors import NotAllowed, Refused, SignoffError, Unforeseen, UnknownTask, UsageError
from engine.host import EngineGone, Host, OtherVersion, RemoteEngine
from engine.model.events import ClientRefused, EngineClosed
from engine.model.role import Role
from engine.queries import ListTasks, ShowEngine, ShowTask
from tests.engine.host.host_room import USER, Open, Room


async def test_the_socket_is_for_its_user_alone_and_goes_with_the_host(room: Room) -> None:
    assert stat.S_IMODE(room.path.stat().st_mode) == 0o600
    await room.host.close()
    assert not room.path.exists()


async def test_a_socket_that_a_dead_owner_left_is_replaced(open_room: Open) -> None:
    first = await open_room()
    second = await open_room()
    await first.host.close()
    client = await second.connect()
    assert await client.read(ShowEngine()) == second.engine.info


async def test_what_is_no_socket_is_left_as_it_is(tmp_path: Path, room: Room) -> None:
    (tmp_path / "notes").write_text("precious")
    with pytest.raises(Refused, match="is not a socket"):
        await Host.serve(room.engine, tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == "precious"


async def test_a_path_longer_than_an_address_works(tmp_path: Path, room: Room) -> None:
    path = tmp_path / ("d" * 120) / "socket"
    path.parent.mkdir()
    host = await Host.serve(room.engine, path)
    client = await RemoteEngine.connect(path)
    assert await client.read(ListTasks()) == ()
    await client.close()
    await host.close()


async def test_who_is_attached_is_what_the_kernel_says(room: Room) -> None:
    client = await room.connect("tty\x1b7" + "x" * 500)
    (attached,) = room.host.clients
    assert attached == Person(user=USER, role=Role.OPERATOR, pid=os.getpid(), since=7.0, label=attached.label)
    assert len(attached.label) == 200
    await client.close()


async def test_the_actor_is_the_user_of_the_socket(room: Room) -> None:
    client = await room.connect("somebody else")
    command = Cancel(task=3)
    assert (await client.do(command)).task == 3
    assert room.engine.done == [command]
    assert room.engine.actors == [USER]


async def test_a_role_reaches_as_far_as_its_commands(open_room: Open) -> None:
    room = await open_room(role_of=lambda uid: Role.REVIEWER)
    client = await room.connect()
    await client.do(Reject(task=1, revision=1, reason="no"))
    with pytest.raises(NotAllowed, match="cancel needs the role operator; you are reviewer"):
        await client.do(Cancel(task=1))
    assert [type(command) for command in room.engine.done] == [Reject]


async def test_a_user_without_a_role_is_refused_and_told_of_once(open_room: Open) -> None:
    room = await open_room(role_of=lambda uid: None)
    for _ in range(3):
        with pytest.raises(Refused, match="has no role here"):
            await room.connect()
    assert room.refused == [ClientRefused(user=USER, reason=room.refused[0].reason)]
    assert room.host.clients == ()


async def test_one_client_too_many_is_told_so(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.host.server.CLIENTS", 2)
    first, _ = await room.connect(), await room.connect()
    with pytest.raises(Refused, match="2 clients are attached already"):
        await room.connect()
    assert await first.read(ListTasks()) == ()


async def test_another_version_is_told_what_to_restart(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.host.client.VERSION", "99.0")
    with pytest.raises(OtherVersion, match=r"this program is 99\.0") as refusal:
        await room.connect()
    assert "close the engine" in refusal.value.hint


async def test_a_client_without_a_hello_is_sent_away(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.host.server.PATIENCE", 0.01)
    raw = await room.raw(greeted=False)
    assert "hello" in await raw.hear()
    assert "No hello came" in (await raw.hear())["error"]["text"]
    assert await raw.hear() == {}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"GET / HTTP/1.1\r\n", "no JSON"),
        (b"\x00\xff\x13\n", "no JSON"),
        (b"\n", "no JSON"),
        (b"[]\n", "no JSON object"),
        (b"{}\n", "first frame is a hello"),
        (b'{"hello":3}\n', "hello is no object"),
        (b'{"hello":{"protocol":"x"}}\n', "hello.protocol"),
        (b'{"hello":{}}\n', "owns the state directory"),
        (b'{"hello":{"protocol":0,"program":"0.0.1","future":1}}\n', "owns the state directory"),
    ],
)
async def test_a_bad_hello_gets_one_answer_and_a_closed_door(room: Room, line: bytes, fault: str) -> None:
    raw = await room.raw(greeted=False)
    await raw.hear()
    await raw.send(line)
    assert fault in (await raw.hear())["error"]["text"]
    assert await raw.hear() == {}


@pytest.mark.parametrize("line", [b"\xff\n", b"3\n", b'{"do":{}}\n', b'{"id":true}\n', b'{"id":-1}\n'])
async def test_garbage_after_the_hello_closes_the_connection(room: Room, line: bytes) -> None:
    raw = await room.raw()
    await raw.send(line)
    content = await raw.hear()
    assert (content["id"], content["error"]["kind"]) == (None, "UsageError")
    assert await raw.hear() == {}


async def test_a_wrong_request_is_answered_and_the_next_one_served(room: Room) -> None:
    raw = await room.raw()
    assert "no command 'Format'" in (await raw.ask({"id": 1, "do": {"kind": "Format"}}))["error"]["text"]
    assert (await raw.ask({"id": 2, "read": {"kind": "ListTasks"}})) == {"id": 2, "ok": []}
    assert room.engine.done == []


async def test_an_error_of_the_engine_is_raised_in_the_client(room: Room) -> None:
    client = await room.connect()
    with pytest.raises(UnknownTask, match="There is no task 4"):
        await client.read(ShowTask(task=4))
    room.engine.refusal = UsageError(problem="{not a fact}")
    with pytest.raises(UsageError, match="not a fact"):
        await client.do(Cancel(task=4))


async def test_a_broken_engine_is_reported_and_not_shown(room: Room) -> None:
    reports: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(repr(context["exception"])))
    room.engine.answers[ListTasks] = lambda query: 1 / 0
    raw = await room.raw()
    answer = await raw.ask({"id": 1, "read": {"kind": "ListTasks"}})
    assert answer["error"]["text"] == "Something went wrong"
    assert reports == ["ZeroDivisionError('division by zero')"]


async def test_a_defect_that_the_engine_told_of_is_reported_by_its_cause(room: Room) -> None:
    reports: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(repr(context["exception"])))
    told = Unforeseen(kind="ZeroDivisionError")
    told.__cause__ = ZeroDivisionError("division by zero")
    room.engine.refusal = told
    client = await room.connect()
    with pytest.raises(SignoffError, match="Something went wrong"):
        await client.do(Cancel(task=4))
    assert reports == ["ZeroDivisionError('division by zero')"]


async def test_an_answer_that_makes_no_sense_is_an_error_of_that_call(room: Room) -> None:
    room.engine.answers[ListTasks] = lambda query: "none today"
    client = await room.connect()
    with pytest.raises(Refused, match="not understood here"):
        await client.read(ListTasks())
    assert await client.read(ShowEngine()) == room.engine.info


async def test_answers_come_in_the_order_of_their_ends(room: Room) -> None:
    room.engine.held = asyncio.Event()
    client = await room.connect()
    slow = asyncio.create_task(client.do(Cancel(task=1)))
    assert await client.read(ListTasks()) == ()
    assert not slow.done()
    room.engine.held.set()
    assert (await slow).task == 1


async def test_requests_beyond_the_bound_wait_unread(room: Room) -> None:
    room.engine.held = asyncio.Event()
    client = await room.connect()
    calls = [asyncio.create_task(client.do(Cancel(task=number))) for number in range(100)]
    other = await room.connect()
    await other.read(ListTasks())
    assert 0 < len(room.engine.done) < 30
    room.engine.held.set()
    assert [reply.task for reply in await asyncio.gather(*calls)] == list(range(100))


async def test_what_follows_a_command_reaches_who_followed_before(room: Room) -> None:
    raw = await room.raw()
    await raw.send(b'{"id":1,"follow":{}}\n{"id":2,"do":{"kind":"Cancel","task":1}}\n')
    assert (await raw.hear())["id"] == 2
    room.engine.publish(EngineClosed())
    assert (await raw.hear())["event"]["kind"] == "engine_closed"


async def test_two_followers_see_the_same_and_one_may_leave(room: Room) -> None:
    client = await room.connect()
    first, second = client.events(), client.events()
    await client.read(ListTasks())
    event = room.engine.publish(EngineClosed("a"))
    assert [await anext(first), await anext(second)] == [event, event]
    await first.aclose()  # type: ignore[attr-defined]
    await client.read(ListTasks())
    later = room.engine.publish(EngineClosed("b"))
    assert await anext(second) == later


async def test_a_stream_too_many_is_an_error_of_that_stream(room: Room) -> None:
    client = await room.connect()
    streams = [client.events() for _ in range(9)]
    with pytest.raises(UsageError, match="8 streams at most"):
        await anext(streams[-1])
    event = room.engine.publish(EngineClosed())
    assert await anext(streams[0]) == event


async def test_a_slow_consumer_in_the_client_gets_a_gap(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.host.client.BACKLOG", 4)
    client = await room.connect()
    items = client.events()
    await client.read(ListTasks())
    events = [room.engine.publish(EngineClosed()) for _ in range(6)]
    await client.read(ListTasks())
    room.engine.broker.close()
    assert [item async for item in items] == [Gap(seq=5), events[5]]


async def test_when_the_engine_closes_the_stream_ends(room: Room) -> None:
    client = await room.connect()
    items = client.events()
    await client.read(ListTasks())
    room.engine.broker.close()
    assert [item async for item in items] == []


async def test_when_the_engine_goes_calls_fail_and_streams_end(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.host.server.FAREWELL", 0.01)
    room.engine.held = asyncio.Event()
    client = await room.connect()
    items = client.events()
    call = asyncio.create_task(client.do(Cancel(task=1)))
    await client.read(ListTasks())
    await room.host.close()
    with pytest.raises(EngineGone, match="what was recorded is kept"):
        await call
    with pytest.raises(EngineGone):
        await client.read(ListTasks())
    assert [item async for item in items] == []
    assert [item async for item in client.events()] == []


async def test_closing_lets_the_last_answer_out(room: Room) -> None:
    room.engine.held = asyncio.Event()
    client = await room.connect()
    call = asyncio.create_task(client.do(Cancel(task=1)))
    await client.read(ListTasks())
    closing = asyncio.create_task(room.host.close())
    await asyncio.to_thread(lambda: None)
    room.engine.held.set()
    assert (await call).task == 1
    await closing


async def test_a_command_goes_on_when_its_client_leaves(room: Room) -> None:
    raw = await room.raw()
    watcher = await room.connect()
    await raw.say({"id": 1, "do": {"kind": "Cancel", "task": 1}})
    raw.writer.close()
    while not room.engine.done:
        await watcher.read(ListTasks())
    assert room.engine.done == [Cancel(task=1, key=room.engine.done[0].key)]


async def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(EngineGone):
        await RemoteEngine.connect(tmp_path / "socket")


async def test_an_engine_that_does_not_speak_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr("engine.host.client.PATIENCE", 0.01)
    server = await asyncio.start_unix_server(silent, tmp_path / "socket")
    with pytest.raises(EngineGone):
        await RemoteEngine.connect(tmp_path / "socket")
    server.close()
