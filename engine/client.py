"""The front door as a contract: six handles, the same for the embedded engine and for one behind the socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

from engine.commands import Command, Reply
from engine.model.events import Event
from engine.model.nouns import dataclass
from engine.model.role import Role
from engine.queries import Query


@dataclass(frozen=True, kw_only=True)
class LogSlice:
    """Some bytes of a run's log."""

    data: bytes
    offset: int
    """Where `data` begins, in bytes from the beginning of the log."""
    size: int
    """How long the log is now; it may still grow."""
    left_out: int = 0
    """Bytes that the size cap swallowed in the middle; a notice stands in their place."""
    stable: int | None = None
    """Bytes from the beginning that will not change any more; None: all of them."""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The follower fell behind, or joined late: read a snapshot and go on from event `seq`."""

    seq: int


@dataclass(frozen=True, kw_only=True)
class LogGrew:
    """A signal, not stored: the log of a run has `size` bytes now."""

    task: int
    step: str
    run: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who uses the engine now, from one terminal."""

    user: str
    """As the kernel and the user database say."""
    role: Role
    pid: int
    since: float
    """Unix time in seconds."""
    label: str = ""
    """What they call their terminal; untrusted text."""
    task: int | None = None
    """What they read, as they say; None: nothing in particular."""
    step: str | None = None


@dataclass(frozen=True, kw_only=True)
class Presence:
    """A signal, not stored: these people are here now."""

    people: tuple[Person, ...]


@dataclass(frozen=True, kw_only=True)
class Stalled:
    """A signal, not stored: the disk does not take something now, or takes it again."""

    fault: str = ""
    """What happened and what is kept; empty: it is written again."""
    hint: str = ""
    task: int | None = None
    step: str | None = None
    """The step whose output it is; None: the store itself."""


@dataclass(frozen=True, kw_only=True)
class PlanningText:
    """A signal, not stored: a model goes on writing the plan of a task. `ReadDraft` reads it whole."""

    task: int
    text: str
    offset: int
    """Where the text begins, in characters from the beginning of the draft."""


Signal = LogGrew | Presence | Stalled | PlanningText
Item = Event | Gap | Signal


class EngineClient(Protocol):
    """What every screen and every command talks to."""

    async def do(self, command: Command) -> Reply:
        """Carry out a command. Raises a `SignoffError`; the same key is never carried out twice."""

    async def read(self, query: Query) -> Any:
        """Answer a query with the type its docstring names. Raises a `SignoffError`."""

    def events(self, after: int | None = None) -> AsyncIterator[Item]:
        """Follow what happens, from event `after` on (None: from now on), until the engine closes.

        Signals may be dropped; events are not: a follower that falls behind gets a `Gap` instead.
        """

    async def read_log(self, run: int, offset: int, n: int) -> LogSlice:
        """Read at most `n` bytes of a log; a negative offset counts from its end. Raises `UsageError`."""

    def look(self, task: int | None = None, step: str | None = None) -> None:
        """Let the others see what is read here now. Nothing is stored, and nothing comes of it but a `Presence`."""

    async def close(self) -> None:
        """Let go of the engine; what runs goes on only if something else owns it."""
