"""The digest that people sign: it moves with everything that decides what runs, and with nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from engine.model.budget import Budget
from engine.model.digest import NOT_SIGNED, canonical, plan_digest, step_digest
from engine.model.plan import (
    STEP_TYPES,
    Accept,
    Execute,
    Plan,
    PlannedStep,
    Retry,
    Shell,
    SignedFile,
    SigningRule,
    StepBase,
    When,
)
from engine.model.tier import Reason, Tier

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53) + 1, 2**53 - 1)
VALUES_OF_JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)
)

STEP = Execute(id="a", command="make test")
PLANNED = PlannedStep(step=STEP, tier=Tier.EXECUTE, binary="/usr/bin/make")
PLAN = Plan(task=1, revision=1, request="test", root="/srv/app", steps=(PLANNED,))

OTHER: dict[str, Any] = {
    "id": "b",
    "description": "other words",
    "needs": ("z",),
    "when": When.ALWAYS,
    "tier": Tier.DESTRUCTIVE,
    "workdir": "sub",
    "timeout": 5.0,
    "retry": Retry(attempts=3),
    "idempotent": True,
    "env": {"A": "1"},
    "network": True,
    "writes": ("/var/tmp",),
    "secrets": ("TOKEN",),
    "sockets": ("docker",),
    "tty": True,
}
OPERANDS = {field.name for kind in STEP_TYPES.values() for field in fields(kind)} - set(OTHER) - {"action"}
VALUES: dict[str, Any] = {"agent": ("codex",), "options": ("yes", "no"), "channel": "mail", "model": "other"}


def variants(kind: type[StepBase]) -> list[tuple[StepBase, str]]:
    required = {field.name: "x" for field in fields(kind) if field.name in OPERANDS and field.name not in VALUES}
    step: Any = kind(**{"id": "a", **required})  # type: ignore[arg-type]
    return [(step, field.name) for field in fields(kind) if field.name != "action"]


@pytest.mark.parametrize(
    ("step", "name"),
    [pair for kind in STEP_TYPES.values() for pair in variants(kind)],
    ids=lambda v: getattr(v, "id", v),
)
def test_each_field_of_each_action_is_signed_or_named_as_left_out(step: Any, name: str) -> None:
    other = OTHER.get(name, VALUES.get(name, "y"))
    before, after = (step_digest(PlannedStep(step=one)) for one in (step, replace(step, **{name: other})))
    covered_by_the_derived_one = name == "tier"
    assert (before == after) is (name in NOT_SIGNED or covered_by_the_derived_one)


@pytest.mark.parametrize(
    "change",
    [
        {"tier": Tier.DESTRUCTIVE},
        {"binary": "/tmp/make"},
        {"files": (SignedFile(path="Makefile", sha256="00"),)},
        {"step": Shell(id="a", script="make test")},
    ],
)
def test_what_was_derived_is_signed(change: dict[str, Any]) -> None:
    assert step_digest(replace(PLANNED, **change)) != step_digest(PLANNED)


def test_a_digest_says_more_of_a_file_than_its_size() -> None:
    file = SignedFile(path="Makefile", sha256="00")
    known = replace(PLANNED, files=(replace(file, size=2),))
    assert step_digest(known) == step_digest(replace(PLANNED, files=(file,)))


def test_reasons_and_hints_are_advice_and_not_signed() -> None:
    told = replace(PLANNED, reasons=(Reason(Tier.EXECUTE, "runs make"),), hints=("declare it",))
    assert step_digest(told) == step_digest(PLANNED)


@pytest.mark.parametrize(
    "change",
    [
        {"root": "/srv/other"},
        {"accept": Accept.PERSON},
        {"policy": SigningRule(quorum=2)},
        {"steps": (PLANNED, PLANNED)},
        {"budget": Budget(money=2.5)},
        {"budget": Budget(time=60.0)},
    ],
)
def test_the_plan_around_the_steps_is_signed(change: dict[str, Any]) -> None:
    assert plan_digest(replace(PLAN, **change)) != plan_digest(PLAN)


def test_words_about_the_plan_are_not_signed() -> None:
    told = replace(PLAN, request="other words", task=7, revision=3, timeout=9.0, planner="repo")
    assert plan_digest(told) == plan_digest(PLAN)


def test_the_canonical_form_is_stable() -> None:
    assert plan_digest(PLAN) == plan_digest(replace(PLAN, steps=(replace(PLANNED, step=replace(STEP)),)))
    assert len(plan_digest(PLAN)) == 64


@given(VALUES_OF_JSON)
def test_the_canonical_form_is_that_of_the_standard(value: Any) -> None:
    assert canonical(value).encode() == rfc8785.dumps(value)
