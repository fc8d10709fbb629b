"""A real engine that is shared with the users of a town, and everybody's way into it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.client import Person
from engine.host import Gate, Host, RemoteEngine, Roles
from engine.host.sharing import NAME
from engine.model.role import Role
from engine.queries import ListPeople
from tests.engine.desk import Desk
from tests.engine.host.users import User


class Shop:
    """A desk whose engine is shared in a directory that everybody can reach. Made by `Shop.open`."""

    def __init__(self, desk: Desk, host: Host, folder: Path) -> None:
        self.desk, self.host, self.folder = desk, host, folder
        self._clients: list[RemoteEngine] = []

    @classmethod
    async def open(cls, desk: Desk, roles: Mapping[str, Role], **how: Any) -> Shop:
        folder = open_folder()
        engine = await desk.open(share=folder, **how)
        gate = Gate(role_of=Roles(roles), refused=engine.record)
        host = await Host.serve(engine, desk.state / "socket", gate)
        host.share(folder)
        return cls(desk, host, folder)

    @property
    def path(self) -> Path:
        return self.folder / NAME

    async def attach(self, user: User | None = None, label: str = "") -> RemoteEngine:
        """A connection of a user through the shared directory, or of our own through the state directory."""
        if user is None:
            client = await RemoteEngine.connect(self.desk.state / "socket", label)
        else:
            client = await user.attach(self.path, label)
        self._clients.append(client)
        return client

    async def people(self) -> tuple[Person, ...]:
        people: tuple[Person, ...] = await self.desk.engine.read(ListPeople())
        return people

    async def close(self) -> None:
        for client in self._clients:
            await client.close()
        await self.host.close()
        await self.desk.close()
        shutil.rmtree(self.folder)


def open_folder() -> Path:
    """A directory that every user can reach; not below that of the tests."""
    folder = Path(tempfile.mkdtemp(prefix="signoff-shared-"))
    folder.chmod(0o755)
    return folder
