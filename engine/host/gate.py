"""Who may come in: users with a role, and never a step (B14.1, B5.10). Only what the kernel says counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from time import monotonic

from engine.commands import Role
from engine.errors import Refused
from engine.host.peers import Peer, belongs_to_step
from engine.model.events import ClientRefused

QUIET = 60.0
"""Seconds in which the same refusal is told once only, so that nobody fills the log by knocking."""


def only_this_user(uid: int) -> Role | None:
    """The user of the engine may do everything, all others nothing."""
    return Role.OPERATOR if uid == os.getuid() else None


def _untold(fact: ClientRefused) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The rules of one host."""

    role_of: Callable[[int], Role | None] = only_this_user
    """The role of a user by uid; None: refused."""
    step_pids: Callable[[], Collection[int]] = tuple
    """The processes at the top of the steps that run now."""
    refused: Callable[[ClientRefused], object] = _untold
    """Told of each refusal."""
    _told: dict[ClientRefused, float] = field(default_factory=dict)

    def admit(self, peer: Peer) -> Role:
        """The role of a peer.

        Raises:
            Refused: it has none, or it belongs to a step.
        """
        role = self.role_of(peer.uid)
        if role is None:
            raise self._refusal(peer, f"{peer.user} has no role here")
        if belongs_to_step(peer.pid, self.step_pids()):
            raise self._refusal(peer, "a step cannot answer for a person")
        return role

    def _refusal(self, peer: Peer, reason: str) -> Refused:
        fact = ClientRefused(user=peer.user, reason=reason)
        now = monotonic()
        if now - self._told.get(fact, -QUIET) >= QUIET:
            self._told[fact] = now
            self.refused(fact)
        return Refused(problem=f"This engine does not take the connection: {reason}")
