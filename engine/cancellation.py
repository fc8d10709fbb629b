"""Cancellation tokens: one per task and one for each step, fired with it (B7.1). Firing is idempotent, never undone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class CancelToken:
    """Says whether to stop, and wakes whoever wants to know."""

    __slots__ = ("_hurried", "_urgent", "_watchers", "fired", "reason")

    def __init__(self) -> None:
        self.fired = False
        self.reason = ""
        self._watchers: dict[object, Callable[[], None]] = {}
        self._hurried: dict[object, Callable[[], object]] = {}
        self._urgent = False

    def hurry(self) -> None:
        """After firing: end what still takes its time, without any more grace."""
        self._urgent = True
        hurried, self._hurried = list(self._hurried.values()), {}
        for watcher in hurried:
            watcher()

    def fire(self, reason: str = "cancelled") -> None:
        """Stop everything that is chained to this token."""
        if self.fired:
            return
        self.fired, self.reason = True, reason
        watchers, self._watchers = list(self._watchers.values()), {}
        for watcher in watchers:
            watcher()

    @contextmanager
    def watched(self, watcher: Callable[[], None], hurried: Callable[[], object] | None = None) -> Iterator[None]:
        """Call `watcher` once when the token fires, at once if it has fired already.

        Args:
            hurried: called once when somebody asks to hurry.
        """
        key = object()
        if hurried is not None:
            self._hurried[key] = hurried
        if self.fired:
            watcher()
        else:
            self._watchers[key] = watcher
        if self._urgent and hurried is not None:
            hurried()
        try:
            yield
        finally:
            self._watchers.pop(key, None)
            self._hurried.pop(key, None)
