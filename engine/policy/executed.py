"""Which words of an operand name files whose text would be executed, as against files that are read or edited.

The bytes of those are bound in place of the path when the step runs; other named files keep their place, so that a
step such as `sed -i` or a formatter can do its work on them.
"""

from __future__ import annotations

import re
import shlex

from engine.policy.interpreters import interprets

_SOURCES = frozenset({"source", "."})
_SPLIT = re.compile(r"(\|\||&&|[;|&(){}\n])")


def executed_words(operand: str) -> frozenset[str]:
    """Words in the place of a program, and words that an interpreter or `source` would run."""
    found: set[str] = set()
    for piece in _SPLIT.split(operand):
        found.update(_executed(_words(piece)))
    return frozenset(found)


def _words(piece: str) -> list[str]:
    try:
        return shlex.split(piece, comments=True)
    except ValueError:  # A quote that closes in another piece: the bare words still tell.
        return piece.split()


def _executed(words: list[str]) -> set[str]:
    found = set(words[:1])
    for index, word in enumerate(words):
        if word in _SOURCES or interprets(word.rpartition("/")[2]):
            found.update([other for other in words[index + 1 :] if not other.startswith("-")][:1])
    return found
