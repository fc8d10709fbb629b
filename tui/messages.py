"""What screens and the app say to each other.

A screen learns of the world by the messages of `Bridge` (`Happened`, `LogsGrew`, `DraftsGrew`, `PeopleMoved`,
`DiskRefused`, `Resynced`): they are posted to every screen of the stack, never bubble, and carry the frozen nouns of
the engine. A screen asks for something by calling `Desk`: that is all a screen may know of the app that shows it.
Nothing here decides or draws.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.app import App
from textual.message import Message

if TYPE_CHECKING:
    from engine import Command, EngineClient, Event, LogGrew, Person, PlanningText, Question, SignoffError, Stalled


class Happened(Message, bubble=False):
    """Some events, in order, at most every 16 ms."""

    def __init__(self, events: tuple[Event, ...]) -> None:
        self.events = events
        super().__init__()


class LogsGrew(Message, bubble=False):
    """The newest signal of each run whose log grew, by run."""

    def __init__(self, logs: Mapping[int, LogGrew]) -> None:
        self.logs = logs
        super().__init__()


class DraftsGrew(Message, bubble=False):
    """What models wrote of plans since the last one, in order."""

    def __init__(self, pieces: tuple[PlanningText, ...]) -> None:
        self.pieces = pieces
        super().__init__()


class PeopleMoved(Message, bubble=False):
    """Who is here now, and what each reads."""

    def __init__(self, people: tuple[Person, ...]) -> None:
        self.people = people
        super().__init__()


class DiskRefused(Message, bubble=False):
    """Something cannot be written now, or can be again."""

    def __init__(self, stalled: Stalled) -> None:
        self.stalled = stalled
        super().__init__()


class Resynced(Message, bubble=False):
    """Events were missed: read again whatever you show."""


class Desk(App[str]):
    """What a screen may rely on; ends with the sentence to print on the terminal that comes back."""

    engine: EngineClient
    root: str
    """Absolute path of the directory that new tasks run in."""
    user: str
    ascii_only: bool
    clock: Callable[[], float]
    """Unix time in seconds."""
    marked: dict[int, tuple[str, frozenset[str]]]
    """By task, the digest of the plan in its review, and the steps of it that the person has read."""
    drafts: dict[int, tuple[int, str]]
    """By task, the revision that was edited, and the text of the plan file that was refused."""

    @abstractmethod
    def carry_out(self, command: Command, *, done: str = "") -> None:
        """Give a command to the engine; say `done`, or what the engine answers, or why it refused."""

    @abstractmethod
    def attend(self, title: str) -> None:
        """Call the person to the terminal: the bell, and a notification where the terminal has them."""

    @abstractmethod
    def explain_error(self, error: SignoffError) -> None:
        """Say what happened, what was kept, what to do next."""

    @abstractmethod
    def trouble(self, text: str, *, over: bool) -> None:
        """Ring and show what nobody asked about, or that it is over; `text` is safe."""

    @abstractmethod
    def say(self, text: str) -> None:
        """Show a toast: text from anywhere, made safe here."""

    @abstractmethod
    def asked(self, question: Question) -> None:
        """A question came up: ring, and open it now if nobody is busy."""

    @abstractmethod
    def ask(self, question: Question) -> None:
        """Open a question that a person asked for."""

    @abstractmethod
    def notified(self, task: int, message: str) -> None:
        """A step of a task has something to say to a person: ring and show it."""

    @abstractmethod
    def copy(self, text: str, what: str) -> None:
        """Take a text along, and say where it went; `what` names it."""

    @abstractmethod
    def hand_over(self, task: int, step: str) -> None:
        """Hand the person's terminal to a step, until it ends or they come back."""

    @abstractmethod
    def page(self, run: int) -> None:
        """Show the whole log of a run in `$PAGER`."""

    @abstractmethod
    async def edit(self, text: str, name: str) -> str:
        """Let the person change a text in `$EDITOR` while the screen is away. Raises a `SignoffError`."""

    async def painted(self) -> None:
        """Wait until the app has come up and what it shows now is painted, or for a second: what another screen covers
        paints no more."""
        painted = asyncio.Event()
        self.call_later(self.call_after_refresh, painted.set)
        with suppress(TimeoutError):
            await asyncio.wait_for(painted.wait(), 1.0)
