"""Who may come in: users with a role, and never a step (B14.1, B5.10). Only what the kernel says counts."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from engine.errors import Refused
from engine.host.peers import Peer, belongs_to_step, has_ended, is_enclosed
from engine.model.events import ClientRefused
from engine.model.role import Role
from engine.person import user_name

QUIET = 60.0
"""Seconds in which the same refusal is told once only, so that nobody fills the log by knocking."""
MEMORY = 60.0
"""Seconds for which a user's name and role are remembered: the user database may be slow, and far away."""


def only_this_user(uid: int) -> Role | None:
    """The user of the engine may do everything, all others nothing."""
    return Role.OPERATOR if uid == os.getuid() else None


def _untold(fact: ClientRefused) -> None:
    return None


@dataclass(frozen=True)
class Guest:
    """A user, as this engine knows them."""

    user: str
    role: Role | None
    """None: nobody here."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The rules of one host."""

    role_of: Callable[[int], Role | None] = only_this_user
    """The role of a user by uid; None: refused. Asked in a thread, one at a time for each socket."""
    refused: Callable[[ClientRefused], object] = _untold
    """Told of each refusal."""
    _known: dict[int, tuple[float, Guest]] = field(default_factory=dict)
    _told: dict[ClientRefused, float] = field(default_factory=dict)

    async def admit(self, peer: Peer, connection: socket.socket) -> tuple[str, Role]:
        """The name and the role of who opened a connection.

        Raises:
            Refused: it has none, or it belongs to a step.
        """
        guest, reason = await asyncio.to_thread(self._judge, peer, connection)
        if reason or guest.role is None:
            raise self._refusal(guest.user, reason or f"{guest.user} has no role here")
        return guest.user, guest.role

    def _judge(self, peer: Peer, connection: socket.socket) -> tuple[Guest, str]:
        """Who it is, and why it may not come in whoever it is."""
        guest = self._guest(peer.uid)
        if peer.uid != os.getuid() and is_enclosed(peer.pid):
            return guest, f"{guest.user} comes out of a sandbox or a container, where steps are"
        if belongs_to_step(peer.pid) or has_ended(connection):
            return guest, "a step cannot answer for a person"
        return guest, ""

    def _guest(self, uid: int) -> Guest:
        since, guest = self._known.get(uid, (0.0, None))
        if guest is None or monotonic() - since > MEMORY:
            guest = Guest(user_name(uid), self.role_of(uid))
            self._known[uid] = monotonic(), guest
        return guest

    def _refusal(self, user: str, reason: str) -> Refused:
        fact = ClientRefused(user=user, reason=reason)
        now = monotonic()
        if now - self._told.get(fact, -QUIET) >= QUIET:
            self._told[fact] = now
            self.refused(fact)
        return Refused(problem=f"This engine does not take the connection: {reason}")
