"""People are told that they are needed, where they said, again and ever more rarely, and no more once they answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine import Alerted, Answer, Channels, InvalidPlan, Outcome
from engine.alerts import Alerts
from engine.channels import NotTold
from engine.client import Gap, Item
from engine.model.alert import SLOWEST, pause
from engine.private import UnsafeFile
from engine.settings import Notification
from tests.engine.desk import Desk, step
from tests.patience import PATIENCE

SOON = Notification(channels=("ops",), after=0.01, every=0.01)
RISKY = {"tier": "destructive"}


class Post:
    """A service of messages on loopback, as Apprise's `json://` speaks to it."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.status = "200 OK"
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split("\r\n")[0])
        self.received.put_nowait(json.loads(await reader.readexactly(length)))
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.received.get(), PATIENCE)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    made = Post()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


@pytest.fixture
def channels(tmp_path: Path, post: Post) -> Channels:
    file = tmp_path / "channels.toml"
    file.write_text(f'ops = "json://127.0.0.1:{post.port}/secret-path"\n')
    file.chmod(0o600)
    return Channels(file)


async def test_what_waits_is_told_again_until_somebody_answers(desk: Desk, post: Post, channels: Channels) -> None:
    await desk.open(channels=channels, notify=SOON)
    task = await desk.begin(step("drop", text="DROP TABLE sessions", **RISKY))
    question = await desk.asked(task)
    told = [await post.next() for _ in range(3)]
    assert {each["title"] for each in told} == {f"signoff: task {task}: drop asks before it runs"}
    await desk.answer(question, Answer.ONCE)
    await desk.ended(task)
    while not (last := await post.next())["title"].endswith("ended: ok"):
        assert "asks" in last["title"]
    assert (await desk.fact(Alerted, task)).error == ""


async def test_a_signature_that_is_missing_is_told_and_then_no_more(desk: Desk, post: Post, channels: Channels) -> None:
    await desk.open(channels=channels, notify=SOON)
    task = await desk.plan(step("a"))
    assert (await post.next())["title"] == f"signoff: task {task} waits for a signature"
    await desk.sign(task)
    assert (await desk.ended(task)).task.outcome is Outcome.OK


async def test_what_waited_before_is_told_by_the_next_owner(desk: Desk, post: Post, channels: Channels) -> None:
    await desk.open()
    task = await desk.begin(step("drop", **RISKY))
    await desk.asked(task)
    await desk.close()
    await desk.open(channels=channels, notify=SOON)
    assert "drop asks" in (await post.next())["title"]


async def test_a_signature_that_was_missing_before_is_told_by_the_next_owner(
    desk: Desk, post: Post, channels: Channels
) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    await desk.close()
    await desk.open(channels=channels, notify=SOON)
    assert (await post.next())["title"] == f"signoff: task {task} waits for a signature"


async def test_after_a_gap_what_waits_is_told_and_what_was_answered_is_not(
    desk: Desk, post: Post, channels: Channels
) -> None:
    await desk.open()
    heard: asyncio.Queue[Item] = asyncio.Queue()

    async def items() -> AsyncIterator[Item]:
        while True:
            yield await heard.get()

    unsigned = await desk.plan(step("a"))
    alerts = Alerts(desk.engine._parts.store, channels, SOON)
    following = asyncio.create_task(alerts.follow(items()))
    assert (await post.next())["title"] == f"signoff: task {unsigned} waits for a signature"
    task = await desk.begin(step("drop", **RISKY))
    question = await desk.asked(task)
    heard.put_nowait(Gap(seq=question.id))
    async with asyncio.timeout(PATIENCE):
        while "drop asks" not in (await post.next())["title"]:
            pass
        await desk.answer(question, Answer.ONCE)
        await desk.ended(task)
        heard.put_nowait(Gap(seq=question.id))
        others = 0
        while others < 4:
            others = 0 if "drop asks" in (await post.next())["title"] else others + 1
    following.cancel()
    await alerts.close()


async def test_whoever_tells_survives_what_breaks_in_between(
    desk: Desk, post: Post, channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, broken = channels.send, [True]

    async def breaks(*words: str) -> None:
        if broken and broken.pop():
            raise RuntimeError("once")
        await send(*words)

    monkeypatch.setattr(channels, "send", breaks)
    await desk.open(channels=channels, notify=SOON)
    task = await desk.plan(step("a"))
    assert (await post.next())["title"] == f"signoff: task {task} waits for a signature"
    assert (await desk.fact(Alerted, task)).error == "Nothing was sent to ops: RuntimeError"


async def test_who_cancelled_needs_no_message(desk: Desk, post: Post, channels: Channels) -> None:
    await desk.open(channels=channels, notify=SOON)
    desk.script.hold("a")
    task = await desk.begin(step("a"))
    await desk.started(task, "a")
    await desk.cancel(task)
    await desk.ended(task)
    (after,) = [await desk.run(step("b"))]
    titles = [(await post.next())["title"]]
    while not titles[-1].startswith(f"signoff: task {after.task.id} ended"):
        titles.append((await post.next())["title"])
    assert not any(f"task {task} ended" in title for title in titles)


async def test_a_service_that_refuses_is_recorded_and_stops_nothing(desk: Desk, post: Post, channels: Channels) -> None:
    post.status = "500 Broken"
    await desk.open(channels=channels, notify=SOON)
    view = await desk.run(step("a"))
    assert view.task.outcome is Outcome.OK
    assert "did not take it" in (await desk.fact(Alerted, view.task.id)).error


async def test_a_library_that_breaks_is_recorded_and_the_next_thing_is_told(
    desk: Desk, post: Post, channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(channel: str, address: str) -> None:
        raise RuntimeError(f"no module for {address}")

    with monkeypatch.context() as patched:
        patched.setattr("engine.channels._sender", broken)
        await desk.open(channels=channels, notify=SOON)
        view = await desk.run(step("a"))
        told = (await desk.fact(Alerted, view.task.id)).error
    assert told == "Nothing was sent to ops: RuntimeError", "and no address stands in it"
    await desk.run(step("b"))
    while not (await post.next())["title"].endswith("task 2 ended: ok"):
        pass


async def test_a_step_tells_a_channel(desk: Desk, post: Post, channels: Channels) -> None:
    await desk.open(real=True, channels=channels)
    task = await desk.begin({"id": "tell", "action": "notify", "channel": "ops", "message": "it is \x1b[31mdone"[:5]})
    await desk.answer(await desk.asked(task), Answer.ONCE)  # what leaves the machine is confirmed
    assert (await desk.ended(task)).task.outcome is Outcome.OK
    assert (await post.next())["message"] == "it is"


async def test_a_step_whose_message_does_not_arrive_fails(desk: Desk, post: Post, channels: Channels) -> None:
    post.status = "403 No"
    await desk.open(real=True, channels=channels)
    task = await desk.begin({"id": "tell", "action": "notify", "channel": "ops", "message": "done"})
    await desk.answer(await desk.asked(task), Answer.ONCE)
    assert "Nothing was sent to ops" in (await desk.ended(task)).steps[0].error


async def test_a_plan_with_an_unknown_channel_is_refused(desk: Desk, channels: Channels) -> None:
    await desk.open(real=True, channels=channels)
    with pytest.raises(InvalidPlan) as refused:
        await desk.plan({"id": "tell", "action": "notify", "channel": "opps", "message": "done"})
    assert [fault.field for fault in refused.value.faults] == ["steps[0].channel"]


async def test_addresses_are_kept_from_others_and_out_of_errors(post: Post, channels: Channels) -> None:
    post.status = "500 Broken"
    with pytest.raises(NotTold) as refused:
        await channels.send("ops", "t", "b")
    assert "secret-path" not in str(refused.value)
    channels.file.chmod(0o644)
    with pytest.raises(UnsafeFile):
        await channels.send("ops", "t", "b")


async def test_a_message_holds_nothing_that_acts(post: Post, channels: Channels) -> None:
    await channels.send("ops", "a\x1b]0;x\x07b", "c\u202ed\ne")
    received = await post.next()
    assert (received["title"], received["message"]) == ("a]0;xb", "cd\ne")


def test_pauses_grow_up_to_a_bound() -> None:
    pauses = [pause(nth, 60, 600) for nth in range(8)]
    assert pauses == [60, 600, 1200, 2400, SLOWEST, SLOWEST, SLOWEST, SLOWEST]
    assert pause(10_000, 60, 600) == SLOWEST
