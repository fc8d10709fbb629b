"""The `file` planner: the text of a plan file -> `Document`, or every fault of it at once with line and column (B2.3).

Four looks, each at what the one before could make sense of: the notation, the shape of each part, the values, the
steps as a graph. Nothing outside the text is looked at here; that is `derive`.
"""

from __future__ import annotations

import json

from engine.errors import Fault, InvalidPlan
from engine.model.plan import Document, StepBase
from engine.planning.builder import MAX_FAULTS, Value
from engine.planning.checks import document_faults, steps_faults
from engine.planning.reading import decode, locate, read_value
from engine.planning.schema import document_adapter
from engine.planning.sentences import fault_sentences


def parse_document(source: str | bytes, name: str) -> Document:
    """Read a plan file, YAML or JSON.

    Args:
        source: its text, or its bytes in UTF-8.
        name: what faults call it, such as the name of the file.

    Raises:
        InvalidPlan: with every fault found, each with its place.
    """
    text = decode(source, name)
    value, unreadable = read_value(text, name)
    document, faults = _validate(value)
    faulty = {fault.field for fault in unreadable}
    faults = unreadable + [fault for fault in faults if fault.field not in faulty]
    if document is None or faults:
        raise located(text, name, faults)
    return document


def located(text: str, name: str, faults: list[Fault]) -> InvalidPlan:
    """The error that carries these faults with their places in the text, at most a thousand of them."""
    places = locate(text, name, faults[:MAX_FAULTS])
    if len(faults) > MAX_FAULTS:
        places.append(Fault(f"and {len(faults) - MAX_FAULTS:,} more faults", "", name, places[-1].line))
    return InvalidPlan(tuple(places))


def _validate(value: Value) -> tuple[Document | None, list[Fault]]:
    from pydantic import ValidationError

    if not isinstance(value, dict):
        return None, [Fault("a plan is a mapping with `request` and `steps`")]
    try:
        document = _shaped(value)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        misshapen = {
            int(found["loc"][1]) for found in errors if found["loc"][:1] == ("steps",) and len(found["loc"]) > 1
        }
        return None, fault_sentences(errors) + _rest_of(value, misshapen)
    return document, document_faults(document)


def _shaped(value: Value) -> Document:
    # strict, and as JSON: then a list may be a tuple and text may be a choice, but "yes" is no boolean
    return document_adapter().validate_json(json.dumps(value, ensure_ascii=False), strict=True)


def _rest_of(value: dict[str, Value], misshapen: set[int]) -> list[Fault]:
    """The faults of the steps whose shape is right, where others are not; those are known by id and needs alone."""
    raw = value.get("steps")
    if not isinstance(raw, list):
        return []
    sound = iter(_shaped({"request": "…", "steps": [part for i, part in enumerate(raw) if i not in misshapen]}).steps)
    return steps_faults(tuple(_outline(part) if i in misshapen else next(sound) for i, part in enumerate(raw)))


def _outline(raw: Value) -> StepBase:
    fields = raw if isinstance(raw, dict) else {}
    step_id, needs = fields.get("id"), fields.get("needs")
    return StepBase(
        id=step_id if isinstance(step_id, str) else "",
        needs=tuple(need for need in needs if isinstance(need, str)) if isinstance(needs, list) else (),
    )
