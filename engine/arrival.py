"""An engine that can be read before it is there.

To look at the store takes a tenth of what it takes to become its owner: to import every room, try the sandbox, close
what an earlier owner left, listen on the socket. A screen shows what is recorded first; the first thing that only an
engine can do, or know, opens it. Nothing runs before that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from engine.client import EngineClient, Item, LogSlice
from engine.commands import Command, Reply
from engine.errors import StoreError
from engine.opening import Need, ReadOnly, connect, open_reader
from engine.queries import Query
from engine.settings import Settings


class Arriving:
    """The store of a state directory, and its engine as soon as it is wanted; satisfies `EngineClient`."""

    def __init__(
        self, reader: ReadOnly | None, seq: int | None, connecting: Callable[[], Awaitable[EngineClient]]
    ) -> None:
        self._reader = reader
        self._seq = seq
        """The last event before anything was read."""
        self._foreseen: dict[Query, Any] = {}
        self._looked: tuple[int | None, str | None] = None, None
        self._wanted = asyncio.Event()
        self._opening = asyncio.create_task(self._open(connecting), name="open the engine")

    @classmethod
    async def begin(cls, state: Path, settings: Settings, host: Path | None = None) -> Arriving:
        """Open the store for reading; where there is none to read, the engine at once.

        Raises:
            SignoffError: as `connect`, which gets the engine; where the store can be read, later.
        """
        reader = seq = None
        if host is None:
            with suppress(StoreError):
                reader = await open_reader(state, settings)
                seq = await reader.seq()
        arriving = cls(reader, seq, partial(connect, state, Need.EXECUTE, settings, host))
        if seq is None:
            try:
                await arriving.wanted()
            except BaseException:
                await arriving.close()
                raise
        return arriving

    async def foresee(self, query: Query) -> Any:
        """Answer a query, and keep the answer for whoever asks it next: it then comes without any wait."""
        self._foreseen[query] = answer = await self.read(query)
        return answer

    async def _open(self, connecting: Callable[[], Awaitable[EngineClient]]) -> EngineClient:
        await self._wanted.wait()
        engine = await connecting()
        engine.look(*self._looked)
        return engine

    async def opened(self) -> EngineClient:
        """Wait until somebody wanted the engine and it is there. Raises what kept it from opening."""
        return await asyncio.shield(self._opening)

    async def wanted(self) -> EngineClient:
        """Open the engine unless that was done, and wait for it. Raises what keeps it from opening."""
        self._wanted.set()
        return await self.opened()

    async def do(self, command: Command) -> Reply:
        return await (await self.wanted()).do(command)

    async def read(self, query: Query) -> Any:
        if self._reader is None or self._opening.done() or not self._reader.knows(query):
            return await (await self.wanted()).read(query)
        if query in self._foreseen:
            return self._foreseen.pop(query)
        return await self._reader.read(query)

    async def events(self, after: int | None = None) -> AsyncIterator[Item]:
        """Follow once the engine is there, by default from the first reading on: what opening it changed comes too."""
        engine = await self.opened()
        async for item in engine.events(self._seq if after is None else after):
            yield item

    async def read_log(self, run: int, offset: int, n: int) -> LogSlice:
        return await (await self.opened()).read_log(run, offset, n)

    def look(self, task: int | None = None, step: str | None = None) -> None:
        """Nobody sees it before the engine is there."""
        self._looked = task, step
        if self._opening.done() and not self._opening.cancelled() and self._opening.exception() is None:
            self._opening.result().look(task, step)

    async def close(self) -> None:
        """Let go of the engine, if it was wanted: what was begun is brought to its end."""
        if not self._wanted.is_set():
            self._opening.cancel()
        (engine,) = await asyncio.gather(self._opening, return_exceptions=True)
        if not isinstance(engine, BaseException):
            await engine.close()
        if self._reader is not None:
            await self._reader.close()
