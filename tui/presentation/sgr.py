"""SGR parameters (ECMA-48 8.3.117, xterm's 38/48) to a style in the words of Textual."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine import dataclass

_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "strike"}
_OFF = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("reverse",), 29: ("strike",)}
_CUBE = (0, 95, 135, 175, 215, 255)


@dataclass(frozen=True)
class Pen:
    """What SGR has set so far. Conceal (8) and blink (5, 6) are not in it: nothing hides, nothing moves."""

    attributes: frozenset[str] = frozenset()
    foreground: str = ""
    background: str = ""

    @property
    def style(self) -> str:
        """A Content style; a background equal to the foreground would hide text and is left out."""
        words = [*sorted(self.attributes), self.foreground]
        if self.background and self.background != self.foreground:
            words.append(f"on {self.background}")
        return " ".join(filter(None, words))

    def after(self, parameters: str) -> Pen:
        """The pen after `ESC [ parameters m`; what is unknown changes nothing."""
        codes = iter([int(code[:4]) if code else 0 for code in parameters.replace(":", ";").split(";")])
        pen = self
        for code in codes:
            pen = pen._applied(code, codes)
        return pen

    def _applied(self, code: int, rest: Iterator[int]) -> Pen:
        if code == 0:
            return Pen()
        if code in _ON:
            return replace(self, attributes=self.attributes | {_ON[code]})
        if code in _OFF:
            return replace(self, attributes=self.attributes.difference(_OFF[code]))
        if code in (39, 38) or 30 <= code <= 37 or 90 <= code <= 97:
            return replace(self, foreground=_colour(code, rest))
        if code in (49, 48) or 40 <= code <= 47 or 100 <= code <= 107:
            return replace(self, background=_colour(code - 10, rest))
        return self


def _colour(code: int, rest: Iterator[int]) -> str:
    """A colour by its foreground code; the default is the empty string."""
    if code == 39:
        return ""
    if code != 38:
        return f"ansi_bright_{_COLOURS[code - 90]}" if code >= 90 else f"ansi_{_COLOURS[code - 30]}"
    kind = next(rest, 0)
    if kind == 5:
        return _indexed(next(rest, 0) & 255)
    if kind == 2:
        red, green, blue = (next(rest, 0) & 255 for _ in range(3))
        return f"rgb({red},{green},{blue})"
    return ""


def _indexed(index: int) -> str:
    """One of 256: 16 named, a 6x6x6 cube, 24 greys."""
    if index < 16:
        return f"ansi_bright_{_COLOURS[index - 8]}" if index > 7 else f"ansi_{_COLOURS[index]}"
    if index < 232:
        red, green, blue = (_CUBE[(index - 16) // step % 6] for step in (36, 6, 1))
        return f"rgb({red},{green},{blue})"
    grey = 8 + 10 * (index - 232)
    return f"rgb({grey},{grey},{grey})"
