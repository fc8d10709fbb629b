"""How a program gets an engine: its own, the one of the owner behind the socket, or none but the store to read from.

The choice (B11.1): reading opens the store read-only, whether there is an owner or not; deciding goes to the owner, or
takes the lock just to record; executing goes to the owner, or becomes it. Everything heavy is imported on the way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import Owned, Refused

if TYPE_CHECKING:
    from engine.answering import Queries
    from engine.client import EngineClient, Item, LogSlice
    from engine.commands import Command, Reply
    from engine.queries import Query
    from engine.settings import Settings
    from engine.storage.reader import Reader

PATIENCE, PAUSE = 100, 0.1
"""How often to become the owner or to reach it is tried, and the seconds in between."""


class Need(StrEnum):
    """What a program wants of an engine."""

    READ = "read"
    ATTACH = "attach"
    """To be with the owner, and nothing where there is none."""
    DECIDE = "decide"
    EXECUTE = "execute"


class ReadOnly:
    """The store of a state directory, read without becoming its owner; satisfies `EngineClient`."""

    def __init__(self, reader: Reader, queries: Queries) -> None:
        self._reader = reader
        self._queries = queries

    async def do(self, command: Command) -> Reply:
        raise Refused(problem=f"{command.words} changes something; this view only reads")

    async def read(self, query: Query) -> Any:
        return await self._queries.answer(query)

    async def seq(self) -> int:
        """The number of the last event."""
        return await self._reader.seq()

    def knows(self, query: Query) -> bool:
        """Whether the store alone can answer it."""
        return self._queries.knows(query)

    async def events(self, after: int | None = None) -> AsyncIterator[Item]:
        """What is recorded so far, and no more: whoever wants to follow attaches to the owner."""
        seen = await self.seq() if after is None else after
        while page := await self._reader.events(seen, 1000):
            for event in page:
                yield event
            seen = page[-1].seq

    async def read_log(self, run: int, offset: int, n: int) -> LogSlice:
        return await self._queries.read_log(run, offset, n)

    def look(self, task: int | None = None, step: str | None = None) -> None:
        """Nobody is there to see it."""

    async def close(self) -> None:
        await self._reader.close()


async def open_reader(state: Path, settings: Settings) -> ReadOnly:
    """Open the store for reading: no lock, no recovery, no start."""
    from engine.answering import Queries
    from engine.storage.asking import AtOnce
    from engine.storage.connect import look
    from engine.storage.reader import Reader

    reader = Reader(AtOnce(look(state)))
    return ReadOnly(reader, Queries(reader, state, settings.policy, settings.budget))


async def connect(state: Path, need: Need, settings: Settings, host: Path | None = None) -> EngineClient:
    """Get what `need` asks for.

    Args:
        host: the directory in which somebody else shares an engine, or its socket: that one is attached to, whatever
            is needed, and `state` is left alone.

    Raises:
        Owned: somebody owns the state directory and does not answer.
        Refused: nobody shares an engine there, or it does not take us.
        EngineGone: there is no owner to attach to.
        StoreError: the store cannot be used.
    """
    if host is not None:
        return await _attach_shared(host)
    if need is Need.READ:
        return await open_reader(state, settings)
    import asyncio

    await asyncio.to_thread(import_module, "engine.host")  # in a thread: whoever draws meanwhile is not held up
    from engine.host import SOCKET, EngineGone, RemoteEngine
    from engine.person import terminal_name

    if need is Need.ATTACH:
        return await RemoteEngine.connect(state / SOCKET, terminal_name())
    for _ in range(PATIENCE):
        with suppress(EngineGone):  # nobody is there, has just begun, or is about to leave
            return await RemoteEngine.connect(state / SOCKET, terminal_name())
        try:
            return await _own(state, settings, executes=need is Need.EXECUTE)
        except Owned as error:
            owned = error
            await asyncio.sleep(PAUSE)
    raise owned


async def _own(state: Path, settings: Settings, *, executes: bool) -> EngineClient:
    import asyncio

    await asyncio.to_thread(import_module, "engine.engine")
    from engine.composition import Opening
    from engine.engine import Engine
    from engine.owner import Owner

    opening = Opening(state=state, settings=settings, executes=executes)
    return await (Owner if executes else Engine).open(opening)


async def _attach_shared(place: Path) -> EngineClient:
    from engine.host import EngineGone, RemoteEngine, shared_socket
    from engine.person import terminal_name

    path = shared_socket(place)
    try:
        return await RemoteEngine.connect(path, terminal_name())
    except EngineGone:
        raise Refused(
            problem=f"Nobody shares an engine at {path}", hint=f"its owner begins with: signoff serve --share {place}"
        ) from None
