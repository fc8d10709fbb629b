"""What the disk does not take now: the store, or the log of a step. Whoever follows is told, also who comes later."""

from __future__ import annotations

from collections.abc import Callable

from engine.client import Stalled
from engine.errors import StoreError

_SPACE = "free some space on the disk of the state directory: it goes on by itself"


class Stalls:
    """Knows what stands still until there is space again.

    Args:
        tell: hands a signal to all followers.
    """

    def __init__(self, tell: Callable[[Stalled], None]) -> None:
        self._tell = tell
        self._now: dict[tuple[int | None, str | None], Stalled] = {}

    @property
    def now(self) -> tuple[Stalled, ...]:
        """What stands still now, first come first."""
        return tuple(self._now.values())

    def store(self, error: StoreError | None) -> None:
        """Nothing can be recorded, or with None it can again."""
        self._put(Stalled(fault=str(error), hint=error.hint) if error else Stalled())

    def log(self, task: int, step: str, error: OSError | None) -> None:
        """The output of a step cannot be kept, or with None it can again."""
        fault = f"The log of {step} cannot be written ({error.strerror}); the step waits for space" if error else ""
        self._put(Stalled(task=task, step=step, fault=fault, hint=_SPACE if error else ""))

    def _put(self, stalled: Stalled) -> None:
        place = stalled.task, stalled.step
        self._now.pop(place, None)
        if stalled.fault:
            self._now[place] = stalled
        self._tell(stalled)
