"""Files that later steps expect from a run: what they held before it, and what it made of them (B5.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from engine.errors import SpawnFailed
from engine.model.difference import MAX_SHOWN, shown
from engine.model.effect import Made
from engine.process import read_file


def held(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """What each file holds now, so much of it as a difference needs; nothing where it is not there."""
    return {path: read[1] if (read := _read(root, path)) else b"" for path in paths}


def made(root: Path, before: Mapping[str, bytes], maker: str) -> dict[str, Made]:
    """Those that are there now. One that is not, or cannot be read, makes whoever needs it ask."""
    found = ((path, _read(root, path)) for path in before)
    return {path: Made(sha256=read[0], diff=_diff(path, before[path], read[1], maker)) for path, read in found if read}


def _diff(path: str, before: bytes, after: bytes, maker: str) -> str:
    return shown(path, before, after, f"before {maker}", f"after {maker}")


def _read(root: Path, path: str) -> tuple[str, bytes] | None:
    try:
        return read_file(root / path, root, MAX_SHOWN + 1)
    except (SpawnFailed, OSError):
        return None
