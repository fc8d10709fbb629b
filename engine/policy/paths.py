"""Where a path lies, by its text alone: the sandbox resolves links, this room reads nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from posixpath import normpath

from engine.model.tier import Reason, Tier
from engine.policy.findings import UNKNOWN, destructive

_HARMLESS = re.compile(r"/dev/(?:null|stdout|stderr|stdin|tty|fd/\d+)|/tmp(?:/.*)?", re.DOTALL)
_TEMPORARY = re.compile(r"(/tmp|/var/tmp)(?:/.*)?", re.DOTALL)
_NETWORK = re.compile(r"/dev/(?:tcp|udp)/")
_PLANTED = re.compile(
    r"(?:^|/)\.(?:git/|git$|signoff/|ssh/|gnupg/|bashrc|bash_profile|bash_login|profile|zshrc|zshenv|zprofile|inputrc"
    r"|gitconfig|envrc|netrc|npmrc|pypirc|claude/|codex/|cursor/|vscode/|husky/)|/crontab$|/cron\.|sitecustomize\.py"
    r"|usercustomize\.py|\.pth$",
    re.IGNORECASE,
)
_LAST_ONLY = frozenset({"cp", "rsync", "ln", "install", "zip", "iconv", "split", "pandoc"})
_EVERY = frozenset(
    "mv touch mkdir tee rmdir chmod chgrp chown setfacl unlink rename patch gzip gunzip bzip2 xz zstd sponge mktemp"
    " mkfifo dos2unix unix2dos sqlite3 rm csplit convert magick ssh-keygen uniq xxd".split()
)
_PLACED_ONLY = frozenset({"tar", "bsdtar", "gtar", "unzip"})
_PLACE_OPTIONS = ("-t", "--target-directory", "-C", "--directory", "-d", "-o", "--output")


def outside(path: str) -> bool:
    """Whether a path, as written, leaves the workdir; an unknown beginning does not count as leaving."""
    if path.startswith("~") or (path.startswith("/") and not _HARMLESS.fullmatch(normpath(path))):
        return True
    return not path.startswith("/") and normpath(path).split("/")[0] == ".."


def temporary(path: str) -> str:
    """Which place a path lies in that is thrown away with a sandboxed step; empty for any other."""
    found = _TEMPORARY.fullmatch(normpath(path)) if path.startswith("/") else None
    return found[1] if found else ""


def write_reason(path: str, what: str) -> Reason | None:
    """Why writing a path is more than `write`; None for an ordinary file of the workdir."""
    if _NETWORK.match(path):
        return Reason(Tier.EXTERNAL, f"{what} {shown(path)} opens a connection", "network device")
    if outside(path):
        return destructive(f"{what} {shown(path)} is outside the workdir", "outside")
    if _PLANTED.search(path):
        return destructive(f"{what} {shown(path)} plants what later runs by itself", "planted")
    return None


def targets(name: str, args: Sequence[str]) -> list[str]:
    """The paths that a program of the writing kind changes; none for other programs."""
    if name not in _LAST_ONLY and name not in _EVERY and name not in _PLACED_ONLY:
        return []
    operands = [arg for arg in args if not arg.startswith("-")]
    written = operands if name in _EVERY else operands[-1:] if name in _LAST_ONLY else []
    joined = [arg.split("=", 1)[1] for arg in args if arg.startswith("--") and "=" in arg]
    placed = [arg[2:] for arg in args if arg[:2] in _PLACE_OPTIONS and len(arg) > 2]
    following = [
        args[i + 1] for i, arg in enumerate(args[:-1]) if arg in _PLACE_OPTIONS or (arg[:1] == "-" and arg[-1:] == "C")
    ]
    return [*written, *joined, *placed, *following]


def shown(path: str) -> str:
    """A path in a sentence."""
    return f"`{path.replace(UNKNOWN, '…')}`"
