"""One call from its beginning to its end, on the thread of the library: what was answered, or what went wrong.

Every exception of the library ends here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from engine.llm.keys import hidden
from engine.llm.library import library
from engine.llm.prices import counted, longest_answer, price_of, tokens, used
from engine.llm.request import Call, arguments
from engine.llm.troubles import Trouble, trouble_of
from engine.model.call import FREE, ModelFailure, Usage
from engine.model.nouns import dataclass
from engine.settings import ModelSettings

LONGEST = 1 << 20
"""Characters of an answer; a longer one is given up while it comes."""

_LENGTH = "raise model.max_output, or name a model that writes more"
_PLACE = "look at model.base_url: a model's server does not speak so"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one call came to."""

    usage: Usage
    """As reported; where it broke off and nothing was, what it may cost at most."""
    text: str = ""
    trouble: Trouble | None = None


async def answer(call: Call, settings: ModelSettings, post: Callable[[str], None]) -> Answer:
    """Have one call answered.

    Args:
        post: called with each piece of text, and with none whenever something else came.
    """
    litellm, heard = library(), _Heard(call, settings)
    post("")  # the import is over: the provider's time begins
    try:
        given = arguments(call, settings, litellm.supports_response_schema(call.model))
        stream = await litellm.acompletion(**given)
        if stream is None:  # what it makes of a request that was refused twice (422)
            return broken(FREE, ModelFailure.INVALID, "HTTP 422: the provider takes no such request")
        heard.begun = True
        try:
            async for chunk in stream:
                post(heard.take(chunk))
                if heard.size > LONGEST:
                    problem = f"the answer is longer than {LONGEST:,} characters"
                    return broken(heard.spent(), ModelFailure.PARSE, problem)
        finally:
            await _closed(stream)
    except Exception as error:  # whatever a library of that size raises
        trouble = trouble_of(error, time.time(), lambda text: hidden(text, call.key))
        return Answer(usage=heard.spent() if heard.begun or trouble.sent else FREE, trouble=trouble)
    return heard.ended(getattr(stream, "received_finish_reason", None), litellm)


async def _closed(stream: Any) -> None:
    """Close the connection of an answer: some providers' parts of the library do not pass that on to what they read."""
    lines = getattr(stream.completion_stream, "async_response_iterator", None)
    await stream.aclose()
    if lines is not None:
        await lines.aclose()


def spent_on(call: Call, settings: ModelSettings, text: str) -> Usage:
    """What a call that broke off is charged for at most: what its model thought, and wrote on, nobody here saw.

    Args:
        text: what had come of the answer.
    """
    words = counted(call.messages)
    most = used(price_of(call.model, settings.prices), words, longest_answer(call.model, settings.max_output))
    return replace(most, tokens_out=tokens(text))


class _Heard:
    """What came of an answer so far."""

    def __init__(self, call: Call, settings: ModelSettings) -> None:
        self._call = call
        self._settings = settings
        self._pieces: list[str] = []
        self._reported: Any = None
        self.size = 0
        """Characters."""
        self.begun = False
        """Whether the provider took the call."""

    def take(self, chunk: Any) -> str:
        """The text of a chunk."""
        self._reported = getattr(chunk, "usage", None) or self._reported
        text: str = (chunk.choices[0].delta.content or "") if chunk.choices else ""
        self._pieces.append(text)
        self.size += len(text)
        return text

    def ended(self, reason: str | None, litellm: Any) -> Answer:
        """The stream came to its end; `reason` is why, as the provider says."""
        if reason is None and not self.size:
            return broken(FREE, ModelFailure.PARSE, "what came back is no answer of a model", _PLACE)
        if reason is None:
            return broken(self.spent(), ModelFailure.UNAVAILABLE, "the answer broke off")
        usage = self._usage(litellm)
        if reason == "length":
            most = f"the answer was cut off at {self._settings.max_output:,} tokens or the most that the model gives"
            return broken(usage, ModelFailure.PARSE, most, _LENGTH)
        if reason == "content_filter":
            return broken(usage, ModelFailure.INVALID, "the provider refuses to answer that")
        return Answer(text="".join(self._pieces), usage=usage)

    def spent(self) -> Usage:
        """What the call may have cost, broken off here."""
        return spent_on(self._call, self._settings, "".join(self._pieces))

    def _usage(self, litellm: Any) -> Usage:
        """What the provider reported, at one's own price, else the library's, which knows of caches."""
        model, prices, reported = self._call.model, self._settings.prices, self._reported
        if reported is None:
            return used(price_of(model, prices), counted(self._call.messages), tokens("".join(self._pieces)))
        usage = used(price_of(model, prices), reported.prompt_tokens, reported.completion_tokens)
        if model in prices or usage.cost is None:
            return usage
        with suppress(Exception):  # a model that is priced otherwise
            return replace(usage, cost=sum(litellm.cost_per_token(model=model, usage_object=reported)))
        return usage


def broken(usage: Usage, failure: ModelFailure, problem: str, hint: str = "") -> Answer:
    """A call that came to nothing, and may have cost something all the same."""
    return Answer(usage=usage, trouble=Trouble(failure=failure, problem=problem, hint=hint))
