"""Widgets get Content that is never markup; log colour survives, every other control sequence does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.style import Style

from tui.presentation.content import ESCAPE, assemble, content, log_line
from tui.presentation.safe import safe


def styles(line: bytes) -> list[tuple[str, str]]:
    made = log_line(line)
    return [(made.plain[span.start : span.end], str(span.style)) for span in made.spans]


@given(st.text())
def test_content_is_the_safe_text_and_no_markup(text: str) -> None:
    assert content(text, "bold").plain == safe(text)


def test_unbalanced_markup_is_text() -> None:
    assert content("[/x] [bold]b").plain == "[/x] [bold]b"
    assert not content("[/x] [bold]b").spans


def test_an_escape_is_styled_apart_from_the_same_letters_typed() -> None:
    made = content("\\e \x1b", "dim")
    assert made.plain == "\\e \\e"
    assert [(span.start, span.end, span.style) for span in made.spans] == [(0, 3, "dim"), (3, 5, ESCAPE)]


def test_assembled_parts_keep_their_styles() -> None:
    made = assemble("a", ("[b]", "$success"), content("c", "bold"))
    assert made.plain == "a[b]c"
    assert [(span.start, span.end, span.style) for span in made.spans] == [(1, 4, "$success"), (4, 5, "bold")]


@given(st.binary(max_size=200))
def test_no_byte_of_a_log_reaches_the_terminal_raw(line: bytes) -> None:
    made = log_line(line)
    assert made.plain.isprintable()
    for span in made.spans:
        if span.style != ESCAPE:
            Style.parse(str(span.style))


@given(st.lists(st.sampled_from([b"\x1b[", b"31", b";", b"38;5;", b"48;2;1;2", b"m", b"0", b"a", b"\x1b]", b"\x07"])))
def test_any_sgr_parses_to_a_style_that_exists(chunks: list[bytes]) -> None:
    for _, style in styles(b"".join(chunks)):
        assert style == ESCAPE or Style.parse(style) is not None


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (b"\x1b[1;31merror\x1b[0m: x", [("error", "bold ansi_red")]),
        (b"\x1b[38;5;196mx\x1b[39my", [("x", "rgb(255,0,0)")]),
        (b"\x1b[38;2;1;2;3;44mx", [("x", "rgb(1,2,3) on ansi_blue")]),
        (b"\x1b[4;97mx\x1b[24my\x1b[my", [("x", "underline ansi_bright_white"), ("y", "ansi_bright_white")]),
        (b"\x1b[8mhidden\x1b[5m!", []),
        (b"\x1b[30;40mhidden", [("hidden", "ansi_black")]),
        (b"\x1b[38;5;244mx", [("x", "rgb(128,128,128)")]),
    ],
)
def test_colour_becomes_style(line: bytes, wanted: list[tuple[str, str]]) -> None:
    assert styles(line) == wanted


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"10%\r20%\r\n", "10%\\r20%"),
        (b"a\x08b", "a\\bb"),
        (b"\x1b[2J\x1b[Hx\x1b[?25l", "x"),
        (b"\x1b]8;;file:///x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b]52;c;cm0=\x07x", "x"),
        (b"\x1b]52;c;never closed", "\\e]52;c;never closed"),
        (b"\x1bPq\x1b\\x\x1bc\x1b(By", "x\\ecy"),
        (b"\x9b31m \xff caf\xc3\xa9", "\\x9b31m \\xff café"),
        (b"\xc2\x9b31m", "\\u{9B}31m"),
        (b"a\tb", "a       b"),
        (b"test.py .." + b" " * 60 + b"[ 62%]", "test.py .." + " " * 60 + "[ 62%]"),
    ],
)
def test_everything_else_is_dropped_or_shown(line: bytes, shown: str) -> None:
    assert log_line(line).plain == shown
