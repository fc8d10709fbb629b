"""Reading a file that holds secrets: lines of `name = "value"` that nobody but this user can read."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

from engine.errors import UsageError

_LARGEST = 1 << 16


class UnsafeFile(UsageError):
    """{path} {problem}; it was not used"""


def read_private(file: Path) -> Mapping[str, str]:
    """What the file holds, by name; nothing where there is none.

    Raises:
        UnsafeFile: it is not this user's alone, or holds something else.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise UnsafeFile(path=file, problem=f"cannot be read: {error.strerror}") from None
    with open(descriptor, "rb") as opened:
        about = os.fstat(opened.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.getuid():
            raise UnsafeFile(path=file, problem="is no file of yours")
        if about.st_mode & 0o077:
            mode = stat.S_IMODE(about.st_mode)
            raise UnsafeFile(path=file, problem=f"can be read by others (mode {mode:04o})", hint=f"chmod 600 {file}")
        return _parsed(file, opened.read(_LARGEST))


def _parsed(file: Path, data: bytes) -> Mapping[str, str]:
    try:
        table = tomllib.loads(data.decode())
    except ValueError as error:
        place = str(error).rpartition("(at ")[2].rstrip(")")  # the rest may quote what the file holds
        raise UnsafeFile(path=file, problem=f"is no TOML ({place})") from None
    if wrong := [name for name, value in table.items() if not isinstance(value, str)]:
        raise UnsafeFile(path=file, problem=f'has no text for {wrong[0]}; write name = "value"')
    return {name: value.strip() for name, value in table.items() if value.strip()}
