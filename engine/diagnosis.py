"""What works on this machine and what does not: looked at, never repaired, nothing changed. For `signoff doctor`.

Importing it costs nothing: what looking takes is imported by whoever looks."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import SpawnFailed
from engine.version import VERSION

if TYPE_CHECKING:
    from engine.settings import Settings
    from engine.views import EngineInfo

LOW = 1 << 30
"""Free bytes under which a disk is called low: one log may take as much."""

FULL = 1 << 16
"""Free bytes under which the store cannot write: it needs some beside its own file."""


class Health(StrEnum):
    """How one thing is."""

    WELL = "well"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    health: Health
    text: str


async def diagnose(state: Path) -> AsyncIterator[Finding]:
    """Look at everything, what is quick first."""
    import platform
    from shutil import which

    yield _well("program", f"signoff {VERSION} from {Path(__file__).parent}")
    yield _well("python", f"{platform.python_version()} on {platform.system()} {platform.release()}")
    for finding in _directory(state):
        yield finding
    yield await _store(state)
    yield _disk(state)
    yield _leaving(state)
    async for finding in _sandbox():
        yield finding
    for name, use in (("git", "the tour and repositories"), ("tmux", "copying, and leaving a screen open")):
        where = which(name)
        yield _well(name, where) if where else _warning(name, f"not found; used for {use}")


def _directory(state: Path) -> Iterator[Finding]:
    from engine.storage.lock import is_owned, owner_of

    if not state.is_dir():
        yield _well("state", f"{state} (not there yet; the first task makes it)")
        return
    mode = stat.S_IMODE(state.stat().st_mode)
    private = not mode & 0o077 and state.stat().st_uid == os.getuid()
    told = f"{state}, mode {mode:04o}"
    yield _well("state", told) if private else _fault("state", f"{told}: others can enter it; chmod 700 it")
    if not os.access(state, os.R_OK | os.W_OK | os.X_OK):
        yield _fault("owner", f"{state} cannot be written by you")
        return
    if not is_owned(state):
        yield _well("owner", "nobody; the next signoff becomes it")
        return
    yield _well("owner", f"process {owner_of(state) or '?'}")


async def _store(state: Path) -> Finding:
    import asyncio

    from engine.storage.check import quick_check

    problem = await asyncio.to_thread(quick_check, state)
    return _fault("store", problem) if problem else _well("store", "quick_check ok")


def _disk(state: Path) -> Finding:
    from shutil import disk_usage

    place = next(folder for folder in (state, *state.parents) if folder.exists())
    free = disk_usage(place).free
    told = f"{free / 1e9:.1f} GB free at {place}"
    if free < FULL:
        return _fault("disk", f"full: {told}; nothing can be recorded")
    return _well("disk", told) if free >= LOW else _warning("disk", f"{told}: less than one log may take")


def _leaving(state: Path) -> Finding:
    from engine.login import is_service, leaving
    from engine.person import user_name
    from engine.storage.lock import owner_of

    user = user_name()
    found, owner = leaving(user), owner_of(state)
    if not found.ended:
        return _well("leaving", "what runs goes on when you log out")
    if found.lingers and owner is not None and is_service(owner):
        return _well("leaving", "the engine is a service: it goes on when you log out")
    linger = "" if found.lingers else f"loginctl enable-linger {user}, and "
    hint = f"{linger}run the engine as a service, see signoff serve --unit"
    return _warning("leaving", f"logging out ends what you leave behind (KillUserProcesses=yes): {hint}")


async def _sandbox() -> AsyncIterator[Finding]:
    """Each level, really tried; the best that works is the one that runs use."""
    from engine.process import Level, probe

    chosen = False
    for level in Level:
        try:
            found = await probe(level)
        except SpawnFailed as error:
            yield _warning(f"sandbox {level}", str(error))
            continue
        yield _well(f"sandbox {level}", ("works: " if chosen else "works and is used: ") + found.reason)
        chosen = True
    if not chosen:
        yield _fault("sandbox", "no level works: nothing can run")


def _well(name: str, text: str) -> Finding:
    return Finding(name=name, health=Health.WELL, text=text)


def _warning(name: str, text: str) -> Finding:
    return Finding(name=name, health=Health.WARNING, text=text)


def _fault(name: str, text: str) -> Finding:
    return Finding(name=name, health=Health.FAULT, text=text)


def other_settings(info: EngineInfo, settings: Settings) -> str:
    """What to know of an engine that began with other settings than these; empty where it did not."""
    if info.settings in ("", settings.digest):
        return ""
    again = "this one takes effect when it is started again: signoff serve --stop"
    return f"engine process {info.pid} began with another configuration; {again}"
