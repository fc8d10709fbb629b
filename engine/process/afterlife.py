"""Closes the gap in which an engine that is killed leaves a sandbox behind that was just being set up.

Bubblewrap binds itself to its parent only some milliseconds after its start, the supervisor not before Python runs. So
one small process hears of every run and, when the engine's end of its pipe closes, ends what still carries a marker.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

from engine.errors import SpawnFailed
from engine.process import supervisor, tree

_pipe: tuple[int, int] | None = None
"""The engine that opened it and the writing end; a forked copy of the engine opens its own."""
_runs: set[bytes] = set()


def began(entry: bytes) -> None:
    """A run is about to be started; call it before the spawn."""
    _runs.add(entry)
    _say(b"+" + entry + b"\n")


def ended(entry: bytes) -> None:
    """Nothing of the run is left."""
    _runs.discard(entry)
    _say(b"-" + entry + b"\n")


def _say(line: bytes) -> None:
    try:
        os.write(_open(), line)
    except BrokenPipeError:  # someone ended it: another one takes its place and hears of every run
        _close()
        with suppress(BrokenPipeError):
            os.write(_open(), b"".join(b"+" + entry + b"\n" for entry in _runs))


def _open() -> int:
    global _pipe
    if _pipe is None or _pipe[0] != os.getpid():
        reading, writing = os.pipe()
        argv = [sys.executable, "-S", "-E", supervisor.__file__]
        try:
            process = subprocess.Popen(
                argv, stdin=reading, stdout=-3, stderr=-3, cwd="/", env={}, start_new_session=True
            )
        except OSError as error:
            os.close(writing)
            raise SpawnFailed(program=argv[0], reason=error.strerror) from error
        finally:
            os.close(reading)
        process.returncode = 0  # it outlives us; Popen's finaliser must not wait
        tree.own.add(process.pid)
        _pipe = os.getpid(), writing
    return _pipe[1]


def _close() -> None:
    global _pipe
    if _pipe is not None:
        os.close(_pipe[1])
    _pipe = None
