"""Which slips of a model are put right, that each is told, and that nothing is guessed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from engine.errors import Unusable
from engine.planning.corrections import correct, read_json


def corrected(*steps: dict[str, Any]) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    value, told = correct({"steps": list(steps)})
    return value["steps"], told


def needs(*wanted: Any) -> tuple[list[Any], tuple[str, ...]]:
    """What becomes of the needs of steps called a, b, c …, None for a step that says nothing of them."""
    steps = [
        {"id": chr(97 + at), "action": "test"} | ({} if need is None else {"needs": need})
        for at, need in enumerate(wanted)
    ]
    made, told = corrected(*steps)
    return [step.get("needs") for step in made], told


def test_what_is_right_is_left_alone() -> None:
    assert needs([], ["a"], ["a", "b"]) == ([[], ["a"], ["a", "b"]], ())


def test_a_single_need_becomes_a_list() -> None:
    assert needs([], "a") == ([[], ["a"]], ('b: `needs` was "a", not a list',))


@pytest.mark.parametrize("places", [([], [0], [0, 1]), ([], 0, ["0", "1"])])
def test_places_counted_from_0_become_ids(places: tuple[Any, ...]) -> None:
    made, told = needs(*places)
    assert made == [[], ["a"], ["a", "b"]]
    assert "c: need " in told[-1] and "stands for b, counted from 0" in told[-1]


@pytest.mark.parametrize("places", [([], [1], [1, 2]), ([], "1", ["1", "2"])])
def test_numbers_counted_from_1_become_ids(places: tuple[Any, ...]) -> None:
    made, told = needs(*places)
    assert made == [[], ["a"], ["a", "b"]]
    assert "stands for b, counted from 1" in told[-1]


def test_a_number_that_could_mean_two_steps_is_not_guessed() -> None:
    assert needs([], ["a"], [1]) == ([[], ["a"], [1]], ())


def test_a_number_that_is_no_step_before_is_left_to_be_a_fault() -> None:
    assert needs([], [7]) == ([[], [7]], ())


def test_numbers_as_ids_become_text_and_needs_name_them() -> None:
    made, told = corrected({"id": 1, "action": "test"}, {"id": 2, "action": "test", "needs": ["1"]})
    assert [(step["id"], step.get("needs")) for step in made] == [("1", None), ("2", ["1"])]
    assert told == ()


def test_an_unknown_need_is_never_dropped() -> None:
    assert needs([], ["nowhere"]) == ([[], ["nowhere"]], ())


def test_a_flat_list_is_chained_and_that_is_told() -> None:
    made, told = needs(None, [], None)
    assert made == [None, ["a"], ["b"]]
    assert told == ("no step named its needs; they run one after the other, as they were listed",)


def test_research_runs_at_the_same_time() -> None:
    steps = [{"id": name, "action": "research", "query": "?"} for name in "ab"]
    made, told = corrected(*steps)
    assert [step.get("needs") for step in made] == [None, None]
    assert told == ()


def test_a_step_without_an_id_gets_one_that_no_other_has() -> None:
    made, told = corrected(
        {"id": "run-the-tests", "action": "test"},
        {"action": "test", "description": "Run the tests!", "needs": ["run-the-tests"]},
        {"action": "notify", "needs": ["run-the-tests"]},
    )
    assert [step["id"] for step in made] == ["run-the-tests", "run-the-tests-2", "notify"]
    assert told == ("step 2 had no id; it is called run-the-tests-2", "step 3 had no id; it is called notify")


def test_what_is_null_was_not_given() -> None:
    made, told = corrected({"id": "a", "action": "test", "needs": None, "env": {"X": None}})
    assert (made, told) == ([{"id": "a", "action": "test", "env": {}}], ())


@pytest.mark.parametrize("text", ['```json\n{"a": 1}\n```', '{"a": 1}', '\n {"a": 1} \n'])
def test_the_object_is_found_in_its_fence(text: str) -> None:
    assert read_json(text) == ({"a": 1}, ())


def test_words_around_the_object_are_left_out_and_told() -> None:
    assert read_json('Sure! {"a": 1} Enjoy.') == ({"a": 1}, ("text around the plan was left out",))


@pytest.mark.parametrize("text", ["", "no", "}{", '{"a": ', "[" * 100_000 + "{" * 100_000 + "}"])
def test_what_is_no_object_goes_back(text: str) -> None:
    with pytest.raises(Unusable):
        read_json(text)


@pytest.mark.parametrize("value", [{"steps": "none"}, {"steps": [1]}, {}, {"steps": [{"id": "a", "needs": {}}]}])
def test_what_has_no_shape_is_left_to_be_faults(value: Any) -> None:
    assert correct(deepcopy(value)) == (value, ())


def test_an_id_without_shape_is_none() -> None:
    assert corrected({"id": [], "needs": {}}) == (
        [{"id": "step", "needs": {}}],
        ("step 1 had no id; it is called step",),
    )
