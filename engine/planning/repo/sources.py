"""Reads the files that declare targets: bounded, regular, inside the repository once links are resolved."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

MAX_SOURCE = 2**20


class Sources:
    """The files at the top of one repository."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))

    def text(self, *names: str) -> tuple[str, str]:
        """The name and text of the first of these files that is there; two empty strings where none can be read."""
        for name in names:
            if (text := self._read(name)) is not None:
                return name, text
        return "", ""

    def toml(self, name: str) -> dict[str, Any]:
        """The tables of a TOML file; empty where it is missing or no TOML."""
        try:
            return tomllib.loads(self.text(name)[1])
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}

    def json(self, name: str) -> dict[str, Any]:
        """The object in a JSON file; empty where it is missing or no JSON object."""
        try:
            value = json.loads(self.text(name)[1] or "{}")
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def has(self, *names: str) -> str:
        """The first of these names that exists; empty where none does."""
        return next((name for name in names if os.path.lexists(self.root / name)), "")

    def _read(self, name: str) -> str | None:
        whole = Path(os.path.realpath(self.root / name))
        if not whole.is_relative_to(self.root):
            return None
        try:
            # not to wait for a writer where the name is a pipe
            descriptor = os.open(whole, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_SOURCE:
                return None
            return os.read(descriptor, MAX_SOURCE).decode("utf-8", "replace")
        except OSError:
            return None
        finally:
            os.close(descriptor)


def table(value: Any, *path: str) -> dict[str, Any]:
    """A table inside a table; empty where the path leads to something else."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def line_of(text: str, needle: str) -> int | None:
    """The line, counted from 1, on which some text first stands."""
    offset = text.find(needle)
    return text.count("\n", 0, offset) + 1 if offset >= 0 else None
