"""`> FILE` behind a command: its standard output is taken from the log and written after exit 0.

The file is opened component by component beneath the root, so that nothing a step made meanwhile leads out of it.
"""

from __future__ import annotations

import os
import stat
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from engine import process
from engine.actions.base import Context
from engine.errors import SpawnFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.policy import Command


def apply(command: Command, context: Context) -> None:
    """Write what the program said on its standard output to the file that the step names.

    Raises:
        SpawnFailed: the file lies outside the workdir or is no regular file.
        OSError: a link or pipe lies in its way, or the disk does not take it.
    """
    assert command.redirect is not None
    root, workdir = context.root.resolve(), context.workdir
    target = (workdir / command.redirect).resolve()
    if not (target.is_relative_to(workdir) and workdir.is_relative_to(root)):
        raise SpawnFailed(program=command.argv[0], reason=f"{command.redirect} lies outside the workdir")
    with open(_open_beneath(root, target.relative_to(root).parts, os.O_APPEND if command.append else 0), "wb") as file:
        if not command.append:
            file.truncate()
        for piece in _stdout(Path(context.log)):
            file.write(piece)


def _open_beneath(root: Path, parts: tuple[str, ...], flags: int) -> int:
    """Open a regular file for writing; a link or pipe that a step put in the way meanwhile leads nowhere."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = deeper
        flags |= os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.open(parts[-1], flags, 0o666, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise SpawnFailed(program=parts[-1], reason="it is not a regular file")
    return file


def _stdout(log: Path) -> Iterator[bytes]:
    """What a run said on its standard output, without what it said on the other one."""
    size = process.read_log(log, 0, 0).size
    switches = [*process.stream_switches(log, 0, size), (size, process.Stream.OUT)]
    for (start, stream), (end, _) in pairwise(switches):
        while stream is process.Stream.OUT and start < end:
            piece = process.read_log(log, start, min(end - start, 1 << 20)).data
            yield piece
            start += len(piece)
