"""The `file` planner: the text of a plan file -> `Document`, or every fault of it at once with line and column (B2.3).

Five looks, each at what the one before could make sense of: the notation, the variables, the shape of each part, the
values, the steps as a graph. Nothing outside the text is looked at here; that is `derive`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import cast

from engine.errors import Fault, InvalidPlan
from engine.model.graph import MAX_STEPS
from engine.model.plan import Document, Step, StepBase
from engine.planning.builder import MAX_FAULTS, Value, field_path
from engine.planning.checks import document_faults, steps_faults
from engine.planning.reading import decode, locate, read_value
from engine.planning.schema import document_adapter
from engine.planning.sentences import fault_sentences
from engine.planning.variables import fill

_BARE = Document(request="", steps=())
_PIECE = 50
"""Steps whose shape is looked at together."""
_LONG = 64
"""Items of a list that are looked at one by one only until the first wrong one."""
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


def parse_document(source: str | bytes, name: str, variables: Mapping[str, str] = NO_VARIABLES) -> Document:
    """Read a plan file, YAML or JSON.

    Args:
        source: its text, or its bytes in UTF-8.
        name: what faults call it, such as the name of the file.
        variables: values that win over those in its `vars`.

    Raises:
        InvalidPlan: with every fault found, each with its place.
    """
    text = decode(source, name)
    draft = read_draft(text, name, variables)
    if draft.faults:
        raise located(text, name, draft.faults)
    return draft.document


@dataclass(frozen=True)
class Draft:
    """A document as far as it could be read."""

    frame: Document = _BARE
    """The document without its steps; a bare one where even that could not be read."""
    steps: tuple[StepBase, ...] = ()
    """A bare `StepBase` stands for a step that could not be read."""
    faults: list[Fault] = field(default_factory=list)

    @property
    def document(self) -> Document:
        """The whole, where there are no faults."""
        return replace(self.frame, steps=cast(tuple[Step, ...], self.steps))


def read_draft(text: str, name: str, variables: Mapping[str, str] = NO_VARIABLES) -> Draft:
    """Read a decoded document and note every fault.

    Raises:
        InvalidPlan: its notation is so wrong that nothing after that place can be read.
    """
    value, unreadable = read_value(text, name)
    value, unfilled = fill(value, variables)
    unreadable += unfilled
    draft = _validate(value)
    faulty = {fault.field for fault in unreadable}
    return replace(draft, faults=unreadable + [fault for fault in draft.faults if fault.field not in faulty])


def located(text: str, name: str, faults: list[Fault]) -> InvalidPlan:
    """The error that carries these faults with their places in the text, at most a thousand of them."""
    places = locate(text, name, [_shortened(fault) for fault in faults[:MAX_FAULTS]])
    if len(faults) > MAX_FAULTS:
        places.append(Fault(f"and {len(faults) - MAX_FAULTS:,} more faults", "", name, places[-1].line))
    return InvalidPlan(tuple(places))


def _shortened(fault: Fault) -> Fault:
    return fault if len(fault.message) <= 600 else replace(fault, message=fault.message[:600] + " …")


def _validate(value: Value) -> Draft:
    """Shape first, in pieces, so that a document of nothing but faults stays cheap; then what types cannot say."""
    if not isinstance(value, dict):
        return Draft(faults=[Fault("a plan is a mapping with `request` and `steps`")])
    raw = value.get("steps")
    frame, faults = _shaped({**value, "steps": []} if isinstance(raw, list) else value)
    if not isinstance(raw, list):
        return Draft(faults=faults)
    if len(raw) > MAX_STEPS:
        return Draft(faults=[*faults, Fault(f"{len(raw):,} steps; at most {MAX_STEPS:,} are allowed", "steps")])
    steps: list[StepBase] = []
    for start in range(0, len(raw), _PIECE):
        some, found = _piece(raw[start : start + _PIECE], start)
        steps += some
        faults += found
        if len(faults) > MAX_FAULTS:
            return Draft(faults=faults)
    if frame is None or faults:
        return Draft(frame or _BARE, tuple(steps), faults + steps_faults(steps))
    draft = Draft(frame, tuple(steps))
    return replace(draft, faults=document_faults(draft.document))


def _piece(raw: list[Value], start: int) -> tuple[list[StepBase], list[Fault]]:
    """Some of the steps; one whose shape is wrong is known by its id and needs alone."""
    faults = [fault for index, part in enumerate(raw, start) for fault in _long_lists(part, index)]
    wrong = {_step_of(fault) for fault in faults}
    document, found = _shaped(
        {"request": "", "steps": [{} if start + i in wrong else part for i, part in enumerate(raw)]}, start
    )
    if document is not None:
        return list(document.steps), []
    faults += [fault for fault in found if _step_of(fault) not in wrong]
    wrong |= {_step_of(fault) for fault in found}
    sound, _ = _shaped({"request": "", "steps": [part for i, part in enumerate(raw, start) if i not in wrong]})
    rest = iter(sound.steps if sound else ())
    return [_outline(part) if i in wrong else next(rest) for i, part in enumerate(raw, start)], faults


def _shaped(value: dict[str, Value], start: int = 0) -> tuple[Document | None, list[Fault]]:
    """Let the nouns look at a document whose steps are those from number `start` on."""
    from pydantic import ValidationError

    try:
        # strict, and as JSON: then a list may be a tuple and text may be a choice, but "yes" is no boolean
        return document_adapter().validate_json(json.dumps(value, ensure_ascii=False), strict=True), []
    except ValidationError as error:
        return None, fault_sentences(error.errors(include_url=False), start)


def _long_lists(raw: Value, index: int) -> Iterator[Fault]:
    """Every list of a step holds text; of a long one the first item that is none is told, not each."""
    for name, value in raw.items() if isinstance(raw, dict) else ():
        if isinstance(value, list) and len(value) > _LONG:
            odd = next((place for place, item in enumerate(value) if not isinstance(item, str)), None)
            if odd is not None:
                yield Fault("write text: put it in quotes", field_path(["steps", index, name, odd]))


def _step_of(fault: Fault) -> int:
    """The number of the step that a fault is in."""
    return int(fault.field.partition("[")[2].partition("]")[0])


def _outline(raw: Value) -> StepBase:
    fields = raw if isinstance(raw, dict) else {}
    step_id, needs = fields.get("id"), fields.get("needs")
    return StepBase(
        id=step_id if isinstance(step_id, str) else "",
        needs=tuple(need for need in needs if isinstance(need, str)) if isinstance(needs, list) else (),
    )
