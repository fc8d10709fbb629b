"""Who is here: told to those who follow, together and only if it lasts; stored nowhere."""

from __future__ import annotations

import asyncio

import pytest

from engine.client import Person, Presence
from engine.model.role import Role
from engine.roster import Roster
from tests.patience import PATIENCE

ANA = Person(user="ana", role=Role.OPERATOR, pid=1, since=1.0)
BEN = Person(user="ben", role=Role.VIEWER, pid=2, since=2.0, label="pts/3")


class Ear:
    """Hears what a roster tells."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[Person, ...]] = asyncio.Queue()

    def __call__(self, presence: Presence) -> None:
        self.heard.put_nowait(presence.people)

    async def next(self) -> tuple[Person, ...]:
        return await asyncio.wait_for(self.heard.get(), PATIENCE)


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    monkeypatch.setattr("engine.roster.PAUSE", 0.01)
    return Ear()


async def test_who_comes_looks_and_goes(ear: Ear) -> None:
    roster = Roster(ear)
    first, second = roster.enter(ANA), roster.enter(BEN)
    assert await ear.next() == roster.people == (ANA, BEN)
    roster.look(second, 12, "migrate")
    assert [(person.task, person.step) for person in await ear.next()] == [(None, None), (12, "migrate")]
    roster.leave(first)
    assert [person.user for person in await ear.next()] == ["ben"]


async def test_a_hurry_is_told_once(ear: Ear) -> None:
    roster = Roster(ear)
    seat = roster.enter(BEN)
    for number in range(10_000):
        roster.look(seat, number, None)
    assert [person.task for person in await ear.next()] == [9_999]
    assert ear.heard.empty()


async def test_who_looks_in_for_a_moment_is_not_told_of(ear: Ear) -> None:
    roster = Roster(ear)
    roster.enter(ANA)
    await ear.next()
    roster.leave(roster.enter(BEN))
    seat = roster.enter(BEN)
    roster.look(seat, 1, None)
    assert [(person.user, person.task) for person in await ear.next()] == [("ana", None), ("ben", 1)]
    assert ear.heard.empty()


async def test_a_closed_roster_tells_nothing(ear: Ear) -> None:
    roster = Roster(ear)
    roster.enter(ANA)
    roster.close()
    Roster(ear).enter(BEN)
    assert await ear.next() == (BEN,), "what was due before came first"
    assert ear.heard.empty()
