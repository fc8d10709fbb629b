"""Text of a plan document -> plain values with places: YAML 1.2 (core schema) or JSON by one path, however hostile.

Places cost time and only matter when something is wrong: `locate` reads the text a second time and finds them. What a
document means is no matter of this module.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from dataclasses import replace

from engine.errors import Fault, InvalidPlan
from engine.planning.builder import HIDDEN, Builder, Value

MAX_BYTES = 8 * 2**20

_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def decode(source: str | bytes, name: str) -> str:
    """Bring a document into text that the parser may see.

    Raises:
        InvalidPlan: too large, not UTF-8, or with control characters.
    """
    if len(source) > MAX_BYTES:
        raise InvalidPlan((Fault(f"the document is over {MAX_BYTES // 2**20} MiB; a plan is smaller", "", name, 1, 1),))
    text = (_decode_bytes(source, name) if isinstance(source, bytes) else source).removeprefix("\ufeff")
    if hidden := HIDDEN.search(text):
        code = f"U+{ord(hidden[0]):04X}"
        message = f"control character {code}; a plan is plain text" if ord(hidden[0]) else "NUL; a plan is plain text"
        raise InvalidPlan((Fault(message, "", name, *_place(text, hidden.start())),))
    return _join_surrogates(text)


def _decode_bytes(source: bytes, name: str) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(source[: error.start].decode("utf-8"), error.start)
        message = f"byte 0x{source[error.start]:02X} is not UTF-8; save the document as UTF-8"
        raise InvalidPlan((Fault(message, "", name, line, column),)) from error


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _join_surrogates(text: str) -> str:
    r"""JSON writes characters beyond U+FFFF as two escapes, `\ud83d\ude80`; YAML knows only `\U0001f680`."""
    if not (text.lstrip().startswith("{") and _SURROGATES.search(text)):
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    joined, position = io.StringIO(), 0
    for pair in _SURROGATES.finditer(text):
        joined.write(text[position : pair.start()])
        code = 0x10000 + ((int(pair[2], 16) - 0xD800) << 10) + (int(pair[3], 16) - 0xDC00)
        joined.write(f"{pair[1]}\\U{code:08x}")
        position = pair.end()
    return joined.getvalue() + text[position:]


def read_value(text: str, name: str) -> tuple[Value, list[Fault]]:
    """Build the one value of a decoded document, with every fault of its notation.

    Where a value is faulty None stands in for it, so that the rest can be checked in the same pass.

    Raises:
        InvalidPlan: the text cannot be read to its end: bad syntax, or a bound is passed.
    """
    reader = Builder(name)
    if reader.read(text):
        return reader.root, reader.faults
    raise InvalidPlan(tuple(reader.faults))


def locate(text: str, name: str, faults: Iterable[Fault]) -> list[Fault]:
    """Give each fault with a field the line and column of that field, or of the nearest one around it."""
    found = list(faults)
    fields = frozenset(fault.field for fault in found if fault.line is None)
    reader = Builder(name, frozenset(path for field in fields for path in _around(field)), fields)
    if fields:
        reader.read(text)
    return sorted((_located(fault, name, reader.places) for fault in found), key=_reading_order)


def _located(fault: Fault, name: str, places: dict[str, tuple[int, int]]) -> Fault:
    if fault.line is not None:
        return fault
    line, column = next((places[path] for path in _around(fault.field) if path in places), (1, 1))
    return replace(fault, file=name, line=line, column=column)


def _around(path: str) -> list[str]:
    """The path itself, then each one around it, outermost last."""
    paths = [path]
    while path:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
        paths.append(path)
    return paths


def _reading_order(fault: Fault) -> tuple[int, int, str]:
    return fault.line or 0, fault.column or 0, fault.message
