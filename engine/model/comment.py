"""What a person says about a plan or one of its steps; the first comment of a thread and its answers."""

from __future__ import annotations

from engine.model.nouns import dataclass


@dataclass(frozen=True, kw_only=True)
class Comment:
    """Something a person said about a plan or one of its steps."""

    id: int
    task: int
    revision: int
    """The revision it was written on."""
    step: str
    """Empty for the plan as a whole."""
    author: str
    time: float
    text: str
    answers: int | None = None
    """The comment that began the thread."""
    resolved_by: str = ""
    resolved: float | None = None
