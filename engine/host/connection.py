"""One admitted client: takes its requests, answers them in any order, and pushes what it follows.

Everything is bounded, and what costs is bounded by the user. A client that stops reading stops only itself: its answers
and pushes wait in their own tasks, and what it follows turns into a `Gap` in the broker. A client that leaves cancels
nothing that it commanded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any, Protocol, cast

from engine.client import EngineClient, Item, Person
from engine.commands import Command, Reply
from engine.errors import NotAllowed, SignoffError, Unforeseen, UsageError
from engine.host.allowance import ITEM, Allowance
from engine.host.answers import answer_frame, error_frame, item_frame
from engine.host.protocol import (
    LABEL,
    Follow,
    Leave,
    Look,
    ReadLog,
    Request,
    frame,
    parse_id,
    parse_request,
    read_frame,
)
from engine.queries import ListEvents, ListTasks, Query
from engine.roster import Roster

FOLLOWED = 8
"""Streams that one client follows."""
LOG_PIECE = 4 * 2**20
"""Bytes of a log in one answer, at most."""
PAGE = 2_000
"""Rows in one answer, at most; whoever wants more asks for the next page."""


class Served(EngineClient, Protocol):
    """An engine that carries out commands in the name of others, and knows who is here."""

    roster: Roster

    async def do(self, command: Command, *, actor: str | None = None) -> Reply: ...


class Connection:
    """The engine's end of one socket, from the hello on.

    Args:
        person: who it is; acts by this name and in this role.
    """

    def __init__(
        self,
        engine: Served,
        person: Person,
        allowance: Allowance,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._engine, self._person, self._allowance = engine, person, allowance
        self._reader, self._writer = reader, writer
        self._seat = engine.roster.enter(person)
        self._pen = asyncio.Lock()
        self._work: set[asyncio.Task[None]] = set()
        self._streams: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Serve until the client leaves or sends what is no request."""
        try:
            while True:
                content = await read_frame(self._reader)
                number = parse_id(content)
                await self._allowance.begin()
                self._take(number, content)
                await asyncio.sleep(0)  # it has begun before the client can be seen to leave
        except UsageError as error:
            await self._write(error_frame(None, error))
        except EOFError:
            return
        finally:
            self._engine.roster.leave(self._seat)
            await self._end(self._work)

    async def settle(self, seconds: float) -> None:
        """Let answers that are under way reach the client, for so long at most."""
        if answers := self._work - set(self._streams.values()):
            await asyncio.wait(answers, timeout=seconds)

    def _take(self, number: int, content: dict[str, Any]) -> None:
        """Begin with a request. What came first begins first: who follows and then commands sees what comes of it."""
        try:
            request = parse_request(content)
            if isinstance(request, Follow):
                self._follow(number, request)
                self._allowance.end()  # a stream is no turn: it may last
                return
            work = self._serve(number, request)
        except UsageError as error:
            work = self._write(error_frame(number, error))
        self._begin(number, work).add_done_callback(lambda _: self._allowance.end())

    def _begin(self, number: int, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"request {number} of {self._person.user}")
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task

    async def _serve(self, number: int, request: Request) -> None:
        try:
            answer = await self._carry_out(number, request)
            line = await asyncio.to_thread(answer_frame, number, answer)
        except Unforeseen as error:
            line = error_frame(number, self._report(error.__cause__ or error))
        except SignoffError as error:
            line = error_frame(number, error)
        except Exception as error:
            line = error_frame(number, self._report(error))
        await self._write(line)
        await self._allowance.spend(0, len(line))

    async def _carry_out(self, number: int, request: Request) -> Any:
        match request:
            case Command():
                self._check_role(request)
                return await self._engine.do(request, actor=self._person.user)
            case Query():
                self._check_role(request)
                return await self._engine.read(_bounded(request))
            case ReadLog():
                return await self._engine.read_log(request.run, request.offset, max(0, min(request.n, LOG_PIECE)))
            case Look():
                self._engine.roster.look(self._seat, request.task, (request.step or "")[:LABEL] or None)
            case Leave() if number in self._streams:
                await self._end({self._streams[number]})
        return None

    def _check_role(self, request: Command | Query) -> None:
        needed, role = type(request).role, self._person.role
        if needed.rank > role.rank:
            raise NotAllowed(command=request.words, needed=needed, role=role)

    def _follow(self, number: int, request: Follow) -> None:
        if number in self._streams or len(self._streams) >= FOLLOWED:
            raise UsageError(problem=f"A client follows {FOLLOWED} streams at most, each under an id of its own")
        self._streams[number] = stream = self._begin(number, self._push(number, request.after))
        stream.add_done_callback(lambda _: self._streams.pop(number))

    async def _push(self, number: int, after: int | None) -> None:
        line = frame({"id": number, "end": True})
        try:
            async with aclosing(cast("AsyncGenerator[Item]", self._engine.events(after))) as items:
                async for item in items:
                    pushed = item_frame(number, item)
                    await self._write(pushed)
                    await self._allowance.spend(ITEM, len(pushed))
        except SignoffError as error:
            line = error_frame(number, error)
        except Exception as error:
            line = error_frame(number, self._report(error))
        await self._write(line)

    async def _write(self, line: bytes) -> None:
        """Put one line on its way; waits while the client does not read."""
        async with self._pen:
            if self._writer.is_closing():
                return  # it has left, and asyncio would complain of each line on the terminal
            with suppress(ConnectionError):  # the end of what it sends says so too
                self._writer.write(line)
                await self._writer.drain()

    def _report(self, error: BaseException) -> SignoffError:
        """Tell whoever keeps the engine's diary; the client hears that something broke, and no more."""
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": f"a request of {self._person.user} broke", "exception": error})
        return SignoffError(hint="look into the diary of the engine")

    async def _end(self, tasks: set[asyncio.Task[None]]) -> None:
        ended = list(tasks)
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)


def _bounded(query: Query) -> Query:
    if isinstance(query, ListTasks | ListEvents):
        return replace(query, limit=max(0, min(query.limit, PAGE)))
    return query
