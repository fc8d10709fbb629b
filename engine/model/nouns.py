"""What every frozen noun can do: be copied with changes, and be told without its defaults."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import MISSING, fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Noun = TypeVar("Noun")


def evolve(noun: Noun, **changes: object) -> Noun:
    """As `dataclasses.replace`, without its walk over the fields: four times as fast where steps start and end."""
    return restored(type(noun), vars(noun) | changes)


def restored(kind: type[Noun], fields: dict[str, Any]) -> Noun:
    """A noun of exactly these fields, which are all it has, in their order: rows come by the thousand."""
    noun = object.__new__(kind)
    object.__setattr__(noun, "__dict__", fields)
    return noun


@cache
def _defaults(noun: Hashable) -> dict[str, object]:
    """The default of each field; `MISSING`, which equals nothing, where the field is always told."""
    return {
        item.name: item.default_factory() if item.default_factory is not MISSING else item.default
        for item in fields(cast("type[DataclassInstance]", noun))
    } | {"action": MISSING}


def lean(noun: Any) -> dict[str, Any]:
    """The fields of a dataclass that differ from their defaults; the tag of a union is always kept."""
    defaults = _defaults(cast(Hashable, type(noun)))
    return {
        name: value
        for name, value in vars(noun).items()
        if (default := defaults[name]) is not value and default != value
    }
