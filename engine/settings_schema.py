"""The schema of the settings: what the value of each may be, and how it is written.

Durations as `20m`, sizes as `1GiB`, choices by name; in text lists as `a, b`, tables as `a = b, c = d`, prices as `in
out`, caps of models as JSON.

Imports pydantic: only for whoever has a value to validate.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints
from urllib.parse import urlsplit

from annotated_types import Ge, Le
from pydantic import AfterValidator, AllowInfNan, BeforeValidator, ByteSize, TypeAdapter

from engine.model.amounts import Seconds
from engine.model.policy import LEVELS, Policy
from engine.model.role import Role
from engine.model.tier import Tier
from engine.settings import Caps, ModelSettings, Money, Notification, OverallCaps, Settings


def adapter(key: str) -> TypeAdapter[Any]:
    """What validates the value of a setting, from a file or from text."""
    if key in _BY_KEY:
        return TypeAdapter(_BY_KEY[key])
    noun, _, name = key.rpartition(".")
    kind = get_type_hints(_RECORDS[noun])[name]
    return TypeAdapter(_BY_KIND.get(kind, Annotated[kind, _LISTED] if "tuple" in str(kind) else kind))


def _one_of(*names: str) -> Any:
    literal: Any = Literal
    return literal[tuple(str(name) for name in names)]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _pairs(text: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in _words(text))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _model(name: str) -> str:
    provider, slash, model = name.partition("/")
    if not (slash and provider and model) or name.split() != [name]:
        raise ValueError("write provider/model, such as anthropic/claude-sonnet-4-5")
    return name


def _address(url: str) -> str:
    parts = urlsplit(url)
    if url and not (parts.scheme in ("http", "https") and parts.hostname and url.split() == [url]):
        raise ValueError("write an address such as http://localhost:8000/v1")
    if parts.username is not None or parts.password is not None or parts.query:
        raise ValueError("an address is shown: keep keys out of it")
    return url.rstrip("/")


def _variable(name: str) -> str:
    if name and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("write the name of a variable, never a key itself")
    return name


_LISTED = BeforeValidator(lambda value: _words(value) if isinstance(value, str) else value)
_TABLED = BeforeValidator(lambda value: _pairs(value) if isinstance(value, str) else value)
_SPACED = BeforeValidator(lambda value: value.split() if isinstance(value, str) else value)
_PLACE = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
_LEVEL: Any = _one_of("", *LEVELS)
_TIERS: Any = tuple.__class_getitem__((_one_of(*Tier), ...))
_MODEL = Annotated[str, AfterValidator(_model)]
_DOLLARS = Annotated[float, Ge(0), AllowInfNan(False)]
_PRICE = Annotated[tuple[_DOLLARS, _DOLLARS], _SPACED]
_RECORDS: dict[str, type] = {
    "": Settings,
    "policy": Policy,
    "model": ModelSettings,
    "notify": Notification,
    "budget": OverallCaps,
}
_BY_KEY: dict[str, Any] = {
    "sandbox": _LEVEL,
    "log_limit": ByteSize,
    "memory": ByteSize | None,
    "policy.minimum_level": _LEVEL | None,
    "policy.ask": Annotated[_TIERS, _LISTED],
    "share": Annotated[_PLACE | None, BeforeValidator(lambda value: value or None)],
    "roles": Annotated[dict[str, Role], _TABLED],
    "idle_exit": Annotated[float, Seconds()] | None,
    "notify.terminal": _one_of("auto", "bell", "osc9", "osc777", "osc99", "off"),
    "model.name": Annotated[str, AfterValidator(lambda name: name and _model(name))],
    "model.fallbacks": Annotated[tuple[_MODEL, ...], _LISTED],
    "model.base_url": Annotated[str, AfterValidator(_address)],
    "model.key": Annotated[str, AfterValidator(_variable)],
    "model.temperature": Annotated[float, Ge(0), Le(2), AllowInfNan(False)] | None,
    "model.prices": Annotated[dict[_MODEL, _PRICE], _TABLED],
    **dict.fromkeys(("policy.money", "budget.hour", "budget.day", "budget.month"), Money),
    "budget.models": Annotated[dict[str, Caps], BeforeValidator(lambda v: json.loads(v) if isinstance(v, str) else v)],
}
_BY_KIND: dict[Any, Any] = {
    float: Annotated[float, Seconds()],
    int: Annotated[int, Ge(1)],
    int | None: Annotated[int, Ge(1)] | None,
}
