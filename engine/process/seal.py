"""Approved bytes are executed bytes (S2): signed files are copied once, and the copy is what is hashed and run.

Hashing a file and letting a shell open it again loses the race against whoever swaps it in between. Every file is
opened component by component beneath the root without following a link, so that no swap leads out of it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.errors import SpawnFailed
from engine.process.launch import SealedFile

_CHUNK = 1 << 20


def seal(paths: Sequence[Path], root: Path, into: Path) -> tuple[SealedFile, ...]:
    """Copy each file to a private read-only one and hash exactly the bytes copied.

    Args:
        paths: files beneath `root`; relative ones are taken from `root`.
        into: a folder of the engine; made with mode 0700 where it is missing.

    Raises:
        SpawnFailed: a path leads out of the root, is missing, or is no regular file.
    """
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tuple(_seal_one(path, root, into) for path in paths)


def digest_file(path: Path, root: Path) -> str:
    """The SHA-256 of a file in hexadecimal, opened the way `seal` opens it.

    Raises:
        SpawnFailed: as `seal`.
    """
    with _opened_beneath(path, root) as source:
        return _pump(source, lambda chunk: None)


def read_file(path: Path, root: Path, most: int) -> tuple[str, bytes]:
    """The SHA-256 of a file in hexadecimal and its first `most` bytes, of one reading; opened the way `seal` does.

    Raises:
        SpawnFailed: as `seal`.
    """
    kept = bytearray()
    with _opened_beneath(path, root) as source:
        digest = _pump(source, lambda chunk: kept.extend(chunk[: most - len(kept)]))
    return digest, bytes(kept)


def changed(sealed: Sequence[SealedFile], root: Path) -> tuple[Path, ...]:
    """The sealed paths that hold other bytes on disk now, none, or bytes that cannot be read."""
    return tuple(file.path for file in sealed if not _holds(file, root))


def _holds(file: SealedFile, root: Path) -> bool:
    try:
        return digest_file(file.path, root) == file.sha256
    except (SpawnFailed, OSError):
        return False


def _seal_one(path: Path, root: Path, into: Path) -> SealedFile:
    with _opened_beneath(path, root) as source:
        executable = os.fstat(source).st_mode & 0o111
        target, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=into)
        with os.fdopen(target, "wb") as copy:
            digest = _pump(source, copy.write)
            os.fchmod(copy.fileno(), 0o500 if executable else 0o400)
    return SealedFile(path=root.resolve() / _relative(path, root), sha256=digest, copy=Path(name))


def _pump(source: int, write: Callable[[bytes], object]) -> str:
    digest = hashlib.sha256()
    while chunk := os.read(source, _CHUNK):
        digest.update(chunk)
        write(chunk)
    return digest.hexdigest()


def _relative(path: Path, root: Path) -> Path:
    """The path below the root, with its links unresolved: that is the name the command will use."""
    whole = Path(os.path.normpath(root / path))
    for base in (root, root.resolve()):
        if whole.is_relative_to(base):
            return whole.relative_to(base)
    raise SpawnFailed(program=path, reason=f"it lies outside {root}")


@contextmanager
def _opened_beneath(path: Path, root: Path) -> Iterator[int]:
    try:
        real_root = root.resolve(strict=True)
        real = (real_root / _relative(path, root)).resolve(strict=True)
        if not real.is_relative_to(real_root):
            raise SpawnFailed(program=path, reason=f"a symbolic link leads out of {root}")
        descriptor = _open_plain(real_root, real.relative_to(real_root).parts)
    except (OSError, RuntimeError) as error:  # RuntimeError: a circle of links
        raise SpawnFailed(program=path, reason=getattr(error, "strerror", None) or error) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise SpawnFailed(program=path, reason="it is not a regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def _open_plain(root: Path, parts: tuple[str, ...]) -> int:
    """Open one file below a folder; a link put in the way meanwhile fails with ELOOP or ENOTDIR."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = deeper
        last = parts[-1] if parts else "."
        return os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)
