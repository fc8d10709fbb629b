"""Serves an engine on sockets to the other processes of the machine, several at the same time.

The host admits, greets, counts and lets go; what a client then asks for is the business of its `Connection`. Each
socket has a queue of its own, from which one at a time is looked at: who knocks without end is heard now and then.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

from engine.client import Person
from engine.commands import MakePlan
from engine.errors import Refused, SignoffError, UsageError
from engine.host.address import inode_of, listen
from engine.host.allowance import Allowance
from engine.host.answers import error_frame
from engine.host.connection import Connection, Served
from engine.host.gate import Gate
from engine.host.peers import Peer, peer_of
from engine.host.protocol import FROM_CLIENT, FROM_READER, Hello, check_versions, frame, parse_hello, read_frame
from engine.host.sharing import listen_shared
from engine.model.role import Role
from engine.version import VERSION

CLIENTS = 64
"""Connections of the engine's own user at the same time, and of all others together."""
OF_ONE_USER = 16
"""Connections of one other user."""
QUEUE = 128
"""Connections that wait to be looked at."""
BREATH = 0.002
"""Seconds between two of them, for everybody else."""
PATIENCE = 5.0
"""Seconds that a client has for its hello."""
FAREWELL = 1.0
"""Seconds that the last lines have on their way out."""


class Host:
    """An engine behind sockets, from `serve` until `close`."""

    def __init__(self, engine: Served, gate: Gate, clock: Callable[[], float]) -> None:
        self._engine, self._gate, self._clock = engine, gate, clock
        self._sockets: dict[Path, int | None] = {}
        """Each with its inode."""
        self._listening: dict[asyncio.Task[None], socket.socket] = {}
        self._attached: dict[Connection, Person] = {}
        self._doors: dict[asyncio.Task[None], int] = {}
        """Everybody who was let in, with the uid."""
        self._allowances: WeakValueDictionary[int, Allowance] = WeakValueDictionary()
        self.visits = 0
        """How often somebody was let in."""
        self._alone = asyncio.Event()
        self._alone.set()

    @classmethod
    async def serve(
        cls, engine: Served, path: Path, gate: Gate | None = None, clock: Callable[[], float] = time.time
    ) -> Host:
        """Listen at a path, for this user. Call it only while owning the state directory: a socket there is replaced.

        Raises:
            Refused: something that is no socket lies there.
        """
        host = cls(engine, gate or Gate(), clock)
        host._listen(path, listen(path, QUEUE))
        return host

    def share(self, folder: Path) -> None:
        """Listen in a directory too, for everybody whom the gate lets in.

        Raises:
            Refused: it is not safe there, or taken.
        """
        self._listen(*listen_shared(folder, QUEUE))

    def _listen(self, path: Path, listening: socket.socket) -> None:
        self._sockets[path] = inode_of(path)
        self._listening[asyncio.create_task(self._receive(listening), name=f"listen at {path}")] = listening

    @property
    def clients(self) -> tuple[Person, ...]:
        """Who is attached, first come first."""
        return tuple(self._attached.values())

    async def until_alone(self) -> None:
        """Wait until nobody is attached."""
        await self._alone.wait()

    async def close(self) -> None:
        """Take no more clients, let answers that are under way go out, hang up; the engine is left alone."""
        await _cancelled(self._listening)
        for listening in self._listening.values():
            listening.close()
        for path, inode in self._sockets.items():
            if inode is not None and inode_of(path) == inode:
                path.unlink()
        await asyncio.gather(*(connection.settle(FAREWELL) for connection in self._attached))
        await _cancelled(self._doors)

    # Coming in

    async def _receive(self, listening: socket.socket) -> None:
        """Look at whoever knocks, one at a time."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listening)
                await self._admit(connection)
            except OSError:  # no descriptor is left, or it has hung up by now
                await asyncio.sleep(BREATH)
            except Exception as error:
                loop.call_exception_handler({"message": "somebody who knocked was not let in", "exception": error})
            await asyncio.sleep(BREATH)

    async def _admit(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        try:
            peer = peer_of(connection)
            self._check_room(peer)
            user, role = await self._gate.admit(peer, connection)
        except Refused as error:
            with connection, suppress(OSError):
                connection.send(error_frame(None, error))
            return
        except BaseException:
            connection.close()
            raise
        door = asyncio.create_task(self._enter(connection, peer, user, role), name=f"door of {user}")
        self._doors[door] = peer.uid
        door.add_done_callback(self._doors.pop)

    def _check_room(self, peer: Peer) -> None:
        """Raises `Refused`: so many are in that this one must wait outside."""
        uids, own = list(self._doors.values()), os.getuid()
        if peer.uid != own and uids.count(peer.uid) >= OF_ONE_USER:
            raise Refused(problem=f"{OF_ONE_USER} clients of yours are attached already", hint=_LET_GO)
        if sum((uid == own) == (peer.uid == own) for uid in uids) >= CLIENTS:
            raise Refused(problem=f"{CLIENTS} clients are attached already", hint=_LET_GO)

    async def _enter(self, connection: socket.socket, peer: Peer, user: str, role: Role) -> None:
        limit = FROM_CLIENT if role.rank >= MakePlan.role.rank else FROM_READER
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=limit)
        try:
            hello = await _exchange_hellos(reader, writer)
            person = Person(user=user, role=role, pid=peer.pid, since=self._clock(), label=hello.label)
            await self._attend(person, self._allowance(peer.uid), reader, writer)
        except SignoffError as error:
            writer.write(error_frame(None, error))
        except (EOFError, ConnectionError):
            return
        finally:
            await _hang_up(writer)

    def _allowance(self, uid: int) -> Allowance:
        """One for each user; the user of the engine has one for each terminal."""
        if uid == os.getuid():
            return Allowance(limited=False)
        return self._allowances.setdefault(uid, Allowance())

    async def _attend(
        self, person: Person, allowance: Allowance, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connection = Connection(self._engine, person, allowance, reader, writer)
        self._attached[connection] = person
        self._alone.clear()
        self.visits += 1
        try:
            await connection.run()
        finally:
            del self._attached[connection]
            if not self._attached:
                self._alone.set()


_LET_GO = "let go of one and try again"


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


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    ended = list(tasks)
    for task in ended:
        task.cancel()
    await asyncio.gather(*ended, return_exceptions=True)
