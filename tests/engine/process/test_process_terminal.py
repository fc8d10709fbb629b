"""Steps in a terminal of their own, at every level: what is typed arrives, what is shown is the log, all of it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha1

import pytest

from engine.process import Exit, Launch, Level, Running, spawn
from tests.engine.process.process_room import Room, alive, needs_bubblewrap, room, token, until
from tests.patience import PATIENCE

__all__ = ["room"]
pytestmark = needs_bubblewrap
every_level = pytest.mark.parametrize("level", Level)


async def begin(room: Room, level: Level, script: str) -> tuple[Running, Launch]:
    launch = room.launch(script=script, terminal=True)
    return await spawn(launch, level), launch


async def shown(room: Room, launch: Launch, text: str) -> None:
    assert await until(lambda: launch.log.exists() and text in room.log(launch)), room.log(launch)


def typing(running: Running) -> Callable[[bytes], None]:
    assert running.terminal is not None
    return running.terminal.type


async def ended(running: Running) -> Exit:
    return await asyncio.wait_for(running.wait(), PATIENCE)


@every_level
async def test_it_is_a_terminal_and_its_end_is_kept(room: Room, level: Level) -> None:
    script = '[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all; read -r line < /dev/tty; echo "got $line"; exit 7'
    running, launch = await begin(room, level, script)
    await shown(room, launch, "all")
    typing(running)(b"hello\r")
    assert (await ended(running)).code == 7
    assert "got hello\r\n" in room.log(launch)


@every_level
async def test_what_is_not_echoed_is_not_in_the_log(room: Room, level: Level) -> None:
    running, launch = await begin(room, level, "read -rsp 'Password: ' word; echo; echo ${#word} characters")
    await shown(room, launch, "Password: ")
    typing(running)(b"correct horse\r")
    assert (await ended(running)).code == 0
    assert room.log(launch) == "Password: \r\n13 characters\r\n"


@every_level
async def test_ctrl_c_reaches_the_program_and_nothing_else(room: Room, level: Level) -> None:
    script = "trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.05; done"
    running, launch = await begin(room, level, script)
    await shown(room, launch, "ready")
    typing(running)(b"\x03")
    assert (await ended(running)).code == 5
    assert "interrupted" in room.log(launch)


@every_level
async def test_the_size_is_passed_on_and_told(room: Room, level: Level) -> None:
    script = "trap 'stty size; exit' WINCH; stty size; echo ready; while :; do sleep 0.05; done"
    running, launch = await begin(room, level, script)
    await shown(room, launch, "ready")
    assert running.terminal is not None
    running.terminal.resize(50, 132)
    assert (await ended(running)).code == 0
    assert room.log(launch).split() == ["24", "80", "ready", "50", "132"]


@every_level
async def test_much_that_is_typed_and_much_that_is_shown_arrives_whole(room: Room, level: Level) -> None:
    running, launch = await begin(room, level, "stty raw -echo; echo ready; head -c 200000 | sha1sum; seq 20000")
    await shown(room, launch, "ready")
    typing(running)(b"x" * 200_000)
    assert (await ended(running)).code == 0
    output = room.log(launch).split()
    assert output[1] == sha1(b"x" * 200_000).hexdigest()
    assert output[3:] == [str(number) for number in range(1, 20_001)]


@every_level
async def test_cancelling_ends_all_of_it(room: Room, level: Level) -> None:
    mark = token()
    running, launch = await begin(
        room, level, f"trap '' TERM HUP INT; sleep {mark} & echo ready; sleep {mark}; sleep {mark}"
    )
    await shown(room, launch, "ready")
    receipt = await asyncio.wait_for(running.cancel(0.2), PATIENCE)
    await ended(running)
    assert not receipt.survivors
    assert await until(lambda: not alive(mark))


@every_level
async def test_typing_after_the_end_does_nothing(room: Room, level: Level) -> None:
    running, launch = await begin(room, level, "true")
    await ended(running)
    typing(running)(b"too late\r")
    assert room.log(launch) == ""


@every_level
async def test_without_one_there_is_no_terminal_to_open(room: Room, level: Level) -> None:
    end, output = await room.run(room.launch(script="[ -t 0 ] || echo none; read -r x < /dev/tty"), level)
    assert end.code != 0
    assert "none" in output
