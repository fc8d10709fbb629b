"""A plan while a model writes it: the steps that are whole as lines, then what has come of the next one. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from textual.content import Content

from engine import OPERANDS
from tui.presentation.content import assemble, content
from tui.presentation.line import MUTED

_GLANCE = 200
_DECODER = json.JSONDecoder()


def paragraphs(draft: str) -> list[Content]:
    """The draft as it stands; what is no list of steps is shown as it came."""
    start = draft.find("[", draft.find('"steps"')) if '"steps"' in draft else -1
    if start < 0:
        return [content(line) for line in draft.splitlines()]
    found, end = _whole(draft, start + 1)
    lines = [_line(number, step) for number, step in enumerate(found, start=1)]
    rest = " ".join(draft[end:].strip(" \n\r\t,]}").split())
    return [*lines, *([content(rest[-_GLANCE:], MUTED)] if rest else [])]


def _whole(draft: str, at: int) -> tuple[list[dict[str, Any]], int]:
    """The steps that are written to their ends, and where the next one begins."""
    found: list[dict[str, Any]] = []
    for step, end in _objects(draft, at):
        found.append(step)
        at = end
    return found, at


def _objects(draft: str, at: int) -> Iterator[tuple[dict[str, Any], int]]:
    while (start := draft.find("{", at)) >= 0 and not draft[at:start].strip(" \n\r\t,"):
        try:
            step, at = _DECODER.raw_decode(draft, start)
        except (ValueError, RecursionError):
            return
        yield step, at


def _line(number: int, step: dict[str, Any]) -> Content:
    """`2 deps  execute  uv sync`, the operand on one line."""
    operand = str(step.get(OPERANDS.get(str(step.get("action")), ""), ""))
    return assemble(
        (f"{number:>3} ", MUTED),
        (str(step.get("id", ""))[:_GLANCE], "bold"),
        (f"  {str(step.get('action', ''))[:_GLANCE]}  ", MUTED),
        " ".join(operand.split())[:_GLANCE],
    )
