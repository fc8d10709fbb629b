"""What widens a plan (B5.5): every field of every action counts until it is known to be narrower."""

from __future__ import annotations

import tracemalloc
from dataclasses import fields, replace
from typing import Any

import pytest

from engine.model.budget import Budget
from engine.model.digest import NOT_SIGNED
from engine.model.plan import STEP_TYPES, Accept, Execute, Plan, PlannedStep, Shell, SignedFile, SigningRule, Step, When
from engine.model.revision import Rule, compare
from engine.model.tier import Tier
from tests.engine.model.test_digest import OPERANDS, OTHER, VALUES, variants


def planned(step: Any, tier: Tier = Tier.EXECUTE, **how: Any) -> PlannedStep:
    return PlannedStep(step=step, tier=tier, binary="/usr/bin/make", **how)


def plan(*steps: PlannedStep, revision: int = 1, **how: Any) -> Plan:
    return Plan(task=1, revision=revision, root="/srv/app", steps=steps, **how)


def rules(before: Plan, after: Plan) -> list[tuple[Rule, str]]:
    return [(widening.rule, widening.step) for widening in compare(before, after).widened]


def run(step_id: str = "a", *needs: str, **how: Any) -> Step:
    return Execute(id=step_id, command="make test", needs=needs, **how)


A = planned(run("a"))


def test_a_plan_that_is_the_same_has_no_changes() -> None:
    same = compare(plan(A), plan(A, revision=2))
    assert (same.changes, same.widened, same.before, same.after) == ((), (), 1, 2)


@pytest.mark.parametrize(
    ("step", "name"),
    [pair for kind in STEP_TYPES.values() for pair in variants(kind) if pair[1] != "id"],
    ids=lambda value: getattr(value, "action", value),
)
def test_every_field_is_told_and_widens_unless_nobody_signs_it(step: Any, name: str) -> None:
    value = OTHER.get(name, VALUES.get(name, "something else"))
    before, after = planned(step), planned(replace(step, **{name: value}))
    if name == "tier":
        after = replace(after, tier=Tier.DESTRUCTIVE)
    above = planned(run("z"))
    found = compare(plan(above, before), plan(above, after))
    assert name in found.changes[0].fields
    assert bool(found.widened) == (name not in NOT_SIGNED | {"needs"}), name
    assert {*OPERANDS, *OTHER} >= {field.name for field in fields(step)} - {"action"}


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({"network": True}, {}),
        ({"network": True}, {"network": ("example.org",)}),
        ({"network": ("example.org", "example.net")}, {"network": ("example.net",)}),
        ({"writes": ("/var/tmp", "/srv")}, {"writes": ("/srv",)}),
        ({"secrets": ("A", "B")}, {"secrets": ("B",)}),
        ({"sockets": ("docker",)}, {}),
    ],
)
def test_fewer_capabilities_are_narrower_and_more_are_wider(wide: dict[str, Any], narrow: dict[str, Any]) -> None:
    with_more, with_less = plan(planned(run(**wide))), plan(planned(run(**narrow)))
    assert rules(with_more, with_less) == []
    assert rules(with_less, with_more) == [(Rule.CAPABILITY, "a")]


def test_another_list_of_hosts_is_wider() -> None:
    one, other = (plan(planned(run(network=(host,)))) for host in ("example.org", "example.net"))
    assert rules(one, other) == [(Rule.CAPABILITY, "a")]


def test_a_higher_tier_asks_again_and_a_lower_one_only_where_a_confirmation_is_lost() -> None:
    low, high = plan(A), plan(replace(A, tier=Tier.DESTRUCTIVE, asks=True))
    assert rules(low, high) == [(Rule.HIGHER_TIER, "a")]
    assert rules(high, low) == [(Rule.UNASKED, "a")]
    assert rules(plan(A), plan(replace(A, tier=Tier.READ))) == []


def test_steps_come_and_go_by_id() -> None:
    b = planned(run("b"))
    assert rules(plan(A), plan(A, b)) == [(Rule.NEW_STEP, "b")]
    assert rules(plan(A, b), plan(A)) == []
    assert [change.mark for change in compare(plan(A, b), plan(A)).changes] == ["-"]


def test_a_need_that_goes_widens_and_one_that_comes_does_not() -> None:
    alone, after_a = planned(run("b")), planned(run("b", "a"))
    assert rules(plan(A, after_a), plan(A, alone)) == [(Rule.REMOVED_NEED, "b")]
    assert rules(plan(A, alone), plan(A, after_a)) == []


def test_an_ancestor_that_goes_widens_for_steps_that_run_code() -> None:
    b, b_alone, c = planned(run("b", "a")), planned(run("b")), planned(run("c", "b"))
    assert rules(plan(A, b, c), plan(A, b_alone, c)) == [(Rule.REMOVED_NEED, "b"), (Rule.REMOVED_ANCESTOR, "c")]
    reads = replace(c, tier=Tier.READ)
    assert rules(plan(A, b, reads), plan(A, b_alone, reads)) == [(Rule.REMOVED_NEED, "b")]


def test_another_program_or_other_signed_bytes_widen() -> None:
    assert rules(plan(A), plan(replace(A, binary="/opt/make"))) == [(Rule.OPERAND, "a")]
    one, other = (replace(A, files=(SignedFile(path="x.sh", sha256=digest),)) for digest in ("1", "2"))
    assert rules(plan(one), plan(other)) == [(Rule.OPERAND, "a")]


def test_a_weaker_rule_of_signing_or_accepting_widens() -> None:
    strict: dict[str, Any] = {"policy": SigningRule(quorum=2, exclude_proposer=True), "accept": Accept.PERSON}
    found = compare(plan(A, **strict), plan(A))
    assert [widening.rule for widening in found.widened] == [Rule.SIGNING] * 3
    assert rules(plan(A), plan(A, **strict)) == []


@pytest.mark.parametrize("name", ["money", "hour", "day", "month", "time"])
def test_more_money_or_time_widens_and_less_does_not(name: str) -> None:
    little, much, any_ = (plan(A, budget=Budget(**each)) for each in ({name: 1.0}, {name: 2.0}, {}))
    assert rules(little, much) == rules(little, any_) == rules(much, any_) == [(Rule.COST, "")]
    assert rules(much, little) == rules(any_, little) == []


def test_a_reason_names_rule_step_and_detail() -> None:
    found = compare(plan(planned(Shell(id="a", script="true"))), plan(planned(Shell(id="a", script="false"))))
    assert str(found.widened[0]) == "a: another operand (script)"


def test_a_step_that_runs_on_failures_widens_with_each_step_above_it() -> None:
    b, wipe = planned(run("b")), planned(run("wipe", "a", when=When.FAILURE))
    more = planned(run("wipe", "a", "b", when=When.FAILURE))
    assert rules(plan(A, b, wipe), plan(A, b, more)) == [(Rule.MORE_FAILURES, "wipe")]


def test_of_many_ancestors_that_go_some_are_named() -> None:
    above = [planned(run(f"s{n:02}")) for n in range(30)]
    b, b_alone, c = planned(run("b", *(step.id for step in above))), planned(run("b")), planned(run("c", "b"))
    lost = compare(plan(*above, b, c), plan(*above, b_alone, c)).widened[-1]
    assert (lost.rule, lost.step) == (Rule.REMOVED_ANCESTOR, "c")
    assert lost.detail == ", ".join(f"s{n:02}" for n in range(20)) + " and 10 more"


def test_a_long_chain_is_compared_in_little_memory() -> None:
    """A set of ancestors for each step would take 300 MB."""
    chain = [planned(run(f"s{n}", *([f"s{n - 1}"] if n else []))) for n in range(3_000)]
    tracemalloc.start()
    try:
        assert compare(plan(*chain), plan(*chain[:-1])).widened == ()
        assert tracemalloc.get_traced_memory()[1] < 30e6
    finally:
        tracemalloc.stop()
