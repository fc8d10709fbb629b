"""The door to models: one conversation out, one answer back, streamed as it comes. The only room that knows a provider.

Retries, fallbacks and what a provider's error means are decided here; what is asked, what is done with an answer and
who pays is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from engine.cancellation import CancelToken
from engine.model.call import Call, Usage
from engine.model.nouns import dataclass
from engine.model.prompt import Message


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A whole answer."""

    text: str
    model: str
    """The one that answered, which may be a fallback."""
    usage: Usage
    """Of every attempt together."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a call is expected to use at most."""

    model: str
    usage: Usage
    """Of the dearest of those who may answer."""
    others: tuple[str, ...] = ()
    """Who is asked in its place where it cannot answer."""


class Payer(Protocol):
    """Whoever pays: each try of each model reserves before it starts and settles after (B10.2)."""

    async def reserve(self, most: Estimate) -> Call:
        """Set aside what one try may cost at most; it may start once this returns. Raises `OverBudget`."""

    async def settle(self, call: Call, usage: Usage | None, failure: str = "", preview: str = "") -> None:
        """Record what a try used; that is under way from the first moment, whoever goes on waiting.

        Args:
            usage: as the provider reported it, or what it may charge at most; None where nobody can tell.
            failure: a `ModelFailure`, or `cancelled`; empty for an answer.
            preview: the beginning of the answer, or all of it.
        """


class Model(Protocol):
    """Whoever answers."""

    async def ready(self) -> None:
        """Get ready to answer, which may take seconds, so that the next call begins at once."""

    def estimate(self, messages: Sequence[Message], model: str = "") -> Estimate:
        """What the call would use at most, with the longest answer allowed; `model` is empty for the usual one."""

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        heard: Callable[[str], None],
        token: CancelToken,
        model: str = "",
        schema: Mapping[str, Any] | None = None,
        payer: Payer | None = None,
    ) -> Completion:
        """Have a conversation answered.

        Args:
            heard: called with each piece of the answer as it comes.
            token: firing it closes the connection.
            model: empty for the usual one.
            schema: JSON Schema of the answer, for the providers that keep to one.
            payer: asked before each try and told after it; None where nobody counts.

        Raises:
            OverBudget: the next try would cost more than it may; it was not made.
            ModelFailed: no answer; it says why, and what was used all the same.
            Cancelled: the token fired.
        """
