"""Copies of frozen nouns."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from engine.model.nouns import evolve, restored
from engine.model.run import StepStatus
from engine.model.state import StepState


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
