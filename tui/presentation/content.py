"""The one factory of `Content` for widgets: text never is markup, escapes are styled apart, log colour is kept.

No widget gets a `str` that may be parsed; it gets what these functions return.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from textual.content import Content, Span

from tui.presentation.safe import pieces
from tui.presentation.sgr import Pen

ESCAPE = "$text-warning"
"""Style of an escape, so that a real one and the same letters typed are told apart."""
LOG_BLANKS = 80
"""A log is not what anyone approves, and blanks align its columns: only longer runs are counted."""
_TAB = 8
_SEQUENCE = re.compile(
    r"\x1b\[(?P<sgr>[0-9;:]*)m"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[ -/]+[0-~]"
)
"""Colour, other control sequences, closed strings (OSC, DCS, …), character sets; an unclosed string is shown instead,
since dropping it would let it hide what follows."""


def content(text: str, style: str = "") -> Content:
    """Text as it is (never markup) in one style, made safe."""
    return _joined((piece, ESCAPE if escape else "", style) for piece, escape in pieces(text))


def assemble(*parts: tuple[str, str] | str | Content) -> Content:
    """Several parts in a row: a text, a text with its style, or Content made here."""
    made = [
        part if isinstance(part, Content) else content(part) if isinstance(part, str) else content(*part)
        for part in parts
    ]
    return Content("").join(made)


def log_line(line: bytes) -> Content:
    """One line of process output: SGR colour becomes style, other sequences are dropped, the rest shows escaped.

    Each line starts with default colours, so any line of a long log can be drawn alone. Hidden text (conceal, a
    foreground like its background) is made visible, nothing blinks; a byte that is no UTF-8 shows as `\\xNN`.
    """
    text = line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape")
    return _joined(_coloured(text.expandtabs(_TAB) if "\x1b" not in text else text))


def _coloured(text: str) -> Iterator[tuple[str, str, str]]:
    pen, done = Pen(), 0
    for match in _SEQUENCE.finditer(text):
        yield from _run(text[done : match.start()], pen.style)
        done = match.end()
        if match["sgr"] is not None:
            pen = pen.after(match["sgr"])
    yield from _run(text[done:], pen.style)


def _run(text: str, style: str) -> Iterator[tuple[str, str, str]]:
    for piece, escape in pieces(text, indent=LOG_BLANKS, tab=" " * _TAB, blanks=LOG_BLANKS):
        blank = piece.isspace()
        yield piece, ESCAPE if escape and not blank else "", style


def _joined(runs: Iterator[tuple[str, str, str]]) -> Content:
    """Text with spans: of each run its own style, else the one beneath."""
    texts: list[str] = []
    spans: list[Span] = []
    end = 0
    for text, own, beneath in runs:
        start, end = end, end + len(text)
        texts.append(text)
        style = own or beneath
        if not style or not text:
            continue
        if spans and spans[-1].end == start and spans[-1].style == style:
            spans[-1] = Span(spans[-1].start, end, style)
        else:
            spans.append(Span(start, end, style))
    return Content("".join(texts), spans)
