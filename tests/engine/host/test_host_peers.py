"""Who a connection comes from, asked of the kernel: other users and steps stay outside, whatever they say."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.host import Gate, Host
from engine.host.peers import belongs_to_step
from engine.model.events import ClientRefused
from engine.model.role import Role
from engine.person import user_name
from tests.engine.host.host_room import USER, Open, Scripted

GREETING = "import socket, sys; s = socket.socket(1); s.connect(sys.argv[1]); print(s.makefile().readline())"
DETACHED = """
import os, socket, sys
s = socket.socket(1)
s.connect(sys.argv[1])
if os.fork(): os._exit(0)
os.setsid()
s.settimeout(15)
print(s.makefile().readline(), flush=True)
"""
AS_NOBODY = f"import os, socket; os.setgid(65534); os.setuid(65534); {GREETING}"
needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self"), reason="the line of parents is read from /proc")
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")


def start(code: str, path: Path, *, session: bool = False, **environment: str) -> subprocess.Popen[str]:
    """A process below `timeout` that prints what the host says first."""
    return subprocess.Popen(
        ["timeout", "20", sys.executable, "-ISc", code, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=session,
    )


async def greeting(process: subprocess.Popen[str]) -> str:
    """The first line that the host said to it."""
    said, _ = await asyncio.to_thread(process.communicate, timeout=20)
    return said


async def test_another_process_of_the_user_is_greeted(open_room: Open) -> None:
    room = await open_room()
    assert "hello" in await greeting(start(GREETING, room.path))
    assert room.refused == []


@needs_proc
async def test_who_carries_the_mark_of_a_run_is_refused(open_room: Open) -> None:
    room = await open_room()
    assert "a step cannot" in await greeting(start(GREETING, room.path, SIGNOFF_RUN="7"))
    assert room.refused == [ClientRefused(user=USER, reason="a step cannot answer for a person")]


@needs_proc
async def test_what_a_step_left_behind_and_we_adopted_is_refused(open_room: Open) -> None:
    room = await open_room()
    assert "a step cannot" in await greeting(start(GREETING, room.path, session=True))


@needs_proc
async def test_who_hands_its_connection_to_a_child_and_ends_is_refused(open_room: Open) -> None:
    room = await open_room()
    process = start(DETACHED, room.path)
    process.wait(20)  # the loop stands meanwhile: the host first sees the connection when its maker is gone
    assert "a step cannot" in await greeting(process)


@needs_proc
def test_a_process_that_cannot_be_seen_counts_as_a_step() -> None:
    assert belongs_to_step(0)
    assert belongs_to_step(2**22 + 1)
    assert not belongs_to_step(os.getpid())
    assert not belongs_to_step(1)


def test_a_user_without_a_name_has_a_number() -> None:
    assert user_name(4_000_000_001) == "uid-4000000001"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A directory that every user can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@needs_root
async def test_another_user_is_refused_by_name(open_folder: Path) -> None:
    refused: list[ClientRefused] = []
    host = await Host.serve(Scripted(), open_folder / "socket", Gate(refused=refused.append))
    (open_folder / "socket").chmod(0o666)
    assert "nobody has no role here" in await greeting(start(AS_NOBODY, open_folder / "socket"))
    assert [fact.user for fact in refused] == ["nobody"]
    await host.close()


@needs_root
async def test_another_user_with_a_role_is_greeted(open_folder: Path) -> None:
    gate = Gate(role_of=lambda uid: Role.VIEWER if uid == 65534 else None)
    host = await Host.serve(Scripted(), open_folder / "socket", gate)
    (open_folder / "socket").chmod(0o666)
    assert "hello" in await greeting(start(AS_NOBODY, open_folder / "socket"))
    await host.close()


@needs_root
async def test_another_user_cannot_even_reach_the_socket(open_folder: Path) -> None:
    refused: list[ClientRefused] = []
    host = await Host.serve(Scripted(), open_folder / "socket", Gate(refused=refused.append))
    process = start(f"import sys; sys.excepthook = lambda kind, *_: print(kind); {AS_NOBODY}", open_folder / "socket")
    assert "PermissionError" in await greeting(process)
    assert refused == []
    await host.close()
