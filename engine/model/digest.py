"""The digest that people sign: SHA-256 over the canonical JSON (RFC 8785) of everything that decides what runs (B5.2).

Descriptions and timeouts are not in it, and a field at its default is not written, so that a plan keeps its digest when
a later version knows more fields. A field that is added to a step must be added here or be named as left out;
`tests/engine/model/test_digest.py` walks every field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.model.budget import UNLIMITED
from engine.model.nouns import lean
from engine.model.plan import Plan, PlannedStep

NOT_SIGNED = frozenset({"description", "timeout"})
_SIMPLE = (str, int, float, bool)
_quoted = json.JSONEncoder(ensure_ascii=False).encode
"""Text as RFC 8785 writes it, which is how JSON has it by default."""


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256."""
    import hashlib

    return hashlib.sha256(data).hexdigest()


def canonical(value: Any) -> str:
    """JSON types as RFC 8785 writes them. The library of that name does too, in twice the time: it does the numbers."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list):
        return f"[{','.join(map(canonical, value))}]"
    if isinstance(value, dict):
        names = sorted(value, key=None if "".join(value).isascii() else _utf_16)
        return f"{{{','.join([f'{_quoted(name)}:{canonical(value[name])}' for name in names])}}}"
    import rfc8785

    return rfc8785.dumps(value).decode()


def _utf_16(name: str) -> bytes:
    """What names are in order of, which matters beyond ASCII."""
    return name.encode("utf-16-be")


def _plain(value: Any) -> Any:
    """The value as JSON types; fields at their default left out."""
    if value is None or isinstance(value, _SIMPLE):
        return value
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    items = value.items() if isinstance(value, Mapping) else lean(value).items()
    return {key: _plain(item) for key, item in items}


def signed_fields(planned: PlannedStep) -> dict[str, Any]:
    """What of one step a signature covers, as JSON types."""
    fields = {name: _plain(value) for name, value in lean(planned.step).items() if name not in NOT_SIGNED}
    fields["tier"] = planned.tier.value
    fields["binary"] = planned.binary
    fields["files"] = [_plain(replace(file, size=0)) for file in planned.files]
    return fields


def step_digest(planned: PlannedStep) -> str:
    """The digest of one step, as confirmations cite it."""
    return sha256(canonical(signed_fields(planned)).encode())


def plan_digest(plan: Plan) -> str:
    """The digest of a revision, as signatures cite it."""
    signed: dict[str, Any] = {
        "root": plan.root,
        "accept": plan.accept.value,
        "policy": _plain(plan.policy),
        "steps": [signed_fields(planned) for planned in plan.steps],
    }
    if plan.budget != UNLIMITED:
        signed["budget"] = _plain(plan.budget)
    if plan.vars:
        signed["vars"] = _plain(plan.vars)
    return sha256(canonical(signed).encode())
