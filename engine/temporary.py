"""A folder for a while: gone when it is left, and what a killed process could not remove goes with the next process.

Whoever works in such a folder holds the kernel's lock on it, which ends with the process however that ends. So a folder
without it is nobody's any more; those of other users are left alone.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """A new temporary folder of this user alone, its name beginning with `prefix`, which is for one purpose only.

    Raises:
        OSError: it cannot be made.
    """
    import shutil
    import tempfile

    _sweep(tempfile.gettempdir(), prefix)
    folder, held = _made(prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _made(prefix: str) -> tuple[Path, int]:
    import tempfile

    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        if (held := _taken(folder)) is not None:
            return folder, held
        # someone who tidied came between the making and the taking


def _taken(folder: Path) -> int | None:
    """The descriptor that holds the lock on a folder of this user; None where it is held, not ours or gone."""
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with suppress(OSError):
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(held).st_uid == os.getuid() and os.path.samestat(os.fstat(held), folder.lstat()):
            return held
    os.close(held)
    return None


@cache
def _sweep(where: str, prefix: str) -> None:
    """Once a process: steps begin often, and the place may hold a hundred thousand names of others."""
    import shutil

    names = []
    with suppress(OSError):  # a place to write need not be one to look into
        names = os.listdir(where)
    for name in names:
        if name.startswith(prefix) and (held := _taken(Path(where, name))) is not None:
            shutil.rmtree(Path(where, name), ignore_errors=True)
            os.close(held)
