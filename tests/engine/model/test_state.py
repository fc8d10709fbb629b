"""The transition tables, walked whole: every listed edge is taken, every other one is refused."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from engine.errors import IllegalTransition
from engine.model.state import PHASES, RUNS, STEPS, Phase, RunState, StepState, advance

TABLES: list[Mapping[Any, frozenset[Any]]] = [PHASES, STEPS, RUNS]
EDGES = [(table, source, target) for table in TABLES for source, target in product(table, table)]


@pytest.mark.parametrize(("table", "source", "target"), EDGES, ids=lambda value: getattr(value, "value", ""))
def test_every_pair_of_the_table(table: Mapping[Any, frozenset[Any]], source: Any, target: Any) -> None:
    if target in table[source]:
        assert advance(source, target) is target
    else:
        with pytest.raises(IllegalTransition, match="nothing was changed"):
            advance(source, target)


@pytest.mark.parametrize("noun", [Phase, StepState, RunState])
def test_every_state_has_a_row(noun: Any) -> None:
    table = next(table for table in TABLES if next(iter(table)).__class__ is noun)
    assert set(table) == set(noun)


def test_the_phases_are_those_of_the_specification() -> None:
    text = """
    planning          -> awaiting_approval | failed | cancelled
    awaiting_approval -> queued | planning | cancelled
    queued            -> executing | planning | paused | failed | cancelled
    executing         -> reconciling | blocked | paused | timed_out | cancelled
    blocked           -> executing | reconciling | paused | timed_out | cancelled
    paused            -> executing | blocked | queued | budget_exceeded | cancelled
    reconciling       -> executing | ready | completed | failed | cancelled
    ready             -> completed | planning | cancelled
    failed            -> queued | planning
    timed_out         -> queued | planning
    cancelled         -> queued | planning
    budget_exceeded   -> queued | planning
    """
    edges: dict[Phase, set[Phase]] = {}
    for line in text.strip().splitlines():
        source, targets = line.split("->")
        edges[Phase(source.strip())] = {Phase(target.strip()) for target in targets.split("|")}
    assert {source: set(targets) for source, targets in PHASES.items() if targets} == edges
    assert not PHASES[Phase.COMPLETED]


def test_ended_states_are_left_only_by_another_attempt() -> None:
    for state in StepState:
        if state.ended:
            assert STEPS[state] == {StepState.PENDING}
    for phase in Phase:
        if phase.ended and phase is not Phase.COMPLETED:
            assert PHASES[phase] == {Phase.QUEUED, Phase.PLANNING}
