"""The text of `.signoff/policy.yaml` -> `Policy`. It only tightens: what would loosen is a fault with its line (B3.5).

refuse: [curl, "docker*"]      programs that may not run
allow: [make, pytest]          the only programs that may
ask: [execute]                 tiers that ask besides destructive and external
minimum_level: bubblewrap      the weakest sandbox that is accepted
allow_yes: false               `run --yes` may not sign
network: false                 no step gets a network or a socket
money: 2.50                    US dollars that a task may cost
quorum: 2                      people who must sign
exclude_proposer: true         of whom the proposer is none
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.errors import Fault
from engine.model.amounts import parse_money
from engine.model.policy import LEVELS, Policy
from engine.model.tier import Tier
from engine.planning.builder import Value
from engine.planning.file import located
from engine.planning.reading import decode, read_value
from engine.planning.sentences import did_you_mean


def parse_policy(text: str, name: str) -> Policy:
    """Read the policy of a directory.

    Raises:
        InvalidPlan: with every fault, each with its place.
    """
    value, faults = read_value(decode(text, name), name)
    if not isinstance(value, dict):
        faults = faults or [Fault(f"a policy is a mapping with some of {', '.join(_READ)}")]
        value = {}
    rules: dict[str, Any] = {}
    for key, given in value.items():
        try:
            rules[key] = _rule(key)(given)
        except ValueError as error:
            faults.append(Fault(str(error), key[:64]))
    if faults:
        raise located(text, name, faults)
    return Policy(**rules)


def _rule(key: str) -> Callable[[Value], Any]:
    if key not in _READ:
        raise ValueError(f"no rule of a directory{did_you_mean(key, _READ)}; known are {', '.join(_READ)}")
    return _READ[key]


_NO_PROGRAMS = frozenset({Tier.EXECUTE.value, Tier.DESTRUCTIVE.value, Tier.EXTERNAL.value})
"""Tiers that are not names of programs as well, as `read` and `write` are."""


def _names(value: Value) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name.strip() for name in value):
        raise ValueError("write a list of names or globs, such as [curl, docker*]")
    if tiers := [name for name in value if name in _NO_PROGRAMS]:
        raise ValueError(f"{tiers[0]} is a tier, and programs are meant here; `ask` takes tiers")
    return tuple(value)


def _tiers(value: Value) -> tuple[str, ...]:
    known = [tier.value for tier in Tier]
    if not isinstance(value, list) or not all(tier in known for tier in value):
        raise ValueError(f"write a list of tiers: {', '.join(known)}")
    return tuple(value)


def _level(value: Value) -> str:
    if value not in LEVELS:
        raise ValueError(f"write one of {', '.join(LEVELS)}")
    return str(value)


def _quorum(value: Value) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("write how many people must sign, at least 1")
    return value


def _only(strict: bool) -> Callable[[Value], bool]:
    def rule(value: Value) -> bool:
        if not isinstance(value, bool) or value is not strict:
            word, other = str(strict).lower(), str(not strict).lower()
            loosens = f"{other} would loosen; " if value is (not strict) else ""
            raise ValueError(f"{loosens}a directory can only tighten: write {word}, or leave it out")
        return value

    return rule


_READ: Final[Mapping[str, Callable[[Value], Any]]] = {
    "refuse": _names,
    "allow": _names,
    "ask": _tiers,
    "minimum_level": _level,
    "allow_yes": _only(False),
    "network": _only(False),
    "money": parse_money,
    "quorum": _quorum,
    "exclude_proposer": _only(True),
}
