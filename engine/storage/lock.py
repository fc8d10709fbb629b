"""Who owns a state directory: a kernel lock on a file, released when the process dies (B11.1)."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from engine.errors import Owned, StoreError


class OwnerLock:
    """Held from `take` to `release`; the file names the process, for people and for the error."""

    def __init__(self, state: Path) -> None:
        self._path = state / "owner"
        self._file: int | None = None

    def take(self) -> None:
        """Become the owner.

        Raises:
            Owned: another process is, and is alive.
            StoreError: the state directory cannot be written.
        """
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(reason=f"{error.strerror}: {self._path}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = os.read(file, 32).decode(errors="replace").strip() or "?"
            os.close(file)
            raise Owned(pid=pid) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def is_owned(state: Path) -> bool:
    """Whether some process owns the state directory now; it is only looked at."""
    try:
        file = os.open(state / "owner", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def owner_of(state: Path) -> int | None:
    """The process that last became the owner, as it wrote down itself; None where nobody did."""
    try:
        written = (state / "owner").read_text(errors="replace").strip()
    except OSError:
        return None
    return int(written) if written.isascii() and written.isdigit() else None
