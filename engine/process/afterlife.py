"""Closes the gap in which an engine that is killed leaves a sandbox behind that was just being set up.

Bubblewrap binds itself to its parent only some milliseconds after its start, the supervisor not before Python runs. So
one small process waits for the engine's end of a pipe to close, and then ends whatever carries this engine's entry.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import SpawnFailed
from engine.process import supervisor, tree

ENGINE = "SIGNOFF_ENGINE"
"""The environment variable by which a process belongs to one engine."""


@dataclass(frozen=True)
class _Watch:
    engine: int
    """A forked copy of the engine opens its own."""
    token: str
    pid: int
    pipe: int


_watch: _Watch | None = None


def bound(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with the entry that dies with this engine; call it before every spawn.

    Raises:
        SpawnFailed: nobody would end the process after the engine.
    """
    global _watch
    if _watch is None or _watch.engine != os.getpid():
        _watch = _opened(f"{os.getpid()}-{secrets.token_hex(8)}")
    elif os.waitpid(_watch.pid, os.WNOHANG)[0]:  # someone ended it: another one takes its place
        tree.own.discard(_watch.pid)
        os.close(_watch.pipe)
        _watch = _opened(_watch.token)
    return {**environment, ENGINE: _watch.token}


def _opened(token: str) -> _Watch:
    reading, writing = os.pipe()
    argv = [sys.executable, "-S", "-E", supervisor.__file__, "after", f"{ENGINE}={token}"]
    try:
        process = subprocess.Popen(argv, stdin=reading, stdout=-3, stderr=-3, cwd="/", env={}, start_new_session=True)
    except OSError as error:
        os.close(writing)
        raise SpawnFailed(program=argv[0], reason=error.strerror) from error
    finally:
        os.close(reading)
    process.returncode = 0  # it outlives us; Popen's finaliser must not wait
    tree.own.add(process.pid)
    return _Watch(os.getpid(), token, process.pid, writing)
