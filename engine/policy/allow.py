"""What a person or a repository configured: which programs may run, what asks. A repository can only tighten (B3.5)."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from engine.model.plan import StepBase
from engine.model.policy import LEVELS, Policy
from engine.model.tier import Tier
from engine.policy.programs import BUILTINS


def refusal(programs: Iterable[str], policy: Policy) -> str | None:
    """Why the policy forbids a set of programs; None where it does not."""
    for name in programs:
        if any(fnmatchcase(name, pattern) for pattern in policy.refuse):
            return f"the policy refuses `{name}`"
        if policy.allow is None or name in BUILTINS:
            continue
        if name == "?":
            return "the policy allows listed programs only, and one is known only when it runs"
        if not any(fnmatchcase(name, pattern) for pattern in policy.allow):
            return f"the policy does not allow `{name}`"
    return None


def tighten(base: Policy, other: Policy) -> Policy:
    """Both policies at once: whatever either of them refuses or asks, the result refuses or asks."""
    return Policy(
        refuse=_union(base.refuse, other.refuse),
        allow=_both(base.allow, other.allow),
        ask=_union(base.ask, other.ask),
        minimum_level=max(base.minimum_level, other.minimum_level, key=_level),
        allow_yes=base.allow_yes and other.allow_yes,
        network=base.network and other.network,
        money=min((cap for cap in (base.money, other.money) if cap is not None), default=None),
        quorum=max(base.quorum, other.quorum),
        exclude_proposer=base.exclude_proposer or other.exclude_proposer,
    )


def withheld(step: StepBase, policy: Policy) -> str:
    """The field of a capability that a step declares and the policy does not let it have; empty where there is none."""
    if policy.network:
        return ""
    return "network" if step.network else "sockets" if step.sockets else ""


def asks(tier: Tier, policy: Policy) -> bool:
    """Whether a person is asked just before; the policy cannot waive it for destructive and external."""
    return tier.asks or tier.value in policy.ask


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _both(first: tuple[str, ...] | None, second: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if first is None or second is None:
        return first if second is None else second
    return _union(
        tuple(each for each in first if any(_within(each, wide) for wide in second)),
        tuple(each for each in second if any(_within(each, wide) for wide in first)),
    )


def _within(narrow: str, wide: str) -> bool:
    """Whether every name of one pattern is surely a name of the other; in doubt, no."""
    if narrow == wide or not any(char in narrow for char in "*?["):
        return fnmatchcase(narrow, wide) or narrow == wide
    return "[" not in narrow and not any(char in wide for char in "?[") and fnmatchcase(narrow, wide)


def _level(name: str | None) -> int:
    """The rank of a level; one that is not known ranks above all, so that it refuses."""
    if name is None:
        return -1
    return LEVELS.index(name) if name in LEVELS else len(LEVELS)
