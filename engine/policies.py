"""Which policy holds in a directory: what the person configured, tightened by each trusted directory that it lies in.

What was trusted holds as it was read then: a file that is changed or deleted later loosens nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from engine.model.policy import Policy
from engine.model.trust import Trusted
from engine.policy import tighten


class Policies:
    """The policies of an engine, by directory."""

    def __init__(self, configured: Policy, trusted: Iterable[Trusted] = ()) -> None:
        self._configured = configured
        self._trusted = {each.root: each for each in trusted}

    def of(self, root: str) -> Policy:
        """What holds in a directory.

        Args:
            root: absolute path, its links resolved.
        """
        policy = self._configured
        for trusted in self.over(root):
            policy = tighten(policy, trusted.policy)
        return policy

    def over(self, root: str) -> Iterator[Trusted]:
        """What was trusted of a directory and of those that it lies in, the nearest first."""
        if self._trusted:
            place = PurePath(root)
            for folder in (place, *place.parents):
                if found := self._trusted.get(str(folder)):
                    yield found

    def keep(self, trusted: Trusted) -> None:
        """A person trusted a directory."""
        self._trusted[trusted.root] = trusted

    def drop(self, root: str) -> None:
        """A person revoked it."""
        self._trusted.pop(root, None)
