"""Text from outside made safe to show (S1). Imports nothing heavy, so the command line can use it too.

Every character that a terminal may obey, hide or reorder becomes a visible escape (`\\e`, `\\t`, `\\x07`,
`\\u{202E}`); a byte that was no UTF-8 (decoded with `surrogateescape`) becomes `\\xNN`. Ordinary text of any script
stays as it is. Joiners (U+200C, U+200D) and variation selectors are escaped as well: an emoji made of several shows
its parts. A literal backslash is not doubled; `content.content` styles real escapes so that the two can be told apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

BLANKS = 8
"""Longer runs of blanks are counted instead of shown, so that no text is pushed off the screen."""
INDENT = 40
"""Leading blanks of a line of code that stay: half of the narrowest screen, the rest of the line stays in view."""
TAB = "→   "
"""How a tab shows in code."""
_MARKS = 2
"""Combining marks in a row that real orthographies need; Zalgo stacks more."""

_NAMED = {"\x1b": "\\e", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\a": "\\a", "\0": "\\0"}
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Fillers and variation selectors: letters, marks and symbols by category, and yet nothing to see."""
_NON_ASCII = re.compile(r"[^\x20-\x7e]")
_CHROME = {"…": "...", "⟨": "<", "⟩": ">", "→": ">", "←": "<", "·": "-", "≈": "~", "×": "x"}  # noqa: RUF001
"""Signs of our own texts, which pass as what they stand for."""


class _Kinds(dict[int, str]):
    """Code point to `x` (never shown raw), `m` (combining mark) or `o` (ordinary); filled as characters come."""

    def __missing__(self, code: int) -> str:
        kind = _kind(chr(code))
        if len(self) < 1 << 16:
            self[code] = kind
        return kind


def _kind(character: str) -> str:
    """`str.isprintable` is false for exactly Cc Cf Cs Co Cn Zl Zp and Zs except the blank."""
    if not character.isprintable() or _INVISIBLE.match(character):
        return "x"
    return "m" if unicodedata.category(character) in ("Mn", "Me") else "o"


_KINDS = _Kinds()


def safe(text: str, *, indent: int = 0, tab: str = "\\t", blanks: int = BLANKS) -> str:
    """One line of text, safe to show; safe text comes back unchanged.

    Args:
        text: anything, lone surrogates included.
        indent: leading blanks up to this many stay.
        tab: what stands for a tab; must be safe itself.
        blanks: longest run of blanks that stays.
    """
    if text.isascii() and text.isprintable() and " " * (blanks + 1) not in text:
        return text
    return "".join([piece for piece, _ in pieces(text, indent=indent, tab=tab, blanks=blanks)])


def safe_lines(text: str) -> list[str]:
    """The lines of a script or a file: split at newlines only, indentation kept, tabs shown as arrows."""
    lines = text.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return [safe(line, indent=INDENT, tab=TAB) for line in lines]


def ascii_only(text: str) -> str:
    """Safe text for a terminal without Unicode: what is not ASCII is escaped, never transliterated."""
    text = safe(text)
    return text if text.isascii() else _NON_ASCII.sub(_plain, text)


def is_safe(text: str) -> bool:
    """Whether a terminal can be sent `text` as it is (runs of blanks are no matter here)."""
    return text.isprintable() and (text.isascii() or not _has_bad(text.translate(_KINDS), based=True))


def pieces(text: str, *, indent: int = 0, tab: str = "\\t", blanks: int = BLANKS) -> Iterator[tuple[str, bool]]:
    """`safe` in pieces: the text to show, and whether it is an escape of ours."""
    done = 0
    for match in _odd(blanks).finditer(text):
        start, end = match.span()
        if start > done:
            yield text[done:start], False
        done = end
        if text[start] != " ":
            yield from _escaped(match[0], based=start > 0, tab=tab)
        elif start == 0 and end <= indent:
            yield match[0], False
        else:
            yield f"⟨{end - start} spaces⟩", True
    if done < len(text):
        yield text[done:], False


def kinds(text: str) -> str:
    """One letter for each character: `x` never shown raw, `m` combining mark, `o` ordinary."""
    return text.translate(_KINDS)


@lru_cache(8)
def _odd(blanks: int) -> re.Pattern[str]:
    return re.compile(rf"[^\x20-\x7e]+| {{{blanks + 1},}}")


def _has_bad(found: str, *, based: bool) -> bool:
    return "x" in found or "mmm" in found or (found[0] == "m" and not based)


def _escaped(chunk: str, *, based: bool, tab: str) -> Iterator[tuple[str, bool]]:
    """A run of characters outside printable ASCII; `based` says that a base for a mark stands before it."""
    found = kinds(chunk)
    if not _has_bad(found, based=based):
        yield chunk, False
        return
    marks = 0 if based else _MARKS
    for character, kind in zip(chunk, found, strict=True):
        marks = marks + 1 if kind == "m" else 0 if kind == "o" else _MARKS
        if kind == "x" or marks > _MARKS:
            yield tab if character == "\t" else _escape(character), True
        else:
            yield character, False


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return _NAMED.get(character) or f"\\x{code:02x}"
    return f"\\u{{{code:X}}}"


def _plain(match: re.Match[str]) -> str:
    return _CHROME.get(match[0]) or _escape(match[0])
