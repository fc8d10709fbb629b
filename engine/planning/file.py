"""The `file` planner: the text of a plan file -> `Draft`, a document and every fault of it at once (B2.3).

Five looks, each at what the one before could make sense of: the notation, the variables, the shape of each part, the
values, the steps as a graph. Nothing outside the text is looked at here; that is `derive`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import cast

from engine.errors import Fault, InvalidPlan
from engine.model.graph import MAX_STEPS
from engine.model.plan import OPERANDS, Action, Document, Step, StepBase
from engine.planning.builder import MAX_FAULTS, Value, field_path
from engine.planning.checks import document_faults, steps_faults
from engine.planning.reading import locate, read_value
from engine.planning.schema import document_adapter
from engine.planning.sentences import action_sentence, fault_sentences, likely_action
from engine.planning.variables import fill

_BARE = Document(request="", steps=())
_PIECE = 50
"""Steps whose shape is looked at together."""
_NAME = re.compile(r"[.\[]")
"""Where the name of a field of a step ends in the path of a fault."""
_LONG = 64
"""Items of a list that are looked at one by one only until the first wrong one."""
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})
ALL = frozenset(Action)


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


def read_draft(
    text: str, name: str, variables: Mapping[str, str] = NO_VARIABLES, configured: Container[Action] = ALL
) -> Draft:
    """Read a decoded document, YAML or JSON, and note every fault.

    Args:
        name: what faults call it, such as the name of the file.
        variables: values that win over those in its `vars`.
        configured: the actions that are offered where one is wrong.

    Raises:
        InvalidPlan: its notation is so wrong that nothing after that place can be read.
    """
    value, unreadable = read_value(text, name)
    value, unfilled = fill(value, variables)
    unreadable += unfilled
    draft = _validate(value, configured)
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


def _validate(value: Value, configured: Container[Action]) -> Draft:
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
        some, found = _piece(raw[start : start + _PIECE], start, configured)
        steps += some
        faults += found
        if len(faults) > MAX_FAULTS:
            return Draft(faults=faults)
    if frame is None or faults:
        told = {fault.field for fault in faults}
        return Draft(
            frame or _BARE,
            tuple(steps),
            faults + [fault for fault in steps_faults(steps) if fault.field not in told],
        )
    draft = Draft(frame, tuple(steps))
    return replace(draft, faults=document_faults(draft.document))


def _piece(raw: list[Value], start: int, configured: Container[Action]) -> tuple[list[StepBase], list[Fault]]:
    """Some of the steps; one whose shape is wrong is known by its id and needs alone."""
    raw, unknown = _with_actions(raw, start, configured)
    steps, faults = _shaped_piece(raw, start)
    return steps, unknown + faults


def _with_actions(raw: list[Value], start: int, configured: Container[Action]) -> tuple[list[Value], list[Fault]]:
    """Steps whose action nobody knows get the one that they most likely mean, so that their other faults are found."""
    faults: list[Fault] = []
    parts = list(raw)
    for index, part in enumerate(raw):
        if isinstance(part, dict) and not (isinstance(action := part.get("action"), str) and action in OPERANDS):
            place: list[str | int] = ["steps", start + index, *(["action"] if "action" in part else [])]
            faults.append(Fault(action_sentence(part, configured), field_path(place)))
            meant = likely_action(part)
            parts[index] = {OPERANDS[meant]: "true", **part, "action": meant}
    return parts, faults


def _shaped_piece(raw: list[Value], start: int) -> tuple[list[StepBase], list[Fault]]:
    """Some steps of known actions; what is wrong in the shape of one does not hide what else is wrong with it."""
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
    return [_mended(part, i, faults) if i in wrong else next(rest) for i, part in enumerate(raw, start)], faults


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


def _mended(raw: Value, number: int, faults: list[Fault]) -> StepBase:
    """A step without the fields that are wrong; a bare one where too little is left of it."""
    given = raw if isinstance(raw, dict) else {}
    step_id, needs = given.get("id"), given.get("needs")
    known: dict[str, Value] = {
        "id": step_id if isinstance(step_id, str) else "",
        "needs": [need for need in needs if isinstance(need, str)] if isinstance(needs, list) else [],
    }
    place = f"steps[{number}]."
    wrong = {_NAME.split(fault.field.removeprefix(place), 1)[0] for fault in faults if fault.field.startswith(place)}
    operand = OPERANDS.get(str(given.get("action")), "")
    fields = {operand: "true", **{name: value for name, value in given.items() if name not in wrong}, **known}
    document, _ = _shaped({"request": "", "steps": [fields]})
    return document.steps[0] if document else StepBase(id=str(known["id"]), needs=tuple(map(str, known["needs"])))
