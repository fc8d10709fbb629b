"""Plain argv: what splits, what is refused, and where."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.policy import Command, CommandError, parse_command

WORD = st.text(alphabet="abz019_./:@%+,é-", min_size=1, max_size=8)


@given(st.lists(WORD, min_size=1, max_size=6))
def test_plain_words_split_as_shlex_splits_them(words: list[str]) -> None:
    text = " ".join(words)
    assert list(parse_command(text).argv) == shlex.split(text)


@given(st.lists(st.text(alphabet="a b'\"\\$`|&;<>(){}*?~#!=\n\té", max_size=8), min_size=1, max_size=5))
def test_quoted_words_come_back_as_they_were(words: list[str]) -> None:
    assert parse_command(shlex.join(["run", *words])).argv == ("run", *words)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("ls -l", Command(("ls", "-l"))),
        ('a \'b c\' "d\\"e" f\\ g', Command(("a", "b c", 'd"e', "f g"))),
        ("a '' \"\"", Command(("a", "", ""))),
        ("a > out", Command(("a",), "out")),
        ("a >>'my out'", Command(("a",), "my out", append=True)),
        ("a '>' b", Command(("a", ">", "b"))),
        ('a \\> "$"', Command(("a", ">", "$"))),
        ("a b\\\nc", Command(("a", "bc"))),
        ("a 'b\nc'\n", Command(("a", "b\nc"))),
        ("a *.py ~ {} [x]", Command(("a", "*.py", "~", "{}", "[x]"))),
        ("a '$X' \"\\$X\"", Command(("a", "$X", "$X"))),
        ("a --b=c d=e", Command(("a", "--b=c", "d=e"))),
    ],
)
def test_it_splits(text: str, command: Command) -> None:
    assert parse_command(text) == command


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("a | b", 3),
        ("a && b", 3),
        ("a || b", 3),
        ("a;b", 2),
        ("a &", 3),
        ("a < b", 3),
        ("a $(b)", 3),
        ("a `b`", 3),
        ("a $B", 3),
        ("a ${B}", 3),
        ('a "x$B"', 5),
        ('a "`b`"', 4),
        ("a $'b'", 3),
        ("(a)", 1),
        ("a 'b", 3),
        ('a "b', 3),
        ("a \\", 3),
        ("a\nb", 2),
        ("a #b", 3),
        ("a > b c", 7),
        ("a > b > c", 7),
        ("a 2> b", 4),
        ("a >", 4),
        ("A=1 b", 4),
        ("", 1),
        ("''", 1),
        ("> b", 1),
        ("a \x00", 3),
        ("a '\x1b[0m'", 4),
        ("a\rb", 2),
        ("a \u202eb", 3),
        ("a\u00a0b", 2),
    ],
)
def test_what_needs_a_shell_or_hides_is_refused_with_its_column(text: str, column: int) -> None:
    with pytest.raises(CommandError) as caught:
        parse_command(text)
    assert caught.value.column == column
    assert caught.value.hint


def test_a_pipe_points_to_the_action_shell() -> None:
    with pytest.raises(CommandError) as caught:
        parse_command("a | b")
    assert "`shell`" in caught.value.hint
