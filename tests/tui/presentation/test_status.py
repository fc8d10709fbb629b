"""Every state, phase and tier has a look of its own, readable without colour and without Unicode."""

from __future__ import annotations

from enum import StrEnum

import pytest
from rich.cells import cell_len

from engine import Phase, StepState, Tier
from tui.presentation.status import look


@pytest.mark.parametrize("noun", [StepState, Phase, Tier])
def test_each_value_has_its_own_glyph_and_word(noun: type[StepState] | type[Phase] | type[Tier]) -> None:
    values: list[StrEnum] = list(noun)
    looks = [look(noun(value)) for value in values]
    for said in (
        [one.glyph() for one in looks],
        [one.glyph(ascii_only=True) for one in looks],
        [one.word for one in looks],
    ):
        assert len(set(said)) == len(values)


@pytest.mark.parametrize("value", [*StepState, *Phase, *Tier])
def test_a_glyph_is_one_cell_and_no_wire(value: StepState | Phase | Tier) -> None:
    shown = look(value)
    assert cell_len(shown.glyph()) == 1
    assert shown.glyph(ascii_only=True).isascii() and len(shown.ascii) == 1
    assert not isinstance(value, StepState) or shown.ascii not in "-=|+"
