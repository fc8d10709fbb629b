"""The head of a review as text: which revision, how far its signing is, what it would mean to sign. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from engine import Person, Phase, PlannedStep, TaskView, quorum, step_digest
from tui.presentation.amounts import about, ago
from tui.presentation.brief import title as task_title
from tui.presentation.content import assemble, content
from tui.presentation.line import MUTED, clipped
from tui.presentation.people import readings
from tui.presentation.reading import Reading
from tui.presentation.revisions import counts
from tui.presentation.safe import safe
from tui.presentation.status import PHASES
from tui.presentation.wrap import cells

_BETWEEN = "   "
_SHORTEST = 8
"""Cells that a request keeps, however narrow the screen is."""
WAITS = "It waits beside the running attempt: what it does not touch runs on, and signed it is taken up."


def title(view: TaskView, width: int, *, ascii_only: bool = False) -> tuple[Content, Content]:
    """The top line: which plan, which revision, which digest; on the right how far its signing is.

    Args:
        width: cells of both together; the request gives way.
    """
    task = view.task
    dot = " - " if ascii_only else " · "
    head = assemble(("Review", "bold $accent"), (dot, MUTED), (f"{task.id} ", MUTED))
    tail = assemble((dot, MUTED), f"rev {task.revision}", (dot, MUTED), (task.digest[:6], "bold"))
    mark = content(f"pending{dot}", "$text-warning") if waits(view) else content("")
    right = mark + _signed(view, ascii_only=ascii_only)
    room = width - head.cell_length - tail.cell_length - right.cell_length - len(_BETWEEN)
    request = content(task_title(task.request, 40), "bold")
    return head + clipped(request, max(_SHORTEST, room), ascii_only=ascii_only) + tail, right


def waits(view: TaskView) -> bool:
    """Whether it is a revision that waits beside a running attempt."""
    return view.plan is not None and view.task.pending == view.plan.revision


def _signed(view: TaskView, *, ascii_only: bool) -> Content:
    """`signed 1 of 2  ben ✓`, `signed by ben`, `not signed`, and who may not sign it while somebody still must."""
    task = view.task
    if view.plan is None or not (view.signatures or task.phase is Phase.AWAITING_APPROVAL):
        return content(PHASES[task.phase].word, PHASES[task.phase].style)
    count = quorum(task, view.plan, view.signatures)
    without = f"  not by {', '.join(count.excluded)}" if count.excluded and not count.reached else ""
    if count.needed > 1:
        tick = "ok" if ascii_only else "✓"
        parts = [f"signed {len(count.signed)} of {count.needed}", *(f"{name} {tick}" for name in count.signed)]
        style = "$text-success" if count.reached else "$text-warning"
        return content("  ".join(parts) + without, style)
    if count.signed:
        carried = any(s.means == "carried" and s.digest == task.digest and not s.void for s in view.signatures)
        return content(f"signed by {', '.join(count.signed)}{', carried over' if carried else ''}", "$text-success")
    if task.phase is not Phase.AWAITING_APPROVAL:
        return content(PHASES[task.phase].word, PHASES[task.phase].style)
    return content("not signed" + without, "$text-warning")


def barred(view: TaskView, user: str) -> str:
    """Why the signature of this person would not count; empty where it would."""
    if view.plan is None:
        return ""
    count = quorum(view.task, view.plan, view.signatures)
    more = f"{count.left} more must sign."
    if user in count.excluded:
        return f"You proposed or wrote this plan, and its rule wants others to sign it: {more}"
    if user in count.signed:
        return f"You have signed it already, and count once: {more}"
    return ""


def still_missing(view: TaskView, user: str) -> str:
    """Who must sign once this person has; empty where nobody must."""
    if view.plan is None:
        return ""
    count = quorum(view.task, view.plan, view.signatures)
    signed = list(dict.fromkeys((*count.signed, user)))
    left = count.needed - len(signed)
    return f"{left} more must sign, besides {', '.join(signed)}." if left > 0 else ""


def beside(reading: Reading, view: TaskView, people: Iterable[Person], user: str, now: float, room: int) -> str:
    """What stands on the right of the summary, as much of it as fits: changes, who reads what, how it ran before."""
    kept: list[str] = []
    for part in (counts(reading.since) if reading.since else "", reads(view, people, user)):
        if part and _wide([*kept, part]) <= room:
            kept.append(part)
    return _BETWEEN.join(kept) or history(view, now, room)


def _wide(parts: list[str]) -> int:
    return cells(safe(_BETWEEN.join(parts)))


def reads(view: TaskView, people: Iterable[Person], user: str) -> str:
    """`ben reads 3, cara reads 11`: what the others have in sight."""
    others = (person for person in people if person.user != user)
    return ", ".join(dict.fromkeys(told for _, told in readings(others, view)))


def summary(reading: Reading, seconds: float | None = None, ascii_only: bool = False, cost: str = "") -> Content:
    """`12 steps · READ 2 · routine 10 · ≈9 min · ≈$0.40 · skipped 2`; the time only where it is known."""
    total, risky = len(reading.plan.steps), len(reading.risky)
    parts = [content(f"{total} step{'s' if total != 1 else ''}")]
    if risky:
        parts.append(content(f"READ {risky}", "bold $text-warning"))
    parts.append(content(f"routine {total - risky}"))
    if seconds is not None:
        parts.append(content(about(seconds, ascii_only=ascii_only)))
    if cost:
        parts.append(content(cost))
    if reading.held:
        parts.append(content(f"held {len(reading.held)}", "$text-warning"))
    if out := total - reading.running:
        parts.append(content(f"skipped {out}", "$text-warning"))
    return content(" - " if ascii_only else " · ", MUTED).join(parts)


def history(view: TaskView, now: float, room: int) -> str:
    """Whether these very bytes were signed before, and how they did, in `room` cells; empty when they were not."""
    if view.signed_before is None:
        return ""
    count, last, who = view.signed_before
    times = "once" if count == 1 else f"{count} times"
    when = ago(now - last)
    forms = (
        f"this digest ran well {times}, last {when}, signed by {who}",
        f"ran well {times}, {when}, signed by {who}",
        f"ran well {times}, {when}",
    )
    return next((form for form in forms if cells(safe(form)) <= room), f"ran well {times}")


def signing(view: TaskView, reading: Reading, user: str, now: float) -> str:
    """What a signature would mean, in one sentence; what somebody granted does not ask again."""
    out = len(reading.plan.steps) - reading.running
    asking = [planned for planned in reading.plan.steps if planned.asks and reading.runs(planned.id)]
    free = sum(granted(planned, view, now) for planned in asking)
    asks = len(asking) - free
    held = f", {len(reading.held)} of them held" if reading.held else ""
    left = f", {out} skipped" if out else ""
    at_run = "" if free else " at run"  # both must fit the smallest screen, with the key that signs
    again = f", {asks} ask{'s' if asks == 1 else ''} again{at_run}" if asks else ""
    again += f", {free} granted" if free else ""
    return f"Sign rev {view.task.revision} {view.task.digest[:6]} as {user}: {reading.running} run{held}{left}{again}?"


def granted(planned: PlannedStep, view: TaskView, now: float) -> bool:
    """Whether somebody lets exactly these bytes run without being asked about, at this moment."""
    grants = [grant for grant in view.grants if grant.revision == view.task.revision and planned.id in grant.steps]
    return bool(grants) and any(grant.covers(planned.id, step_digest(planned), now) for grant in grants)


def can_be_signed(view: TaskView) -> bool:
    return view.task.phase is Phase.AWAITING_APPROVAL and view.plan is not None
