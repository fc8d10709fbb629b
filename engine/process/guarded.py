"""What git would execute in a repository: its configuration and its hooks, which no step may change.

The sandbox binds them read-only where they lie. A step that may write the repository can still put another folder in
the place of `.git`, and below the sandbox it can write anything: so they are also compared after the run.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_NAMES = ("config", "config.worktree", "hooks")
_MOST = 1 << 26
"""Bytes of one file that are compared, besides its size: a step must not keep the engine busy."""


@dataclass(frozen=True)
class Guarded:
    """Repositories as they were at one moment."""

    repositories: tuple[Path, ...] = ()
    files: Mapping[Path, str] = field(default_factory=dict)

    def changed(self) -> tuple[Path, ...]:
        """What was added, taken away, or has other bytes or another mode now."""
        now = _look(self.repositories)
        return tuple(sorted(path for path in {*self.files, *now} if self.files.get(path) != now.get(path)))


async def guard(folders: Iterable[Path]) -> Guarded:
    """Remember what git would execute in these folders, each a checkout or a repository's own."""
    repositories = tuple(dict.fromkeys(repository for folder in folders for repository in _repositories(folder)))
    return Guarded(repositories, await asyncio.to_thread(_look, repositories)) if repositories else Guarded()


def guarded_paths(folder: Path) -> Iterator[Path]:
    """What to bind read-only in a folder; only what exists."""
    for repository in _repositories(folder):
        yield from (path for name in _NAMES if (path := repository / name).exists())


def _repositories(folder: Path) -> Iterator[Path]:
    for repository in (folder / ".git", folder):
        if (repository / "HEAD").is_file() and (repository / "objects").is_dir():
            yield repository


def _look(repositories: Iterable[Path]) -> dict[Path, str]:
    paths = (repository / name for repository in repositories for name in _NAMES)
    return {file: state for path in paths for file in (path, *_entries(path)) if (state := _state(file))}


def _entries(path: Path) -> Iterator[Path]:
    """All below a folder, but the samples that git puts there and does not run."""
    for folder, _, names in os.walk(path):
        yield from (Path(folder, name) for name in names if not name.endswith(".sample"))


def _state(file: Path) -> str:
    """What a change of the file shows in; empty for a folder and where there is nothing."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return _described(descriptor)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{error.strerror}"


def _described(descriptor: int) -> str:
    status = os.fstat(descriptor)
    if stat.S_ISDIR(status.st_mode):
        return ""
    data = os.read(descriptor, _MOST) if stat.S_ISREG(status.st_mode) else b""
    return f"{status.st_mode:o} {status.st_size} {hashlib.sha256(data).hexdigest()}"
