"""Takes secret values out of a stream of bytes, however the stream is cut into chunks.

Only what could still become a secret is held back, so ordinary output passes at once. Encoded or reworded secrets are
not recognised: this keeps accidents off the disk, not a program that wants to tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

REPLACEMENT = b"[redacted]"


class Redactor:
    """One stream; feed it in order and `finish` it once."""

    def __init__(self, secrets: Sequence[str]) -> None:
        values = sorted({secret.encode() for secret in secrets if secret}, key=len, reverse=True)
        self._secrets = values
        self._pattern = re.compile(b"|".join(map(re.escape, values))) if values else None
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return what is safe to keep of everything fed so far and not returned yet."""
        if self._pattern is None:
            return data
        data = self._held + data
        cut = self._undecided(data)
        self._held = data[cut:]
        return self._pattern.sub(REPLACEMENT, data[:cut])

    def finish(self) -> bytes:
        """Return the rest: no more bytes follow."""
        held, self._held = self._held, b""
        return self._pattern.sub(REPLACEMENT, held) if self._pattern else held

    def _undecided(self, data: bytes) -> int:
        """Where a secret may have begun that more bytes could complete; never inside one that is already complete."""
        assert self._pattern is not None
        cut = min((self._begun(data, secret) for secret in self._secrets), default=len(data))
        if cut == len(data):
            return cut
        for match in self._pattern.finditer(data):
            if match.start() < cut < match.end():
                return match.start()
        return cut

    @staticmethod
    def _begun(data: bytes, secret: bytes) -> int:
        at = data.find(secret[:1], max(0, len(data) - len(secret) + 1))
        while at != -1 and not secret.startswith(data[at:]):
            at = data.find(secret[:1], at + 1)
        return len(data) if at == -1 else at
