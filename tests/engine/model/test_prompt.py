"""What is sent to a model: data stays data, and the weightiest passages are kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.model.prompt import Passage, Prompt, Speaker

TEXTS = st.text(st.sampled_from("~~~ab\n "), max_size=40)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4))
def test_no_passage_closes_its_fence(passages: list[tuple[str, str]]) -> None:
    prompt = Prompt(system="Be exact.", request="Do it", passages=tuple(Passage(source=s, text=t) for s, t in passages))
    text = prompt.messages()[1].text
    fence = next(line for line in text.splitlines() if line.startswith("~") and f"of {line} is" in text)
    assert [line for line in text.split("\n") if line == fence] == [fence] * (2 * len(passages))


def test_the_words_of_a_person_stand_last_and_outside() -> None:
    prompt = Prompt(system="Be exact.", request="Run the tests", passages=(Passage(source="Makefile", text="test:"),))
    system, user = prompt.messages()
    assert (system.speaker, user.speaker) == (Speaker.SYSTEM, Speaker.USER)
    assert user.text.endswith("~~~\n\nRun the tests")


def test_what_does_not_fit_is_taken_from_the_last_passages() -> None:
    passages = (
        Passage(source="a", text="x" * 100),
        Passage(source="b", text="y" * 1000),
        Passage(source="c", text="z"),
    )
    kept = Prompt(system="", request="", passages=passages).within(600).passages
    assert [passage.source for passage in kept] == ["a", "b"]
    assert kept[0].text == "x" * 100
    assert len(kept[1].text) < 600
    assert "characters left out" in kept[1].text


@given(st.text(max_size=300), st.integers(0, 400))
def test_a_prompt_keeps_to_its_bound(text: str, bound: int) -> None:
    prompt = Prompt(system="s", request="r", passages=(Passage(source="a", text=text),)).within(bound)
    assert sum(len(passage.text) for passage in prompt.passages) <= max(bound, 60)
