"""The files beneath a root at one moment, and what a change of each shows in: no content is read.

In a repository they are those that git knows or would add, so that what it ignores costs nothing and does not count;
elsewhere all there are. A look is bounded in files and in time: a root that is too large is not looked at, and said.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from engine.model.effect import ChangeKind
from engine.workspace.git import git, in_repository

MAX_FILES = 50_000
PATIENCE = 3.0
"""Seconds that looking at the files may take: a slow disk must not keep steps from starting."""
_OF_REPOSITORIES = frozenset({".git", ".hg", ".svn"})
_AT_ONCE = 1000
"""Files between two looks at the time."""

State = tuple[int, int, int, int]
"""Mode, size, inode, and when any of content, mode or name changed, in nanoseconds; a program cannot set that time."""


_Entry = tuple[str, os.stat_result]


@dataclass(frozen=True)
class Tree:
    """The files beneath a root as they were at one moment."""

    began: float
    """When the look at it began, by the monotonic clock."""
    files: Mapping[str, State] = field(default_factory=dict)
    """By path from the root; undecodable bytes are surrogates."""
    by_git: bool = False
    """Whether git said which files there are."""
    unknown: str = ""
    """Why the files are not known."""


class _TooMuch(Exception):
    """Looking was given up; the message says why."""


async def look(root: Path) -> Tree:
    """Look at all files beneath `root` as they are now."""
    began = monotonic()
    listed = await _asked(root)
    if monotonic() - began >= PATIENCE:  # the rest of the look would keep the step waiting even longer
        return Tree(began, unknown=_too_long(root))
    entries = _walked(f"{root}") if listed is None else _listed(f"{root}", listed)
    if listed is not None and listed.count(b"\0") > MAX_FILES:
        return Tree(began, unknown=_too_many(root))
    try:
        return Tree(began, await asyncio.to_thread(_states, root, entries, began + PATIENCE), by_git=listed is not None)
    except _TooMuch as error:
        return Tree(began, unknown=str(error))


def differing(root: Path, before: Tree, after: Tree) -> dict[str, ChangeKind]:
    """What became of each file between two looks, by path, in order.

    Raises:
        ValueError: the looks do not compare; the message says why.
    """
    if why := before.unknown or after.unknown:
        raise ValueError(why)
    if before.by_git and not after.by_git:
        raise ValueError("git does not know its files any more")
    old, new = before.files, after.files
    found = dict.fromkeys(new.keys() - old.keys(), ChangeKind.ADDED)
    # What git began to ignore meanwhile is listed no more, and still there.
    found |= {path: ChangeKind.DELETED for path in old.keys() - new.keys() if not os.path.lexists(root / path)}
    found |= {path: ChangeKind.MODIFIED for path in old.keys() & new.keys() if old[path] != new[path]}
    return dict(sorted(found.items()))


async def _asked(root: Path) -> bytes | None:
    """What git says; None outside of repositories, and in a folder that one around it ignores."""
    if not in_repository(root):
        return None
    listed = await git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", patience=PATIENCE)
    return listed if listed or (root / ".git").exists() else None


def _states(root: Path, entries: Iterable[_Entry], give_up: float) -> dict[str, State]:
    return {
        path: (status.st_mode, status.st_size, status.st_ino, status.st_ctime_ns)
        for path, status in _bounded(root, entries, give_up)
        if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)
    }


def _bounded(root: Path, entries: Iterable[_Entry], give_up: float) -> Iterator[_Entry]:
    for count, entry in enumerate(entries):
        if count >= MAX_FILES:
            raise _TooMuch(_too_many(root))
        if not count % _AT_ONCE and monotonic() > give_up:
            raise _TooMuch(_too_long(root))
        yield entry


def _too_long(root: Path) -> str:
    return f"looking at {root} took longer than {PATIENCE:g} s"


def _too_many(root: Path) -> str:
    return f"more than {MAX_FILES:,} files in {root}"


def _listed(root: str, listed: bytes) -> Iterator[_Entry]:
    for name in map(os.fsdecode, listed.split(b"\0")[:-1]):
        with suppress(OSError):  # known to git and not there
            yield name, os.lstat(f"{root}/{name}")


def _walked(root: str) -> Iterator[_Entry]:
    folders = [""]
    while folders:
        folder = folders.pop()
        with suppress(OSError), os.scandir(f"{root}/{folder}") as entries:  # gone meanwhile, or not to be read
            for entry in entries:
                with suppress(OSError):
                    yield folder + entry.name, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False) and entry.name not in _OF_REPOSITORIES:
                    folders.append(f"{folder}{entry.name}/")
