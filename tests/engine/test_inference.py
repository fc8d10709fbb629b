"""From a question to an answer that can be used."""

from __future__ import annotations

import json

import pytest

from engine.cancellation import CancelToken
from engine.errors import ModelFailed, NoModel, Unusable
from engine.inference import Inference, Question
from engine.model.call import ModelFailure, Purpose, Usage
from engine.model.prompt import Prompt
from tests.engine.scripted_model import ScriptedModel


def number(text: str) -> int:
    try:
        return int(json.loads(text)["n"])
    except (ValueError, KeyError) as error:
        raise Unusable(problem=f"no number n: {error}") from None


def asked() -> Question[int]:
    return Question(purpose=Purpose.PLAN, prompt=Prompt(system="s", request="n?"), read=number, task=1)


async def test_an_answer_is_streamed_and_read() -> None:
    pieces: list[str] = []
    inferred = await Inference(ScriptedModel('{"n": 4}')).infer(asked(), pieces.append, CancelToken())
    assert (inferred.value, inferred.corrected, pieces) == (4, "", ['{"n": 4}'])


async def test_what_cannot_be_used_goes_back_once_with_what_is_wrong() -> None:
    model = ScriptedModel("four", '{"n": 4}')
    inferred = await Inference(model).infer(asked(), lambda _: None, CancelToken())
    assert inferred.value == 4
    assert inferred.usage == Usage(tokens_in=160, tokens_out=80, cost=0.02)
    assert "no number n" in model.heard[1][-1].text
    assert model.heard[1][-2].text == "four"
    assert "no number n" in inferred.corrected


async def test_after_the_second_one_it_is_given_up() -> None:
    with pytest.raises(ModelFailed) as failed:
        await Inference(ScriptedModel("four", "five", '{"n": 4}')).infer(asked(), lambda _: None, CancelToken())
    assert failed.value.failure is ModelFailure.PARSE


async def test_without_a_model_nothing_is_asked() -> None:
    with pytest.raises(NoModel):
        await Inference(None).infer(asked(), lambda _: None, CancelToken())


def test_an_unknown_price_stays_unknown() -> None:
    assert (Usage(tokens_in=1, cost=0.5) + Usage(tokens_in=2)).cost is None
