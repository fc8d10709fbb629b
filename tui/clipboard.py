"""Taking text along: into the buffer of tmux, into the clipboard of the terminal (OSC 52), else into a file.

Inside tmux its own command is asked: as tmux is configured by default it takes nothing that programs print for the
clipboard, and does not say so. tmux is the person's own program; no step is ever started here.
"""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

FILE = "copied.txt"
_PATIENCE = 2.0
_LARGEST = 50_000
"""Bytes that terminals take at once: 74,994 of base64 for the most modest one."""
_DEAF = {"TERM": "linux", "TERM_PROGRAM": "Apple_Terminal"}
"""Terminals that are known to have no clipboard for programs."""


async def take_along(
    text: str, print_to_clipboard: Callable[[str], None], state: Path, environ: Mapping[str, str]
) -> str:
    """Copy a text; returns where it is, in words.

    Args:
        print_to_clipboard: has the terminal take a text by OSC 52.
        state: the state directory; the file goes there.

    Raises:
        OSError: the file cannot be written.
    """
    data = text.encode(errors="surrogateescape")
    if "TMUX" in environ and (await _into_tmux(data, environ, "-w") or await _into_tmux(data, environ)):
        return "the tmux buffer (prefix ] pastes)"
    if len(data) <= _LARGEST and "VTE_VERSION" not in environ and not (_DEAF.items() & environ.items()):
        print_to_clipboard(text)
        return "the clipboard of the terminal (OSC 52)"
    file = state / FILE
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(data)
    return str(file)


async def _into_tmux(data: bytes, environ: Mapping[str, str], *options: str) -> bool:
    """Whether tmux took it; with `-w`, which old ones do not know, it hands it on to its terminal."""
    words = ("tmux", "load-buffer", *options, "-")
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, env=dict(environ)
        )
    except OSError:
        return False
    try:
        await asyncio.wait_for(process.communicate(data), _PATIENCE)
    except TimeoutError:
        with suppress(ProcessLookupError):  # it has just ended
            process.kill()
        await process.wait()
    return process.returncode == 0
