"""The git command, with nothing of the repository able to run (S2): no hooks, no monitors, no transports.

Commands that convert content run filters, which a repository may name: none of those is called on what lies there.
"""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import SpawnFailed, StepTimedOut

_HARMLESS = (
    "--no-pager", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
    "-c", "protocol.allow=never", "-c", "commit.gpgsign=false",
    "-c", "user.name=signoff", "-c", "user.email=signoff@localhost",
)  # fmt: skip
_PATIENCE = 10.0
"""Seconds that one call may take."""


async def git(root: Path, *arguments: str, given: bytes = b"", patience: float = _PATIENCE) -> bytes | None:
    """What git prints; None where it is missing, refuses, or takes too long.

    Args:
        given: its standard input.
        patience: seconds that it may take.
    """
    from engine.process import run_quietly

    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        ended = await run_quietly(
            ("git", *_HARMLESS, *arguments), cwd=root, timeout=patience, environment=environment, given=given
        )
    except (SpawnFailed, StepTimedOut):
        return None
    return ended.stdout if ended.code == 0 else None


def in_repository(root: Path) -> bool:
    """Whether a folder looks like a part of a checkout."""
    return any((folder / ".git").exists() for folder in (root, *root.parents))
