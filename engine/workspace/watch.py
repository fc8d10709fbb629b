"""Which files changed while a run was under way: a look at the root before it and one after it, shared by all runs.

Runs that begin or end together share one look, and the look at the end of one serves the next that begins at once, so a
chain costs one look a step. Whatever changed in between counts, whoever changed it: other runs that could write there
at the same time are counted, for what they did cannot be told apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import monotonic

from engine.errors import SignoffError
from engine.model.effect import Changes
from engine.workspace.lines import told
from engine.workspace.tree import Tree, differing, look

FRESH = 0.1
"""Seconds that a look still serves a run that begins: what other hands do in them cannot be told apart anyway."""
MAX_TOLD = 200
"""Files of one run that are named; the rest is counted."""


@dataclass(eq=False)
class Writing:
    """One run that may write beneath a root."""

    root: Path
    beside: int = 0
    """Other runs that could write there at some time of this one."""
    changes: Changes | None = None
    """Set at its end."""


@dataclass
class _Place:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    tree: Tree | None = None


class Watch:
    """All runs of an engine that may write."""

    def __init__(self) -> None:
        self._places: dict[Path, _Place] = {}
        self._writing: set[Writing] = set()

    @asynccontextmanager
    async def writing(self, root: Path) -> AsyncIterator[Writing]:
        """Enter before the run starts, leave when nothing of it is alive."""
        writing = Writing(root)
        for other in self._writing:
            if root.is_relative_to(other.root) or other.root.is_relative_to(root):
                other.beside, writing.beside = other.beside + 1, writing.beside + 1
        self._writing.add(writing)
        try:
            before = await self._tree(root, monotonic() - FRESH)
            yield writing
            writing.changes = await self._changes(before, writing)
        finally:
            self._writing.discard(writing)
            asyncio.get_running_loop().call_later(FRESH, self._forget, root)

    async def _tree(self, root: Path, since: float) -> Tree:
        """A look at the root that began at `since` or later; whoever waits here meanwhile shares the next one."""
        place = self._places.setdefault(root, _Place())
        async with place.lock:
            if place.tree is None or place.tree.began < since:
                place.tree = await look(root)
            return place.tree

    async def _changes(self, before: Tree, writing: Writing) -> Changes:
        if before.unknown:
            return Changes(unknown=before.unknown)
        after = await self._tree(writing.root, monotonic())
        if before.files == after.files and not after.unknown:
            return Changes()
        try:
            found = await asyncio.to_thread(differing, writing.root, before, after)
            named = dict(islice(found.items(), MAX_TOLD))
            files = await told(writing.root, before, after, named)
        except (SignoffError, OSError, ValueError) as error:
            return Changes(unknown=str(error))
        count = len(found) - len(named) + len(files)
        return Changes(files=files, count=count, beside=writing.beside if count else 0)

    def _forget(self, root: Path) -> None:
        """Let go of what was seen, unless somebody still needs it or it was seen just now."""
        place = self._places.get(root)
        if place is None or place.lock.locked() or any(writing.root == root for writing in self._writing):
            return
        if place.tree is None or place.tree.began < monotonic() - FRESH:
            del self._places[root]
