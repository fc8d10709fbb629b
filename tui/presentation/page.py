"""What a reader of operands is given: the text that will run and what there is to know about it. Raw text, no looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui.presentation.files import FileText


@dataclass(frozen=True)
class Line:
    """One thing to know about an operand: a label that stands once, and raw text that wraps."""

    label: str
    text: str
    style: str = ""


@dataclass(frozen=True)
class Page:
    """What the view shows."""

    operand: str | None = None
    """The text that will run; None for a page of facts alone."""
    marks: Mapping[int, str] = field(default_factory=dict)
    """Lines that something is said about, and the style of their number."""
    diff: str = ""
    """What changed, shown below the operand and as much a part of what must be read."""
    diff_title: str = "signed (-) against present (+) bytes"
    files: Sequence[FileText] = ()
    """The signed files, below that."""
    files_count: bool = True
    """Whether they are a part of what must be read."""
    whole: bool = True
    """Whether all of it is here; else its end has not been seen, wherever the reader is."""
    lines: Sequence[Line] = ()
    before: str | None = None
    """The operand of an earlier revision, to lay its lines over those of the present one; None to show that alone."""
    changed: Sequence[Line] = ()
    """What else changed since then: below the operand, and a part of what must be read."""
    changed_since: str = ""
    """What that revision is called."""
