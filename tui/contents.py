"""What was kept of the files that steps sign: asked for step by step, one file a question. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import ReadContent
from tui.presentation.files import signed_digests

if TYPE_CHECKING:
    from engine import EngineClient, PlannedStep


MOST = 2**20
"""Bytes of one step's files from which on no further one is read: far more than anyone reads."""


async def read_contents(engine: EngineClient, *steps: PlannedStep) -> dict[str, bytes | None]:
    """By digest, the signed bytes of the files of some steps; None where they are not kept, or far too many.

    Raises:
        SignoffError: the engine could not answer.
    """
    contents: dict[str, bytes | None] = {}
    for planned in steps:
        room = MOST
        for digest in signed_digests(planned):
            if digest not in contents:
                contents[digest] = await engine.read(ReadContent(sha256=digest)) if room > 0 else None
            room -= len(contents[digest] or b"")
    return contents
