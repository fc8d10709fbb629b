"""What is remembered, as lines of text."""

from __future__ import annotations

from engine import Recollection
from tui.presentation.amounts import ago, bar
from tui.presentation.safe import safe
from tui.presentation.status import STEPS

_NEAR = 5
"""Cells that say how near a memory is to what was looked for."""
_INDENT = " " * 7


def recollection_lines(
    found: Recollection, now: float, width: int, *, scored: bool, ascii_only: bool = False
) -> list[str]:
    """What it was, how it ended, what it changed; each line at most `width` characters.

    Args:
        scored: whether to say how near it is to what was looked for.
    """
    memory = found.memory
    near = bar(found.relevance, _NEAR, ascii_only=ascii_only) + " " if scored else ""
    ended = STEPS[memory.state].glyph(ascii_only=ascii_only)
    head = f"{memory.id:>5}  {near}{ended} {safe(memory.step)} · {ago(now - memory.time)}"
    told = [memory.operand, memory.error, memory.result, memory.files and f"changed {', '.join(memory.files)}"]
    lines = [f"{head} · task {memory.task}: {safe(memory.request)}", *(_INDENT + safe(text) for text in told if text)]
    return [line if len(line) <= width else line[: width - 1] + "…" for line in lines]
