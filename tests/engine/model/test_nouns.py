"""Frozen nouns: made as the standard library makes them, and copied."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field, replace
from typing import Any, ClassVar

import pytest

from engine.model.nouns import dataclass, evolve, restored
from engine.model.run import StepStatus
from engine.model.state import StepState


@dataclass(frozen=True, kw_only=True)
class Named:
    role: ClassVar[str] = "viewer"
    key: str = field(default_factory=lambda: "made")


@dataclass(frozen=True)
class Place(Named):
    """A noun with a field of every kind."""

    line: int
    column: int = 1
    words: list[str] = field(default_factory=list)


@dataclasses.dataclass(frozen=True, kw_only=True)
class StandardNamed:
    role: ClassVar[str] = "viewer"
    key: str = field(default_factory=lambda: "made")


@dataclasses.dataclass(frozen=True)
class StandardPlace(StandardNamed):
    line: int
    column: int = 1
    words: list[str] = field(default_factory=list)


def _outcome(work: Callable[[], Any]) -> object:
    try:
        return work()
    except (TypeError, FrozenInstanceError) as error:
        return type(error)


@pytest.mark.parametrize(
    "work",
    [
        lambda noun: vars(noun(3)),
        lambda noun: vars(noun(3, 4, ["a"], key="k")),
        lambda noun: vars(noun(column=4, line=3)),
        lambda noun: noun(),
        lambda noun: noun(3, 4, [], "k"),
        lambda noun: noun(3, other=4),
        lambda noun: repr(noun(3)).partition(".")[0].removeprefix("Standard"),
        lambda noun: noun(3) == noun(3),
        lambda noun: noun(3) == noun(4),
        lambda noun: noun(3) == 3,
        lambda noun: noun(3) == StepStatus(id="3"),
        lambda noun: noun(3).words is noun(3).words,
        lambda noun: hash(noun(3)),
        lambda noun: hash(noun(3, words=())) == hash(noun(3, words=())),
        lambda noun: vars(replace(noun(3), column=7)),
        lambda noun: vars(copy.copy(noun(3))),
        lambda noun: [item.name for item in dataclasses.fields(noun)],
        lambda noun: dataclasses.asdict(noun(3)),
        lambda noun: noun.__match_args__,
        lambda noun: setattr(noun(3), "line", 4),
        lambda noun: setattr(noun(3), "other", 4),
        lambda noun: delattr(noun(3), "line"),
    ],
)
def test_a_noun_behaves_as_a_standard_one(work: Callable[[Any], Any]) -> None:
    assert _outcome(lambda: work(Place)) == _outcome(lambda: work(StandardPlace))


def test_a_noun_survives_its_journey() -> None:
    assert pickle.loads(pickle.dumps(Place(3, key="k"))) == Place(3, key="k")


def test_a_copy_with_changes_is_what_the_standard_one_is() -> None:
    before = StepStatus(id="a", attempt=1, error="no")
    after = evolve(before, state=StepState.RUNNING, error="")
    assert after == replace(before, state=StepState.RUNNING, error="")
    assert hash(after) == hash(replace(before, state=StepState.RUNNING, error=""))
    assert list(vars(after)) == list(vars(before))
    assert (before.state, before.error) == (StepState.PENDING, "no")


def test_a_copy_is_as_frozen_as_its_original() -> None:
    with pytest.raises(FrozenInstanceError):
        evolve(StepStatus(id="a"), attempt=1).attempt = 2  # type: ignore[misc]


def test_a_noun_is_restored_from_all_of_its_fields() -> None:
    noun = StepStatus(id="a", attempt=2, state=StepState.RUNNING)
    again = restored(StepStatus, dict(vars(noun)))
    assert again == noun
    with pytest.raises(FrozenInstanceError):
        again.attempt = 3  # type: ignore[misc]
