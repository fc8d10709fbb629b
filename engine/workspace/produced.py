"""Files that later steps expect from a run: what they held before it, and what it made of them (B5.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from engine.errors import SpawnFailed
from engine.model.difference import MAX_COMPARED, MAX_SHOWN, bounded, shown
from engine.model.effect import Made
from engine.process import read_file


def held(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """What each file holds now, so much of it as a difference needs; nothing where it is not there."""
    return {path: read[1] if (read := _read(root, path)) else b"" for path in paths}


def made(root: Path, before: Mapping[str, bytes], maker: str) -> dict[str, Made]:
    """Those that are there now. One that is not, or cannot be read, makes whoever needs it ask."""
    found, left = {}, MAX_SHOWN
    for path, was in before.items():
        if read := _read(root, path):
            diff = bounded(shown(path, was, read[1], f"before {maker}", f"after {maker}"), left)
            left = max(0, left - len(diff))
            found[path] = Made(sha256=read[0], diff=diff)
    return found


def _read(root: Path, path: str) -> tuple[str, bytes] | None:
    try:
        return read_file(root / path, root, MAX_COMPARED + 1)
    except (SpawnFailed, OSError):
        return None
