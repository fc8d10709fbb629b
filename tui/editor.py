"""The person's own editor, on their own terminal: starts it on a file, waits, and says what went wrong."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from engine import UsageError, scratch

SCRATCH = "signoff-edit-"
"""How the folders begin in which texts are edited."""


def editor_of(environ: Mapping[str, str]) -> str:
    """The command line of the editor that a person named."""
    return environ.get("VISUAL") or environ.get("EDITOR") or "vi"


async def edit(path: Path, editor: str) -> None:
    """Let the person edit a file in their own program on their own terminal.

    Raises:
        UsageError: it cannot be started, or it says that the edit is off.
    """
    try:
        process = await asyncio.create_subprocess_exec(*shlex.split(editor), str(path))
        code = await process.wait()
    except (OSError, ValueError) as error:
        problem = f"The editor {editor!r} could not be started ({error}); nothing was changed"
        raise UsageError(problem=problem, hint="name another one in $EDITOR, or give a file: --file") from None
    if code:
        raise UsageError(problem=f"{os.path.basename(shlex.split(editor)[0])} ended with {code}; nothing was changed")


async def edited(text: str, name: str, editor: str) -> str:
    """A text after the person edited it in a file of this name; the file is gone then. Raises as `edit` does."""
    with scratch(SCRATCH) as folder:
        path = folder / name
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        await edit(path, editor)
        return path.read_text(encoding="utf-8", errors="surrogateescape")
