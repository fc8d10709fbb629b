"""The present revision beside an earlier one: counts, why it asks again, and what changed in one step. Pure.

A reader compares with what they last judged themselves; who never judged any, with the revision before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from engine import Comparison, Plan, StepChange, TaskView
from tui.presentation.changes import changed_facts
from tui.presentation.operand import lines_of
from tui.presentation.page import Line

_CARRIED = "carried"
"""The means of a signature that came from the revision before."""
_TOLD = 4
"""Reasons, or dropped steps, that one sentence names."""
_CHANGED = "$text-accent"


@dataclass(frozen=True)
class Since:
    """What became of an earlier revision."""

    comparison: Comparison
    yours: bool = False
    """Whether this person signed the earlier one."""

    @cached_property
    def changes(self) -> Mapping[str, StepChange]:
        return {change.id: change for change in self.comparison.changes}

    @cached_property
    def widened(self) -> frozenset[str]:
        """The steps that do more than before."""
        return frozenset(widening.step for widening in self.comparison.widened if widening.step)

    @property
    def name(self) -> str:
        return f"rev {self.comparison.before}"


def earlier(view: TaskView, user: str) -> tuple[int, bool]:
    """The revision to compare with, 0 for none; and whether this person signed it."""
    present = view.task.revision
    judged = [given.revision for given in view.signatures if given.actor == user and given.means != _CARRIED]
    own = max((revision for revision in judged if revision < present), default=0)
    signed = any(given.revision == own and given.verdict == "sign" for given in view.signatures if given.actor == user)
    return own or max(0, present - 1), signed


def counts(since: Since) -> str:
    """`since rev 2 (yours): ~1 +1 -0`; empty where nothing changed."""
    if not since.changes:
        return ""
    marks = [change.mark for change in since.changes.values()]
    told = " ".join(f"{mark}{marks.count(mark)}" for mark in "~+-")
    return f"since {since.name}{' (yours)' if since.yours else ''}: {told}"


def told(since: Since, view: TaskView) -> str:
    """What its author says, why it asks again or that it does not, what is gone; empty where nothing changed."""
    found = since.comparison
    carried = [s.actor for s in view.signatures if s.means == _CARRIED and s.digest == view.task.digest and not s.void]
    plan = view.plan
    parts = [f'{plan.author or view.task.proposer}: "{plan.note}"'] if plan and plan.note and not plan.failure else []
    if found.widened:
        parts.append(f"Asks again since {since.name}: {_named([str(each) for each in found.widened], '; ')}.")
    elif carried:
        parts.append(f"Nothing widens: the approval of {_named(carried)} was carried over.")
    elif found.changes:
        parts.append(f"Nothing widens since {since.name}.")
    if dropped := [change.id for change in found.changes if change.after is None]:
        parts.append(f"Dropped: {_named(dropped)}.")
    return " ".join(parts)


def written(plan: Plan) -> str:
    """Which model wrote it, and what of its answer was put right; empty where none did."""
    if not plan.model:
        return ""
    put = f"; put right: {_named(list(plan.corrections), '; ')}" if plan.corrections else ""
    place = f" in the place of what failed: {plan.failure}" if plan.failure else ""
    return f"Written by {plan.model}{place}{put}."


def _named(names: list[str], between: str = ", ") -> str:
    more = f"{between}{len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return between.join(names[:_TOLD]) + more


def operand_before(change: StepChange) -> str | None:
    """The operand of one step as it was, where it is another one now."""
    before, after = change.before, change.after
    if before is None or after is None or before.step.operand == after.step.operand:
        return None
    return before.step.operand


def changed(change: StepChange) -> Iterator[Line]:
    """What is not as it was in one step besides the lines of its operand; nothing for one that is wholly new."""
    before, after = change.before, change.after
    if before is None or after is None:
        return
    was, now = before.step.operand, after.step.operand
    if was != now and lines_of(was) == lines_of(now):
        ended, ends = ("ends its last line" if text.endswith("\n") else "none" for text in (was, now))
        yield Line("~ newline", f"{ended} → {ends}", _CHANGED)
    for name, former, present in changed_facts(before, after):
        yield Line(f"~ {name}", f"{former} → {present}", _CHANGED)


def meanwhile(found: Comparison, view: TaskView) -> str:
    """`Revision 4 came meanwhile, from ben ("why"): ~ migrate, + notes.`: what an edit of an earlier one must know."""
    plan = view.plan
    author = (plan.author if plan else "") or view.task.proposer
    note = f' ("{plan.note}")' if plan and plan.note else ""
    changes = _named([f"{change.mark} {change.id}" for change in found.changes]) or "its steps are the same"
    return f"Revision {found.after} came meanwhile, from {author}{note}: {changes}."
