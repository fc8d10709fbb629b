"""What a step sees of the machine at level bubblewrap: an ordered list of mounts, and the command line that makes it.

Everything is read-only; homes, /tmp and /run are hidden; then the project, the private home and what was declared
come back. Mounts are sorted by path, parents first, so a mask inside the project and a home inside a mask both hold.
No path is ever created on the host in order to mask it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from engine.errors import SpawnFailed
from engine.process.environment import real_home, tool_folders
from engine.process.guarded import guarded_paths
from engine.process.launch import Confinement

SCRIPT = Path("/run/signoff/script")
"""Where bash finds the script of a step inside the sandbox."""

_HIDDEN = (Path("/root"), Path("/home"), Path("/tmp"), Path("/var/tmp"), Path("/run"))
_CREDENTIALS = (
    ".ssh .aws .azure .kube .docker .gnupg .netrc .npmrc .pypirc .git-credentials .password-store .bash_history "
    ".config/gcloud .config/gh .config/git/credentials .config/google-chrome .cargo/credentials.toml .mozilla "
    ".local/share/keyrings"
).split()
"""Only of weight when the project is, or contains, the person's home."""
_ROOT_CAPABILITIES = ("CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_CHOWN")
"""Root without these could not write a project that belongs to another user; they reach writable mounts only."""
_LOADER = ("LD_", "GLIBC_", "MALLOC_", "GCONV_PATH", "LOCPATH", "NLSPATH")
"""Variables that would act on bubblewrap itself, outside the sandbox: they are set inside instead."""


class _Kind(IntEnum):
    """In the order they are applied to one and the same path."""

    HIDE = 0
    SHOW = 1
    WRITE = 2
    MASK_FOLDER = 3
    MASK_FILE = 4
    COVER = 5


@dataclass(frozen=True)
class _Mount:
    path: Path
    kind: _Kind
    source: Path

    def arguments(self) -> tuple[str, ...]:
        if self.kind in (_Kind.HIDE, _Kind.MASK_FOLDER):
            return ("--tmpfs", f"{self.path}")
        return ("--bind" if self.kind is _Kind.WRITE else "--ro-bind", f"{self.source}", f"{self.path}")


def bubblewrap() -> str | None:
    """The program; the system's own first, because distributions allow user namespaces to that path only."""
    system = "/usr/bin/bwrap"
    return system if os.access(system, os.X_OK) else shutil.which("bwrap")


def options(confinement: Confinement, environment: Mapping[str, str]) -> list[str]:
    """The options of bubblewrap for one step, without the script and without the command.

    Raises:
        SpawnFailed: the workdir leaves the root, or something declared does not exist.
    """
    workdir = workdir_of(confinement)
    network = [] if confinement.network else ["--unshare-net"]
    capabilities = [part for name in _ROOT_CAPABILITIES for part in ("--cap-add", name)] if os.geteuid() == 0 else []
    loader = [part for name in environment if name.startswith(_LOADER) for part in _set(name, environment[name])]
    return [
        *("--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc", "--unshare-uts", *network),
        *("--cap-drop", "ALL", *capabilities, *loader),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"),
        *(part for mount in _mounts(confinement, workdir, environment) for part in mount.arguments()),
        *("--chdir", f"{workdir}"),
    ]


def outer_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What bubblewrap itself is started with; the step inherits it, so no secret stands in an argument list."""
    return {name: value for name, value in environment.items() if not name.startswith(_LOADER)}


def socket_paths(names: Iterable[str]) -> Iterator[Path]:
    """Where the declared sockets lie.

    Raises:
        SpawnFailed: a name is unknown or its socket does not exist.
    """
    known = {"ssh-agent": os.environ.get("SSH_AUTH_SOCK", ""), "docker": "/var/run/docker.sock"}
    for name in names:
        path = known.get(name, name if name.startswith("/") else "")
        if not path or not os.path.exists(path):
            raise SpawnFailed(program=name, reason="this socket was declared and does not exist here")
        yield Path(path)


def _set(name: str, value: str) -> tuple[str, str, str]:
    return ("--setenv", name, value)


def workdir_of(confinement: Confinement) -> Path:
    """The working directory as it really is, beneath the root.

    Raises:
        SpawnFailed: it is missing or leads out of the root.
    """
    try:
        root = os.path.realpath(confinement.root, strict=True)
        workdir = (
            root if confinement.workdir == confinement.root else os.path.realpath(confinement.workdir, strict=True)
        )
    except OSError as error:
        raise SpawnFailed(program=confinement.workdir, reason=error.strerror) from error
    if os.path.commonpath((root, workdir)) != root:
        raise SpawnFailed(program=confinement.workdir, reason=f"this working directory is not beneath {root}")
    return Path(workdir)


def _mounts(confinement: Confinement, workdir: Path, environment: Mapping[str, str]) -> list[_Mount]:
    mounts = [
        *_hidden(),
        *(_bind(path, _Kind.SHOW) for path in tool_folders(environment.get("PATH", ""))),
        _bind(confinement.root, _Kind.SHOW),
        _bind(workdir, _Kind.WRITE if confinement.writable else _Kind.SHOW),
        _bind(confinement.home, _Kind.WRITE),
        *(_bind(path, _Kind.WRITE) for path in _declared_writes(confinement, workdir)),
        *(_Mount(path, _Kind.WRITE, path.resolve()) for path in map(_in_real_folder, _sockets(confinement))),
        *(_name_resolution() if confinement.network else ()),
    ]
    writable = [mount.path for mount in mounts if mount.kind is _Kind.WRITE]
    mounts += [_bind(path, _Kind.COVER) for folder in writable for path in guarded_paths(folder)]
    mounts += [_Mount(file.path.resolve(), _Kind.COVER, file.copy) for file in confinement.sealed]
    masks = [mask for mask in _masks(confinement) if _shows(mounts, mask.path)]
    return sorted({*mounts, *masks}, key=lambda mount: (mount.path.parts, mount.kind))


def _bind(path: Path, kind: _Kind) -> _Mount:
    real = path.resolve()
    return _Mount(real, kind, real)


def _hidden() -> Iterator[_Mount]:
    for path in dict.fromkeys((*_HIDDEN, real_home())):
        if path.is_dir() and not path.is_symlink() and path != Path("/"):
            yield _Mount(path, _Kind.HIDE, path)


def refuse_hidden(confinement: Confinement) -> None:
    """What is declared must not lead to what no step may see, and must not be what a mask covers again.

    Raises:
        SpawnFailed: a declared write or socket lies beneath a masked path or contains one, or a write is where
            credentials are hidden.
    """
    writes = tuple((path, (confinement.workdir / path).resolve()) for path in confinement.writes)
    sockets = tuple((path, path.resolve()) for path in socket_paths(confinement.sockets))
    if not (writes or sockets):
        return
    masked = [path.resolve() for path in confinement.masked]
    for path, real in (*writes, *sockets):
        if any(real.is_relative_to(mask) or mask.is_relative_to(real) for mask in masked):
            raise SpawnFailed(program=path, reason="it is declared, and no step may see what lies there")
    hidden = [(real_home() / name).resolve() for name in _CREDENTIALS]
    for path, real in writes:
        if any(real.is_relative_to(mask) for mask in hidden):
            raise SpawnFailed(program=path, reason="it is declared as written and hidden from every step: credentials")


def writable_folders(confinement: Confinement) -> tuple[Path, ...]:
    """Where the step may write, besides its private home."""
    own = (confinement.workdir,) if confinement.writable else ()
    return tuple((confinement.workdir / path).resolve() for path in (*own, *confinement.writes))


def _declared_writes(confinement: Confinement, workdir: Path) -> Iterator[Path]:
    for path in confinement.writes:
        real = (workdir / path).resolve()
        if real.exists():
            yield real
        elif not (confinement.writable and real.is_relative_to(workdir)):
            raise SpawnFailed(program=path, reason="it is declared as written and does not exist")


def _sockets(confinement: Confinement) -> Iterator[Path]:
    return socket_paths(confinement.sockets)


def _in_real_folder(path: Path) -> Path:
    """/var/run is a link to /run on most systems: bubblewrap needs the folder as it is, the name stays."""
    return path.parent.resolve() / path.name


def _name_resolution() -> Iterator[_Mount]:
    """The file behind /etc/resolv.conf often lies in /run, which is hidden."""
    resolver = Path("/etc/resolv.conf")
    if resolver.is_symlink() and resolver.exists():
        yield _bind(resolver, _Kind.SHOW)


def _masks(confinement: Confinement) -> Iterator[_Mount]:
    home = real_home()
    for path in (*confinement.masked, *(home / name for name in _CREDENTIALS)):
        real = Path(os.path.realpath(path))
        if os.path.isdir(real):
            yield _Mount(real, _Kind.MASK_FOLDER, real)
        elif os.path.exists(real):
            yield _Mount(real, _Kind.MASK_FILE, Path("/dev/null"))


def _shows(mounts: list[_Mount], path: Path) -> bool:
    """Whether the path would be seen: its nearest mount is not one that hides."""
    above = [mount for mount in mounts if path.is_relative_to(mount.path)]
    nearest = max(above, key=lambda mount: (len(mount.path.parts), mount.kind), default=None)
    return nearest is None or nearest.kind is not _Kind.HIDE
