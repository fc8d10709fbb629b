"""The guide for agents and the schema for editors say what the validator does."""

from __future__ import annotations

import re
from dataclasses import fields

from engine.model.plan import OPERANDS, STEP_TYPES, Accept, Document, Retry, SigningRule, When
from engine.planning.checks import SOCKETS
from engine.planning.schema import agent_guide, plan_schema
from tests.engine.planning.plans import parse_document


def test_the_example_of_the_guide_is_a_sound_plan() -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", agent_guide(), re.DOTALL | re.MULTILINE)

    document = parse_document(example, "guide.md")
    assert {step.action.value for step in document.steps} == {"test", "execute", "shell", "notify"}


def test_the_guide_names_every_action_with_its_operand_and_every_field() -> None:
    guide = agent_guide()
    names = {part.name for kind in (*STEP_TYPES.values(), SigningRule, Retry, Document) for part in fields(kind)}
    unnamed = {name for name in names if not re.search(rf"\b{name}\b", guide)}

    assert unnamed <= {"backoff", "jitter", "exclude_proposer", "channel", "model"}
    assert all(f"`{action}`" in guide and f"`{operand}`" in guide for action, operand in OPERANDS.items())
    assert all(f"{when}" in guide for when in When)
    assert all(socket in guide for socket in SOCKETS)
    assert Accept.PERSON in guide
    assert len(guide) < 5_000


def test_every_field_is_in_the_schema() -> None:
    schema = plan_schema()
    parts = {"Document": (Document, schema), **{name: (None, part) for name, part in schema["$defs"].items()}}

    for kind in (*STEP_TYPES.values(), SigningRule, Retry, Document):
        described = parts[kind.__name__][1]["properties"]
        assert set(described) == {part.name for part in fields(kind)}
        assert parts[kind.__name__][1]["additionalProperties"] is False


def test_the_schema_asks_for_what_the_validator_asks_for() -> None:
    schema = plan_schema()

    assert schema["required"] == ["request", "steps"]
    for action, kind in STEP_TYPES.items():
        part = schema["$defs"][kind.__name__]
        assert part["properties"]["action"]["const"] == action
        assert set(part["required"]) == {"action", "id", OPERANDS[action]}


def test_operands_are_what_the_nouns_say() -> None:
    for action, name in OPERANDS.items():
        (step,) = parse_document(f"request: r\nsteps: [{{id: a, action: {action}, {name}: said}}]", "plan.yaml").steps
        assert step.operand == "said"
