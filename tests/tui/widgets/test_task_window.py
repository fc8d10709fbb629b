"""A window over a list of any length: it shows what the list has, holds little, and reaches both ends."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import ListTasks, TaskSummary
from tests.tui import scenes
from tui.widgets.task_window import PAGE, TaskWindow


class _Store:
    def __init__(self, ids: set[int]) -> None:
        self.ids = sorted(ids, reverse=True)
        self.reads = 0

    async def read(self, query: ListTasks) -> tuple[TaskSummary, ...]:
        self.reads += 1
        found = [number for number in self.ids if query.before is None or number < query.before][: query.limit]
        return tuple(TaskSummary(task=scenes.task(number, f"task {number}")) for number in found)


@given(st.sets(st.integers(1, 900), max_size=700), st.lists(st.integers(-150, 150), max_size=12))
@settings(max_examples=40, deadline=None)
async def test_moving_is_moving_in_the_whole_list(ids: set[int], moves: list[int]) -> None:
    store = _Store(ids)
    window = TaskWindow(store.read)
    await window.open()
    place = 0
    for by in moves:
        await window.move(by)
        place = max(0, min(place + by, len(store.ids) - 1))
        assert (window.chosen.task.id if window.chosen else None) == (store.ids[place] if store.ids else None)
        assert len(window.rows) <= 3 * PAGE


async def test_a_hundred_thousand_tasks_are_a_page() -> None:
    store = _Store(set(range(1, 100_001)))
    window = TaskWindow(store.read)
    await window.open()
    await window.last()
    assert window.chosen is not None
    assert (window.chosen.task.id, store.reads, len(window.rows)) == (1, 2, PAGE)
    await window.move(-150)
    assert window.chosen.task.id == 151
    await window.first()
    assert window.chosen.task.id == 100_000


async def test_the_chosen_task_stays_when_newer_ones_come() -> None:
    store = _Store({1, 2, 3})
    window = TaskWindow(store.read)
    await window.open()
    await window.move(1)
    store.ids.insert(0, 4)
    await window.refresh()
    assert window.chosen is not None
    assert window.chosen.task.id == 2
