"""How a terminal is told: what it knows, through tmux too, and never anything from a task that acts."""

from __future__ import annotations

import pytest

from tui.presentation.attention import Attention, attention


@pytest.mark.parametrize(
    ("environ", "begins"),
    [
        ({"TERM": "xterm-kitty"}, "\x1b]99;"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "\x1b]9;"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "\x1b]9;"),
        ({"TERM": "foot"}, "\x1b]777;"),
        ({"TERM": "xterm-256color"}, "\a"),
        ({"TERM": "linux"}, "\a"),
        (
            {"TERM": "tmux-256color", "TMUX": "x", "TERM_PROGRAM": "tmux", "KITTY_WINDOW_ID": "1"},
            "\x1bPtmux;\x1b\x1b]99;",
        ),
    ],
)
def test_each_terminal_is_told_in_its_own_way(environ: dict[str, str], begins: str) -> None:
    told = attention("task 12 ended", Attention.AUTO, environ)
    assert told.startswith(begins)
    assert told.endswith("\a")


def test_off_is_off() -> None:
    assert attention("task 12 ended", Attention.OFF, {"TERM": "xterm-kitty"}) == ""


@pytest.mark.parametrize("how", [Attention.OSC9, Attention.OSC777, Attention.OSC99])
def test_a_title_ends_no_sequence_and_begins_none(how: Attention) -> None:
    told = attention("a\x1b\\b\a\x9c;c" + "x" * 500, how, {})
    assert told.count("\x1b") == 2
    assert told.count("\a") == 1
    assert "\x9c" not in told
    assert len(told) < 200
