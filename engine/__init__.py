"""The front door: the engine, its nouns, commands, events and errors.

Nothing is made here; the screens and the command line import from nowhere else. What goes through, and the room that it
comes from, stands in `__init__.pyi`. A room is imported when something of it is first asked for: to list tasks, most
are not needed.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

_ROOMS = {
    words[3]: words[1]
    for words in map(str.split, Path(__file__).with_suffix(".pyi").read_text().splitlines())
    if words[:1] == ["from"]
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_ROOMS[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(_ROOMS)
