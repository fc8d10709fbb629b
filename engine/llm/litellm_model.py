"""Models through LiteLLM: which one is asked, which one after it, and what is said when none answers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.cancellation import CancelToken
from engine.errors import ModelFailed
from engine.llm import Completion, Estimate, Payer
from engine.llm.answer import Answer, broken
from engine.llm.keys import Key, Keys, names_of
from engine.llm.library import get_ready
from engine.llm.prices import counted, longest_answer, price_of, used
from engine.llm.request import Call, base_url_of, own_key
from engine.llm.tries import ask
from engine.llm.troubles import PASSED_ON, Trouble
from engine.model.call import FREE, ModelFailure, Usage
from engine.model.nouns import dataclass
from engine.model.prompt import Message
from engine.private import UnsafeFile
from engine.settings import ModelSettings

TRY = "signoff doctor --model tries it with one tiny call"
"""Advice; no part of a hint that is told there itself."""
_HINTS = {
    ModelFailure.UNAVAILABLE: f"{TRY}; model.fallbacks names others to ask then",
    ModelFailure.TIMEOUT: "model.timeout and model.idle_timeout allow more; model.fallbacks names others to ask then",
    ModelFailure.RATE_LIMIT: "ask again later; model.fallbacks names others to ask then",
    ModelFailure.QUOTA: "the account at the provider is empty; model.fallbacks names others to ask then",
    ModelFailure.PARSE: "name another model in model.name",
    ModelFailure.INVALID: f"model.name and model.base_url say what is asked, and where; {TRY}",
}


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a model is reached."""

    model: str
    base_url: str
    """Empty for its provider's own place."""
    names: tuple[str, ...]
    """Variables, or lines of the file of keys, of which one holds the key; empty where there is no such key."""
    key: Key | None


class LiteLLM:
    """The models that the settings name; satisfies `Model`. Costs nothing before it is asked."""

    def __init__(self, settings: ModelSettings, keys: Keys) -> None:
        self._settings = settings
        self._keys = keys

    @property
    def chain(self) -> tuple[str, ...]:
        """The usual model and its fallbacks."""
        return self._settings.name, *self._settings.fallbacks

    async def ready(self) -> None:
        """Have the library imported, so that the next call begins at once."""
        await get_ready(CancelToken())

    def way(self, model: str) -> Way:
        """How a model is reached. Raises `UnsafeFile`."""
        own = own_key(model, self._settings)
        names = (own,) if own else names_of(model)
        base_url = base_url_of(model, self._settings)
        return Way(model=model, base_url=base_url, names=names, key=self._keys.find(names))

    def estimate(self, messages: Sequence[Message], model: str = "") -> Estimate:
        settings, names = self._settings, (model,) if model else self.chain
        words = counted(messages)
        usages = [
            used(price_of(name, settings.prices), words, longest_answer(name, settings.max_output)) for name in names
        ]
        dearest = max(usages, key=lambda usage: math.inf if usage.cost is None else usage.cost)
        return Estimate(model=names[0], usage=dearest, others=names[1:])

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
        """Have a conversation answered; a model that is named stands alone, the usual one has its fallbacks.

        What happens between two calls is heard too, in a line of its own in brackets.

        Raises:
            ModelFailed: no answer; it says why for each model that was asked, and what was used all the same.
            OverBudget: the next try does not fit, of the same model or of one that is asked in its place.
            Cancelled: the token fired; the connection is closed, and it says what the last try used until then.
        """
        spent, troubles = FREE, dict[str, Trouble]()
        for name in (model,) if model else self.chain:
            if troubles:
                heard(f"\n[{_told(troubles)}; {name} is asked]\n")
            got = await self._ask(name, tuple(messages), schema, heard, token, payer)
            spent += got.usage
            if got.trouble is None:
                return Completion(text=got.text, model=name, usage=spent)
            troubles[name] = got.trouble
            if got.trouble.failure not in PASSED_ON:
                break
        raise self._failed(troubles, spent)

    async def _ask(
        self,
        model: str,
        messages: tuple[Message, ...],
        schema: Mapping[str, Any] | None,
        heard: Callable[[str], None],
        token: CancelToken,
        payer: Payer | None,
    ) -> Answer:
        try:
            way = self.way(model)
        except UnsafeFile as error:
            return broken(FREE, ModelFailure.AUTH, str(error), error.hint)
        key = way.key.value if way.key else ""
        call = Call(model=model, messages=messages, schema=schema, base_url=way.base_url, key=key)
        most = await asyncio.to_thread(self.estimate, messages, model)
        return await ask(call, self._settings, heard, token, most, payer)

    def _failed(self, troubles: Mapping[str, Trouble], spent: Usage) -> ModelFailed:
        name, last = list(troubles.items())[-1]
        hint = last.hint or _HINTS.get(last.failure) or self.missing(name)
        return ModelFailed(failure=last.failure, problem=_told(troubles), usage=spent, wait=last.wait, hint=hint)

    def missing(self, model: str) -> str:
        """What to do about a key that is missing or refused."""
        way = self.way(model)
        if way.key is not None:
            return f"look at {way.key.name} from {way.key.origin}: that key was sent"
        if not way.names:
            return f"{model.partition('/')[0]} finds its credentials by itself; {TRY}"
        name = way.names[0]
        return f'set {name}, or write {name} = "..." into {self._keys.file} (chmod 600)'


def _told(troubles: Mapping[str, Trouble]) -> str:
    return "; ".join(f"{name}: {trouble.problem}" for name, trouble in troubles.items())
