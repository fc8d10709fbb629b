"""A scripted engine behind a real socket, for every test of the socket room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine.host import Gate, Host
from engine.model.events import ClientRefused
from tests.engine.host.host_room import Open, Room, Scripted
from tests.engine.host.users import town

__all__ = ["town"]


@pytest.fixture
async def open_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    """Opens a room; keywords go to its gate. Who comes and goes is not told of there."""
    monkeypatch.setattr("engine.roster.PAUSE", 3600.0)
    rooms: list[Room] = []

    async def open_room(backlog: int = 64, **rules: Any) -> Room:
        engine, refused = Scripted(backlog), list[ClientRefused]()
        host = await Host.serve(engine, tmp_path / "socket", Gate(refused=refused.append, **rules), clock=lambda: 7.0)
        rooms.append(Room(engine, host, tmp_path / "socket", refused))
        return rooms[-1]

    yield open_room
    for room in rooms:
        for client in room.clients:
            await client.close()
        for raw in room.raws:
            raw.writer.transport.abort()
        await room.host.close()
        room.engine.roster.close()


@pytest.fixture
async def room(open_room: Open) -> Room:
    return await open_room()
