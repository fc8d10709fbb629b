"""What tokens cost: prices of one's own, else the table that LiteLLM brings, read without importing it.

A price that nobody knows is None, never nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.model.call import Usage
from engine.model.nouns import dataclass
from engine.model.prompt import Message

TABLE = "model_prices_and_context_window_backup.json"
"""Inside LiteLLM; where it is missing no price is known before the first call."""
_BYTES, _FRAME = 3, 8
"""Bytes of a token, on the low side for ordinary text, and tokens that each message takes beside its text."""


@dataclass(frozen=True)
class Price:
    """US dollars for one token."""

    read: float
    written: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """Dollars for so many tokens."""
        return tokens_in * self.read + tokens_out * self.written


def price_of(model: str, own: Mapping[str, tuple[float, float]]) -> Price | None:
    """What a model costs.

    Args:
        own: dollars for a million tokens in and out, by model; they count before the table.
    """
    if model in own:
        return Price(own[model][0] / 1e6, own[model][1] / 1e6)
    entry = facts_of(model)
    read, written = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
    return None if read is None or written is None else Price(read, written)


def longest_answer(model: str, wanted: int) -> int:
    """Tokens an answer may have: so many as are wanted, or as the model can."""
    most = facts_of(model).get("max_output_tokens")
    return min(wanted, most) if isinstance(most, int) and most > 0 else wanted


def facts_of(model: str) -> Mapping[str, Any]:
    """What the table says about a model; empty where it does not know it."""
    table = _table()
    found: Mapping[str, Any] = table.get(model) or table.get(model.partition("/")[2]) or {}
    return found


def counted(messages: Iterable[Message]) -> int:
    """How many tokens a conversation has, about, rather too many than too few."""
    return sum(tokens(message.text) + _FRAME for message in messages)


def tokens(text: str) -> int:
    """How many tokens a text has, about."""
    return -(-len(text.encode(errors="replace")) // _BYTES)


def used(price: Price | None, tokens_in: int, tokens_out: int) -> Usage:
    """So many tokens, and what they cost."""
    cost = None if price is None else price.of(tokens_in, tokens_out)
    return Usage(tokens_in=tokens_in, tokens_out=tokens_out, cost=cost)


@cache
def _table() -> Mapping[str, Any]:
    found = find_spec("litellm")
    if found is None or found.origin is None:
        return {}
    try:
        table: dict[str, Any] = json.loads(Path(found.origin).with_name(TABLE).read_bytes())
    except (OSError, ValueError):
        return {}
    return table
