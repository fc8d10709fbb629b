"""What may be spent, what was, and what that says about the next call (B10): pure decisions.

Money is counted in whole millionths of a US dollar, so that sums are exact; only people and providers speak in dollars.
Windows are those of the calendar in UTC, as providers bill. A call belongs to the window it began in; a clock that goes
back frees nothing, because what lies ahead of it counts too.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, ClassVar

from engine.model.amounts import Dollars, Seconds
from engine.model.nouns import dataclass

WARN_PERCENT = 80
"""Of a cap; from there on a person is warned."""
_HOUR, _DAY = 3600, 86_400


class Window(StrEnum):
    """How long a cap holds before it begins anew."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    WHOLE = "whole"
    """From the beginning to the end of a task."""


class Scope(StrEnum):
    """Whose spending a cap is about."""

    OVERALL = "overall"
    CALLED = "called"
    """A model or an agent, by name."""
    TASK = "task"


class Verdict(StrEnum):
    """What the budget says about a call."""

    OK = "ok"
    WARN = "warn"
    OVER = "over"
    UNPRICED = "unpriced"
    """There is a cap, and nobody knows the price: it could be any."""


class Way(StrEnum):
    """How a task can go on at a cap."""

    RAISE = "raise"
    """It may use that much more, or go that much beyond a cap that is not its own."""
    UNPRICED = "unpriced"
    """It may call what has no known price, uncounted."""
    CHEAP = "cheap"
    """It goes on with a cheaper model that fits, else without what costs."""
    STOP = "stop"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a plan may use at first; signed with it. Amounts in US dollars."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    money: Annotated[float | None, Dollars()] = None
    """For the whole task; None: no cap of its own, as everywhere here."""
    hour: Annotated[float | None, Dollars()] = None
    day: Annotated[float | None, Dollars()] = None
    month: Annotated[float | None, Dollars()] = None
    time: Annotated[float | None, Seconds()] = None
    """Working time in seconds after which a person is asked; a `timeout` ends the task instead."""

    @property
    def windows(self) -> dict[Window, float | None]:
        """The caps in money."""
        caps = {Window.HOUR: self.hour, Window.DAY: self.day, Window.MONTH: self.month}
        return {**caps, Window.WHOLE: self.money}


UNLIMITED = Budget()
COSTS = frozenset({"research", "review", "implement"})
"""The actions that call a model or an agent."""


@dataclass(frozen=True, kw_only=True)
class Cap:
    """At most so much, by somebody, in a window."""

    scope: Scope
    window: Window
    micros: int | None = None
    """Millionths of a US dollar; None where nothing is capped and only counted."""
    name: str = ""
    """Of the model or agent."""
    task: int | None = None

    def __str__(self) -> str:
        whose = self.name or (f"task {self.task}" if self.task is not None else "all tasks")
        return whose if self.window is Window.WHOLE else f"{whose} this {self.window}"

    @property
    def word(self) -> str:
        """What a raise calls it, `day` or `openai/gpt-5 day`; empty for those of a task, which need no name."""
        return "" if self.scope is Scope.TASK else f"{self.name} {self.window}".lstrip()


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What calls have cost, in millionths of a US dollar."""

    micros: int = 0
    """Of those that are settled; what a call reserved counts where nobody knows what it cost."""
    reserved: int = 0
    """By those under way."""
    unpriced: int = 0
    """How many calls nobody knows the price of; they count as nothing above."""

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            micros=self.micros + other.micros,
            reserved=self.reserved + other.reserved,
            unpriced=self.unpriced + other.unpriced,
        )


@dataclass(frozen=True, kw_only=True)
class Raise:
    """More than was signed, by a decision of a person."""

    task: int
    micros: int = 0
    seconds: float = 0.0
    """Of working time."""
    unpriced: bool = False
    """Whether calls of unknown price are allowed from now on."""
    beyond: str = ""
    """The `word` of the cap that the task may go beyond; empty for the caps of the task itself."""
    actor: str
    time: float


@dataclass(frozen=True, kw_only=True)
class Raised:
    """What people have allowed a task besides its caps."""

    micros: int = 0
    seconds: float = 0.0
    unpriced: bool = False


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a cap stands in its present window."""

    cap: Cap
    spent: Spent = Spent()
    raised: int = 0
    """What a person let the asking task spend above the cap in this window, in millionths of a US dollar."""
    since: float = 0.0
    """Unix time at which the window began."""
    beyond: tuple[tuple[int, int], ...] = ()
    """The tasks that people let go beyond a cap that is not their own, in this window, each with by how much."""

    @property
    def limit(self) -> int | None:
        """In millionths of a US dollar."""
        return None if self.cap.micros is None else self.cap.micros + self.raised

    @property
    def used(self) -> int:
        """Spent or reserved."""
        return self.spent.micros + self.spent.reserved


def cap_of(word: str) -> Cap:
    """The cap of all tasks or of a model that a raise calls so. Raises `ValueError` for what is no such name."""
    name, _, window = word.rpartition(" ")
    return Cap(scope=Scope.CALLED if name else Scope.OVERALL, window=Window(window), name=name)


def verdict(standing: Standing, wanted: int | None) -> Verdict:
    """What one cap says about a call that uses at most so many millionths; None where nobody knows how many.

    A call that is known to cost nothing always fits.
    """
    limit = standing.limit
    if limit is None or wanted == 0:
        return Verdict.OK
    if wanted is None:
        return Verdict.UNPRICED
    used = standing.used + wanted
    if used > limit:
        return Verdict.OVER
    return Verdict.WARN if used * 100 >= limit * WARN_PERCENT else Verdict.OK


def refusing(standings: Iterable[Standing], wanted: int | None) -> tuple[Standing, ...]:
    """The caps that a call does not fit under."""
    return tuple(each for each in standings if verdict(each, wanted) in (Verdict.OVER, Verdict.UNPRICED))


def warns(standing: Standing) -> bool:
    """Whether what was spent, without what is only reserved, has come near the cap."""
    limit = standing.limit
    return limit is not None and standing.spent.micros * 100 >= limit * WARN_PERCENT


def since(window: Window, now: float) -> float:
    """When the window around a moment began, in UTC."""
    match window:
        case Window.HOUR:
            return now // _HOUR * _HOUR
        case Window.DAY:
            return now // _DAY * _DAY
        case Window.MONTH:
            import calendar

            here = time.gmtime(now)
            return float(calendar.timegm((here.tm_year, here.tm_mon, 1, 0, 0, 0)))
        case Window.WHOLE:
            return 0.0
