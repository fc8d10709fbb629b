"""The nouns of the room: what is to be started, how it is confined, how it ended.

Frozen values without behaviour. Whether a launch is allowed was decided before it was made; nothing here judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MARKER = "SIGNOFF_RUN"
"""The environment variable that names the run in every process of it; `sweep` looks for it."""


class Level(StrEnum):
    """How firmly a step is held, best first (S2)."""

    BUBBLEWRAP = "bubblewrap"
    """PID namespace, read-only root, private home, no network unless declared."""
    SUPERVISOR = "supervisor"
    """The whole tree is ended for certain; files and network are not isolated."""
    GROUP = "group"
    """A process group, best effort; files and network are not isolated."""


@dataclass(frozen=True)
class Probe:
    """Which level this machine offers."""

    level: Level
    reason: str
    """One line for the status bar and `doctor`."""
    tried: tuple[tuple[Level, str], ...] = ()
    """Every level tried before and why it does not work here."""


@dataclass(frozen=True)
class SealedFile:
    """A signed file and the private copy whose bytes are executed in its place."""

    path: Path
    """Absolute, beneath the root."""
    sha256: str
    copy: Path


@dataclass(frozen=True)
class Confinement:
    """What a step may see and write; below bubblewrap only `workdir` and `home` have an effect."""

    root: Path
    """The person's project; comes from the person, never from a plan."""
    workdir: Path
    """Beneath `root`."""
    writable: bool
    home: Path
    """Private, persistent; bound read-write at its own path."""
    network: bool
    writes: tuple[Path, ...] = ()
    """More paths bound read-write; each must exist unless it lies in a writable workdir."""
    sockets: tuple[str, ...] = ()
    """`ssh-agent`, `docker`, or an absolute path."""
    masked: tuple[Path, ...] = ()
    """Never seen by a step, whatever it declares."""
    sealed: tuple[SealedFile, ...] = ()
    """Signed files whose text is executed: their copies are bound in their place, and compared after the run."""
    checked: tuple[SealedFile, ...] = ()
    """Signed files that keep their place and must hold the same bytes after the run."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one run."""

    memory: int | None = None
    """Address space in bytes, of each process."""
    processes: int | None = None
    """Processes of the user; without effect when the engine runs as root."""
    log: int = 1 << 30
    """Bytes kept of the output."""


@dataclass(frozen=True)
class Launch:
    """One process to start: the stored row, nothing typed on a screen."""

    run: int
    argv: tuple[str, ...]
    """The command; arguments of the script where there is one."""
    script: str | None
    """Text for `shell`; reaches it as a file, never through argv."""
    environment: Mapping[str, str]
    """The whole environment, from `private_environment`."""
    confinement: Confinement
    log: Path
    limits: Limits = Limits()
    redact: tuple[str, ...] = ()
    """Secret values that must not reach the disk."""
    record: Path | None = None
    """Where the supervisor leaves a durable exit record, for the case that the engine is gone by then."""
    terminal: bool = False
    """Whether it gets a terminal of its own instead of pipes and no input."""
    shell: str = "/bin/bash"
    """The program that runs the script."""

    @property
    def program(self) -> str:
        """What is started."""
        return self.argv[0] if self.script is None else self.shell

    @property
    def entry(self) -> bytes:
        """The marker as it stands in the environment of every process of the run."""
        return f"{MARKER}={self.environment[MARKER]}".encode()


@dataclass(frozen=True)
class Exit:
    """How a run ended."""

    code: int | None
    """None when a signal ended it or when nobody could tell."""
    signal: int | None
    stderr_tail: tuple[str, ...]
    """The last lines of stderr, at most five."""
    first_line: str
    """First non-empty line of the output, at most 160 characters."""
    log_bytes: int
    """Bytes the step wrote, after redaction."""
    truncated: bool
    """Whether the log lacks some of them."""
    lost: bool = False
    """Whether the disk refused the end of them."""
    changed: tuple[Path, ...] = ()
    """Sealed and checked files whose bytes on disk are other ones now, which below bubblewrap may have run; and what
    git would execute in a repository that the step could write: its configuration and its hooks."""


@dataclass(frozen=True)
class CompletedCapture:
    """A short call of the engine's own that has ended."""

    code: int
    """Negative: the number of the signal that ended it."""
    stdout: bytes
    stderr: bytes
