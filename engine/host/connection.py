"""One admitted client: takes its requests, answers them in any order, and pushes what it follows.

Everything is bounded. A client that stops reading stops only itself: its answers and pushes wait in their own tasks,
and what it follows turns into a `Gap` in the broker. A client that leaves cancels nothing that it commanded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any, Protocol, cast

from engine.broker import Item
from engine.client import EngineClient
from engine.commands import Command, Query, Reply, Role
from engine.errors import NotAllowed, SignoffError, UsageError
from engine.host.answers import answer_frame, error_frame, item_frame
from engine.host.peers import Peer
from engine.host.protocol import Follow, Leave, ReadLog, Request, frame, parse_id, parse_request, read_frame

UNDER_WAY = 16
"""Requests of one client that are worked on at the same time; further ones are not read yet."""
FOLLOWED = 8
"""Streams that one client follows."""
LOG_PIECE = 4 * 2**20
"""Bytes of a log in one answer, at most."""


class Served(EngineClient, Protocol):
    """An engine that carries out commands in the name of others."""

    async def do(self, command: Command, *, actor: str | None = None) -> Reply: ...


class Connection:
    """The engine's end of one socket, from the hello on."""

    def __init__(
        self, engine: Served, peer: Peer, role: Role, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._engine, self._peer, self._role = engine, peer, role
        self._reader, self._writer = reader, writer
        self._turns = asyncio.Semaphore(UNDER_WAY + FOLLOWED)
        self._pen = asyncio.Lock()
        self._work: set[asyncio.Task[None]] = set()
        self._streams: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Serve until the client leaves or sends what is no request."""
        try:
            while True:
                await self._turns.acquire()
                self._take(await read_frame(self._reader))
        except UsageError as error:
            await self._write(error_frame(None, error))
        except EOFError:
            return
        finally:
            await self._end(self._work)

    async def settle(self, seconds: float) -> None:
        """Let answers that are under way reach the client, for so long at most."""
        if answers := self._work - set(self._streams.values()):
            await asyncio.wait(answers, timeout=seconds)

    def _take(self, content: dict[str, Any]) -> None:
        """Begin with a request. What came first begins first: who follows and then commands sees what comes of it."""
        number = parse_id(content)
        try:
            request = parse_request(content)
            work = self._follow(number, request) if isinstance(request, Follow) else self._serve(number, request)
        except UsageError as error:
            work = self._write(error_frame(number, error))
        task = asyncio.create_task(work, name=f"request {number} of {self._peer.user}")
        self._work.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        self._turns.release()

    async def _serve(self, number: int, request: Request) -> None:
        try:
            answer = await self._carry_out(number, request)
            line = await asyncio.to_thread(answer_frame, number, answer)
        except SignoffError as error:
            line = error_frame(number, error)
        except Exception as error:
            line = error_frame(number, self._report(error))
        await self._write(line)

    async def _carry_out(self, number: int, request: Request) -> Any:
        match request:
            case Command():
                self._check_role(request)
                return await self._engine.do(request, actor=self._peer.user)
            case Query():
                self._check_role(request)
                return await self._engine.read(request)
            case ReadLog():
                return await self._engine.read_log(request.run, request.offset, max(0, min(request.n, LOG_PIECE)))
            case Leave() if number in self._streams:
                await self._end({self._streams[number]})
        return None

    def _check_role(self, request: Command | Query) -> None:
        needed, command = type(request).role, type(request).__name__
        if needed.rank > self._role.rank:
            raise NotAllowed(actor=self._peer.user, role=self._role, command=command, needed=needed)

    async def _follow(self, number: int, request: Follow) -> None:
        stream = asyncio.current_task()
        if stream is None or number in self._streams or len(self._streams) >= FOLLOWED:
            error = UsageError(problem=f"A client follows {FOLLOWED} streams at most, each under an id of its own")
            return await self._write(error_frame(number, error))
        self._streams[number] = stream
        try:
            await self._push(number, request.after)
        finally:
            del self._streams[number]

    async def _push(self, number: int, after: int | None) -> None:
        line = frame({"id": number, "end": True})
        try:
            async with aclosing(cast("AsyncGenerator[Item]", self._engine.events(after))) as items:
                async for item in items:
                    await self._write(item_frame(number, item))
        except SignoffError as error:
            line = error_frame(number, error)
        except Exception as error:
            line = error_frame(number, self._report(error))
        await self._write(line)

    async def _write(self, line: bytes) -> None:
        """Put one line on its way; waits while the client does not read."""
        async with self._pen:
            with suppress(ConnectionError):  # it has left: the end of what it sends says so too
                self._writer.write(line)
                await self._writer.drain()

    def _report(self, error: Exception) -> SignoffError:
        """Tell whoever keeps the engine's diary; the client hears that something broke, and no more."""
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": f"a request of {self._peer.user} broke", "exception": error})
        return SignoffError(hint="look into the diary of the engine")

    async def _end(self, tasks: set[asyncio.Task[None]]) -> None:
        ended = list(tasks)
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)
