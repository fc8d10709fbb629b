"""Nouns to JSON and back, for the store and the socket.

Encoding is lean: fields at their default are left out. Decoding validates through pydantic, which is imported only when
something from outside is read: the nouns themselves stay plain dataclasses, so that a start does not pay for it.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from engine.model.nouns import lean

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=lean, allow_nan=False)
encode = _encoder.encode
"""A dataclass, or JSON types that hold dataclasses, as one line of JSON text."""


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """The validator of a type, built on first use."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def decode(kind: type[T], text: str | bytes) -> T:
    """Validate JSON text as `kind`.

    Raises:
        pydantic.ValidationError: the text is not JSON, or not of that type.
    """
    value: T = adapter(cast(Hashable, kind)).validate_json(text)
    return value
