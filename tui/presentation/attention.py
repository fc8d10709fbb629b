"""How a terminal is told that its person is needed: the bell, and a notification of the desktop behind it (B12).

Terminals know one of three sequences or none; which one is told from the variables that a terminal leaves, also over
SSH where those are passed on. One that knows none of them ignores it, and rings. tmux hands it on where
`allow-passthrough` is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tui.presentation.safe import safe

_BELL = "\a"
_LONGEST = 120


class Attention(StrEnum):
    """How a terminal is told."""

    AUTO = "auto"
    BELL = "bell"
    OSC9 = "osc9"
    """iTerm2, WezTerm, Ghostty, Windows Terminal."""
    OSC777 = "osc777"
    """rxvt-unicode, foot, and VTE as some distributions build it."""
    OSC99 = "osc99"
    """kitty."""
    OFF = "off"


_BY_PROGRAM = {
    "iTerm.app": Attention.OSC9,
    "iTerm2": Attention.OSC9,
    "WezTerm": Attention.OSC9,
    "ghostty": Attention.OSC9,
}
_BY_TERM = {
    "xterm-kitty": Attention.OSC99,
    "xterm-ghostty": Attention.OSC9,
    "wezterm": Attention.OSC9,
    "rxvt-unicode-256color": Attention.OSC777,
    "foot": Attention.OSC777,
}


def attention(title: str, how: Attention, environ: Mapping[str, str]) -> str:
    """What to write to the terminal; empty for nothing.

    Args:
        title: one line; it is made safe here.
        environ: the variables of the terminal.
    """
    if how is Attention.AUTO:
        how = _known(environ)
    if how is Attention.OFF:
        return ""
    told = _sequence(safe(title).replace(";", ",")[:_LONGEST], how)
    if told and "TMUX" in environ:
        told = "\x1bPtmux;" + told.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return told + _BELL


def _sequence(title: str, how: Attention) -> str:
    match how:
        case Attention.OSC9:
            return f"\x1b]9;signoff: {title}\x1b\\"
        case Attention.OSC777:
            return f"\x1b]777;notify;signoff;{title}\x1b\\"
        case Attention.OSC99:
            return f"\x1b]99;i=signoff:p=title;signoff: {title}\x1b\\"
        case _:
            return ""


def _known(environ: Mapping[str, str]) -> Attention:
    """By the terminal behind tmux where that is known: its own variables are passed on."""
    if "KITTY_WINDOW_ID" in environ:
        return Attention.OSC99
    programs = (environ.get(name, "") for name in ("TERM_PROGRAM", "LC_TERMINAL"))
    by_program = next((_BY_PROGRAM[program] for program in programs if program in _BY_PROGRAM), None)
    return by_program or _BY_TERM.get(environ.get("TERM", ""), Attention.BELL)
