"""The text of a signed file, as far as it is kept: what stands beneath the operand that names it. Pure.

Nothing is left out unsaid: a file whose text is not here, or is none, says so and says what to do about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine import PlannedStep, SignedFile
from tui.presentation.amounts import number, size
from tui.presentation.operand import lines_of

HEAD = 256
"""Bytes of a binary file that are shown."""
_ODD = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\udc80-\udcff]")
"""What text hardly holds: control characters, and bytes that are no UTF-8."""
_MOST_ODD = 0.3
"""This share of odd characters still is text: hiding a script takes more than a stray byte."""


@dataclass(frozen=True)
class FileText:
    """A file as it is shown."""

    path: str
    about: str
    """What identifies it, and how much there is of it."""
    text: str = ""
    """What is shown of it, to be numbered by lines."""
    note: str = ""
    """What to know before its text, or why there is none."""
    warns: bool = False
    """Whether something of it stays unread."""


def signed_digests(planned: PlannedStep) -> list[str]:
    """The files whose bytes were signed with a step, each once."""
    return list(dict.fromkeys(file.sha256 for file in planned.files if file.sha256))


def file_texts(planned: PlannedStep, contents: Mapping[str, bytes | None]) -> Iterator[FileText]:
    """The files of a step in their order.

    Args:
        contents: by digest, the bytes that were signed, None where they were not kept; a digest that is missing has
            not been read yet.
    """
    for file in planned.files:
        if file.produced_by:
            yield FileText(file.path, f"made by {file.produced_by}", note=_made(file))
        elif file.sha256 not in contents:
            yield FileText(file.path, _short(file), note="reading it …")
        else:
            yield _text(file, contents[file.sha256])


def _made(file: SignedFile) -> str:
    return f"{file.produced_by} makes it: nobody can read it before that has run."


def _short(file: SignedFile) -> str:
    return f"sha256 {file.sha256[:12]}"


def _text(file: SignedFile, data: bytes | None) -> FileText:
    if data is None:
        known = f", {size(file.size)}" if file.size else ""
        return FileText(file.path, f"{_short(file)}{known}", note=_elsewhere(file), warns=True)
    if not data:
        return FileText(file.path, f"{_short(file)}, empty", note="It is empty.")
    text = data.decode("utf-8", "surrogateescape")
    if len(_ODD.findall(text)) > _MOST_ODD * len(text):
        head = data[:HEAD].decode("utf-8", "surrogateescape")
        return FileText(file.path, f"{_short(file)}, {size(len(data))}", head, _binary(len(data)), warns=True)
    lines = len(lines_of(text))
    return FileText(file.path, f"{_short(file)}, {number(lines)} line{'s' if lines != 1 else ''}", text)


def _elsewhere(file: SignedFile) -> str:
    return (
        "Its text is not shown: it is too large, or changed while the plan was written. Open it yourself; what runs "
        f"has the sha256 {file.sha256}"
    )


def _binary(count: int) -> str:
    if count <= HEAD:
        return f"Binary, {number(count)} bytes: what it does cannot be read here."
    return f"Binary: what it does cannot be read here. The first {HEAD} of its {number(count)} bytes:"
