"""Validation errors of pydantic -> plain sentences that say what would be right, with the field they are about."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from engine.errors import Fault
from engine.model.budget import Budget
from engine.model.plan import OPERANDS, STEP_TYPES, Action, Document, Retry, SigningRule
from engine.planning.builder import field_path

NEEDED: Mapping[str, str] = {
    Action.RESEARCH: "a model",
    Action.REVIEW: "a model",
    Action.IMPLEMENT: "a coding agent",
}
"""What has to be configured before an action can run."""

STEP_FIELDS: Mapping[str, tuple[str, ...]] = {
    action: tuple(part.name for part in fields(kind)) for action, kind in STEP_TYPES.items()
}
_PARTS: Mapping[str, tuple[str, ...]] = {
    name: tuple(part.name for part in fields(kind))
    for name, kind in (("", Document), ("policy", SigningRule), ("retry", Retry), ("budget", Budget))
}
_BRANCHES = frozenset({"bool", "str", "tuple[str, ...]"})
"""What pydantic puts into the place of an error for the branch of a union that it tried."""
_TYPES = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "tuple_type": "a list, such as [{example}]",
    "dict_type": "a mapping of names to text",
    "dataclass_type": "a mapping of fields to values",
}
_UNIONS = {"network": "true, false or a list of host names", "agent": "a name or a list of names"}
_MAX_GUESSES = 50
"""Looking for what was meant takes time; a document with more slips than this has another problem."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'port'?)`, or nothing where no known name is near."""
    close = get_close_matches(name, list(known)[:2000], n=1) if len(name) <= 64 else []
    return f" (did you mean '{close[0]}'?)" if close else ""


def fault_sentences(errors: list[Any], start: int = 0) -> list[Fault]:
    """Say each error once, in the words of the plan file.

    Args:
        start: the number of the first step that was looked at.
    """
    faults: dict[str, Fault] = {}
    misplaced: set[str] = set()
    for error in errors:
        action, path = _place(error["loc"], start)
        fault = Fault(_message(error, action, path, guess=len(faults) < _MAX_GUESSES), field_path(path))
        faults.setdefault(fault.field, fault)
        if error["type"] == "unexpected_keyword_argument" and path[-1] in OPERANDS.values():
            misplaced.add(field_path([*path[:-1], OPERANDS.get(action, "")]))
    return [
        fault for field, fault in faults.items() if not (field in misplaced and fault.message.startswith("missing"))
    ]


def _place(loc: tuple[str | int, ...], start: int) -> tuple[str, tuple[str | int, ...]]:
    """The action of the step an error is in (else empty), and the path as it stands in the document."""
    if loc[:1] != ("steps",) or len(loc) < 2:
        return "", loc
    step = ("steps", start + int(loc[1]))
    action, rest = str((*loc, "")[2]), loc[3:]
    if len(rest) > 1 and rest[0] in _UNIONS and rest[1] in _BRANCHES:
        rest = rest[:1]
    return action, (*step, *rest)


def _message(error: Any, action: str, path: tuple[str | int, ...], *, guess: bool) -> str:
    kind, name = error["type"], str(path[-1]) if path else ""
    if kind == "missing":
        return f"missing; {_owner(action, path)} needs `{name}`"
    if kind == "unexpected_keyword_argument":
        return _unknown_field(name, action, path, guess=guess)
    if name in _UNIONS and len(path) == 3:
        return f"write {_UNIONS[name]}{_given(error)}"
    if kind in ("enum", "literal_error"):
        return _choice(error, guess=guess)
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "dict_type" and not action:
        return f"write {_TYPES['dataclass_type']}{_given(error)}"
    if kind in _TYPES:
        return f"write {_TYPES[kind].format(example=_example(error['input']))}{_given(error)}"
    return str(error["msg"])


def _owner(action: str, path: tuple[str | int, ...]) -> str:
    if action and len(path) == 3:
        return f"a step with action {action}"
    return "a plan" if len(path) == 1 else f"`{path[-2]}`"


def _unknown_field(name: str, action: str, path: tuple[str | int, ...], *, guess: bool) -> str:
    shown = name[:64]
    if action and len(path) == 3:
        known = STEP_FIELDS[action]
        if owners := [other for other, names in STEP_FIELDS.items() if name in names]:
            return f"`{shown}` belongs to {', '.join(owners)}; {action} has `{OPERANDS[action]}`"
    else:
        known = _PARTS.get(str(path[-2]), ()) if len(path) > 1 else _PARTS[""]
    return f"unknown field `{shown}`{did_you_mean(name, known) if guess else ''}; known are {', '.join(known)}"


def action_sentence(fields: Mapping[str, Any], configured: Container[Action]) -> str:
    """What is wrong with a step of no known action, and which ones can be had."""
    given = fields.get("action")
    if given is None:
        return f"missing `action`; {_offered(configured)}"
    near = did_you_mean(given, list(Action)) if isinstance(given, str) else ""
    return f"no action {_short(given)}{near}; {_offered(configured)}"


def _offered(configured: Container[Action]) -> str:
    """The actions that work here, and what the others lack."""
    lacking: dict[str, list[str]] = {}
    for action in Action:
        if action not in configured:
            lacking.setdefault(NEEDED.get(action, "its part"), []).append(action)
    missing = "; ".join(f"{part}, for {' and '.join(actions)}" for part, actions in lacking.items())
    return _here(configured) + (f" (not configured here: {missing})" if missing else "")


def unconfigured(action: Action, configured: Container[Action]) -> str:
    """Why a step cannot run here, and what can."""
    return f"{action} needs {NEEDED.get(action, 'its part')}: none is configured; {_here(configured)}"


def _here(configured: Container[Action]) -> str:
    return f"one of {', '.join(action for action in Action if action in configured)}"


def likely_action(fields: Mapping[str, Any]) -> str:
    """What a step of no known action most likely means: by its operand, the name that was given, its other fields."""
    given = fields.get("action")
    owners = [action for action, operand in OPERANDS.items() if operand in fields] or list(OPERANDS)
    near = get_close_matches(given, owners, n=1) if isinstance(given, str) and len(given) <= 64 else []
    return near[0] if near else max(owners, key=lambda action: len(fields.keys() & STEP_FIELDS[action]))


def _choice(error: Any, *, guess: bool) -> str:
    expected = str(error["ctx"]["expected"])
    known = expected.replace("'", "").replace(" or ", ", ").split(", ")
    near = did_you_mean(error["input"], known) if guess and isinstance(error["input"], str) else ""
    return f"write {', '.join(known[:-1])} or {known[-1]}, not {_short(error['input'])}{near}"


def _given(error: Any) -> str:
    """What stood there instead, where saying so helps: a bare `8080` or `true` only lacks its quotes."""
    value = error["input"]
    if error["type"] == "string_type" and isinstance(value, bool | int | float):
        return f': put it in quotes, "{str(value).lower() if isinstance(value, bool) else value}"'
    if value is None:
        return ", not nothing"
    return "" if isinstance(value, list | dict) else f", not {_short(value)}"


def _example(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 64 else "…"


def _short(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 66 else text[:64] + "…"
