"""Naming steps: by id, or by number in topological order counted from 1."""

from __future__ import annotations

from collections.abc import Iterable

from engine import TaskView
from engine.errors import UnknownStep


def step_id(view: TaskView, name: str) -> str:
    """The id of a step that was named by id or number; an id that looks like a number wins.

    Raises:
        UnknownStep: the present plan has no such step.
    """
    ids = [planned.id for planned in view.plan.steps] if view.plan else []
    if name in ids:
        return name
    if name.isascii() and name.isdigit() and len(name) < 10 and 1 <= int(name) <= len(ids):
        return ids[int(name) - 1]
    raise UnknownStep(task=view.task.id, step=name)


def step_ids(view: TaskView, names: Iterable[str]) -> tuple[str, ...]:
    """The ids of several, as of `2,4` or `--skip 2 --skip 4`."""
    words = [word.strip() for name in names for word in name.split(",")]
    return tuple(step_id(view, word) for word in words if word)
