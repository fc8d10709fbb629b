"""Typing at the steps that run in a terminal: who does is recorded once, what is typed never.

What such a step shows is its log, so everybody who may read it sees the same; typing takes the role of an operator.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import TYPE_CHECKING

from engine.commands import Reply, Type
from engine.errors import Refused, UsageError
from engine.model.events import TerminalTaken
from engine.model.run import Run
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
        self._open: dict[int, tuple[Run, Terminal]] = {}
        self._taken: set[tuple[int, str]] = set()

    def open(self, run: Run, terminal: Terminal) -> None:
        """A step was started in one."""
        self._open[run.id] = run, terminal

    def close(self, run: int) -> None:
        """Its run is over."""
        self._open.pop(run, None)

    async def type(self, command: Type, actor: str) -> Reply:
        """Hand keys, or a size, to a step.

        Raises:
            Refused: it does not run, or in no terminal.
            UsageError: the command is none.
        """
        if command.run not in self._open:
            raise Refused(problem=f"Run {command.run} has no terminal, or not any more; nothing was typed")
        run, terminal = self._open[command.run]
        data = _typed(command)
        if 0 < command.rows <= MAX_SIZE and 0 < command.columns <= MAX_SIZE:
            terminal.resize(command.rows, command.columns)
        if data and (run.id, actor) not in self._taken:
            self._taken.add((run.id, actor))
            await self._store.record(TerminalTaken(run.id), actor=actor, task=run.task)
        terminal.type(data)
        return Reply(task=run.task, seq=self._store.seq)


def _typed(command: Type) -> bytes:
    try:
        data = b64decode(command.data, validate=True)
    except (ValueError, binascii.Error) as error:
        raise UsageError(problem=f"What was typed is no base64: {error}") from error
    if len(data) > MAX_TYPED:
        raise UsageError(problem=f"More than {MAX_TYPED:,} bytes were typed at once")
    return data
