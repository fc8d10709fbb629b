"""Who else is here, in a few words."""

from __future__ import annotations

from collections.abc import Iterable

from engine import Person

_NAMED = 2


def company(people: Iterable[Person], user: str) -> str:
    """The others, each once: `ben is here`, `ben and cara are here`, `ben, cara and 3 more are here`; empty: nobody."""
    others = list(dict.fromkeys(person.user for person in people if person.user != user))
    if len(others) <= 1:
        return f"{others[0]} is here" if others else ""
    if len(others) == _NAMED:
        return f"{others[0]} and {others[1]} are here"
    return f"{', '.join(others[:_NAMED])} and {len(others) - _NAMED} more are here"
