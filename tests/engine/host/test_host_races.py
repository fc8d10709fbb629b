"""Several people decide about one thing at the same moment: one of them does, and nothing else comes of it (S5)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from engine.client import Item
from engine.commands import Cancel, Reject, Sign
from engine.errors import SignoffError
from engine.host import RemoteEngine
from engine.model.events import Event, PlanRejected, PlanSigned, StepStarted, TaskEnded
from engine.model.role import Role
from engine.model.state import Outcome
from engine.model.task import TaskView
from engine.queries import ListEvents
from tests.engine.desk import Desk, step
from tests.engine.host.shop import Shop
from tests.engine.host.users import Town, needs_users
from tests.patience import PATIENCE

RACES, MORE_RACES, AT_ONCE = 300, 1000, 50
Verdict = Sign | Reject | Cancel


@dataclass(frozen=True)
class Try:
    """One verdict of one person, and whether it was taken."""

    user: str
    command: Verdict
    taken: bool


@pytest.fixture
async def shop(desk: Desk, town: Town) -> AsyncIterator[Shop]:
    roles = {town.ana.name: Role.OPERATOR, town.ben.name: Role.REVIEWER, town.cara.name: Role.OPERATOR}
    shop = await Shop.open(desk, roles)
    yield shop
    await shop.close()


async def give(user: str, client: RemoteEngine, command: Verdict) -> Try:
    try:
        await client.do(command)
    except SignoffError:
        return Try(user, command, taken=False)
    return Try(user, command, taken=True)


def verdict(view: TaskView, chance: random.Random) -> Verdict:
    task = view.task
    sign = Sign(task=task.id, revision=task.revision, digest=task.digest)
    reject, cancel = Reject(task=task.id, revision=task.revision, reason="no"), Cancel(task=task.id)
    choices: tuple[Verdict, ...] = (sign, sign, reject, cancel)
    return chance.choice(choices)


@needs_users
async def test_many_races_and_no_wrong_end(shop: Shop, town: Town, long: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.host.allowance.RATE", 1e6)
    chance = random.Random(7)
    clients = {user.name: await shop.attach(user) for user in (town.ana, town.ben, town.cara)}
    ends, following = set(), shop.desk.engine.events()
    for start in range(0, MORE_RACES if long else RACES, AT_ONCE):
        tasks = [await shop.desk.plan(step(f"s{start + number}")) for number in range(AT_ONCE)]
        views = [await shop.desk.show(task) for task in tasks]
        tries = [(user, client, verdict(view, chance)) for view in views for user, client in clients.items()]
        chance.shuffle(tries)
        done = await asyncio.gather(*(give(*each) for each in tries))
        await ended(following, set(tasks))
        for view in views:
            ends.add(await check(shop.desk, view, [each for each in done if each.command.task == view.task.id]))
    assert ends == {Outcome.OK, Outcome.REJECTED, Outcome.CANCELLED}


async def ended(following: AsyncIterator[Item], tasks: set[int | None]) -> None:
    """Until all of them have ended."""
    async with asyncio.timeout(PATIENCE):
        while tasks:
            item = await anext(following)
            if isinstance(item, Event) and isinstance(item.fact, TaskEnded):
                tasks.discard(item.task)


async def check(desk: Desk, before: TaskView, tries: list[Try]) -> Outcome:
    """The end of the task is what the verdicts that were taken say, and nothing else was recorded or run."""
    number, (only,) = before.task.id, before.steps
    signed = [each.user for each in tries if each.taken and isinstance(each.command, Sign)]
    rejected = [each.user for each in tries if each.taken and isinstance(each.command, Reject)]
    cancelled = [each for each in tries if each.taken and isinstance(each.command, Cancel)]
    view = await desk.show(number)
    assert len(signed) + len(rejected) <= 1, tries
    events = await desk.engine.read(ListEvents(task=number))
    assert [event.actor for event in events if isinstance(event.fact, PlanSigned)] == signed
    assert [event.actor for event in events if isinstance(event.fact, PlanRejected)] == rejected
    started = [event for event in events if isinstance(event.fact, StepStarted)]
    assert desk.script.ran.count(only.id) <= len(started) <= len(signed)
    if rejected:
        wanted = {Outcome.REJECTED}
    elif signed:
        wanted = {Outcome.OK, Outcome.CANCELLED} if cancelled else {Outcome.OK}
    else:
        wanted = {Outcome.CANCELLED}
    assert view.task.outcome is not None
    assert view.task.outcome in wanted, tries
    return view.task.outcome
