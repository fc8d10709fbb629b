"""Confirmations given ahead or for longer: kept here, used by whoever starts a step, ended by time or a person (B5.6).

The grants of the present revisions are held in memory beside the store, which only their owner writes; what could not
be read is not granted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.commands import Reply, RevokeGrant
from engine.errors import Conflict, Refused, UsageError
from engine.model.grant import Grant
from engine.model.plan import Plan
from engine.storage.store import Store

LONGEST = 7 * 24 * 3600.0
"""Seconds that a grant may hold."""


class Grants:
    """The grants of this owner."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._held: dict[int, Grant] = {}

    async def load(self) -> None:
        """Take up those that still hold after a restart."""
        now = self._clock()
        self._held = {grant.id: grant for grant in await self._store.read.grants() if now < grant.expires}

    def covering(self, plan: Plan, step: str, digest: str) -> Grant | None:
        """The grant that lets exactly these bytes of a step run now."""
        now = self._clock()
        for grant in self._held.values():
            if (grant.task, grant.revision) == (plan.task, plan.revision) and grant.covers(step, digest, now):
                return grant
        return None

    def make(self, plan: Plan, steps: dict[str, str], seconds: float, actor: str, means: str) -> Grant:
        """A grant that is not kept yet.

        Raises:
            UsageError: it would hold for no time, or for too long.
        """
        if not 0 < seconds <= LONGEST:
            days = f"{LONGEST / 86400:g} days"
            raise UsageError(problem=f"A grant holds for up to {days}, not for {seconds:g} s; nothing was recorded")
        now = self._clock()
        return Grant(
            id=next(self._store.decisions.grants),
            task=plan.task,
            revision=plan.revision,
            steps=steps,
            given_by=actor,
            given=now,
            expires=now + seconds,
            means=means,
        )

    def keep(self, grant: Grant) -> None:
        """It is on disk: let it hold. Those whose time has passed are let go of."""
        now = self._clock()
        self._held = {held.id: held for held in (*self._held.values(), grant) if now < held.expires}

    def __len__(self) -> int:
        """How many are held in memory."""
        return len(self._held)

    async def revoke(self, command: RevokeGrant, actor: str) -> Reply:
        """Take a grant back; what it let start goes on."""
        grant = self._held.get(command.grant) or await self._store.read.grant(command.grant)
        if grant is None:
            raise UsageError(problem=f"There is no grant {command.grant}", hint="signoff grants lists those that hold")
        if grant.revoked is not None:
            raise _revoked(grant)
        revoked = replace(grant, revoked=self._clock(), revoked_by=actor)
        self._held.pop(grant.id, None)  # before it is on disk: from here on it covers nothing
        try:
            seq = await self._store.decisions.revoke(revoked)
        except Conflict:
            raise _revoked(await self._store.read.grant(grant.id) or revoked) from None
        return Reply(task=grant.task, seq=seq, text=f"grant {grant.id} revoked: {', '.join(grant.steps)} asks again")


def _revoked(grant: Grant) -> Refused:
    return Refused(problem=f"Grant {grant.id} was revoked by {grant.revoked_by} already")
