"""Whether what a user leaves behind lives on after the logout: what the login manager was told, read from its files.

Nothing is asked of a running service. Where systemd does not run the machine, nobody ends what is left behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FILES = ("etc/systemd", "run/systemd", "usr/local/lib/systemd", "usr/lib/systemd")
"""Where settings lie, the strongest first."""
_SETTING = re.compile(r"^\s*(#?)\s*(KillUserProcesses|KillOnlyUsers|KillExcludeUsers)\s*=\s*(.*?)\s*$", re.MULTILINE)
_YES = frozenset({"1", "yes", "true", "on", "y", "t"})


@dataclass(frozen=True)
class Leaving:
    """What becomes of the processes of one user."""

    ended: bool
    """Whether a logout ends what was started in that login."""
    lingers: bool
    """Whether the user's services go on without a login."""


def leaving(user: str, root: Path = Path("/")) -> Leaving:
    """What becomes of what a user leaves behind.

    Args:
        root: where the file system begins.
    """
    lingers = (root / "var/lib/systemd/linger" / user).exists()
    if not (root / "run/systemd/system").exists():
        return Leaving(ended=False, lingers=lingers)
    told = _told(root)
    only, spared = told["KillOnlyUsers"].split(), told["KillExcludeUsers"].split()
    named = user in only if only else user not in spared
    return Leaving(ended=told["KillUserProcesses"].lower() in _YES and named, lingers=lingers)


def _told(root: Path) -> dict[str, str]:
    """The settings that hold; what a file shows behind a `#` is what it was built with."""
    told = {"KillUserProcesses": "no", "KillOnlyUsers": "", "KillExcludeUsers": "root"}
    for text in _texts(root):
        found = sorted(_SETTING.findall(text), reverse=True)
        told |= {name: value for mark, name, value in found if not mark or name == "KillUserProcesses"}
    return told


def _texts(root: Path) -> Iterator[str]:
    """The file, then what was dropped in beside it, by name; of two of one name the stronger."""
    folders = [root / name for name in _FILES]
    dropped = {path.name: path for folder in reversed(folders) for path in folder.glob("logind.conf.d/*.conf")}
    first = next((folder / "logind.conf" for folder in folders if (folder / "logind.conf").is_file()), None)
    for path in (*([first] if first else []), *(dropped[name] for name in sorted(dropped))):
        yield path.read_text(encoding="utf-8", errors="replace")


def is_service(pid: int, root: Path = Path("/")) -> bool:
    """Whether a process runs as a service of its user or of the system, and so in nobody's login."""
    try:
        groups = (root / "proc" / str(pid) / "cgroup").read_text()
    except OSError:
        return False
    return ".service" in groups and "/session-" not in groups
