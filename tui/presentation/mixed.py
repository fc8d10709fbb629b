"""Names that look like other names: hosts and binaries whose letters come from several scripts (S1, S4).

A flag is advice to a reader, never a decision; it finds what people are fooled with, not every confusable.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress

from tui.presentation.safe import safe

_LABELS = re.compile(r"[./@:\\]+")
_EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
_LATIN_TWINS = frozenset("асԁеһіјӏорԛѕυνхуωα" + "оΟΑΒΕΖΗΙΚΜΝΡΤΥΧАВЕКМНОРСТХ" + "ɡɑοօոսցհ")  # noqa: RUF001
"""Letters of other scripts that print like Latin ones."""


def flag_mixed(name: str) -> str | None:
    """What is odd about a host or binary name, in words, or None.

    Looks at each label (between dots and slashes): letters of two scripts (the East Asian ones count as one),
    a label made wholly of letters that print like Latin, compatibility forms such as full-width letters.
    Punycode labels (`xn--`) are decoded first.
    """
    for label in _LABELS.split(name):
        if not label.isascii() or label.startswith("xn--"):
            flag = _flag(_decoded(label))
            if flag:
                return flag
    return None


def _decoded(label: str) -> str:
    if label.startswith("xn--"):
        with suppress(UnicodeError):  # then it is no punycode, and ASCII as it stands
            return label[4:].encode("ascii").decode("punycode")
    return label


def _flag(label: str) -> str | None:
    letters = [character for character in label if character.isalpha()]
    scripts = dict.fromkeys(_script(letter) for letter in letters)
    if len(scripts) > 1:
        strange = next(letter for letter in letters if not letter.isascii())
        return f"mixes {' and '.join(scripts)} letters: {safe(strange)} is U+{ord(strange):04X}"
    if unicodedata.normalize("NFKC", label) != unicodedata.normalize("NFC", label):
        return f"has look-alike forms: reads as {safe(unicodedata.normalize('NFKC', label))}"
    if letters and _LATIN_TWINS.issuperset(letters):
        return f"is {next(iter(scripts))} and looks Latin: {safe(letters[0])} is U+{ord(letters[0]):04X}"
    return None


def _script(letter: str) -> str:
    """The first word of a letter's Unicode name is its script's, near enough for advice."""
    first = unicodedata.name(letter, "UNKNOWN").partition(" ")[0].partition("-")[0]
    return "East Asian" if first in _EAST_ASIAN else first.capitalize()
