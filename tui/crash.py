"""What nobody foresaw: the traceback goes into a file of the state directory, a person reads the sentence naming it.

Standard library only: it must work when nothing else does.
"""

from __future__ import annotations

import os
import time
import traceback
from pathlib import Path

FOLDER = "crashes"
"""Below the state directory."""


def keep(error: BaseException, state: Path) -> str:
    """Write the traceback down; say where, or why it could not be kept."""
    text = "".join(traceback.format_exception(error))
    try:
        folder = state / FOLDER
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as full:
        return f"the traceback could not be kept: {full.strerror}"
    return f"the traceback is in {path}"
