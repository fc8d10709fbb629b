"""A model for tests: answers what it was told to, at the price it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.cancellation import CancelToken
from engine.llm import Completion, Estimate
from engine.model.call import Usage
from engine.model.prompt import Message


class PricedModel:
    """One answer a call, the last one again and again.

    Args:
        cost: what a call is reported to cost, in US dollars; None where nobody knows.
        most: what it is expected to cost at most.
    """

    def __init__(self, *answers: str | Exception, cost: float | None = 0.5, most: float | None = 1.0) -> None:
        self.answers: list[str | Exception] = list(answers) or ["well"]
        self.cost, self.most = cost, most
        self.heard: list[Sequence[Message]] = []
        self.gate: asyncio.Event | None = None
        """What a call waits for before it answers."""
        self.called = asyncio.Event()

    async def ready(self) -> None:
        pass

    def estimate(self, messages: Sequence[Message], model: str = "") -> Estimate:
        return Estimate(model=model or "scripted", usage=Usage(tokens_in=1, tokens_out=1, cost=self.most))

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        heard: Callable[[str], None],
        token: CancelToken,
        model: str = "",
        schema: Mapping[str, Any] | None = None,
    ) -> Completion:
        self.heard.append(messages)
        self.called.set()
        if self.gate is not None:
            await self.gate.wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        heard(answer)
        return Completion(
            text=answer, model=model or "scripted", usage=Usage(tokens_in=2, tokens_out=3, cost=self.cost)
        )
