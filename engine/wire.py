"""Nouns to JSON and back, for the store and the socket.

Encoding is lean: fields at their default are left out. Decoding validates through pydantic, which is imported only when
something from outside is read: the nouns themselves stay plain dataclasses, so that a start does not pay for it.
"""

from __future__ import annotations

import json.encoder as json_encoder
from collections.abc import Hashable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from engine.model.nouns import lean

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


# json has no public door for an encoder that is built once; to build one takes longer than to encode a step. Python's
# versions are bounded and a test holds the contract. In order: markers, default, encoder, indent, separators, options.
_pieces = json_encoder.c_make_encoder(  # type: ignore[attr-defined]
    None, lean, json_encoder.encode_basestring, None, ":", ",", False, False, False
)


def encode(value: object) -> str:
    """A dataclass, or JSON types that hold dataclasses, as one line of JSON text.

    Raises:
        ValueError: a number is not finite.
    """
    return "".join(_pieces(value, 0))


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
