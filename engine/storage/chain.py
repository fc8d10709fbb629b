"""The hash chain over the event rows (B16): pure arithmetic, the same for writing and for verifying.

hash = SHA-256(previous hash ‖ header ‖ SHA-256 of the payload), header = JSON of [seq, time, actor, kind, task, step].
The payload enters by its digest only, so retention can empty payloads and the chain still verifies.
"""

from __future__ import annotations

from hashlib import sha256

from engine.wire import encode

GENESIS = bytes(32)
"""What stands before the first row."""


def link(
    previous: bytes,
    seq: int,
    time: float,
    actor: str,
    kind: str,
    task: int | None,
    step: str | None,
    payload_sha256: bytes,
) -> bytes:
    """The hash of one row, 32 bytes."""
    header = encode([seq, time, actor, kind, task, step])
    return sha256(previous + header.encode() + payload_sha256).digest()
