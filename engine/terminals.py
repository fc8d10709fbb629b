"""Typing at the steps that run in a terminal: who does is recorded once, what is typed never.

What such a step shows is its log, so everybody who may read it sees the same; typing takes the role of an operator.
"""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from typing import TYPE_CHECKING

from engine.commands import Reply, Type
from engine.errors import Refused, UsageError
from engine.model.events import TerminalTaken
from engine.process import Terminal

if TYPE_CHECKING:
    from engine.storage.store import Store

MAX_TYPED = 1 << 16
"""Bytes of one command."""
MAX_SIZE = 1000
"""Rows or columns."""


class Terminals:
    """The terminals of the runs of this owner."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[int, asyncio.Future[Terminal | None]] = {}
        self._taken: set[tuple[int, str]] = set()

    def expect(self, run: int) -> None:
        """A run will have one as soon as it was started: who types meanwhile waits."""
        self._open[run] = asyncio.get_running_loop().create_future()

    def open(self, run: int, terminal: Terminal) -> None:
        """It was started."""
        self._open[run].set_result(terminal)

    def close(self, run: int) -> None:
        """It is over."""
        expected = self._open.pop(run, None)
        if expected is not None and not expected.done():
            expected.set_result(None)

    async def type(self, command: Type, actor: str) -> Reply:
        """Hand keys, or a size, to a step.

        Raises:
            Refused: it does not run, or in no terminal.
            UsageError: the command is none.
        """
        data = _typed(command)
        expected = self._open.get(command.run)
        terminal = await asyncio.shield(expected) if expected is not None else None
        if terminal is None:
            raise Refused(problem=f"Run {command.run} has no terminal, or not any more; nothing was typed")
        if 0 < command.rows <= MAX_SIZE and 0 < command.columns <= MAX_SIZE:
            terminal.resize(command.rows, command.columns)
        if data and (command.run, actor) not in self._taken:
            self._taken.add((command.run, actor))
            await self._store.record(TerminalTaken(command.run), actor=actor)
        terminal.type(data)
        return Reply(seq=self._store.seq)


def _typed(command: Type) -> bytes:
    try:
        data = b64decode(command.data, validate=True)
    except (ValueError, binascii.Error) as error:
        raise UsageError(problem=f"What was typed is no base64: {error}") from error
    if len(data) > MAX_TYPED:
        raise UsageError(problem=f"More than {MAX_TYPED:,} bytes were typed at once")
    return data
