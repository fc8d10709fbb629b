"""Turns a word of the shell's syntax tree into the text a program would get, as far as the script itself tells.

What is known only when it runs becomes a mark inside the word that names the variable. `fill` puts the literal values
in that the script assigns, so that `X=-delete; find . $X` is judged as what it does, and also as unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

from engine.policy.findings import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_VARIANTS = 64
SPLIT = "\x02"
"""Between the words of one value: the elements of an array."""
_DEFAULT = "\x01"
_MARK = re.compile(r'\0("?)([^\0\x01]*)(?:\x01([^\0]*))?\0')
_WORD = re.compile(r"\\(\n|.)|(\[.*|[*?])", re.DOTALL)
_CUT = re.compile(r"[\[{]|^\$$")
_STRING_ESCAPE = re.compile(r'\\([$`"\\\n])')
_ANSI = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|c(.)|(.))", re.DOTALL
)
_ANSI_LETTERS = {"n": "\n", "t": "\t", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "r": "\r", "v": "\v"}
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*|[@*#?$!0-9])(?:\[[@*]\])?(?::?[-=+]([^\0-\x08{}$`\\'\"]*))?\}")
_BLANKS = re.compile(r"[ \t\n]+")
_PLACES = {"HOME": "~", "PWD": ".", "OLDPWD": ".."}


def decode(node: Node) -> str:
    """The text of a word, with marks where it is not known."""
    kind = node.type
    if kind == "word":
        return _WORD.sub(_unescape, _text(node))
    if kind == "raw_string":
        return _text(node)[1:-1]
    if kind == "ansi_c_string":
        return _ANSI.sub(_ansi, _text(node)[2:-1])
    if kind in ("string", "translated_string"):
        return _string(node)
    if kind in ("concatenation", "command_name"):
        return _concatenation(node)
    if kind in ("simple_expansion", "expansion"):
        return _expansion(node, quoted=False)
    if kind in ("number", "variable_name", "file_descriptor", "test_operator") and not node.child_count:
        return _text(node)
    return UNKNOWN * 2


def decode_all(nodes: Sequence[Node], source: bytes) -> list[str]:
    """The words of some nodes: those that touch are one word, whatever the grammar makes of them."""
    found: list[str] = []
    end = -1
    lone_dollar = False
    for node in nodes:
        if not _touch(source, end, node.start_byte):
            found.append(decode(node))
        else:
            found[-1] += UNKNOWN * 2 if lone_dollar else decode(node)
        end, lone_dollar = node.end_byte, _text(node).endswith("$")
    return found


def _touch(source: bytes, end: int, start: int) -> bool:
    """Whether nothing but line continuations stands between two places."""
    return end == start or (0 <= end < start and source[end:start] == b"\\\n" * ((start - end) // 2))


def variants(words: Sequence[str], assigned: Mapping[str, set[str]]) -> list[tuple[str, ...]]:
    """The words as unknown as they are, then with each combination of the values that the script assigns.

    More than `MOST_VARIANTS` combinations: only the unknown reading and an empty tuple, which stands for too many.
    """
    keys = (
        {match[0] for word in words for match in _MARK.finditer(word)} if any("\0" in word for word in words) else set()
    )
    choices = {key: values for key in sorted(keys) if (values := _candidates(key, assigned))}
    found = [_filled(words, {})]
    count = 1
    for values in choices.values():
        count *= len(values)
    if count > MOST_VARIANTS:
        return [*found, ()]
    if choices:
        found.extend(_filled(words, dict(zip(choices, chosen, strict=True))) for chosen in product(*choices.values()))
    return found


def literal(word: str) -> str | None:
    """The word if all of it is known."""
    return None if "\0" in word else word


def unknown(word: str) -> str:
    """The word with one `UNKNOWN` for each mark."""
    return _MARK.sub(UNKNOWN, word)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _mark(name: str, *, quoted: bool, default: str = "") -> str:
    quote = '"' if quoted else ""
    return f"\0{quote}{name}{default and _DEFAULT + default}\0"


def _unescape(match: re.Match[str]) -> str:
    if match[2]:
        return UNKNOWN * 2
    return "" if match[1] == "\n" else match[1]


def _ansi(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code or match[4]:
        value = int(code, 16) if code else int(match[4], 8) & 255
        char = chr(value) if value < 0x110000 and not 0xD800 <= value < 0xE000 else "\0"
    else:
        char = "\0" if match[5] else _ANSI_LETTERS.get(match[6], match[6])
    return char if char >= " " or char in "\n\t" else UNKNOWN * 2


def _string(node: Node) -> str:
    """A double-quoted string; text between the children counts too, the grammar drops some blanks."""
    source, start = node.text or b"", node.start_byte
    position = source.index(b'"') + 1
    parts: list[str] = []
    for child in node.children:
        if child.type in ("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion"):
            blanks = len(child.text or b"") - len((child.text or b"").lstrip())
            parts.append(_plain(source[position : child.start_byte - start + blanks]))
            parts.append(_expansion(child, quoted=True))
            position = child.end_byte - start
        elif child.type == "string":
            return _string(child)
    parts.append(_plain(source[position : max(position, len(source) - 1)]))
    return "".join(parts)


def _plain(source: bytes) -> str:
    return _STRING_ESCAPE.sub(lambda found: "" if found[1] == "\n" else found[1], source.decode("utf-8", "replace"))


def _concatenation(node: Node) -> str:
    """Parts that touch; from a brace, a bracket or a lone `$` on, the rest is not known."""
    bare = "".join(_text(child) for child in node.children if child.type == "word")
    parts: list[str] = []
    for child in node.children:
        cut = _CUT.search(_text(child)) if child.type == "word" or not child.is_named else None
        if cut and (cut[0] != "{" or "," in bare or ".." in bare):
            return "".join((*parts, _text(child)[: cut.start()], UNKNOWN * 2))
        parts.append(decode(child))
    return "".join(parts)


def _expansion(node: Node, *, quoted: bool) -> str:
    if node.type == "simple_expansion":
        name = _text(node).strip()[1:]
        return _PLACES.get(name) or _mark(name, quoted=quoted)
    if node.type != "expansion":
        return UNKNOWN * 2
    text = _text(node).strip()
    match = _VARIABLE.fullmatch(text)
    if match is None:
        begin = re.match(r"\$\{([A-Za-z_]\w*)", text)
        return _mark(begin[1] if begin else "", quoted=quoted)
    if match[1] in _PLACES and not match[2]:
        return _PLACES[match[1]]
    return _mark(match[1], quoted=quoted, default=match[2] or "")


def _candidates(key: str, assigned: Mapping[str, set[str]]) -> list[str]:
    match = _MARK.fullmatch(key)
    if match is None:
        return []
    return sorted(assigned.get(match[2], set()) | ({match[3]} if match[3] else set()))


def _filled(words: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(part for word in words for part in _fill(word, values))


def _fill(word: str, values: Mapping[str, str]) -> Iterator[str]:
    if "\0" not in word:
        yield word
        return

    def put(match: re.Match[str]) -> str:
        value = values.get(match[0])
        if value is None:
            return UNKNOWN
        return value if match[1] else _BLANKS.sub(SPLIT, value)

    filled = _MARK.sub(put, word)
    if SPLIT in filled or not filled:
        yield from (part for part in filled.split(SPLIT) if part)
    else:
        yield filled
