"""The JSON in an answer, however it is wrapped; hostile text costs no time."""

from __future__ import annotations

import json
import time

import pytest

from engine.llm.json_text import json_of

VALUE = '{"steps": [{"id": "a", "text": "```sh\\nls\\n```"}]}'


@pytest.mark.parametrize(
    "text",
    [
        VALUE,
        f"\n  {VALUE}\n\n",
        f"```json\n{VALUE}\n```",
        f"```\n{VALUE}\n```\n",
        f"Here is the plan:\n\n```json\n{VALUE}\n```\n\nShall I go on?",
        f"```json\n{VALUE}",
        f"Here is [the plan]: {VALUE}. It has one step.",
        f"```sh\nls\n```\nand then\n{VALUE}",
    ],
)
def test_json_is_found_in_what_is_around_it(text: str) -> None:
    assert json.loads(json_of(text)) == json.loads(VALUE)


def test_a_list_is_json_too() -> None:
    assert json_of("The numbers: [1, 2]!") == "[1, 2]"


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("I cannot do that.", "I cannot do that."),
        ("", ""),
        ('```json\n{"steps": [{"id": "a"', '{"steps": [{"id": "a"'),
        ('{"steps": [', '{"steps": ['),
    ],
)
def test_what_is_not_whole_is_given_as_it_is(text: str, nearest: str) -> None:
    assert json_of(text) == nearest


@pytest.mark.parametrize("text", ["{" * 1_000_000, "[" * 1_000_000, "```\n" * 300_000, "{}" * 500_000, " \n" * 500_000])
def test_hostile_text_costs_no_time(text: str) -> None:
    began = time.monotonic()
    json_of(text)
    assert time.monotonic() - began < 2.0
