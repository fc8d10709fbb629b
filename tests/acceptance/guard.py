"""Ends what the walks of this folder left running, by process id: all of it carries one mark in its environment.

Run as a program, it is the lifetime limit of a whole session: it waits for its standard input to close, or for so many
seconds, and then ends what is marked. Standard library only.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

MARK = "ACCEPTANCE_WALK"
"""The variable of the environment."""
PATIENCE = 5.0
"""Seconds that a process has to end by itself after SIGTERM."""


def processes(needle: str, file: str = "cmdline") -> list[int]:
    """Processes that have `needle` in a file of their /proc directory, this one left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with suppress(OSError):  # it ended, or belongs to somebody else
                if needle.encode() in (entry / file).read_bytes():
                    found.append(int(entry.name))
    return found


def end(mark: str) -> None:
    """End every process that carries the mark."""
    _signal(mark, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while processes(f"{MARK}={mark}", "environ") and time.monotonic() < deadline:
        time.sleep(0.05)
    _signal(mark, signal.SIGKILL)


def _signal(mark: str, number: signal.Signals) -> None:
    for pid in processes(f"{MARK}={mark}", "environ"):
        with suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(pid, number)


if __name__ == "__main__":
    select.select([sys.stdin], [], [], float(sys.argv[2]))
    end(sys.argv[1])
