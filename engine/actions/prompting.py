"""Notices in what a failed step printed last that it wanted a person, whom it has only with `tty: true` (B3.3)."""

from __future__ import annotations

import re
from pathlib import Path

from engine.process import read_log

HINT = "it seems to have asked a person: a step that needs one at a terminal says `tty: true`"
_TAIL = 2048
_OPEN = re.compile(r"[?:>]\s?$")
"""How a line ends that waits for an answer behind it."""
_ASKS = re.compile(
    r"(?:\[y/n\]|\(y/n\)|\(yes/no[^)]*\)|pass(?:word|phrase|code)[^\n]{0,80}:|username[^\n]{0,80}:)\s*\??\s*$",
    re.IGNORECASE,
)
_NO_TERMINAL = re.compile(
    r"/dev/tty|a terminal is required|not a tty|inappropriate ioctl for device|input is not (?:from )?a terminal"
    r"|cannot prompt|could not read (?:username|password)|the input device is not a tty",
    re.IGNORECASE,
)
_CONTROLS = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f]")


def wanted_a_person(log: Path) -> bool:
    """Whether the end of a log looks like a prompt, or like a program that found no terminal."""
    try:
        data = read_log(log, -_TAIL, _TAIL).data
    except OSError:
        return False
    text = _CONTROLS.sub(b"", data).decode(errors="replace")
    lines = [line for line in text.split("\n") if line.strip()][-3:]
    if not lines:
        return False
    waits = not text.endswith("\n") and _OPEN.search(lines[-1])  # a prompt leaves the cursor behind it
    return bool(waits or _ASKS.search(lines[-1]) or any(map(_NO_TERMINAL.search, lines)))
