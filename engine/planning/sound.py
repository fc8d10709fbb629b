"""What of a document with faults can be looked at in the world all the same, so that both kinds of faults come at once.

A step whose own fields are wrong is left out, a need that leads nowhere too. What such a step or need would have
brought before another one is not known: of those, nothing is said that a step before them could put right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from engine.errors import Fault
from engine.model.graph import rank_steps
from engine.model.plan import Document, Step, StepBase

_STEP = re.compile(r"steps\[(\d+)\](\.needs)?")


@dataclass(frozen=True)
class Sound:
    """Steps that can be derived, and where they stand in the document."""

    document: Document
    places: Mapping[str, int]
    """The number of each step, by its id, counted from 0."""
    unclear: frozenset[str] = frozenset()
    """Steps before which something may run that could not be read."""


def whole(document: Document) -> Sound:
    """All of a document that has no faults."""
    return Sound(document, {step.id: index for index, step in enumerate(document.steps)})


def sound_part(frame: Document, steps: Sequence[StepBase], faults: Iterable[Fault]) -> Sound:
    """What is left of a document without its faults.

    Args:
        frame: the document, its steps aside.
        steps: its steps; a bare `StepBase` stands for one that could not be read.
    """
    wrong = {index for index, step in enumerate(steps) if type(step) is StepBase} | set(_in_fields(faults))
    lost = {steps[index].id for index in wrong if index < len(steps)}
    places = {step.id: index for index, step in enumerate(steps) if index not in wrong}
    needs = {
        step_id: [need for need in steps[index].needs if need in places and need != step_id]
        for step_id, index in places.items()
    }
    order = rank_steps(needs)
    unclear: set[str] = set(places.keys() - order.keys())
    for step_id in order:
        given = steps[places[step_id]].needs
        if len(needs[step_id]) < len(set(given)) or not lost.isdisjoint(given) or not unclear.isdisjoint(given):
            unclear.add(step_id)
    kept = [_needing(steps[index], needs[step_id] if step_id in order else ()) for step_id, index in places.items()]
    return Sound(replace(frame, steps=tuple(kept)), places, frozenset(unclear))


def _in_fields(faults: Iterable[Fault]) -> Iterable[int]:
    """The numbers of the steps that have a fault elsewhere than in their needs."""
    found = (_STEP.match(fault.field) for fault in faults)
    return (int(match[1]) for match in found if match and not match[2])


def _needing(step: StepBase, needs: Collection[str]) -> Step:
    return cast(Step, step if len(step.needs) == len(needs) else replace(step, needs=tuple(needs)))
