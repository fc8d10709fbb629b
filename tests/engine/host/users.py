"""Users of this machine for tests, made and removed by root, and connections that are really theirs.

A connection belongs to whom it was made by, for as long as it lasts. So each user has one process, which connects in
their name and hands the connected sockets over: what is then said on them is said here, without any program of ours
having to be readable for that user.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from engine.host import RemoteEngine

LIFETIME = 120
"""Seconds after which a process of a user is ended."""
needs_users = pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("useradd") is None, reason="only root can make users, with useradd"
)
_serial = count()
_HERALD = """
import os, pwd, signal, socket, sys
signal.alarm(int(sys.argv[3]))
user = pwd.getpwnam(sys.argv[1])
os.initgroups(user.pw_name, user.pw_gid); os.setgid(user.pw_gid); os.setuid(user.pw_uid)
line = socket.socket(fileno=int(sys.argv[2]))
while path := line.recv(4096):
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(path)
        socket.send_fds(line, [b"+"], [connection.fileno()])
    except OSError as error:
        line.send(b"-" + type(error).__name__.encode())
    connection.close()
"""


class User:
    """A user, and the process that connects in their name."""

    def __init__(self, name: str, line: socket.socket) -> None:
        self.name, self._line = name, line

    def dial(self, path: Path) -> socket.socket:
        """A connection to a socket. Raises `ConnectionError` with the name of the error that the user got."""
        self._line.send(os.fsencode(path))
        said, sockets, _, _ = socket.recv_fds(self._line, 100, 1)
        if not sockets:
            raise ConnectionError(said[1:].decode())
        return socket.socket(fileno=sockets[0])

    async def attach(self, path: Path, label: str = "") -> RemoteEngine:
        return await RemoteEngine.over(self.dial(path), label)


@contextmanager
def user(name: str, *groups: str) -> Iterator[User]:
    """A user of this machine while the block runs."""
    run("useradd", "--no-create-home", "--no-user-group", "--shell", "/bin/sh", *_in(groups), name)
    try:
        with herald(name) as made:
            yield made
    finally:
        run("userdel", name)


@contextmanager
def herald(name: str, *below: str) -> Iterator[User]:
    """A process that connects in the name of a user.

    Args:
        below: the words of a program that starts it.
    """
    near, far = socket.socketpair()
    words = [*below, sys.executable, "-ISc", _HERALD, name, str(far.fileno()), str(LIFETIME)]
    with near, far, subprocess.Popen(words, pass_fds=[far.fileno()]):
        far.close()
        yield User(name, near)
        near.close()


@contextmanager
def group(name: str) -> Iterator[str]:
    """A group of this machine while the block runs."""
    run("groupadd", name)
    try:
        yield name
    finally:
        run("groupdel", name)


def _in(groups: tuple[str, ...]) -> tuple[str, ...]:
    return ("--groups", ",".join(groups)) if groups else ()


def run(*words: str) -> None:
    subprocess.run(words, check=True, timeout=20, capture_output=True)


class Town:
    """Three users, of whom two are in a group."""

    def __init__(self, opened: ExitStack) -> None:
        mark = f"{os.getpid()}-{next(_serial)}"
        self.staff = opened.enter_context(group(f"signoff-test-{mark}"))
        self.ana = opened.enter_context(user(f"signoff-test-ana-{mark}"))
        self.ben = opened.enter_context(user(f"signoff-test-ben-{mark}", self.staff))
        self.cara = opened.enter_context(user(f"signoff-test-cara-{mark}", self.staff))


@pytest.fixture(scope="session")
def town() -> Iterator[Town]:
    """Made once for all tests; skips where that is not possible."""
    with ExitStack() as opened:
        yield Town(opened)
