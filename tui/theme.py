"""Colours: dark and light in full, dark and light in the terminal's own sixteen, and none.

A colour never carries meaning alone; every state has its glyph. Widgets name colours by their role (`$success` done,
`$primary` running, `$warning` waiting, `$error` failed), so that a theme is one table.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from textual.theme import BUILTIN_THEMES, Theme


class Colours(StrEnum):
    """Which palette to use."""

    DARK = "dark"
    LIGHT = "light"
    ANSI_DARK = "16-dark"
    ANSI_LIGHT = "16-light"
    NONE = "none"


def _named(theme: Theme, *, muted: str, cursor: str, rule: str) -> Theme:
    """Text in a role's own colour, not in a paler one; and what the widgets of this program name."""
    roles = ("primary", "secondary", "accent", "success", "warning", "error")
    texts = {f"text-{role}": getattr(theme, role) for role in roles}
    ours = {"text-muted": muted, "cursor": cursor, "rule": rule, **texts}
    return replace(theme, variables={**theme.variables, **ours})


DARK = Theme(
    name=Colours.DARK,
    primary="#6cb6ff",
    secondary="#8b98a9",
    accent="#d2a8ff",
    success="#7cc98b",
    warning="#f2c14e",
    error="#ff7b72",
    foreground="#d7dde4",
    background="#11151a",
    surface="#181d24",
    panel="#1c232c",
    boost="#222933",
)
LIGHT = Theme(
    name=Colours.LIGHT,
    primary="#0757b8",
    secondary="#57606a",
    accent="#7a3ec8",
    success="#11682d",
    warning="#855100",
    error="#b91c24",
    foreground="#1c2128",
    background="#fcfcfd",
    surface="#f1f3f5",
    panel="#e9edf1",
    boost="#e4e8ec",
    dark=False,
)
SIXTEEN_DARK = replace(
    BUILTIN_THEMES["ansi-dark"],
    name=Colours.ANSI_DARK,
    primary="ansi_bright_cyan",
    accent="ansi_bright_magenta",
    warning="ansi_bright_yellow",
    error="ansi_bright_red",
)
"""The terminal's own colours; Textual's theme of that kind knows all the variables that its widgets need."""
SIXTEEN_LIGHT = replace(
    BUILTIN_THEMES["ansi-light"], name=Colours.ANSI_LIGHT, accent="ansi_magenta", warning="ansi_magenta"
)

THEMES = (
    _named(DARK, muted="#8793a1", cursor="#2b3950", rule="#465263"),
    _named(LIGHT, muted="#5d6670", cursor="#cfe3fb", rule="#a3adb8"),
    _named(SIXTEEN_DARK, muted="ansi_white", cursor="ansi_bright_black", rule="ansi_bright_black"),
    _named(SIXTEEN_LIGHT, muted="ansi_bright_black", cursor="ansi_white", rule="ansi_bright_black"),
    _named(replace(SIXTEEN_DARK, name=Colours.NONE), muted="ansi_default", cursor="ansi_default", rule="ansi_default"),
)
TURNED = {
    Colours.DARK: Colours.LIGHT,
    Colours.LIGHT: Colours.DARK,
    Colours.ANSI_DARK: Colours.ANSI_LIGHT,
    Colours.ANSI_LIGHT: Colours.ANSI_DARK,
    Colours.NONE: Colours.NONE,
}


def colours_of(environment: Mapping[str, str] = os.environ) -> Colours:
    """What the terminal can show: `NO_COLOR`, 256 colours or more, else its own sixteen; `COLORFGBG` tells light."""
    background = environment.get("COLORFGBG", "").rpartition(";")[2]
    light = background in {"7", "15"}
    if environment.get("NO_COLOR"):
        return Colours.NONE
    rich = environment.get("COLORTERM") in {"truecolor", "24bit"} or "256" in environment.get("TERM", "")
    if rich:
        return Colours.LIGHT if light else Colours.DARK
    return Colours.ANSI_LIGHT if light else Colours.ANSI_DARK
