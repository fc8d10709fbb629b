"""How a frozen noun is made, and what each can do: be copied with changes, and be told without its defaults.

The standard library compiles six methods for each frozen dataclass, which for the nouns, commands and events together
takes longer than to read a store and print it. `dataclass` makes the same classes: five of the methods are shared by
all of them, and the sixth, the initialiser, is compiled when the first instance is made.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

Noun = TypeVar("Noun")

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass

    from _typeshed import DataclassInstance
else:

    def dataclass(cls: type | None = None, /, *, frozen: bool, kw_only: bool = False, eq: bool = True) -> Any:
        """As `dataclasses.dataclass(frozen=True)`, to be used, compared, copied and inspected alike."""
        assert frozen
        if cls is None:
            return lambda cls: dataclass(cls, frozen=True, kw_only=kw_only, eq=eq)
        cls = dataclasses.dataclass(cls, init=False, repr=False, eq=False, kw_only=kw_only)
        cls.__setattr__, cls.__delattr__ = _keep, _keep
        cls.__repr__ = _told
        if eq:
            cls.__eq__, cls.__hash__ = _equal, _hashed

        def __init__(self: object, *args: object, **kwargs: object) -> None:
            cls.__init__ = _initialiser(cls)
            cls.__init__(self, *args, **kwargs)

        cls.__init__ = __init__
        return cls


def _keep(noun: object, name: str, *_: object) -> None:
    raise FrozenInstanceError(f"{type(noun).__name__} is frozen: its {name} stays")


def _values(noun: Any) -> tuple[object, ...]:
    return tuple(getattr(noun, item.name) for item in fields(noun))


def _told(noun: Any) -> str:
    shown = ", ".join(f"{item.name}={getattr(noun, item.name)!r}" for item in fields(noun))
    return f"{type(noun).__qualname__}({shown})"


def _equal(noun: Any, other: object) -> bool:
    return vars(noun) == vars(other) if type(other) is type(noun) else NotImplemented


def _hashed(noun: Any) -> int:
    return hash(_values(noun))


def _initialiser(noun: type[DataclassInstance]) -> Callable[..., None]:
    given: dict[str, Any] = {"_set": object.__setattr__, "_made": object()}
    items = fields(noun)
    positional = [_parameter(item, given) for item in items if not item.kw_only]
    named = [_parameter(item, given) for item in items if item.kw_only]
    values = ", ".join(f"{item.name!r}: {_argument(item)}" for item in items)
    head = f"def __init__({', '.join(['self', *positional, *(['*'] if named else []), *named])}):"
    exec(f"{head} _set(self, '__dict__', {{{values}}})", given)  # at once: field by field takes twice as long
    return cast("Callable[..., None]", given["__init__"])


def _parameter(item: Field[Any], given: dict[str, Any]) -> str:
    if item.default_factory is not MISSING:
        given[f"_make_{item.name}"] = item.default_factory
        return f"{item.name}=_made"
    if item.default is not MISSING:
        given[f"_{item.name}"] = item.default
        return f"{item.name}=_{item.name}"
    return item.name


def _argument(item: Field[Any]) -> str:
    if item.default_factory is MISSING:
        return item.name
    return f"_make_{item.name}() if {item.name} is _made else {item.name}"


def evolve(noun: Noun, **changes: object) -> Noun:
    """As `dataclasses.replace`, without its walk over the fields: four times as fast where steps start and end."""
    return restored(type(noun), vars(noun) | changes)


def restored(kind: type[Noun], fields: dict[str, Any]) -> Noun:
    """A noun of exactly these fields, which are all it has, in their order: rows come by the thousand."""
    noun = object.__new__(kind)
    object.__setattr__(noun, "__dict__", fields)
    return noun


class _Defaults(dict[type, dict[str, object]]):
    """The default of each field of a noun, by its class; `MISSING`, which equals nothing, where it is always told."""

    def __missing__(self, kind: type[DataclassInstance]) -> dict[str, object]:
        defaults = {
            item.name: item.default_factory() if item.default_factory is not MISSING else item.default
            for item in fields(kind)
        }
        self[kind] = defaults | {"action": MISSING}
        return self[kind]


_DEFAULTS = _Defaults()


def lean(noun: Any) -> dict[str, Any]:
    """The fields of a dataclass that differ from their defaults; the tag of a union is always kept."""
    defaults = _DEFAULTS[type(noun)]
    return {
        name: value
        for name, value in vars(noun).items()
        if (default := defaults[name]) is not value and default != value
    }
