"""A model that answers what it was told to, piece by piece, at the price it was told.

It can be held, and it heeds its token.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.cancellation import CancelToken
from engine.errors import Cancelled
from engine.llm import Completion, Estimate, Payer
from engine.llm.answer import Answer
from engine.llm.paying import paid
from engine.model.call import Usage
from engine.model.prompt import Message

PIECE = 40
"""Characters that come at once."""


def answer(*steps: Mapping[str, Any], **fields: Any) -> str:
    """The answer of a model that plans these steps."""
    return json.dumps({"steps": steps, **fields})


class ScriptedModel:
    """Gives one answer a call, in order; an answer that is an error is raised.

    Args:
        otherwise: the answer of every call after those; without it there must be none.
        cost: what a call is reported to cost, in US dollars; None where nobody knows.
        most: what it is expected to cost at most.
    """

    def __init__(
        self,
        *answers: str | Exception,
        otherwise: str | None = None,
        cost: float | None = 0.01,
        most: float | None = 0.25,
    ) -> None:
        self.answers = list(answers)
        self.otherwise, self.cost, self.most = otherwise, cost, most
        self.heard: list[Sequence[Message]] = []
        """The conversation of each call."""
        self.models: list[str] = []
        self.released = asyncio.Event()
        self.released.set()
        self.asked = asyncio.Event()
        """Set once a call has said its first piece."""

    def hold(self) -> None:
        """From now on a call says its first piece and waits."""
        self.released.clear()

    async def ready(self) -> None:
        pass

    def estimate(self, messages: Sequence[Message], model: str = "") -> Estimate:
        return Estimate(model=model or "scripted", usage=Usage(tokens_in=100, tokens_out=200, cost=self.most))

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
        asked = self.estimate(messages, model).model
        most = self.estimate(messages, asked)
        got = await paid(payer, most, lambda: self._said(messages, heard, token, model))
        return Completion(text=got.text, model=asked, usage=got.usage)

    async def _said(
        self, messages: Sequence[Message], heard: Callable[[str], None], token: CancelToken, model: str
    ) -> Answer:
        self.heard.append(messages)
        self.models.append(model)
        text = self._answer()
        heard(text[:PIECE])
        self.asked.set()
        with token.watched(self.released.set):
            await self.released.wait()
        if token.fired:
            raise Cancelled(reason=token.reason)
        for start in range(PIECE, len(text), PIECE):
            heard(text[start : start + PIECE])
        used = Usage(tokens_in=80, tokens_out=40, cost=self.cost)
        return Answer(text=text, usage=used)

    def _answer(self) -> str:
        answer = self.otherwise if self.otherwise is not None and not self.answers else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def told(self) -> str:
        """All that was said to it in the last call."""
        return "\n".join(message.text for message in self.heard[-1])


def priced(cost: float | None = 0.5, most: float | None = 1.0) -> ScriptedModel:
    """A model of which the price of a call matters, and not what it says."""
    return ScriptedModel(otherwise="well", cost=cost, most=most)
