"""What the kernel says about the other end of a socket; what the peer says about itself is not asked (B14.1, B5.10).

Ancestry is read from /proc and fails closed: a process that cannot be seen counts as belonging to a step. Where there
is no /proc (macOS) only the user is known.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.process.launch import MARKER

_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 1, 2
"""Of macOS, `sys/un.h`; Python names only the first two of them, and not everywhere."""
_PEER_DESCRIPTOR = 77
"""SO_PEERPIDFD of Linux 6.5 and later, which Python does not name yet."""


@dataclass(frozen=True)
class Peer:
    """The process that opened a connection."""

    uid: int
    pid: int


def peer_of(connection: socket.socket) -> Peer:
    """Who opened a connection, at the moment of opening it."""
    if sys.platform == "darwin":
        _, uid = struct.unpack_from("II", connection.getsockopt(_LOCAL, _LOCAL_PEERCRED, 76))
        return Peer(uid, struct.unpack("i", connection.getsockopt(_LOCAL, _LOCAL_PEERPID, 4))[0])
    pid, uid, _ = struct.unpack("iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return Peer(uid, pid)


def has_ended(connection: socket.socket) -> bool:
    """Whether the process that opened a connection has ended: its number may be another one's by now.

    False also where the kernel cannot say.
    """
    try:
        process = connection.getsockopt(socket.SOL_SOCKET, _PEER_DESCRIPTOR)
    except OSError as error:
        return error.errno not in (errno.ENOPROTOOPT, errno.EINVAL)
    try:
        poll = select.poll()
        poll.register(process, select.POLLIN)
        return bool(poll.poll(0))
    finally:
        os.close(process)


def belongs_to_step(pid: int) -> bool:
    """Whether a process is, or descends from, something that a step started.

    A child of this process in a session of its own is a step, or what a step left behind and we adopted.
    """
    if not os.path.exists("/proc/self"):
        return False
    try:
        return any(_is_marked(number) or _is_adopted(number) for number in list(_ancestry(pid)))
    except (FileNotFoundError, ProcessLookupError):
        return True


def is_enclosed(pid: int) -> bool:
    """Whether a process lives in a PID namespace below ours, as the steps of everybody's engines do in bubblewrap.

    All that can be seen of another user's process: its environment cannot. Fails closed like ancestry.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return os.path.exists("/proc/self")
    numbers = status.partition(b"\nNSpid:")[2].partition(b"\n")[0].split()
    return len(numbers) > 1


def _ancestry(pid: int) -> Iterator[int]:
    """The process and its parents up to the system's first, or to this process."""
    if pid == 0:
        raise ProcessLookupError
    while pid not in (0, os.getpid()):
        yield pid
        pid = _parent(pid)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])


def _is_marked(pid: int) -> bool:
    try:
        return f"\0{MARKER}=".encode() in b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
    except PermissionError:
        return False  # another user's, or one that hides: the line of parents decides


def _is_adopted(pid: int) -> bool:
    return _parent(pid) == os.getpid() and os.getsid(pid) != os.getsid(0)
