"""Operands as rows: nothing is lost, nothing is hidden, nothing leaves the screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import HOSTILE
from tui.presentation.operand import lines_of, rows
from tui.presentation.safe import INDENT, TAB, is_safe, safe
from tui.presentation.wrap import broken, cells, words

TEXTS = st.one_of(st.text(max_size=400), st.sampled_from(list(HOSTILE.values())))
WIDTHS = st.integers(min_value=10, max_value=120)


@given(TEXTS, WIDTHS)
def test_the_rows_of_a_line_joined_are_the_whole_line(text: str, width: int) -> None:
    made: dict[int, str] = {}
    for row in rows(text, width):
        made[row.line] = made.get(row.line, "") + row.text
    assert made == {n: safe(line, indent=INDENT, tab=TAB) for n, line in enumerate(lines_of(text), start=1)}


@given(TEXTS, WIDTHS)
def test_no_row_is_wider_than_the_screen_or_holds_what_a_terminal_obeys(text: str, width: int) -> None:
    for row in rows(text, width):
        assert cells(row.text) <= width
        assert is_safe(row.text) or not row.first


@given(TEXTS, WIDTHS)
def test_a_plain_row_is_ascii(text: str, width: int) -> None:
    assert all(row.text.isascii() for row in rows(text, width, plain=True))


@given(TEXTS, WIDTHS)
def test_prose_keeps_every_word_and_the_width(text: str, width: int) -> None:
    made = words(safe(text), width)
    assert all(cells(row) <= width for row in made)
    assert "".join(made).replace(" ", "") == safe(text).replace(" ", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ls" + " " * 4000 + "; rm -rf ~", ["ls⟨4000 spaces⟩; rm -rf ~"]),
        ("printf '\x1b[2J'", ["printf '\\e[2J'"]),
        ("\tx", ["→   x"]),
        ("a\r", ["a\\r"]),
        ("", [""]),
        ("a\n\nb\n", ["a", "", "b"]),
    ],
)
def test_what_hides_is_shown(text: str, shown: list[str]) -> None:
    assert [row.text for row in rows(text, 60)] == shown


def test_an_escape_is_not_torn() -> None:
    assert [row.text for row in rows("x" * 18 + " " * 38 + "y", 21)] == ["x" * 18, "⟨38 spaces⟩y"]


def test_prose_breaks_between_words_and_what_is_to_be_copied_stays_whole() -> None:
    assert broken("  go on: signoff resume 12", 16) == "  go on: signoff\n    resume 12"
    assert broken("kept in /a/path/longer/than/that", 12) == "kept in\n  /a/path/longer/than/that"
    assert broken("\x1b[1;31mred\x1b[0m and no more", 16) == "\x1b[1;31mred\x1b[0m and no more"
    assert broken("one  two", 8) == "one  two"
