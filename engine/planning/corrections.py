"""Slips of models that have one meaning are put right, each correction is told, so that the review can show it (B2.3).

What could mean two things is left as it is: the faults that it makes go back to the model. No plan file is corrected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from engine.errors import Unusable
from engine.llm.json_text import json_of
from engine.model.plan import Action

Value = Any
"""Whatever JSON can say."""

_NUMBER = re.compile(r"[0-9]{1,5}")
_NO_LETTER = re.compile(r"[^a-z0-9]+")
_LONGEST = 24
"""Characters of an id that is made here."""


def read_json(text: str) -> tuple[Value, tuple[str, ...]]:
    """The object in an answer, and what of the answer was left out.

    Raises:
        Unusable: there is none.
    """
    found = json_of(text)
    try:
        value = json.loads(found)
    except (ValueError, RecursionError) as error:
        raise Unusable(problem=f"The answer is no JSON object: {error}") from None
    if not isinstance(value, dict):
        raise Unusable(problem="The answer is no JSON object")
    around = text.replace(found, "", 1).strip().removeprefix("```json").strip("` \n")
    return value, ("text around the plan was left out",) if around else ()


def correct(value: Value) -> tuple[Value, tuple[str, ...]]:
    """A document as a model wrote it -> the same with its slips put right, and a sentence for each of them."""
    value = _given(value)
    if not isinstance(value, dict):
        return value, ()
    if "steps" not in value and isinstance(value.get("plan"), dict):
        value = value["plan"]
    steps = value.get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return value, ()
    told = [*_named(steps), *_listed(steps), *_pointed(steps), *_chained(steps)]
    return value, tuple(told)


def _given(value: Value) -> Value:
    """Without fields that are null: a model that must write every field means by it that it gives none."""
    if isinstance(value, dict):
        return {key: _given(item) for key, item in value.items() if item is not None}
    return [_given(item) for item in value] if isinstance(value, list) else value


def _named(steps: Sequence[dict[str, Value]]) -> Iterator[str]:
    """Every step gets an id, as text."""
    for step in steps:
        if isinstance(step.get("id"), int):
            step["id"] = str(step["id"])
    taken = {step["id"] for step in steps if isinstance(step.get("id"), str)}
    for number, step in enumerate(steps, start=1):
        if step.get("id"):
            continue
        wanted = _NO_LETTER.sub("-", str(step.get("description") or step.get("action") or "").lower())[:_LONGEST]
        step["id"] = next(name for name in _names(wanted.strip("-") or "step") if name not in taken)
        taken.add(step["id"])
        yield f"step {number} had no id; it is called {step['id']}"


def _names(wanted: str) -> Iterator[str]:
    yield wanted
    for number in range(2, 100_000):
        yield f"{wanted}-{number}"


def _listed(steps: Sequence[dict[str, Value]]) -> Iterator[str]:
    """`needs` is a list, whatever single thing it was."""
    for step in steps:
        needs = step.get("needs")
        if isinstance(needs, str | int) and not isinstance(needs, bool):
            step["needs"] = [needs] if needs != "" else []
            yield f"{step['id']}: `needs` was {json.dumps(needs)[:64]}, not a list"


def _pointed(steps: Sequence[dict[str, Value]]) -> Iterator[str]:
    """A need that is the place of a step becomes its id, where it is certain from where the places are counted."""
    ids = [step["id"] for step in steps]
    places = [
        (at, place)
        for at, step in enumerate(steps)
        for need in _needs(step)
        if (place := _place(need, ids)) is not None
    ]
    first = _counted_from(places)
    if first is None:
        return
    for step in steps:
        for at, need in enumerate(_needs(step)):
            if (place := _place(need, ids)) is not None:
                step["needs"][at] = ids[place - first]
                yield f"{step['id']}: need {json.dumps(need)} stands for {ids[place - first]}, counted from {first}"


def _needs(step: dict[str, Value]) -> list[Value]:
    needs = step.get("needs")
    return needs if isinstance(needs, list) else []


def _place(need: Value, ids: Sequence[str]) -> int | None:
    """The number that a need is, where it is no id."""
    if isinstance(need, bool) or str(need) in ids:
        return None
    if isinstance(need, int):
        return need
    return int(need) if isinstance(need, str) and _NUMBER.fullmatch(need) else None


def _counted_from(places: Sequence[tuple[int, int]]) -> int | None:
    """0 or 1: the one by which every need is a step before; None where both would do, or neither."""
    fits = [first for first in (0, 1) if all(first <= place < at + first for at, place in places)]
    return fits[0] if places and len(fits) == 1 else None


def _chained(steps: Sequence[dict[str, Value]]) -> Iterator[str]:
    """Steps without any need run one after the other; research may run at the same time."""
    if len(steps) < 2 or any(step.get("needs") for step in steps):
        return
    if all(step.get("action") == Action.RESEARCH for step in steps):
        return
    for before, step in pairwise(steps):
        step["needs"] = [before["id"]]
    yield "no step named its needs; they run one after the other, as they were listed"
