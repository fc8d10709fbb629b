"""An engine behind a socket, seen as if it were in this process: satisfies `EngineClient`.

Reconnecting is the caller's business. Commands carry keys, so that one whose answer was lost can be given again on the
next connection and is done once. Nothing here is retried.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from engine.broker import Follower
from engine.client import Item, LogSlice
from engine.commands import Command, Reply
from engine.errors import EngineGone, Refused, SignoffError
from engine.host.address import short_name
from engine.host.answers import decode_answer, decode_error, decode_item, decode_slice
from engine.host.protocol import (
    FROM_ENGINE,
    LABEL,
    Follow,
    Hello,
    Leave,
    Look,
    ReadLog,
    Request,
    frame,
    read_frame,
    request_frame,
)
from engine.queries import Query
from engine.version import VERSION
from engine.wire import adapter

BACKLOG = 4096
"""Items that wait for a follower before it gets a gap."""
PATIENCE = 5.0
"""Seconds that an engine has for its hello."""
_AGAIN = 0.01
"""Seconds until a socket is tried again at which too many wait."""


class RemoteEngine:
    """One connection to an engine. Made by `RemoteEngine.connect`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = count(1)
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._followers: dict[int, Follower] = {}
        self._failures: dict[int, SignoffError] = {}
        self._listening: asyncio.Task[None] | None = None
        self._end: SignoffError | None = None
        """Why no more answers come, once that is so."""

    @classmethod
    async def connect(cls, path: Path, label: str = "") -> RemoteEngine:
        """Attach to the engine that listens at a path.

        Args:
            label: what to call this terminal to other people.

        Raises:
            EngineGone: nobody listens there, or whoever does says nothing.
            Refused: it does not take us, or is of another version (`OtherVersion`).
        """
        try:
            connection = await asyncio.wait_for(_dial(path), PATIENCE)
        except (OSError, TimeoutError):
            raise EngineGone from None
        return await cls.over(connection, label)

    @classmethod
    async def over(cls, connection: socket.socket, label: str = "") -> RemoteEngine:
        """Attach over a socket that is connected already. Raises what `connect` raises."""
        engine = cls(*await asyncio.open_unix_connection(sock=connection, limit=FROM_ENGINE))
        try:
            await asyncio.wait_for(engine._greet(label), PATIENCE)
        except BaseException as error:
            await engine.close()
            if isinstance(error, TimeoutError | EOFError | ConnectionError):
                raise EngineGone from None
            raise
        engine._listening = asyncio.create_task(engine._listen(), name="answers of the engine")
        return engine

    async def _greet(self, label: str) -> None:
        self._check(await read_frame(self._reader))
        hello = Hello(program=VERSION, label=label[:LABEL])
        self._writer.write(frame({"hello": vars(hello)}))
        self._check(await read_frame(self._reader))

    @staticmethod
    def _check(content: dict[str, Any]) -> None:
        if "error" in content:
            raise decode_error(content["error"])

    # The six handles

    async def do(self, command: Command) -> Reply:
        """Carry out a command. Raises what the engine raises, or `EngineGone`: then it may have been done."""
        content = await self._ask(command)
        with _understanding():
            reply: Reply = adapter(Reply).validate_python(content)
        return reply

    async def read(self, query: Query) -> Any:
        """Answer a query."""
        content = await self._ask(query)
        with _understanding():
            return decode_answer(type(query), content)

    def events(self, after: int | None = None) -> AsyncIterator[Item]:
        """Follow what happens from this moment on, until the engine closes or goes away."""
        number = next(self._numbers)
        follower = Follower(BACKLOG)
        if self._end is None:
            self._followers[number] = follower
            self._writer.write(request_frame(number, Follow(after=after)))
        else:
            follower.close()
        return self._follow(number, follower)

    async def _follow(self, number: int, follower: Follower) -> AsyncIterator[Item]:
        try:
            async for item in follower:
                yield item
            if failure := self._failures.pop(number, None):
                raise failure
        finally:
            if self._followers.pop(number, None) and self._end is None:
                self._writer.write(request_frame(number, Leave()))

    async def read_log(self, run: int, offset: int, n: int) -> LogSlice:
        """Read a piece of a log; a long one comes shorter than asked for."""
        content = await self._ask(ReadLog(run=run, offset=offset, n=n))
        with _understanding():
            return decode_slice(content)

    def look(self, task: int | None = None, step: str | None = None) -> None:
        """Let the others see what is read here now."""
        if self._end is None:
            self._writer.write(request_frame(next(self._numbers), Look(task=task, step=step)))

    async def close(self) -> None:
        """Let go of the engine; it goes on."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        self._writer.close()
        with suppress(ConnectionError):  # it was gone already
            await self._writer.wait_closed()

    # The connection

    async def _ask(self, request: Request) -> Any:
        if self._end is not None:
            raise self._end
        number = next(self._numbers)
        line = request_frame(number, request)
        call = self._calls[number] = asyncio.get_running_loop().create_future()
        try:
            self._writer.write(line)
            with suppress(ConnectionError):  # the listening task says what that means
                await self._writer.drain()
            return await call
        finally:
            del self._calls[number]

    async def _listen(self) -> None:
        """Hand out what comes, until nothing comes any more."""
        end: SignoffError = EngineGone()
        try:
            while True:
                content = await read_frame(self._reader)
                with _understanding():
                    self._take(content)
        except EOFError:
            return
        except SignoffError as error:
            end = error
        finally:
            self._lose(end)

    def _take(self, content: dict[str, Any]) -> None:
        number = content["id"]
        if number is None:
            raise decode_error(content["error"])
        if number in self._followers:
            self._push(number, content)
        elif (call := self._calls.get(number)) and not call.done():
            if "error" in content:
                call.set_exception(decode_error(content["error"]))
            else:
                call.set_result(content["ok"])

    def _push(self, number: int, content: dict[str, Any]) -> None:
        if "error" in content:
            self._failures[number] = decode_error(content["error"])
        item = None if "error" in content else decode_item(content)
        if item is None:
            self._followers[number].close()
        else:
            self._followers[number].push(item)

    def _lose(self, end: SignoffError) -> None:
        self._end = end
        for call in self._calls.values():
            if not call.done():
                call.set_exception(end)
        for follower in self._followers.values():
            follower.close()


@contextmanager
def _understanding() -> Iterator[None]:
    """What cannot be decoded becomes an error that a person may read."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(problem=f"The engine said something that is not understood here: {error}") from error


async def _dial(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        with short_name(path) as name:
            await _connect(connection, name)
        return connection
    except BaseException:
        connection.close()
        raise


async def _connect(connection: socket.socket, name: str) -> None:
    """Such a socket connects at once or not at all: where too many wait already, there is nothing to wait for."""
    while True:
        try:
            return connection.connect(name)
        except BlockingIOError:
            await asyncio.sleep(_AGAIN)
