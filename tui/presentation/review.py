"""The review as text: which steps must be read, which verdicts stand, what a skip takes with it. Pure.

`Verdicts` is all that a person has marked; nothing here decides whether the engine will take a signature.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from textual.content import Content

from engine import Phase, Plan, PlannedStep, StepState, StepStatus, TaskView, Tier, When, seconds_left
from tui.presentation.amounts import about, ago
from tui.presentation.brief import title as task_title
from tui.presentation.content import assemble, content
from tui.presentation.facts import Fact, facts, headline, strange, why
from tui.presentation.files import file_texts, signed_digests
from tui.presentation.line import MUTED, clipped, column
from tui.presentation.page import Line, Page
from tui.presentation.safe import safe
from tui.presentation.status import PHASES, TIERS
from tui.presentation.wrap import cells

MAX_NAME = 16
_TIER = 11
_GLANCE = 500
"""Characters of a text that a row of a list looks at: more than any screen is wide."""
_NAMED = 24
"""Steps that a folded tier names: more than any screen is wide."""
ROUTINE = (Tier.EXECUTE, Tier.WRITE, Tier.READ)


@dataclass(frozen=True)
class Verdicts:
    """What one person has marked so far."""

    read: frozenset[str] = frozenset()
    """Steps whose operand was read to its end."""
    skipped: frozenset[str] = frozenset()
    """Steps to leave out; their dependents follow."""


@dataclass(frozen=True)
class Row:
    """One row of the list: a heading, a step, or routine steps of one tier folded into a line."""

    heading: str = ""
    planned: PlannedStep | None = None
    number: int = 0
    """Position in the plan, counted from 1."""
    group: Tier | None = None
    numbers: tuple[int, ...] = ()
    """The steps of a group."""

    @property
    def selectable(self) -> bool:
        return not self.heading


@dataclass(frozen=True)
class Reading:
    """A plan with the verdicts on it, and what follows from them."""

    plan: Plan
    verdicts: Verdicts = Verdicts()
    lost: Mapping[str, str] = field(default_factory=dict)
    """Steps skipped because of another one: id to the need that takes it along."""
    name_width: int = MAX_NAME

    @classmethod
    def of(cls, plan: Plan, verdicts: Verdicts) -> Reading:
        widest = max((cells(safe(planned.id[:_GLANCE])) for planned in plan.steps), default=0)
        return cls(plan, verdicts, cascade(plan, verdicts.skipped), min(MAX_NAME, widest))

    def runs(self, step: str) -> bool:
        return step not in self.verdicts.skipped and step not in self.lost

    @property
    def risky(self) -> list[PlannedStep]:
        """The steps that ask again when they run."""
        return [planned for planned in self.plan.steps if planned.asks]

    @property
    def unread(self) -> list[PlannedStep]:
        """What must still be read before signing; a step that will not run need not be."""
        return [p for p in self.risky if p.id not in self.verdicts.read and self.runs(p.id)]

    @property
    def running(self) -> int:
        return sum(self.runs(planned.id) for planned in self.plan.steps)


def cascade(plan: Plan, origin: Collection[str], *, failed: bool = False) -> dict[str, str]:
    """The steps that will be skipped because `origin` does not run, each with the need that takes it along.

    Args:
        plan: steps in topological order.
        origin: steps that do not run.
        failed: whether that counts as a failure, as a denial does; then steps that wait for one run.
    """
    gone, lost = set(origin), {}
    for planned in plan.steps if gone else ():
        needs = [need for need in planned.step.needs if need in gone]
        if planned.id in gone or not needs or planned.step.when is When.ALWAYS:
            continue
        if planned.step.when is When.FAILURE and (failed or len(needs) < len(planned.step.needs)):
            continue
        gone.add(planned.id)
        lost[planned.id] = needs[0]
    return lost


def rows(reading: Reading, opened: Collection[Tier] = ()) -> list[Row]:
    """Risky steps first, then the routine ones by tier: folded, save those left out and those with an odd name."""
    numbered = list(enumerate(reading.plan.steps, start=1))
    risky = [Row(planned=planned, number=number) for number, planned in numbered if planned.asks]
    made = [Row(heading="read these"), *risky] if risky else []
    routine = [(number, planned) for number, planned in numbered if not planned.asks]
    if routine:
        made.append(Row(heading="routine"))
    for tier in ROUTINE:
        of_tier = [(number, planned) for number, planned in routine if planned.tier is tier]
        if of_tier:
            made.append(Row(group=tier, numbers=tuple(number for number, _ in of_tier)))
        shown = ((n, p) for n, p in of_tier if tier in opened or not reading.runs(p.id) or strange(p))
        made += [Row(planned=planned, number=number) for number, planned in shown]
    return made


def heading(row: Row, reading: Reading) -> tuple[str, str]:
    """What a heading says on its left and right."""
    if row.heading == "routine":
        return "routine", "enter shows · o opens all"
    risky = [planned for planned in reading.risky if reading.runs(planned.id)]
    done = len(risky) - len(reading.unread)
    return "read these", f"{done} of {len(risky)} read"


def line(row: Row, reading: Reading, width: int, *, opened: bool = False, ascii_only: bool = False) -> Content:
    """A selectable row, without its cursor: `[✓]  9 migrate  DESTRUCTIVE  drops a table (line 5)`."""
    if row.group is not None:
        return clipped(_group(row, reading, opened=opened, ascii_only=ascii_only), width, ascii_only=ascii_only)
    planned = row.planned
    if planned is None:
        return Content("")
    look = TIERS[planned.tier]
    dead = not reading.runs(planned.id)
    name = clipped(content(planned.id[:_GLANCE], MUTED if dead else "bold"), MAX_NAME, ascii_only=ascii_only)
    head = assemble(
        _box(planned, reading, ascii_only=ascii_only),
        (f" {row.number:>3} ", MUTED),
        column(name, reading.name_width),
        "  ",
    )
    if planned.asks:
        word = column(content(look.word, look.style), _TIER)
        head += assemble((f"{look.glyph(ascii_only=ascii_only)} ", look.style), word, " ")
    return clipped(head + _about(planned, reading), width, ascii_only=ascii_only)


def _box(planned: PlannedStep, reading: Reading, *, ascii_only: bool) -> Content:
    if not reading.runs(planned.id):
        return content("[-]", "bold $text-warning")
    if not planned.asks:
        return content("   ")
    if planned.id in reading.verdicts.read:
        return content("[x]" if ascii_only else "[✓]", "$text-success")
    return content("[ ]", "bold")


def _about(planned: PlannedStep, reading: Reading) -> Content:
    """What a row says of its step: what it drags along, else why it is risky, else the operand."""
    if planned.id in reading.verdicts.skipped:
        return content(f"skip{_takes(planned.id, reading)}", "$text-warning")
    if planned.id in reading.lost:
        return content(f"skipped with {reading.lost[planned.id][:_GLANCE]}", "$text-warning")
    first = next(why(planned), None) if planned.asks else None
    if first is not None:
        return content((first.text.rpartition(" → ")[0] or first.text)[:_GLANCE])
    return content(_glance(planned), MUTED)


def _glance(planned: PlannedStep) -> str:
    """The first line of an operand, as far as a row can show it."""
    return planned.step.operand.lstrip()[:_GLANCE].partition("\n")[0]


def _takes(step: str, reading: Reading) -> str:
    """` → skips 8 chart`: every step that goes because of this one, by number and id."""
    numbers = {planned.id: number for number, planned in enumerate(reading.plan.steps, start=1)}
    taken = list(cascade(reading.plan, (step,)))
    if not taken:
        return ", nothing needs it"
    named = ", ".join(f"{numbers[other]} {other[:_GLANCE]}" for other in taken[:3])
    return f" → skips {named}" + (f" and {len(taken) - 3} more" if len(taken) > 3 else "")


def _group(row: Row, reading: Reading, *, opened: bool, ascii_only: bool) -> Content:
    """`▸ 3 read  2 versions, 10 schema, 12 notes`."""
    mark = ("v" if opened else ">") if ascii_only else "▾" if opened else "▸"
    look = TIERS[row.group or Tier.READ]
    count = len(row.numbers)
    shown = () if opened else row.numbers[:_NAMED]
    named = ", ".join(f"{number} {reading.plan.steps[number - 1].id[:MAX_NAME]}" for number in shown)
    return assemble((f" {mark}  {count:>3} ", MUTED), column(content(look.word), 9), (named, MUTED))


def title(view: TaskView, ascii_only: bool = False) -> tuple[Content, Content]:
    """The top line: which plan, which revision, which digest; on the right how far its signing is."""
    task = view.task
    dot = " - " if ascii_only else " · "
    left = assemble(
        ("Review", "bold $accent"),
        (dot, MUTED),
        (f"{task.id} ", MUTED),
        (task_title(task.request, 40), "bold"),
        (dot, MUTED),
    )
    left += assemble(f"rev {task.revision}", (dot, MUTED), (task.digest[:6], "bold"))
    signers = [s.actor for s in view.signatures if s.verdict == "sign" and s.digest == task.digest]
    if signers:
        return left, content(f"signed by {', '.join(signers)}", "$text-success")
    if task.phase is not Phase.AWAITING_APPROVAL:
        return left, content(PHASES[task.phase].word, PHASES[task.phase].style)
    return left, content("not signed", "$text-warning")


def expected(reading: Reading, lengths: Mapping[str, float], parallel: int) -> float | None:
    """Seconds that what is left in would take, by earlier runs; None where nobody knows."""
    out = [StepStatus(id=p.id, state=StepState.SKIPPED) for p in reading.plan.steps if not reading.runs(p.id)]
    return seconds_left(reading.plan, out, lengths, 0.0, parallel) or None


def summary(reading: Reading, seconds: float | None = None, ascii_only: bool = False) -> Content:
    """`12 steps · READ 2 · routine 10 · ≈9 min · skipped 2`; the time only where it is known."""
    total, risky = len(reading.plan.steps), len(reading.risky)
    parts = [content(f"{total} step{'s' if total != 1 else ''}")]
    if risky:
        parts.append(content(f"READ {risky}", "bold $text-warning"))
    parts.append(content(f"routine {total - risky}"))
    if seconds is not None:
        parts.append(content(about(seconds, ascii_only=ascii_only)))
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


def missing(reading: Reading) -> str:
    """Why it cannot be signed yet, naming the steps; empty when it can."""
    if not reading.running:
        return "Every step is skipped: nothing is left to sign. x rejects the plan, s takes a step back in."
    if not reading.unread:
        return ""
    numbers = {planned.id: number for number, planned in enumerate(reading.plan.steps, start=1)}
    named = ", ".join(f"{numbers[p.id]} {p.id}" for p in reading.unread[:4])
    more = f" and {len(reading.unread) - 4} more" if len(reading.unread) > 4 else ""
    return f"Read {named}{more} to the end first: space reads on."


def signing(view: TaskView, reading: Reading, user: str) -> str:
    """What a signature would mean, in one sentence."""
    out = len(reading.plan.steps) - reading.running
    asks = sum(reading.runs(planned.id) for planned in reading.risky)
    left = f", {out} skipped" if out else ""
    again = f", {asks} ask{'s' if asks == 1 else ''} again at run" if asks else ""
    return f"Sign rev {view.task.revision} {view.task.digest[:6]} as {user}: {reading.running} run{left}{again}?"


def can_be_signed(view: TaskView) -> bool:
    return view.task.phase is Phase.AWAITING_APPROVAL and view.plan is not None


def page_title(row: Row, ascii_only: bool = False) -> Content:
    """What stands above the operand: `9 migrate · bash · in . · asks again at run · network none`."""
    if row.planned is None:
        return content(f"{len(row.numbers)} {TIERS[row.group or Tier.READ].word}", "bold")
    dot = " - " if ascii_only else " · "
    return assemble(
        (f"{row.number} {row.planned.id[:_GLANCE]}", "bold"), (dot + dot.join(headline(row.planned)), MUTED)
    )


def page_of(row: Row, reading: Reading, contents: Mapping[str, bytes | None]) -> Page:
    """What there is to read about a row: the operand with its files and the facts, or the steps of a folded tier.

    Args:
        contents: by digest, the bytes of signed files that were read so far; None where they were not kept.
    """
    if row.planned is None:
        steps = reading.plan.steps
        return Page(lines=[Line(str(n), f"{steps[n - 1].id}: {_glance(steps[n - 1])}") for n in row.numbers])
    marks = {
        reason.line: TIERS[reason.tier].style for reason in row.planned.reasons if reason.line and reason.tier.asks
    }
    known = [Line(fact.label, fact.text, _style(fact)) for fact in facts(row.planned, reading.plan.root)]
    return Page(
        row.planned.step.operand,
        marks,
        files=tuple(file_texts(row.planned, contents)),
        lines=[Line("", ""), *known],
        whole=contents.keys() >= set(signed_digests(row.planned)),
    )


def _style(fact: Fact) -> str:
    if fact.warns:
        return "$text-warning"
    return TIERS[fact.tier].style if fact.tier is not None and fact.tier.asks else ""
