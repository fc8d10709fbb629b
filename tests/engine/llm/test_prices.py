"""What tokens cost, known before the library is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.llm.keys import Keys
from engine.llm.litellm_model import LiteLLM
from engine.llm.prices import counted, longest_answer, price_of, tokens
from engine.model.prompt import Message, Speaker
from engine.settings import ModelSettings

QUESTION = (Message(speaker=Speaker.USER, text="x" * 300),)


@pytest.mark.parametrize("model", ["anthropic/claude-sonnet-4-5", "openai/gpt-5", "deepseek/deepseek-chat"])
def test_the_price_of_a_model_that_is_known(model: str) -> None:
    price = price_of(model, {})
    assert price is not None
    assert 0 < price.read < price.written < 1e-3


def test_a_price_of_ones_own_counts_first_and_an_unknown_one_is_none() -> None:
    assert price_of("openai/nobodys-model", {}) is None
    price = price_of("openai/gpt-5", {"openai/gpt-5": (2.0, 3.0)})
    assert price is not None
    assert price.of(1_000_000, 2_000_000) == pytest.approx(8.0)


def test_an_answer_is_no_longer_than_the_model_can() -> None:
    assert longest_answer("deepseek/deepseek-chat", 16_384) == 8192
    assert longest_answer("deepseek/deepseek-chat", 100) == 100
    assert longest_answer("openai/nobodys-model", 16_384) == 16_384


def test_tokens_are_counted_rather_too_many() -> None:
    assert tokens("") == 0
    assert tokens("\ud800") == 1
    assert counted(QUESTION) > 100


def test_an_estimate_is_the_longest_answer(tmp_path: Path) -> None:
    settings = ModelSettings(name="openai/mine", max_output=1000, prices={"openai/mine": (1.0, 2.0)})
    model = LiteLLM(settings, Keys(tmp_path / "keys.toml", {}))
    estimate = model.estimate(QUESTION)
    assert (estimate.model, estimate.usage.tokens_out) == ("openai/mine", 1000)
    assert estimate.usage.cost == pytest.approx((estimate.usage.tokens_in + 2000) / 1e6)
    assert model.estimate(QUESTION, "openai/other").usage.cost is None


def test_an_estimate_imports_no_library() -> None:
    source = (
        "import sys; from pathlib import Path; from engine.llm.keys import Keys;"
        "from engine.llm.litellm_model import LiteLLM; from engine.settings import ModelSettings;"
        "known = LiteLLM(ModelSettings(name='openai/gpt-5'), Keys(Path('none'))).estimate(());"
        "sys.exit(known.usage.cost is None or 'litellm' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", source], check=True, timeout=30)
