"""The engine of this process, with its door open to other terminals: how it is opened, and how long it is needed."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.composition import Opening
    from engine.engine import Engine
    from engine.host import Host


class Owner:
    """An engine that executes, with its door open to other terminals; satisfies `EngineClient`."""

    def __init__(self, engine: Engine, host: Host, idle_exit: float | None) -> None:
        self._engine = engine
        self._host = host
        self._idle_exit = idle_exit or 0.0
        self.do = engine.do
        self.read = engine.read
        self.events = engine.events
        self.read_log = engine.read_log
        self.look = engine.look

    @classmethod
    async def open(cls, opening: Opening) -> Owner:
        """Own a state directory, go on with what was under way, and listen on its socket and where it is shared.

        Raises:
            Owned: another process owns it.
            StoreError: the store cannot be used; it was left as it is.
            Refused: it cannot be shared there.
        """
        from engine.engine import Engine
        from engine.host import SOCKET, Gate, Host, Roles

        async with AsyncExitStack() as opened:
            engine = await Engine.open(opening)
            opened.push_async_callback(engine.close)
            gate = Gate(role_of=Roles(opening.settings.roles), refused=engine.record)
            host = await Host.serve(engine, opening.state / SOCKET, gate)
            opened.push_async_callback(host.close)
            if opening.settings.share is not None:
                host.share(opening.settings.share)
            opened.pop_all()
            return cls(engine, host, opening.settings.idle_exit)

    def busy(self, *, waiting: bool = True) -> bool:
        """Whether some task executes; with `waiting=False`, whether something of it goes on by itself now."""
        return self._engine.busy if waiting else self._engine.moving

    @property
    def alone(self) -> bool:
        """Whether no other terminal is attached."""
        return not self._host.clients

    async def until_alone(self) -> None:
        """Wait until no other terminal is attached."""
        await self._host.until_alone()

    async def until_idle(self, *, waiting: bool = True) -> None:
        """Nobody is at this screen any more: wait until the engine is not needed either.

        That is when it is no longer busy, nobody is attached, and both have been so for the seconds of `idle_exit`.
        """
        self._engine.look_away()
        before = None
        while before != self._signs():
            await self._until_quiet(waiting)
            before = self._signs()
            await asyncio.sleep(self._idle_exit)

    def _signs(self) -> tuple[int, int]:
        """What changes with everything that is done here."""
        return self._engine.seq, self._host.visits

    async def _until_quiet(self, waiting: bool) -> None:
        while not self.alone or self.busy(waiting=waiting):
            await self._host.until_alone()
            await self.until_still(waiting=waiting)

    async def until_still(self, *, waiting: bool = False) -> None:
        """Wait until it is no longer busy, whoever is attached."""
        following = self.events()
        await self._engine.begun()
        while self.busy(waiting=waiting):
            await anext(following, None)
            await self._engine.begun()  # there may be nothing that can begin, and no event tells that

    async def until_closed(self) -> None:
        """Wait until somebody asked the engine to close."""
        await self._engine.closing.wait()

    async def close(self) -> None:
        await self._host.close()
        await self._engine.close()
