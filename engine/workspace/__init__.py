"""Git repositories, by the git command alone, with nothing of the repository able to run (S2)."""

from __future__ import annotations

import os
from pathlib import Path

_HARMLESS = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "commit.gpgsign=false",
    "-c", "user.name=signoff", "-c", "user.email=signoff@localhost",
)  # fmt: skip


async def new_repository(root: Path) -> bool:
    """Make `root` a repository with one commit of what lies in it; False where git is missing or fails."""
    from engine.errors import SpawnFailed
    from engine.process import run_quietly

    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "Begin")):
        try:
            ended = await run_quietly(("git", *_HARMLESS, *arguments), cwd=root, timeout=10, environment=environment)
        except SpawnFailed:
            return False
        if ended.code != 0:
            return False
    return True
