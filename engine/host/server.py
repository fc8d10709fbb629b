"""Serves an engine on a socket to the other processes of the machine, several at the same time.

The host admits, greets, counts and lets go; what a client then asks for is the business of its `Connection`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Refused, SignoffError, UsageError
from engine.host.address import inode_of, listen
from engine.host.answers import error_frame
from engine.host.connection import Connection, Served
from engine.host.gate import Gate
from engine.host.peers import Peer, peer_of
from engine.host.protocol import FROM_CLIENT, Hello, check_versions, frame, parse_hello, read_frame
from engine.version import VERSION

CLIENTS = 64
"""Connections at the same time."""
PATIENCE = 5.0
"""Seconds that a client has for its hello."""
FAREWELL = 1.0
"""Seconds that the last lines have on their way out."""


@dataclass(frozen=True, kw_only=True)
class Attached:
    """Somebody who uses the engine now."""

    user: str
    pid: int
    since: float
    """Unix time in seconds."""
    label: str
    """What the client calls its terminal; untrusted text."""


class Host:
    """An engine behind a socket, from `serve` until `close`."""

    def __init__(self, engine: Served, path: Path, gate: Gate, clock: Callable[[], float]) -> None:
        self._engine, self._path, self._gate, self._clock = engine, path, gate, clock
        self._inode: int | None = None
        self._server: asyncio.Server | None = None
        self._attached: dict[Connection, Attached] = {}
        self._doors: set[asyncio.Task[None]] = set()
        self._alone = asyncio.Event()
        self._alone.set()

    @classmethod
    async def serve(
        cls, engine: Served, path: Path, gate: Gate | None = None, clock: Callable[[], float] = time.time
    ) -> Host:
        """Listen at a path. Call it only while owning the state directory: a socket that lies there is replaced.

        Raises:
            Refused: something that is no socket lies there.
        """
        host = cls(engine, path, gate or Gate(), clock)
        listening = listen(path, CLIENTS)
        host._inode = inode_of(path)
        host._server = await asyncio.start_unix_server(host._enter, sock=listening, limit=FROM_CLIENT)
        return host

    @property
    def clients(self) -> tuple[Attached, ...]:
        """Who is attached, first come first."""
        return tuple(self._attached.values())

    async def until_alone(self) -> None:
        """Wait until nobody is attached."""
        await self._alone.wait()

    async def close(self) -> None:
        """Take no more clients, let answers that are under way go out, hang up; the engine is left alone."""
        if self._server is not None:
            self._server.close()
        if self._inode is not None and inode_of(self._path) == self._inode:
            self._path.unlink()
        await asyncio.gather(*(connection.settle(FAREWELL) for connection in self._attached))
        doors = list(self._doors)
        for door in doors:
            door.cancel()
        await asyncio.gather(*doors, return_exceptions=True)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        door = asyncio.current_task()
        assert door is not None, "asyncio calls this in a task"
        self._doors.add(door)
        try:
            await self._attend(reader, writer)
        except SignoffError as error:
            writer.write(error_frame(None, error))
        except (EOFError, ConnectionError, asyncio.CancelledError):
            return  # Cancelled by `close`: asyncio would report a task that ends so as broken.
        finally:
            self._doors.discard(door)
            await _hang_up(writer)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = peer_of(writer.get_extra_info("socket"))
        role = self._gate.admit(peer)
        if len(self._doors) > CLIENTS:
            raise Refused(problem=f"{CLIENTS} clients are attached already", hint="let go of one and try again")
        hello = await _exchange_hellos(reader, writer)
        connection = Connection(self._engine, peer, role, reader, writer)
        self._attached[connection] = self._describe(peer, hello)
        self._alone.clear()
        try:
            await connection.run()
        finally:
            del self._attached[connection]
            if not self._attached:
                self._alone.set()

    def _describe(self, peer: Peer, hello: Hello) -> Attached:
        return Attached(user=peer.user, pid=peer.pid, since=self._clock(), label=hello.label)


async def _exchange_hellos(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Hello:
    own = Hello(program=VERSION)
    writer.write(frame({"hello": {"protocol": own.protocol, "program": own.program}}))
    try:
        content = await asyncio.wait_for(read_frame(reader), PATIENCE)
    except TimeoutError:
        raise UsageError(problem=f"No hello came within {PATIENCE:g} s; the connection is closed") from None
    hello = parse_hello(content)
    check_versions(own, hello)
    writer.write(frame({"ok": True}))
    return hello


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection; what a client does not take in time is thrown away."""
    writer.close()
    with suppress(ConnectionError):
        try:
            await asyncio.wait_for(writer.wait_closed(), FAREWELL)
        except TimeoutError:
            writer.transport.abort()
