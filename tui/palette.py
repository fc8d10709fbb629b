"""The palette: every command of `commands`, found by its title, run where it is heard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.commands import COMMANDS, Command


class Commands(Provider):
    """All commands that have a title of their own, in the order of their declaration."""

    async def discover(self) -> Hits:
        for command in _offered():
            yield DiscoveryHit(_titled(command), self._run(command), help=command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in _offered():
            title = _titled(command)
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), self._run(command), help=command.help)

    def _run(self, command: Command) -> Callable[[], Any]:
        return partial(self.app.run_action, f"app.command({COMMANDS.index(command)})")


def _offered() -> list[Command]:
    return list({command.title: command for command in reversed(COMMANDS)}.values())[::-1]


def _titled(command: Command) -> str:
    return f"{command.title}  ({command.shown})" if command.shown else command.title
