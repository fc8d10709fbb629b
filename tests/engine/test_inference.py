"""From a question to an answer that can be used."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from engine.cancellation import CancelToken
from engine.errors import ModelFailed, NoModel, Unusable
from engine.inference import Inference, Question
from engine.llm import Completion, Estimate
from engine.model.call import ModelFailure, Purpose, Usage
from engine.model.prompt import Message, Prompt


class Scripted:
    """Answers what it was told to, one answer a call."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.heard: list[Sequence[Message]] = []

    def estimate(self, messages: Sequence[Message], model: str = "") -> Estimate:
        return Estimate(model="scripted", usage=Usage(tokens_in=1, tokens_out=1, cost=0.01))

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
        text = self.answers.pop(0)
        heard(text)
        return Completion(text=text, model="scripted", usage=Usage(tokens_in=2, tokens_out=3, cost=0.5))


def number(text: str) -> int:
    try:
        return int(json.loads(text)["n"])
    except (ValueError, KeyError) as error:
        raise Unusable(problem=f"no number n: {error}") from None


def asked() -> Question[int]:
    return Question(purpose=Purpose.PLAN, prompt=Prompt(system="s", request="n?"), read=number, task=1)


async def test_an_answer_is_streamed_and_read() -> None:
    pieces: list[str] = []
    inferred = await Inference(Scripted('{"n": 4}')).infer(asked(), pieces.append, CancelToken())
    assert (inferred.value, inferred.repaired, pieces) == (4, "", ['{"n": 4}'])


async def test_what_cannot_be_used_goes_back_once_with_what_is_wrong() -> None:
    model = Scripted("four", '{"n": 4}')
    inferred = await Inference(model).infer(asked(), lambda _: None, CancelToken())
    assert inferred.value == 4
    assert inferred.usage == Usage(tokens_in=4, tokens_out=6, cost=1.0)
    assert "no number n" in model.heard[1][-1].text
    assert model.heard[1][-2].text == "four"
    assert "no number n" in inferred.repaired


async def test_after_the_second_one_it_is_given_up() -> None:
    with pytest.raises(ModelFailed) as failed:
        await Inference(Scripted("four", "five", '{"n": 4}')).infer(asked(), lambda _: None, CancelToken())
    assert failed.value.failure is ModelFailure.PARSE


async def test_without_a_model_nothing_is_asked() -> None:
    with pytest.raises(NoModel):
        await Inference(None).infer(asked(), lambda _: None, CancelToken())


def test_an_unknown_price_stays_unknown() -> None:
    assert (Usage(tokens_in=1, cost=0.5) + Usage(tokens_in=2)).cost is None
