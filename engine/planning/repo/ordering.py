"""Targets -> steps in a sensible order: clean, format, then lint beside build, test, docs; deploy after everything.

What has no reason to wait for another runs in parallel with it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from engine.model.plan import Execute, Step, Test
from engine.views import Target

_AFTER = {
    "clean": (),
    "format": ("clean",),
    "lint": ("clean", "format"),
    "build": ("clean", "format"),
    "": ("clean", "format"),
    "test": ("clean", "format", "build"),
    "docs": ("clean", "format", "build"),
    "run": ("clean", "format", "build", "lint", "test"),
    "deploy": ("clean", "format", "lint", "build", "", "test", "docs"),
}
"""Kind -> the kinds whose steps come before it; what neither names runs in parallel."""


def ordered_steps(picked: Sequence[Target]) -> tuple[Step, ...]:
    """One step for each target; a target that was picked twice runs once."""
    targets = sorted(dict.fromkeys(picked), key=_order)
    ids = _ids(targets)
    return tuple(_step(target, targets, ids) for target in targets)


def _order(target: Target) -> int:
    return tuple(_AFTER).index(_kind(target))


def _kind(target: Target) -> str:
    return target.kind if target.kind in _AFTER else ""


def _step(target: Target, targets: Sequence[Target], ids: dict[Target, str]) -> Step:
    where = f"{target.file}:{target.line}" if target.line else target.file
    kind = Test if target.kind == "test" else Execute
    return kind(
        id=ids[target],
        command=target.command,
        description=" · ".join(part for part in (target.description, f"{target.tool}, {where}") if part),
        needs=tuple(ids[other] for other in targets if other != target and _kind(other) in _AFTER[_kind(target)]),
    )


def _ids(targets: Sequence[Target]) -> dict[Target, str]:
    """A short id for each: its name, with its tool where two share one."""
    shared = Counter(_slug(target.name) for target in targets)
    ids: dict[Target, str] = {}
    for target in targets:
        name = target.name if shared[_slug(target.name)] == 1 else f"{target.tool}-{target.name}"
        taken = [known for known in ids.values() if known == _slug(name)]
        ids[target] = _slug(name) if not taken else f"{_slug(name)[:60]}-{len(ids)}"
    return ids


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:64] or "step"
