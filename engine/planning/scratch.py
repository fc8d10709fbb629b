"""Says which words of a step name a place that it has for itself alone: what it writes there is gone when it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from engine.planning.named_files import Words, spellings
from engine.policy.paths import temporary


def scratch_hints(words: Words, kept: Sequence[str] = ()) -> Iterator[str]:
    """One hint for each such place.

    Args:
        kept: absolute paths that a sandbox shows as they are: the root, and what the step declares as written.
    """
    likely = (word for word in words.read | words.written if "tmp" in word)
    named = {path for word in likely for path in spellings(word) if temporary(path)}
    lost = {temporary(path) for path in named if not any(_within(path, place) for place in kept)}
    for place in sorted(lost):
        yield f"{place} is private to a sandboxed step and gone with it: keep files in the work directory"


def _within(path: str, place: str) -> bool:
    whole = os.path.normpath(path)
    return whole == place or whole.startswith(place + os.sep)
