"""The write-ahead log of SQLite, looked at for what SQLite passes over in silence.

It reads a log up to the first frame that does not fit its checksum, and takes the rest for what a loss of power left
half written. That is right for the last transaction only: each is on disk before the next begins. Whole transactions
behind that place are work that was recorded and would be forgotten.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_HEADER = struct.Struct(">IIII8s2I")
"""Magic, version, page size, number of checkpoints, salt, checksum."""
_FRAME = struct.Struct(">II8s8x")
"""Page, pages of the database after the commit (0 where it is none), salt of the log it belongs to, checksum."""
_LITTLE_ENDIAN, _BIG_ENDIAN = 0x377F0682, 0x377F0683
_TAKEN = struct.Struct("@16xI")
"""Of the index beside the database: how many frames SQLite has taken."""


def forgets(database: Path) -> bool:
    """Whether the log of a database holds transactions that SQLite does not see.

    Args:
        database: nobody writes it, and a connection that has read from it is open: else its index says nothing.
    """
    try:
        with database.with_name(f"{database.name}-wal").open("rb") as log:
            head = log.read(_HEADER.size)
            if len(head) < _HEADER.size:
                return False
            if not _is_sound(head):
                return bool(log.read(1))
            _, _, page, _, salt, *_ = _HEADER.unpack(head)
            log.seek(_HEADER.size + _taken(database) * (_FRAME.size + page))
            return sum(_commits(log, page, salt)) > 1
    except FileNotFoundError:
        return False


def _is_sound(head: bytes) -> bool:
    """Whether the head of a log fits its checksum; it is written in one piece, before the first frame."""
    *_, first, second = _HEADER.unpack(head)
    order = {_LITTLE_ENDIAN: "<", _BIG_ENDIAN: ">"}.get(int.from_bytes(head[:4]))
    words = struct.unpack(f"{order}6I", head[:24]) if order else ()
    even = odd = 0
    for at in range(0, len(words), 2):
        even = (even + words[at] + odd) & 0xFFFFFFFF
        odd = (odd + words[at + 1] + even) & 0xFFFFFFFF
    return order is not None and (even, odd) == (first, second)


def _taken(database: Path) -> int:
    with database.with_name(f"{database.name}-shm").open("rb") as index:
        number: int = _TAKEN.unpack(index.read(_TAKEN.size))[0]
        return number


def _commits(log: BinaryIO, page: int, salt: bytes) -> Iterator[bool]:
    """Of every frame from here on: whether a transaction of this log ends with it."""
    while len(head := log.read(_FRAME.size)) == _FRAME.size:
        _, pages, of = _FRAME.unpack(head)
        log.seek(page, 1)
        yield pages > 0 and of == salt
