"""No text reaches a screen that a terminal obeys, hides or reorders; ordinary text stays as it is (S1)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.presentation.mixed import flag_mixed
from tui.presentation.safe import ascii_only, is_safe, safe, safe_lines

HOSTILE = "\0\a\b\t\n\v\f\r\x1b\x7f\x80\x9b\x9d\u00a0\u00ad\u061c\u115f\u1160\u180e\u2000\u200b\u200d\u2028\u202e"
HOSTILE += "\u2066\u2800\u3000\u3164\ud800\udc80\udcff\ue000\ufe0f\ufeff\uffa0\uffff\U000e0041\U000e0100\U0010ffff"
ANYTHING = st.text(st.one_of(st.characters(), st.characters(categories=("Cs", "Cc", "Cf")), st.sampled_from(HOSTILE)))


def benign() -> list[str]:
    texts = ["naïve café", "Über größe", "日本語テスト", "עברית", "العربية", "हिन्दी", "한국어", "ไทย", "Ελληνικά"]
    texts += ["Привет", "မြန်မာ", "Tiếng Việt", "e\u0301 o\u0302\u0323", "🎉 🚀 ✓ ─ ⟨x⟩", "a        b", "ls -l | wc"]
    return texts


@pytest.mark.parametrize("text", benign())
def test_ordinary_text_of_any_script_stays_as_it_is(text: str) -> None:
    assert safe(text) == text
    assert is_safe(text)


@given(ANYTHING)
def test_no_control_character_survives(text: str) -> None:
    shown = safe(text)
    assert shown.isprintable()
    assert not set(HOSTILE) & set(shown)
    assert all(unicodedata.category(character)[0] not in "CZ" for character in shown if character != " ")


@given(ANYTHING)
def test_what_is_safe_stays_safe_and_unchanged(text: str) -> None:
    once = safe(text)
    assert safe(once) == once
    assert is_safe(once)


@given(st.text(st.sampled_from("ab \u0301\u0302\u200b")))
def test_marks_never_stack_higher_than_two(text: str) -> None:
    shown = safe(text)
    assert not any(unicodedata.category(c) == "Mn" for c in shown[:1])
    assert all({*shown[n : n + 3]} - {"\u0301", "\u0302"} for n in range(len(shown) - 2))


@given(ANYTHING)
def test_ascii_only_is_ascii_and_printable(text: str) -> None:
    assert ascii_only(text).isascii()
    assert ascii_only(text).isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\e[2J"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x07\x01\x7f", "\\a\\x01\\x7f"),
        ("user\u202egnp", "user\\u{202E}gnp"),
        ("\x9b31m", "\\u{9B}31m"),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), "caf\\xe9"),
        ("a" + " " * 4000 + "; rm", "a⟨4000 spaces⟩; rm"),
        ("👩\u200d💻", "👩\\u{200D}💻"),
        ("\u0301x", "\\u{301}x"),
        ("z\u0301\u0301\u0301\u0301", "z\u0301\u0301\\u{301}\\u{301}"),
    ],
)
def test_escapes_say_what_they_stand_for(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_code_keeps_its_indentation_and_nothing_else_that_is_blank() -> None:
    script = "if x:\n" + " " * 12 + "run" + " " * 12 + "# tail\n\tmake\n" + " " * 41 + "far\n"
    assert safe_lines(script) == [
        "if x:",
        " " * 12 + "run⟨12 spaces⟩# tail",
        "→   make",
        "⟨41 spaces⟩far",
    ]
    assert safe_lines("") == [""]


@pytest.mark.parametrize(
    "name", ["github.com", "пример.рф", "例え.jp", "日本ご.テスト", "münchen.de", "git", "a-b_c.9"]
)
def test_names_of_one_script_are_not_flagged(name: str) -> None:
    assert flag_mixed(name) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("p\u0430ypal.com", "mixes Latin and Cyrillic letters: \u0430 is U+0430"),
        ("www.\u0430\u0440\u0440\u04cf\u0435.com", "is Cyrillic and looks Latin: \u0430 is U+0430"),
        ("xn--80ak6aa92e.com", "is Cyrillic and looks Latin: \u0430 is U+0430"),
        ("/usr/bin/\uff47\uff49\uff54", "has look-alike forms: reads as git"),
        ("g\u03bft", "mixes Latin and Greek letters: \u03bf is U+03BF"),
    ],
)
def test_names_that_look_like_others_are_flagged(name: str, said: str) -> None:
    assert flag_mixed(name) == said
