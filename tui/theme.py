"""Colours: dark and light in full, dark and light in the terminal's own sixteen, and none.

A colour never carries meaning alone; every state has its glyph. Widgets name colours by their role (`$success` done,
`$primary` running, `$warning` waiting, `$error` failed), so that a theme is one table.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum

from textual.theme import Theme


class Colours(StrEnum):
    """Which palette to use."""

    DARK = "dark"
    LIGHT = "light"
    ANSI_DARK = "16-dark"
    ANSI_LIGHT = "16-light"
    NONE = "none"


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
    panel="#222933",
    boost="#222933",
    variables={"faint": "#7d8896", "cursor": "#2b3950", "rule": "#3a4554"},
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
    panel="#e4e8ec",
    boost="#e4e8ec",
    dark=False,
    variables={"faint": "#646d76", "cursor": "#cfe3fb", "rule": "#b4bcc5"},
)


def _sixteen(name: Colours, *, dark: bool) -> Theme:
    return Theme(
        name=name,
        ansi=True,
        primary="ansi_bright_cyan" if dark else "ansi_blue",
        secondary="ansi_default",
        accent="ansi_bright_magenta" if dark else "ansi_magenta",
        success="ansi_green",
        warning="ansi_bright_yellow" if dark else "ansi_magenta",
        error="ansi_bright_red" if dark else "ansi_red",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        dark=dark,
        variables={
            "faint": "ansi_default 50%",
            "cursor": "ansi_blue" if dark else "ansi_bright_white",
            "rule": "ansi_default 50%",
            "block-cursor-foreground": "ansi_black" if dark else "ansi_bright_white",
            "block-cursor-background": "ansi_white" if dark else "ansi_blue",
        },
    )


THEMES = (
    DARK,
    LIGHT,
    _sixteen(Colours.ANSI_DARK, dark=True),
    _sixteen(Colours.ANSI_LIGHT, dark=False),
    _sixteen(Colours.NONE, dark=True),
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
