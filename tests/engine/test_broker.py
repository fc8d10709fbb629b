"""Who follows hears every event in order, or one gap in place of what it missed; signals are dropped instead."""

from __future__ import annotations

from engine import Gap, Item, LogGrew
from engine.broker import Broker
from engine.model.events import Event, TaskRemoved

GREW = LogGrew(task=1, step="a", run=1, size=10)


def events(first: int, last: int) -> list[Event]:
    return [Event(seq, 1.0, "ana", 1, None, TaskRemoved("x")) for seq in range(first, last + 1)]


async def heard(broker: Broker, *batches: list[Event]) -> list[Item]:
    """What a follower finds that looked only after all of this."""
    follower = broker.follow()
    for batch in batches:
        broker.publish(batch)
    broker.signal(GREW)
    broker.close()
    return [item async for item in follower]


async def test_batches_arrive_in_order() -> None:
    broker = Broker(limit=10)
    assert await heard(broker, events(1, 3), [], events(4, 4)) == [*events(1, 4), GREW]
    assert broker.seq == 4


async def test_a_full_queue_becomes_one_gap_up_to_the_last_event() -> None:
    assert await heard(Broker(limit=4), events(1, 3), events(4, 5)) == [Gap(seq=5), GREW]


async def test_a_batch_that_is_longer_than_the_queue_becomes_one_gap() -> None:
    assert await heard(Broker(limit=4), events(1, 9), events(10, 11)) == [Gap(seq=9), *events(10, 11), GREW]


async def test_a_signal_waits_for_no_room() -> None:
    assert await heard(Broker(limit=2), events(1, 2)) == events(1, 2)
