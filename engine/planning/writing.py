"""A revision -> the text of a plan file that says the same, to be edited: the way back from `file`.

What is written is read back as exactly the same document; nothing that the engine derived is in it.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from engine.model.amounts import parse_duration
from engine.model.nouns import lean
from engine.model.plan import Document, Plan
from engine.planning.scalars import NotFinite, TooLarge, resolve
from engine.planning.variables import literal

_FIRST = ("id", "action")
_SECONDS = frozenset({"timeout", "delay", "time"})


def plan_text(plan: Plan) -> str:
    """The plan file of a revision, in YAML."""
    import yaml

    class Dumper(yaml.CSafeDumper):
        """Block style; text of several lines as it stands, everything else on one line."""

    Dumper.add_representer(str, _text)
    whole: str = yaml.dump(document_of(plan), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=2**20)
    return whole


def document_of(plan: Plan) -> dict[str, Any]:
    """What the plan file of a revision says, as plain values."""
    known = {item.name for item in fields(Document)}
    frame = {name: _plain(name, value) for name, value in lean(plan).items() if name in known and name != "steps"}
    return {**frame, "steps": [_step(planned.step) for planned in plan.steps]}


def _step(step: Any) -> dict[str, Any]:
    said = lean(step)
    ordered = {name: said[name] for name in _FIRST if name in said} | said
    return {name: _plain(name, value) for name, value in ordered.items()}


def _plain(name: str, value: Any) -> Any:
    """The value as YAML has it."""
    if name in _SECONDS and parse_duration(text := f"{value:g}s") == value:
        return text
    if isinstance(value, tuple):
        return [_plain(name, item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {field: _plain(field, item) for field, item in lean(value).items()}
    if isinstance(value, str):
        return literal(name, str(value))  # an enum is told by its value
    return {key: _plain(name, item) for key, item in value.items()} if hasattr(value, "items") else value


def _text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None if _stays_text(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _stays_text(text: str) -> bool:
    """Whether the reader of plan files takes the bare word for text, not for a number or a truth value."""
    try:
        return isinstance(resolve(text), str)
    except (NotFinite, TooLarge):
        return False
