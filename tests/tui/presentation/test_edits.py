"""A step as texts, and what comes back of them: only what was changed, byte for byte."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Fault, InvalidPlan, Plan, PlannedStep, Tier, When
from engine.model.plan import Execute, Notify, Shell
from tests.hostile import HOSTILE
from tui.presentation.edits import (
    BLANK,
    dropping,
    editable,
    edited,
    made,
    texts_of,
    tiers,
    told,
    with_step,
    with_step_after,
    without_step,
)

STEP = Shell(
    id="b", script="echo\n", needs=("a",), writes=("/srv/x y", "/a,b"), secrets=("DSN",), network=("db.internal",)
)


def _plan() -> Plan:
    steps = (Execute(id="a", command="true"), STEP, Execute(id="c", command="true", needs=("a", "b")))
    return Plan(revision=3, steps=tuple(PlannedStep(step=step) for step in steps))


def test_texts_that_nobody_touched_change_nothing() -> None:
    was = texts_of(PlannedStep(step=STEP))
    assert edited(STEP, was, dict(was)) is not None
    assert edited(STEP, was, dict(was)) == STEP
    assert (was["writes"], was["network"], was["tty"]) == ("'/srv/x y' '/a,b'", "db.internal", "no")


@given(st.lists(st.text(min_size=1, max_size=8), max_size=4))
def test_a_list_that_is_typed_as_it_is_shown_is_the_same_list(items: list[str]) -> None:
    step = replace(STEP, writes=tuple(items))
    shown = texts_of(PlannedStep(step=step))
    assert edited(STEP, {**shown, "writes": "another"}, shown).writes == tuple(items)


def test_every_field_is_read_back() -> None:
    was = texts_of(PlannedStep(step=STEP))
    now = {**was, "operand": "make\n", "needs": "a, c", "writes": "", "network": "any", "when": "always", "tty": "yes",
           "tier": "destructive", "sockets": "docker", "secrets": "A B"}  # fmt: skip
    assert edited(STEP, was, now) == Shell(
        id="b", script="make\n", needs=("a", "c"), network=True, when=When.ALWAYS, tty=True,
        tier=Tier.DESTRUCTIVE, sockets=("docker",), secrets=("A", "B"),
    )  # fmt: skip
    assert edited(STEP, was, {**was, "network": " "}).network is False


def test_a_quotation_that_is_not_closed_is_a_fault_of_its_field() -> None:
    was = texts_of(PlannedStep(step=STEP))
    with pytest.raises(InvalidPlan) as refused:
        edited(STEP, was, {**was, "writes": "'/srv", "needs": 'a"'})
    assert {fault.field for fault in refused.value.faults} == {"writes", "needs"}


def test_a_new_step_has_what_was_typed_and_nothing_else() -> None:
    typed = {**BLANK, "id": "tell", "action": "notify", "operand": "done", "needs": "b"}
    assert made(typed) == Notify(id="tell", message="done", needs=("b",))


def test_no_tier_below_the_present_one_is_offered() -> None:
    assert tiers(PlannedStep(step=STEP, tier=Tier.EXECUTE)) == ("execute", "destructive", "external")
    assert tiers(None)[:2] == ("as derived", "write")


def test_a_plan_gets_a_step_changed_added_or_dropped() -> None:
    plan = _plan()
    assert with_step(plan, replace(STEP, script="x")).steps[1].step.operand == "x"
    added = with_step_after(plan, Notify(id="tell", message="done", needs=("b",)), "b")
    assert [each.id for each in added.steps] == ["a", "b", "tell", "c"]
    dropped = without_step(plan, "b")
    assert [(each.id, each.step.needs) for each in dropped.steps] == [("a", ()), ("c", ("a",))]


def test_dropping_says_what_becomes_of_those_that_needed_it() -> None:
    assert dropping(_plan(), "b") == "Drop b: c will need a instead."
    assert dropping(_plan(), "c") == "Drop c: no step needs it."
    assert dropping(_plan(), "a") == "Drop a: b, c will need nothing instead."


def test_a_fault_stands_beside_its_field_and_one_of_another_step_is_named() -> None:
    faults = (
        Fault("no step 'x'", "steps[1].needs", "plan.yaml", 9, 4),
        Fault("empty; say what the step does", "steps[1].script"),
        Fault("holds a key", "steps[1].env.TOKEN"),
        Fault("no step 'b'", "steps[2].needs[1]"),
        Fault("id 'b' was another step", "steps"),
    )
    found = told(faults, _plan(), "b")
    assert found.fields == {
        "needs": ["no step 'x'"], "operand": ["empty; say what the step does"],
    }  # fmt: skip
    assert found.rest == ["b env: holds a key", "c needs: no step 'b'", "steps: id 'b' was another step"]


HIDDEN = {"escape", "osc52", "osc8", "dcs", "eight-bit", "controls", "carriage-return", "backspace", "bidi", "isolates",
          "zero-width", "tags", "variation", "fillers", "spaces", "zalgo", "surrogates", "private", "newlines",
          "emoji"}  # fmt: skip


@pytest.mark.parametrize("trick", HOSTILE)
def test_what_a_text_field_would_hide_is_not_edited_in_one(trick: str) -> None:
    assert editable(HOSTILE[trick]) is (trick not in HIDDEN)
    assert editable(f"\tmake\n{'x'}\n")
