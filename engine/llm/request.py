"""What LiteLLM is given for one call: pure, from a conversation, the settings and a key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.llm.prices import longest_answer
from engine.model.prompt import Message, Speaker
from engine.settings import ModelSettings

_NONE = "none"
"""Sent as the key where a server of one's own needs none: the libraries beneath insist on one."""
_KEEP_TO = (
    "Answer with one JSON value that keeps to the following JSON Schema, with no other text before or after it and no"
    " code fence:\n{schema}"
)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call that is to be made."""

    model: str
    """`provider/model`."""
    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None
    base_url: str = ""
    key: str = field(default="", repr=False)


def base_url_of(model: str, settings: ModelSettings) -> str:
    """Where a model is reached; empty for its provider's own place.

    The address that is set is that of the usual model's provider; a fallback to another provider does not go there.
    """
    return settings.base_url if _provider(model) == _provider(settings.name) else ""


def own_key(model: str, settings: ModelSettings) -> str:
    """The name of the key that is set for the provider of a model; empty for the usual names."""
    return settings.key if _provider(model) == _provider(settings.name) else ""


def arguments(call: Call, settings: ModelSettings, keeps_to_schemas: bool) -> dict[str, Any]:
    """What `acompletion` is called with.

    Args:
        keeps_to_schemas: whether the provider takes a schema; where it does not, it stands in the system text.
    """
    messages, given = call.messages, dict[str, Any]()
    if call.schema is not None and keeps_to_schemas:
        shape = {"name": "answer", "schema": dict(call.schema)}
        given["response_format"] = {"type": "json_schema", "json_schema": shape}
    elif call.schema is not None:
        messages = _told(messages, _KEEP_TO.format(schema=json.dumps(call.schema)))
    if settings.temperature is not None:
        given["temperature"] = settings.temperature
    if call.base_url:
        given["api_base"] = call.base_url
    if key := call.key or (_NONE if call.base_url else ""):
        given["api_key"] = key
    return {
        "model": call.model,
        "messages": [{"role": each.speaker.value, "content": each.text} for each in messages],
        "max_tokens": longest_answer(call.model, settings.max_output),
        "stream": True,
        "stream_options": {"include_usage": True},
        "num_retries": 0,
        "max_retries": 0,
        "timeout": settings.timeout,
        **given,
    }


def _told(messages: Sequence[Message], text: str) -> tuple[Message, ...]:
    """The conversation with an instruction at the end of the system text."""
    first, *others = messages
    if first.speaker is Speaker.SYSTEM:
        return replace(first, text=f"{first.text}\n\n{text}"), *others
    return Message(speaker=Speaker.SYSTEM, text=text), *messages


def _provider(model: str) -> str:
    return model.partition("/")[0]
