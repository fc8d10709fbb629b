"""Two revisions of a plan compared, step by step: what changed, and which of it must be signed again (B5.5).

Steps pair by id. Whatever a signature covers counts as widening unless this file knows it to be narrower: a field that
is added to a step asks again until somebody thinks about it. Pure: neither revision is read from anywhere here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Any

from engine.model.budget import Budget
from engine.model.digest import signed_fields, step_digest
from engine.model.nouns import dataclass, lean
from engine.model.plan import Accept, Plan, PlannedStep, When
from engine.model.run import Cause, StepStatus
from engine.model.state import StepState
from engine.model.tier import Tier

_NAMES = 20
"""Steps that are named where more changed."""


class Rule(StrEnum):
    """Why a revision asks again."""

    NEW_STEP = "new step"
    HIGHER_TIER = "higher tier"
    UNASKED = "no longer confirmed"
    """It would run without the confirmation that was signed."""
    OPERAND = "another operand"
    CAPABILITY = "another capability"
    REMOVED_NEED = "removed need"
    REMOVED_ANCESTOR = "removed ancestor"
    MORE_FAILURES = "runs on more failures"
    SIGNING = "weaker signing rule"
    COST = "more cost"


@dataclass(frozen=True, kw_only=True)
class Widening:
    """One reason to ask again."""

    rule: Rule
    step: str = ""
    """Empty where it is about the plan as a whole."""
    detail: str = ""

    def __str__(self) -> str:
        about = f"{self.step}: " if self.step else ""
        return f"{about}{self.rule}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, kw_only=True)
class StepChange:
    """One step that is not the same in both revisions."""

    id: str
    before: PlannedStep | None
    """None for a step that was added."""
    after: PlannedStep | None
    """None for a step that was dropped."""
    fields: tuple[str, ...] = ()
    """What differs, by the names of a plan file; `tier`, `binary` and `files` as the engine derived them."""

    @property
    def mark(self) -> str:
        """`+` added, `-` dropped, `~` changed."""
        return "+" if self.before is None else "-" if self.after is None else "~"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What became of one revision in a later one."""

    before: int
    after: int
    changes: tuple[StepChange, ...] = ()
    """In the order of the later plan, dropped steps last."""
    widened: tuple[Widening, ...] = ()
    """Why it must be signed again; empty where a signature carries over."""


def compare(before: Plan, after: Plan) -> Comparison:
    """What changed between two revisions of a task, and what of it widens."""
    old = {planned.id: planned for planned in before.steps}
    new = {planned.id: planned for planned in after.steps}
    changes = [change for planned in after.steps if (change := _change(old.get(planned.id), planned)) is not None]
    changes += [StepChange(id=gone, before=old[gone], after=None) for gone in old if gone not in new]
    return Comparison(
        before=before.revision,
        after=after.revision,
        changes=tuple(changes),
        widened=(*_weaker_rules(before, after), *_widenings(before, after, old)),
    )


def _change(before: PlannedStep | None, after: PlannedStep) -> StepChange | None:
    if before is None:
        return StepChange(id=after.id, before=None, after=after)
    if before == after:
        return None
    said, says = lean(before.step), lean(after.step)
    known, knows = signed_fields(before), signed_fields(after)
    names = [*says, *(name for name in (*said, *knows, *known) if name not in says)]
    differ = tuple(
        name for name in dict.fromkeys(names) if said.get(name) != says.get(name) or known.get(name) != knows.get(name)
    )
    return StepChange(id=after.id, before=before, after=after, fields=differ) if differ else None


def _weaker_rules(before: Plan, after: Plan) -> Iterator[Widening]:
    if after.policy.quorum < before.policy.quorum:
        detail = f"{after.policy.quorum} instead of {before.policy.quorum} sign"
        yield Widening(rule=Rule.SIGNING, detail=detail)
    if before.policy.exclude_proposer and not after.policy.exclude_proposer:
        yield Widening(rule=Rule.SIGNING, detail="the proposer may sign")
    if before.accept is Accept.PERSON and after.accept is not Accept.PERSON:
        yield Widening(rule=Rule.SIGNING, detail="nobody accepts the result")
    for item in fields(Budget):
        known, now = getattr(before.budget, item.name), getattr(after.budget, item.name)
        if known is not None and (now is None or now > known):
            yield Widening(rule=Rule.COST, detail=f"budget.{item.name}")
    if before.root != after.root:
        yield Widening(rule=Rule.OPERAND, detail="another root")


def _widenings(before: Plan, after: Plan, old: Mapping[str, PlannedStep]) -> Iterator[Widening]:
    ids = list(dict.fromkeys([*old, *(planned.id for planned in after.steps)]))
    bits = {step: 1 << place for place, step in enumerate(ids)}
    above_before, above_after = _ancestors(before, bits), _ancestors(after, bits)
    for planned in after.steps:
        was = old.get(planned.id)
        if was is None:
            yield Widening(rule=Rule.NEW_STEP, step=planned.id)
            continue
        yield from _widened(was, planned)
        known, now = above_before[planned.id], above_after[planned.id]
        lost = known & ~(now | _members(was.step.needs, bits))
        if lost and planned.tier.rank >= Tier.EXECUTE.rank:
            yield Widening(rule=Rule.REMOVED_ANCESTOR, step=planned.id, detail=_named(lost, ids))
        if planned.step.when is When.FAILURE and (more := now & ~known):
            yield Widening(rule=Rule.MORE_FAILURES, step=planned.id, detail=_named(more, ids))


def _widened(was: PlannedStep, now: PlannedStep) -> Iterator[Widening]:
    """What of one step that both revisions have is wider."""
    if was == now:
        return
    if now.tier.rank > was.tier.rank:
        yield Widening(rule=Rule.HIGHER_TIER, step=now.id, detail=f"{was.tier} -> {now.tier}")
    if was.asks and not now.asks:
        yield Widening(rule=Rule.UNASKED, step=now.id)
    if gone := set(was.step.needs) - set(now.step.needs):
        yield Widening(rule=Rule.REMOVED_NEED, step=now.id, detail=", ".join(sorted(gone)))
    known, knows = signed_fields(was), signed_fields(now)
    for name in dict.fromkeys((*knows, *known)):
        if name in _JUDGED_ABOVE or known.get(name) == knows.get(name):
            continue
        narrower = _CAPABILITIES.get(name)
        if narrower is None:
            yield Widening(rule=Rule.OPERAND, step=now.id, detail=name)
        elif not narrower(known.get(name), knows.get(name)):
            yield Widening(rule=Rule.CAPABILITY, step=now.id, detail=name)


def _fewer(before: Any, after: Any) -> bool:
    return set(after or ()) <= set(before or ())


def _less_network(before: Any, after: Any) -> bool:
    return (
        not after or before is True or (isinstance(before, list) and isinstance(after, list) and _fewer(before, after))
    )


_JUDGED_ABOVE = frozenset({"needs", "tier"})
_CAPABILITIES: Mapping[str, Callable[[Any, Any], bool]] = {
    "network": _less_network,
    "writes": _fewer,
    "secrets": _fewer,
    "sockets": _fewer,
    "tty": lambda before, after: bool(before) or not after,
}
"""For each capability, whether the second value is no wider than the first."""


def _ancestors(plan: Plan, bits: Mapping[str, int]) -> dict[str, int]:
    """Everything that each step stands on, directly or not; a set of steps is an int with a bit for each."""
    found: dict[str, int] = {}
    for planned in plan.steps:  # in topological order
        needs = planned.step.needs
        found[planned.id] = reduce(or_, (found[need] for need in needs), _members(needs, bits))
    return found


def _members(steps: Iterable[str], bits: Mapping[str, int]) -> int:
    return reduce(or_, (bits[step] for step in steps), 0)


def _named(steps: int, ids: Sequence[str]) -> str:
    """Some of a set of steps by name, and how many more there are."""
    names: list[str] = []
    while steps and len(names) < _NAMES:
        lowest = steps & -steps
        names.append(ids[lowest.bit_length() - 1])
        steps ^= lowest
    return ", ".join(sorted(names)) + (f" and {steps.bit_count():,} more" if steps else "")


def begin(before: Plan, after: Plan, statuses: Iterable[StepStatus]) -> list[StepStatus]:
    """Where each step of a new revision begins: verdicts stay, and so does what was completed and stands on the same.

    Args:
        statuses: where the steps of the revision before are.
    """
    known = {planned.id: step_digest(planned) for planned in before.steps}
    found = {status.id: status for status in statuses}
    made: dict[str, StepStatus] = {}
    for planned in after.steps:  # in topological order
        status = found.get(planned.id, StepStatus(id=planned.id))
        same = known.get(planned.id) == step_digest(planned)
        firm = all(made[need].state.ended for need in planned.step.needs)
        kept = status.cause is Cause.VERDICT or (status.state is StepState.COMPLETED and same and firm)
        fresh = StepStatus(id=planned.id, attempt=status.attempt, run=status.run, held_by=status.held_by)
        made[planned.id] = status if kept else fresh
    return list(made.values())
