"""A scripted engine behind a real socket, and raw clients that may say anything."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.broker import Broker
from engine.client import Item, LogGrew
from engine.commands import Command, Reply
from engine.host import Host, RemoteEngine
from engine.host.protocol import FROM_ENGINE, Hello
from engine.model.events import ClientRefused, Event, Fact
from engine.person import user_name
from engine.roster import Roster
from engine.testing import ScriptedEngine
from engine.version import VERSION

USER = user_name(os.getuid())


class Scripted(ScriptedEngine):
    """Knows in whose name it acts, and publishes through a broker with a short queue."""

    def __init__(self, backlog: int = 64) -> None:
        super().__init__()
        self.actors: list[str | None] = []
        self.broker = Broker(backlog)
        self.roster = Roster(self.broker.signal)
        self.held: asyncio.Event | None = None
        """When set, commands wait for it."""

    async def do(self, command: Command, *, actor: str | None = None) -> Reply:
        self.actors.append(actor)
        reply = await super().do(command)
        if self.held is not None:
            await self.held.wait()
        return reply

    def events(self, after: int | None = None) -> AsyncIterator[Item]:
        return self._follow()

    async def _follow(self) -> AsyncIterator[Item]:
        follower = self.broker.follow()
        try:
            async for item in follower:
                yield item
        finally:
            self.broker.leave(follower)

    def publish(self, fact: Fact) -> Event:
        event = self.emit(fact)
        self.broker.publish([event])
        return event

    def grow(self, size: int) -> None:
        self.broker.signal(LogGrew(task=1, step="a", run=1, size=size))


@dataclass
class Raw:
    """A client without manners: sends bytes, reads frames."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, content: object) -> None:
        await self.send(json.dumps(content).encode() + b"\n")

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self) -> dict[str, Any]:
        """The next frame; an empty one when the host has hung up."""
        line = await asyncio.wait_for(self.reader.readline(), 5)
        content: dict[str, Any] = json.loads(line) if line else {}
        return content

    async def ask(self, content: object) -> dict[str, Any]:
        await self.say(content)
        return await self.hear()


@dataclass
class Room:
    """A host, its engine and everybody who came."""

    engine: Scripted
    host: Host
    path: Path
    refused: list[ClientRefused] = field(default_factory=list)
    clients: list[RemoteEngine] = field(default_factory=list)
    raws: list[Raw] = field(default_factory=list)

    async def connect(self, label: str = "") -> RemoteEngine:
        client = await RemoteEngine.connect(self.path, label)
        self.clients.append(client)
        return client

    async def raw(self, *, greeted: bool = True) -> Raw:
        raw = Raw(*await asyncio.open_unix_connection(str(self.path), limit=FROM_ENGINE))
        self.raws.append(raw)
        if greeted:
            assert "hello" in await raw.hear()
            assert await raw.ask({"hello": vars(Hello(program=VERSION))}) == {"ok": True}
        return raw


Open = Callable[..., Awaitable[Room]]
