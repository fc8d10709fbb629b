"""The policy that a directory brings: what it may say, and that what would loosen is a fault with its line (B3.5)."""

from __future__ import annotations

import pytest

from engine.errors import InvalidPlan
from engine.planning.repository_policy import parse_policy
from engine.policy import Policy

NAME = ".signoff/policy.yaml"


def faults(text: str) -> list[str]:
    with pytest.raises(InvalidPlan) as raised:
        parse_policy(text, NAME)
    return [str(fault) for fault in raised.value.faults]


def test_everything_it_may_say() -> None:
    text = """\
refuse: [curl, "docker*"]
allow: [make, pytest]
ask: [execute]
minimum_level: bubblewrap
allow_yes: false
network: false
money: 2.50
quorum: 2
exclude_proposer: true
"""
    assert parse_policy(text, NAME) == Policy(
        refuse=("curl", "docker*"),
        allow=("make", "pytest"),
        ask=("execute",),
        minimum_level="bubblewrap",
        allow_yes=False,
        network=False,
        money=2.5,
        quorum=2,
        exclude_proposer=True,
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("allow_yes: true", "allow_yes: true would loosen; a directory can only tighten: write false, or leave it out"),
        ("network: true", "network: true would loosen; a directory can only tighten: write false, or leave it out"),
        ("exclude_proposer: false", "exclude_proposer: false would loosen; a directory can only tighten: write true"),
        ("network: [example.org]", "network: a directory can only tighten: write false"),
        ("allow_yes: 0", "allow_yes: a directory can only tighten: write false"),
        ("money: 0", "money: an amount of money is more than zero"),
        ("money: much", "money: write an amount of money such as 2.50"),
        ("quorum: 0", "quorum: write how many people must sign"),
        ("quorum: true", "quorum: write how many people must sign"),
        ("minimum_level: none", "minimum_level: write one of group, supervisor, bubblewrap"),
        ("ask: [delete]", "ask: write a list of tiers: read, write, execute, destructive, external"),
        ("refuse: curl", "refuse: write a list of names or globs"),
        ("allow: ['']", "allow: write a list of names or globs"),
        ("sandbox: group", "sandbox: no rule of a directory; known are refuse, allow"),
        ("refuze: [curl]", "refuze: no rule of a directory (did you mean 'refuse'?); known are"),
    ],
)
def test_what_loosens_or_is_wrong_has_its_line(line: str, fault: str) -> None:
    (found,) = faults(f"# ours\nask: [execute]\n{line}\n" if not line.startswith("ask") else f"# ours\n\n{line}\n")
    assert found.startswith(f"{NAME}:3:")
    assert fault in found


def test_all_faults_at_once() -> None:
    assert len(faults("network: true\nallow_yes: true\nquorum: no\n")) == 3


@pytest.mark.parametrize("text", ["", "- curl\n", "refuse: [\n", "a: !!python/object:x\n", "&a [*a]\n"])
def test_what_is_no_policy_is_a_fault(text: str) -> None:
    assert faults(text)


def test_nothing_said_asks_for_nothing() -> None:
    assert parse_policy("{}", NAME) == Policy()


@pytest.mark.parametrize("rule", ["refuse", "allow"])
def test_a_tier_where_programs_are_meant_is_a_fault(rule: str) -> None:
    told = f"{rule}: destructive is a tier, and programs are meant here; `ask` takes tiers"
    assert faults(f"{rule}: [destructive]\n") == [f"{NAME}:1:{len(rule) + 3}  {told}"]
