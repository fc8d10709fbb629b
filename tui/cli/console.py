"""Printing: text to stdout, diagnostics to stderr, JSON one object a line. Whatever is printed was made safe before.

Colour follows the output, never carries meaning alone, and is off where stdout is no terminal, with `NO_COLOR`, with
`--plain` and on a dumb terminal. JSON is ASCII: nothing in it can act on a terminal either.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO

_COLOURS = {"success": "32", "error": "31", "warning": "33", "primary": "36", "muted": "2"}
CLEAR = "\r\x1b[K"
WIDTH = 80
"""Cells where nobody says how wide it is."""


def columns(environ: Mapping[str, str]) -> int:
    """Cells in a row of the terminal: as `shutil` finds them, which brings three ways to compress."""
    if (told := environ.get("COLUMNS", "")).isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or WIDTH  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # closed, or no terminal
        return WIDTH


class Console:
    """Where a command prints to."""

    def __init__(self, out: TextIO, err: TextIO, environ: Mapping[str, str], *, plain: bool = False) -> None:
        self._out, self._err, self._environ = out, err, environ
        self.plain = plain or environ.get("TERM") == "dumb"
        self.tty = out.isatty()
        self.ascii_only = "utf" not in (out.encoding or "").lower()
        self.colour = self.tty and not self.plain and not environ.get("NO_COLOR")
        self._bar = ""
        self._held: list[str] | None = None

    @property
    def live(self) -> bool:
        """Whether a line may be drawn over and over."""
        return self.tty and not self.plain

    @property
    def width(self) -> int:
        if self.tty:
            return columns(self._environ)
        return min(WIDTH, os.get_terminal_size(self._err.fileno()).columns or WIDTH) if self._err.isatty() else WIDTH

    def say(self, text: str, *, exact: bool = False) -> None:
        """One or more lines on stdout; on a terminal broken between words, save what is `exact`."""
        line = text.removesuffix("\n") + "\n"
        if self.tty and not exact:
            line = self._broken(line)
        if self._held is not None:
            self._held.append(line)
            return
        self._wipe()
        self._out.write(line)
        self._redraw()

    def hold(self) -> None:
        """Keep lines back and take the bar away: a person is being asked on this screen."""
        self.bar("")
        self._out.flush()
        self._held = []

    def release(self) -> None:
        """Print what was held back."""
        held, self._held = self._held or [], None
        for line in held:
            self.say(line, exact=True)

    def ring(self, sequence: str) -> bool:
        """Have the terminal call its person; False where there is none to call, or nothing to say."""
        if not (self.live and sequence):
            return False
        self._out.write(sequence)
        self._out.flush()
        return True

    def note(self, text: str) -> None:
        """A diagnostic on stderr."""
        self._wipe()
        self._out.flush()
        self._err.write((self._broken(text) if self._err.isatty() else text) + "\n")
        self._err.flush()
        self._redraw()

    def json(self, value: Any) -> None:
        """A value as one line, at once."""
        self._out.write(json.dumps(value, separators=(", ", ": ")) + "\n")
        self._out.flush()

    def bar(self, text: str) -> None:
        """Draw the line that stays below everything else; empty to take it away. Nothing where output is no screen."""
        if not self.live or self._held is not None or text == self._bar:
            return
        self._wipe()
        self._bar = text
        self._redraw()

    def paint(self, text: str, style: str) -> str:
        """Text in a style of `presentation.status`, as far as this output has colour."""
        if not self.colour:
            return text
        codes = [code for name, code in _COLOURS.items() if name in style] + (["1"] if "bold" in style else [])
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if codes else text

    def _broken(self, text: str) -> str:
        from tui.presentation.wrap import broken

        width = self.width
        return "\n".join(broken(line, width) for line in text.split("\n"))

    def _wipe(self) -> None:
        if self._bar:
            self._out.write(CLEAR)

    def _redraw(self) -> None:
        if self._bar:
            self._out.write(self._bar)
        if self.tty:
            self._out.flush()
