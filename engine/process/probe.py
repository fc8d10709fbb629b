"""Finds the best level this machine offers by trying it: each one really runs `true`."""

from __future__ import annotations

from engine.errors import SpawnFailed
from engine.process.environment import private_environment
from engine.process.launch import Confinement, Launch, Level, Probe
from engine.process.spawn import spawn
from engine.temporary import scratch

_REASONS = {
    Level.BUBBLEWRAP: "a namespace of its own for every step: files, network and processes are isolated",
    Level.SUPERVISOR: "whole process trees are ended; files and network are not isolated",
    Level.GROUP: "process groups are ended, best effort; files and network are not isolated",
}


async def probe(wanted: Level | None = None) -> Probe:
    """Try the levels, best first, or only the one wanted.

    Raises:
        SpawnFailed: the level that was asked for does not work here, or none does.
    """
    tried: list[tuple[Level, str]] = []
    for level in [wanted] if wanted else Level:
        fault = await _fault(level)
        if not fault:
            return Probe(level, _REASONS[level], tuple(tried))
        tried.append((level, fault))
    raise SpawnFailed(program=f"level {tried[-1][0]}", reason=tried[-1][1])


async def _fault(level: Level) -> str:
    with scratch("signoff-probe-") as folder:
        (home := folder / "home").mkdir()
        confinement = Confinement(root=folder, workdir=folder, writable=False, home=home, network=False)
        launch = Launch(
            run=0,
            argv=("true",),
            script=None,
            environment=private_environment({}, home),
            confinement=confinement,
            log=folder / "log",
        )
        try:
            end = await (await spawn(launch, level)).wait()
        except SpawnFailed as error:
            return str(error)
    return "" if end.code == 0 else f"`true` ended with {end.code if end.signal is None else -end.signal}"
