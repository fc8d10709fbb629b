"""One question to a model, from the question to an answer that can be used: the only way to a model for every room.

An answer that cannot be used goes back once, with what is wrong with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Generic, TypeVar

from engine.budgets import Budgets
from engine.cancellation import CancelToken
from engine.errors import ModelFailed, NoModel, OverBudget, Unusable
from engine.llm import Completion, Estimate, Model
from engine.model.call import CANCELLED, FREE, Call, ModelFailure, Purpose, Usage
from engine.model.prompt import Message, Prompt, Speaker
from engine.policy.literal_secrets import without_secret_data

T = TypeVar("T")

TURNS = 2
"""Answers that are read before it is given up: the first, and the one after its correction was asked for."""


@dataclass(frozen=True, kw_only=True)
class Question(Generic[T]):
    """What is asked, by whom, and how the answer is read."""

    purpose: Purpose
    prompt: Prompt
    read: Callable[[str], T]
    """The text of an answer to what it says; called in a thread. Raises `Unusable`, in words that help the model."""
    task: int
    step: str = ""
    run: int | None = None
    model: str = ""
    """Empty for the usual one."""
    schema: Mapping[str, Any] | None = None
    """JSON Schema of the answer."""


@dataclass(frozen=True, kw_only=True)
class Inferred(Generic[T]):
    """An answer that was read."""

    value: T
    text: str
    """Byte for byte."""
    model: str
    usage: Usage
    corrected: str = ""
    """What was wrong with the answer before this one; empty where there was none."""


class Inference:
    """Asks models.

    Args:
        model: who answers; None where none is configured.
        budgets: what each try reserves from before it is made, and settles with after; None where nobody counts.
    """

    def __init__(self, model: Model | None, budgets: Budgets | None = None) -> None:
        self._model = model
        self._budgets = budgets
        self._getting_ready: asyncio.Task[None] | None = None

    @property
    def configured(self) -> bool:
        """Whether there is anybody to ask."""
        return self._model is not None

    async def estimate(self, question: Question[T]) -> Estimate:
        """What a question would use at most, with the longest answer. Raises `NoModel`.

        Who asks that will soon ask the question itself: the model gets ready meanwhile.
        """
        if self._model is None:
            raise NoModel
        if self._getting_ready is None:
            self._getting_ready = asyncio.create_task(self._model.ready(), name="model")
            self._getting_ready.add_done_callback(lambda done: done.cancelled() or done.exception())  # the call tells
        messages = await asyncio.to_thread(_told, question.prompt)
        return await asyncio.to_thread(self._model.estimate, messages, question.model)

    async def infer(self, question: Question[T], heard: Callable[[str], None], token: CancelToken) -> Inferred[T]:
        """Ask, read the answer, and ask once more where it cannot be used.

        Args:
            heard: called with each piece of text as it comes.

        Raises:
            NoModel: none is configured.
            OverBudget: a try would cost more than it may; that one was not made.
            ModelFailed: no answer, or none that can be used.
            Cancelled: the token fired.
        """
        if self._model is None:
            raise NoModel
        messages, used, problem = await asyncio.to_thread(_told, question.prompt), FREE, ""
        for _ in range(TURNS):
            done = await self._complete(self._model, messages, question, heard, token)
            used += done.usage
            try:
                value = await asyncio.to_thread(question.read, done.text)
            except Unusable as error:
                problem = str(error)
                messages = (*messages, *_mend(done.text, problem))
                continue
            return Inferred(value=value, text=done.text, model=done.model, usage=used, corrected=problem)
        raise ModelFailed(
            failure=ModelFailure.PARSE,
            problem=f"{done.model} gave no answer that can be used: {'; '.join(problem.splitlines())}",
        )

    async def _complete(
        self,
        model: Model,
        messages: Sequence[Message],
        question: Question[T],
        heard: Callable[[str], None],
        token: CancelToken,
    ) -> Completion:
        """One call, of which every try is paid for."""
        payer = None if self._budgets is None else _Paying(self._budgets, question)
        try:
            return await model.complete(
                messages, heard=heard, token=token, model=question.model, schema=question.schema, payer=payer
            )
        except OverBudget as over:
            if self._budgets is not None:
                over.cheaper = await self._cheaper(model, self._budgets, messages, question)
            raise

    async def _cheaper(self, model: Model, budgets: Budgets, messages: Sequence[Message], question: Question[T]) -> str:
        """The cheapest of those that may answer, by a price that is known, if a call of it alone would fit."""
        estimate = await asyncio.to_thread(model.estimate, messages, question.model)
        if not estimate.others:
            return ""
        names = (estimate.model, *estimate.others)
        alone = [await asyncio.to_thread(model.estimate, messages, name) for name in names]
        known = [(each.usage.cost, each) for each in alone if each.usage.cost is not None]
        _, cheapest = min(known, key=itemgetter(0), default=(0, None))
        return cheapest.model if cheapest is not None and await budgets.fits(cheapest, question.task) else ""


class _Paying(Generic[T]):
    """Pays for the tries of one call from the budgets; satisfies `Payer`."""

    def __init__(self, budgets: Budgets, question: Question[T]) -> None:
        self._budgets = budgets
        self._question = question
        self._broken: list[str] = []
        """Each try that failed, in words."""

    async def reserve(self, most: Estimate) -> Call:
        about = self._question
        try:
            return await self._budgets.reserve(most, about.purpose, about.task, about.step, about.run)
        except OverBudget as over:
            raise over.after(self._broken) if self._broken else over from None

    async def settle(self, call: Call, usage: Usage | None, failure: str = "", preview: str = "") -> None:
        if failure:
            self._broken.append(f"{call.model} failed ({failure})")
        settled = self._budgets.settle(call, usage, failure, preview)
        if failure != CANCELLED:  # who cancels waits for no disk
            await self._budgets.warn(call, settled)


def _told(prompt: Prompt) -> tuple[Message, ...]:
    """The conversation to begin with; lines of data that hold a secret leave this machine for nobody."""
    return without_secret_data(prompt).messages()


def _mend(answer: str, problem: str) -> tuple[Message, Message]:
    again = f"That answer cannot be used.\n{problem}\nGive the whole answer again, corrected."
    return Message(speaker=Speaker.ASSISTANT, text=answer), Message(speaker=Speaker.USER, text=again)
