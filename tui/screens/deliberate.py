"""Tells a press that was meant from one that was not (S1): typed ahead, pasted without brackets, or the first 300 ms.

Times are those at which the terminal sent the input, so a screen that was slow to appear is not answered by what was
typed before it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from textual.message import Message

SETTLE = 0.3
"""Seconds after a screen appeared, or the terminal's focus came back, in which nothing decides."""
APART = 0.12
"""Seconds between two presses of a person; text that a terminal pastes as keys comes faster."""
TYPED = 0.02
"""The same between two keys of a person who writes; what is pasted as keys comes all at once."""


class Deliberate:
    """Judges the presses on one screen.

    Args:
        now: monotonic time in seconds, the clock of Textual's events.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._since = math.inf
        self._last = -math.inf
        self.settled = False
        """Whether the last press came after the screen had stood for a while."""
        self._pause = 0.0

    def meant(self, apart: float = APART) -> bool:
        """Whether the last press may decide.

        Args:
            apart: seconds without any press that must have been before it.
        """
        return self.settled and self.alone(apart)

    def alone(self, apart: float = APART) -> bool:
        """Whether the last press came with a pause before it."""
        return self._pause >= apart

    def appear(self) -> None:
        """The screen is in sight from now on."""
        self._since = self._now()

    def hide(self) -> None:
        """The screen is out of sight: nothing that is pressed is for it."""
        self._since = math.inf

    def press(self, event: Message) -> None:
        """Take note of a key, a click, or of typed text."""
        at = min(event.time, self._now())
        self.settled = at - self._since >= SETTLE
        self._pause = at - self._last
        self._last = at
