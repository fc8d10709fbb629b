"""Making a repository, for the tour and for tests."""

from __future__ import annotations

from pathlib import Path

from engine.workspace.git import git


async def new_repository(root: Path) -> bool:
    """Make `root` a repository with one commit of what lies in it; False where git is missing or fails."""
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "Begin")):
        if await git(root, *arguments) is None:
            return False
    return True
