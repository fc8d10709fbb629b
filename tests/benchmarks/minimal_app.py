"""The floor of a cold start: the smallest program of the same toolkit that shows something."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

HELLO = "hello world "


class Minimal(App[None]):
    def compose(self) -> ComposeResult:
        yield Static(HELLO * 30)


if __name__ == "__main__":
    Minimal().run()
