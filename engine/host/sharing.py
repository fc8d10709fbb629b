"""Directories through which other users reach an engine: whoever stands at that path must be who it says (B14.1).

The socket in it takes connections from everybody, and the kernel says whose they are. So all that matters is that
nobody else can put another socket in its place: neither in the directory nor in one above it.
"""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from engine.errors import Refused
from engine.host.address import listen, short_name
from engine.person import user_name

NAME = "signoff.sock"
"""The socket inside a shared directory."""
_ANYBODY = 0o666


def listen_shared(folder: Path, backlog: int) -> tuple[Path, socket.socket]:
    """Listen in a directory for every user; it is made if it is not there.

    Raises:
        Refused: others could put something else in its place or cannot reach it, or another engine serves there.
    """
    try:
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o755)
        check(folder, os.getuid())
        _check_way(folder)
        path = folder / NAME
        if is_served(path):
            raise Refused(
                problem=f"Another engine serves at {path} already",
                hint="share in a directory of its own, or not at all: --set share=",
            )
        return path, listen(path, backlog, _ANYBODY)
    except OSError as error:
        raise Refused(
            problem=f"{folder} cannot be shared: {error.strerror}", hint="name a directory that is yours"
        ) from error


def check(folder: Path, owner: int) -> None:
    """Make sure that nobody but a user, and root, can replace what lies in a directory, or the directory.

    Raises:
        Refused: somebody else can; says who and where.
        OSError: it cannot be looked at.
    """
    if folder.is_symlink():
        raise Refused(problem=f"{folder} is a link, which may lead elsewhere tomorrow", hint="name where it leads")
    for place in (folder, *folder.resolve().parents):
        found = place.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise Refused(problem=f"{place} is no directory")
        if found.st_uid not in (owner, 0):
            raise Refused(problem=f"{place} belongs to {user_name(found.st_uid)}, who could put another socket there")
        if found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX:
            hint = f"chmod go-w {place}, or give it the sticky bit"
            raise Refused(problem=f"Others can write to {place} and could put another socket there", hint=hint)


def _check_way(folder: Path) -> None:
    for place in (folder, *folder.resolve().parents):
        if not place.stat().st_mode & 0o011:
            raise Refused(
                problem=f"Nobody else can pass through {place}", hint=f"chmod go+x {place}, or share elsewhere"
            )


def is_served(path: Path) -> bool:
    """Whether somebody listens at a path now."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock, short_name(path) as name:
        knock.setblocking(False)
        try:
            knock.connect(name)
        except BlockingIOError:  # so many wait that one more does not fit
            return True
        except OSError:
            return False
    return True


def shared_socket(place: Path) -> Path:
    """The socket that somebody means who names a directory or a socket.

    Raises:
        Refused: whoever made it is not the only one who could have put it there.
    """
    real = place.resolve()
    path = real / NAME if real.is_dir() else real
    with suppress(FileNotFoundError, NotADirectoryError):  # then nobody listens there
        check(path.parent, path.lstat().st_uid)
    return path
