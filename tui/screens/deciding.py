"""What the screens have in common on which a person decides: they judge each press, and tell what came of it.

A deciding screen is an ordinary screen or a modal one; it mixes this in first.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from textual import events, getters, on
from textual.screen import Screen, ScreenResultType
from textual.widgets import Input, Static

from tui.messages import Desk
from tui.presentation.content import content
from tui.screens.deliberate import APART, Deliberate
from tui.screens.keys import KeysScreen
from tui.widgets.key_line import KeyLine
from tui.widgets.lines import Lines


class DecidingScreen(Screen[ScreenResultType]):
    """Expects a `Static` with the id `notice` among its widgets.

    Args:
        now: monotonic time in seconds, as Textual stamps events.
    """

    app = getters.app(Desk)

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.deliberate = Deliberate(now)

    def prepare(self) -> None:
        """To be called first when mounted."""
        for lines in self.query(Lines):
            lines.ascii_only = self.app.ascii_only
        self.watch(self.app, "app_focus", self._focus_came_back, init=False)

    def notice(self, text: str = "") -> None:
        """Tell what came of a press; nothing takes the notice away."""
        line = self.query_one("#notice", Static)
        line.update(content(text))
        line.set_class(bool(text), "-shown")

    def too_quick(self, apart: float = APART) -> bool:
        """Whether the last press came too quickly to be meant; says so."""
        if self.deliberate.settled and not self.deliberate.alone(apart):
            self.notice("That came too quickly to be meant. Press it again, or esc to go back.")
        return not self.deliberate.meant(apart)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.deliberate.appear)

    def on_screen_suspend(self) -> None:
        self.deliberate.hide()

    def _focus_came_back(self, focused: bool) -> None:
        if focused:
            self.deliberate.appear()

    def on_click(self, event: events.Click) -> None:
        self.deliberate.press(event)

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        self.deliberate.press(message)

    @on(KeyLine.Pressed)
    async def _pressed(self, message: KeyLine.Pressed) -> None:
        if self.deliberate.settled:
            await self.run_action(message.key.action)

    def action_keys(self) -> None:
        self.app.push_screen(KeysScreen.of(self))
