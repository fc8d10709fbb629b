"""The digest that people sign: SHA-256 over the canonical JSON (RFC 8785) of everything that decides what runs (B5.2).

Descriptions and timeouts are not in it, and a field at its default is not written, so that a plan keeps its digest when
a later version knows more fields. A field that is added to a step must be added here or be named as left out;
`tests/engine/model/test_digest.py` walks every field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.model.budget import UNLIMITED
from engine.model.nouns import lean
from engine.model.plan import Plan, PlannedStep

NOT_SIGNED = frozenset({"description", "timeout"})
_SIMPLE = (str, int, float, bool)


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


def _plain(value: Any) -> Any:
    """The value as JSON types; keys with their order left to RFC 8785, fields at their default left out."""
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
    import rfc8785

    return sha256(rfc8785.dumps(signed_fields(planned)))


def plan_digest(plan: Plan) -> str:
    """The digest of a revision, as signatures cite it."""
    import rfc8785

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
    return sha256(rfc8785.dumps(signed))
