"""Wrapping to cells, for text that is safe already. Pure, and cheap to import: the command line uses it too.

What is approved is cut at the cell and never reflowed; prose about it breaks between words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

_COLOUR = re.compile(r"\x1b\[[\d;]*m")

Piece: TypeAlias = tuple[str, bool]
"""Text, and whether it is an escape of ours."""


_OURS = dict.fromkeys(map(ord, "·→…≈"), "-")
"""Signs of our own texts, one cell each: to know that needs no table of all characters."""


def cells(text: str) -> int:
    """How many terminal cells a safe text takes."""
    if text.isascii() or text.translate(_OURS).isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def hard_wrapped(pieces: Iterable[Piece], width: int) -> list[list[Piece]]:
    """Rows of at most `width` cells; an escape stays whole where a row can hold it."""
    rows: list[list[Piece]] = [[]]
    room = width
    for text, escape in pieces:
        if escape and room < cells(text) <= width:
            rows.append([])
            room = width
        while text:
            head = _head(text, room, forced=room == width)
            if head:
                rows[-1].append((head, escape))
                room -= cells(head)
                text = text[len(head) :]
            if text:
                rows.append([])
                room = width
    return rows


def _head(text: str, room: int, *, forced: bool) -> str:
    """As many characters as fit; one at least where an empty row cannot hold a wide one."""
    if text.isascii():
        return text[: max(room, 1 if forced else 0)]
    taken = used = 0
    for character in text:
        used += cells(character)
        if used > room and not (forced and taken == 0):
            break
        taken += 1
    return text[:taken]


def words(text: str, width: int) -> list[str]:
    """Prose in rows of at most `width` cells; a word that is longer is cut where the row ends. At least one row."""
    rows = [""]
    for word in text.split(" "):
        joined = f"{rows[-1]} {word}" if rows[-1] else word
        if cells(joined) <= width:
            rows[-1] = joined
        elif cells(word) <= width:
            rows.append(word)
        else:
            rows[-1:] = ["".join(part for part, _ in row) for row in hard_wrapped([(joined, False)], width)]
    return rows


def broken(line: str, width: int) -> str:
    """One line of prose as lines of at most `width` cells, broken between words and indented by two more.

    A longer word, such as a path or a command to copy, stays whole: the terminal breaks it. Colours take no room.
    """
    if _drawn(line) <= width:
        return line
    indent = line[: len(line) - len(line.lstrip(" "))]
    rows, fresh = [indent], True
    for word in line[len(indent) :].split(" "):
        if not fresh and _drawn(rows[-1]) + 1 + _drawn(word) > width:
            rows.append(f"{indent}  ")
            fresh = True
        if word or len(rows) == 1:
            rows[-1] += word if fresh else f" {word}"
            fresh = False
    return "\n".join(row.rstrip(" ") for row in rows)


def _drawn(text: str) -> int:
    return cells(_COLOUR.sub("", text))
