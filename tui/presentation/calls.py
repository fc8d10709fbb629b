"""Calls of models as people read them: who is asked, and what it may cost at most. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import dollars, micros
from tui.presentation.amounts import number

if TYPE_CHECKING:
    from engine import Estimate
    from engine.model.call import Usage


def at_most(usage: Usage, *, ascii_only: bool = False) -> str:
    """`≈ $0.25 at most`, or `price unknown`: never nothing for what nobody knows."""
    if usage.cost is None:
        return "price unknown"
    return f"{'~' if ascii_only else '≈'} {dollars(micros(usage.cost))} at most"


def rewriting(expected: Estimate, *, ascii_only: bool = False) -> str:
    """Who writes the next revision of a plan that is returned, and for how much at most."""
    price = at_most(expected.usage, ascii_only=ascii_only)
    return f"A return asks {expected.model} for the next revision: {price}, {tokens(expected.usage)}."


def tokens(usage: Usage) -> str:
    """`1,204 tokens in, up to 4,096 out`."""
    return f"{number(usage.tokens_in)} tokens in, up to {number(usage.tokens_out)} out"
