"""Socket files: they have their mode before they have their name, and only what is dead is replaced.

The kernel takes 107 bytes of path; a longer one goes through a descriptor of its directory where there is /proc.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import Refused

SOCKET = "socket"
"""The owner's, inside a state directory."""
_LONGEST = 100


@contextmanager
def short_name(path: Path) -> Iterator[str]:
    """A name for a path that a socket address can hold, while the block runs."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen(path: Path, backlog: int, mode: int = 0o600) -> socket.socket:
    """Listen at a path, in place of what a dead owner left there. Call it only while owning the directory.

    The socket gets its mode before it gets its name: there is no moment in which someone else could connect.

    Args:
        mode: who may connect; by default nobody but this user.

    Raises:
        Refused: something that is no socket has that name; it was left as it is.
    """
    if path.exists() and not stat.S_ISSOCK(path.lstat().st_mode):
        raise Refused(problem=f"{path} is not a socket; it was left as it is", hint="move it away and start again")
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.setblocking(False)
    try:
        with short_name(fresh) as name:
            server.bind(name)
        fresh.chmod(mode)
        server.listen(backlog)
        fresh.rename(path)
    except BaseException:
        server.close()
        fresh.unlink(missing_ok=True)
        raise
    return server


def inode_of(path: Path) -> int | None:
    """Tells one socket file from the next at the same path; None where there is none."""
    try:
        return path.lstat().st_ino
    except FileNotFoundError:
        return None
