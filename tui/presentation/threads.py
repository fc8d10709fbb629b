"""What people said about a plan and its steps, as threads. Pure; every text is raw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine import Comment
from tui.presentation.page import Line


def open_threads(comments: Iterable[Comment], step: str) -> list[Comment]:
    """What began the threads about a step, or about the plan (no step), that nobody resolved; first begun first."""
    return [each for each in comments if each.step == step and each.answers is None and each.resolved is None]


def newest_thread(comments: Iterable[Comment], step: str) -> Comment | None:
    return next(reversed(open_threads(comments, step)), None)


def thread_lines(comments: Sequence[Comment], step: str) -> Iterator[Line]:
    """The open threads about a step, then those about the plan as a whole, each with its answers below it."""
    for about, label in {step: "notes", "": "plan"}.items():
        for begun in open_threads(comments, about):
            yield from _said(label, begun)
            for answer in comments:
                if answer.answers == begun.id:
                    yield from _said("", answer, "  ")
            label = ""


def _said(label: str, comment: Comment, indent: str = "") -> Iterator[Line]:
    first, *rest = comment.text.splitlines() or [""]
    yield Line(label, f"{indent}{comment.author}: {first}", "bold" if not indent else "")
    yield from (Line("", f"{indent}  {line}") for line in rest)
