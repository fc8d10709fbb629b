"""How many lines of a file a run added and took away, where what it held before is known.

That is so for a file that git's index holds just as it was: the entry says size, inode and time of the file, and which
blob that was. Nothing is converted or filtered: a blob that is not of the size of its file is not what the file held.
A file that was changed before and not added to the index has no counts.
"""

from __future__ import annotations

import asyncio
import os
import stat
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from engine.errors import SpawnFailed
from engine.model.difference import counted, is_text
from engine.model.effect import ChangeKind, FileChange
from engine.process import read_file
from engine.workspace.git import git
from engine.workspace.tree import State, Tree

MAX_FILE = 1 << 20
"""Bytes of a file whose lines are counted."""
MAX_ALL = 1 << 24
"""Bytes read for one run."""
MAX_PATH = 500
"""Characters of a path that are kept."""

_ENTRY = struct.Struct(">II12xII8xI20sH")
"""Of the index, versions 2 and 3: changed at (s, ns), inode, mode, size, blob, flags."""
_LONGER = 0x4000


async def told(root: Path, before: Tree, after: Tree, found: Mapping[str, ChangeKind]) -> tuple[FileChange, ...]:
    """The changes with their counts; without files that hold, as is known now, what they held before."""
    small = list(_small(before, after, found))
    old = [path for path in small if found[path] is not ChangeKind.ADDED]
    held = await _held(root, before, old) if old and before.by_git else {}
    return await asyncio.to_thread(lambda: tuple(_told(root, before, after, found, set(small), held)))


def _small(before: Tree, after: Tree, found: Iterable[str]) -> Iterator[str]:
    """The files that are regular and may be read, before and after."""
    left = MAX_ALL
    for path in found:
        states = [state for state in (before.files.get(path), after.files.get(path)) if state is not None]
        left -= sum(state[1] for state in states)
        if left >= 0 and all(stat.S_ISREG(state[0]) and state[1] <= MAX_FILE for state in states):
            yield path


def _told(
    root: Path, before: Tree, after: Tree, found: Mapping[str, ChangeKind], small: set[str], held: Mapping[str, bytes]
) -> Iterator[FileChange]:
    for path, kind in found.items():
        name = os.fsencode(path).decode(errors="backslashreplace")[:MAX_PATH]
        was = b"" if kind is ChangeKind.ADDED else held.get(path)
        now = b"" if kind is ChangeKind.DELETED else _read(root, path) if path in small else None
        if path not in small or was is None or now is None or not (is_text(was) and is_text(now)):
            yield FileChange(path=name, kind=kind)
        elif kind is not ChangeKind.MODIFIED or was != now or before.files[path][0] != after.files[path][0]:
            added, removed = counted(was, now)
            yield FileChange(path=name, kind=kind, added=added, removed=removed)


def _read(root: Path, path: str) -> bytes | None:
    with suppress(SpawnFailed, OSError):
        return read_file(root / path, root, MAX_FILE)[1]
    return None


async def _held(root: Path, before: Tree, paths: Sequence[str]) -> dict[str, bytes]:
    """What files held before, by the index of git as it is now: an entry with the state of then is of then."""
    where = await git(root, "rev-parse", "--git-path", "index", "--show-prefix")
    if where is None:
        return {}
    index, prefix, *_ = (*where.split(b"\n"), b"")
    wanted = {prefix + os.fsencode(path): (path, before.files[path]) for path in paths}
    blobs = await asyncio.to_thread(_blobs, root / os.fsdecode(index), wanted)
    names = "".join(f"{blob}\n" for blob in blobs.values())
    printed = await git(root, "cat-file", "--batch", given=names.encode()) if names else None
    contents = list(_contents(printed, len(blobs))) if printed else []
    return {
        path: content
        for path, content in zip(blobs, contents, strict=False)
        if content is not None and len(content) == before.files[path][1]
    }


def _blobs(index: Path, wanted: Mapping[bytes, tuple[str, State]]) -> dict[str, str]:
    """The blob of each path whose entry is of the wanted state."""
    found = {}
    with suppress(OSError, struct.error, ValueError):  # no index, or none that is understood
        for name, (second, nano, inode, _, size, blob, _) in _entries(index.read_bytes()):
            if name not in wanted:
                continue
            path, (_, was_size, was_inode, changed) = wanted[name]
            if (second * 10**9 + nano, inode, size) == (changed, was_inode & 0xFFFFFFFF, was_size):
                found[path] = blob.hex()
    return found


def _entries(index: bytes) -> Iterator[tuple[bytes, tuple[int, int, int, int, int, bytes, int]]]:
    magic, version, count = struct.unpack_from(">4sII", index)
    if magic != b"DIRC" or version not in (2, 3):
        return
    at = 12
    for _ in range(count):
        entry = _ENTRY.unpack_from(index, at)
        begin = at + _ENTRY.size + (2 if entry[-1] & _LONGER else 0)
        end = index.index(b"\0", begin)
        yield index[begin:end], entry
        at += (end - at + 8) & ~7


def _contents(printed: bytes, count: int) -> Iterator[bytes | None]:
    """What `cat-file --batch` printed for each name; None for an object that is not there."""
    at = 0
    for _ in range(count):
        end = printed.index(b"\n", at)
        header = printed[at:end].split()
        at = end + 1
        if len(header) != 3:
            yield None
            continue
        size = int(header[2])
        yield printed[at : at + size]
        at += size + 1
