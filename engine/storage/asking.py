"""Two ways to ask the database: at once, or in a thread beside an event loop, which goes on meanwhile.

At once nothing is ever waited for: whoever has nothing else to do needs neither thread nor loop.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import aiosqlite


class Asking(Protocol):
    """A connection that reads."""

    turn: AbstractAsyncContextManager[Any]
    """Held by whoever asks, or takes a snapshot."""

    async def rows(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """Every row. Raises `sqlite3.Error`, and `ValueError` where the connection was closed meanwhile."""

    async def close(self) -> None: ...


class AtOnce:
    """Asks in the thread of whoever asks."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        self._connection = connection
        self.turn: AbstractAsyncContextManager[Any] = nullcontext()

    async def rows(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        return self._connection.execute(sql, parameters).fetchall()

    async def close(self) -> None:
        self._connection.close()


class InThread:
    """Asks in the thread of the connection."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        import asyncio

        connection.row_factory = sqlite3.Row
        self._connection = connection
        self.turn: AbstractAsyncContextManager[Any] = asyncio.Lock()

    async def rows(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        return list(await self._connection.execute_fetchall(sql, parameters))

    async def close(self) -> None:
        await self._connection.close()
