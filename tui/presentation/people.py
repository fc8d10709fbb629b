"""Who is here and what each reads: the others in a few words, and each in a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine import Person, TaskView
from tui.presentation.amounts import ago
from tui.presentation.safe import safe

_NAMED = 2


def company(people: Iterable[Person], user: str, view: TaskView | None = None) -> str:
    """The others, each once: `ben is here`, `ben and cara are here`, `ben reads 3, cara is here`; empty: nobody.

    Args:
        view: the task that is shown; who reads another one is here, no more.
    """
    others = [person for person in people if person.user != user]
    readers = dict(readings(others, view)) if view else {}
    here = [name for name in dict.fromkeys(person.user for person in others) if name not in readers]
    return ", ".join(filter(None, (*_at_most(list(readers.values()), "read"), _present(here))))


def _present(names: list[str]) -> str:
    if len(names) <= 1:
        return f"{names[0]} is here" if names else ""
    if len(names) == _NAMED:
        return f"{names[0]} and {names[1]} are here"
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more are here"


def _at_most(told: list[str], verb: str) -> Iterator[str]:
    yield from told[:_NAMED]
    if len(told) > _NAMED:
        yield f"{len(told) - _NAMED} more {verb}"


def readings(people: Iterable[Person], view: TaskView) -> Iterator[tuple[str, str]]:
    """Who has the review of a task open, and what is in sight there: `ben reads 3`, `cara reads the plan`."""
    steps = view.plan.steps if view.plan else ()
    for person in people:
        if person.task == view.task.id:
            number = next((number for number, planned in enumerate(steps, start=1) if planned.id == person.step), None)
            yield person.user, f"{person.user} reads {number or 'the plan'}"


def person_line(person: Person, now: float) -> str:
    """`ben  reviewer  pts/3  reads 12 migrate, came 5 min ago`, made safe."""
    reads = f"reads {person.task} {safe(person.step or '')}".rstrip() if person.task is not None else "reads nothing"
    where = safe(person.label) or f"process {person.pid}"
    return f"{safe(person.user):<12} {person.role.value:<9} {where:<12} {reads}, came {ago(now - person.since)}"
