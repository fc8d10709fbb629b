"""The list of a review as text: which steps must be read, what stands on each, which are folded away. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from textual.content import Content

from engine import PlannedStep, Tier
from tui.presentation.content import assemble, content
from tui.presentation.facts import strange, why
from tui.presentation.line import MUTED, clipped, column, spread
from tui.presentation.reading import GLANCE, MAX_NAME, Reading, cascade
from tui.presentation.status import TIERS

_TIER = 11
_NAMED = 24
"""Steps that a folded tier names: more than any screen is wide."""
_CHANGED = {"~": "bold $text-accent", "+": "bold $text-success", " ": MUTED}
ROUTINE = tuple(sorted(Tier, key=lambda tier: -tier.rank))


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


def rows(reading: Reading, opened: Collection[Tier] = ()) -> list[Row]:
    """What must be read first, then the routine steps by tier: folded, save those that somebody should look at."""
    numbered = list(enumerate(reading.plan.steps, start=1))
    risky = [Row(planned=planned, number=number) for number, planned in numbered if reading.must(planned)]
    made = [Row(heading="read these"), *risky] if risky else []
    routine = [(number, planned) for number, planned in numbered if not reading.must(planned)]
    if routine:
        made.append(Row(heading="routine"))
    for tier in ROUTINE:
        of_tier = [(number, planned) for number, planned in routine if planned.tier is tier]
        if of_tier:
            made.append(Row(group=tier, numbers=tuple(number for number, _ in of_tier)))
        shown = ((n, p) for n, p in of_tier if tier in opened or _stands_out(p, reading))
        made += [Row(planned=planned, number=number) for number, planned in shown]
    return made


def _stands_out(planned: PlannedStep, reading: Reading) -> bool:
    """Whether a routine step is shown though its tier is folded."""
    step = planned.id
    judged = not reading.runs(step) or step in reading.held
    return judged or step in reading.notes or reading.mark(step) != " " or strange(planned)


def heading(row: Row, reading: Reading) -> tuple[str, str]:
    """What a heading says on its left and right."""
    if row.heading == "routine":
        return f"routine{_calm(reading)}", "enter shows · o opens all"
    risky = [planned for planned in reading.risky if reading.runs(planned.id)]
    done = len(risky) - len(reading.unread)
    return "read these", f"{done} of {len(risky)} read"


def _calm(reading: Reading) -> str:
    """Whether no routine step is another one than in the earlier revision."""
    if reading.since is None or not reading.since.changes:
        return ""
    same = all(reading.mark(each.id) == " " for each in reading.plan.steps if not reading.must(each))
    return f", unchanged since {reading.since.name}" if same else ""


def line(row: Row, reading: Reading, width: int, *, opened: bool = False, ascii_only: bool = False) -> Content:
    """A selectable row, without its cursor: `[✓]  9 migrate  DESTRUCTIVE  drops a table (line 5)`."""
    if row.group is not None:
        return clipped(_group(row, reading, opened=opened, ascii_only=ascii_only), width, ascii_only=ascii_only)
    planned = row.planned
    if planned is None:
        return Content("")
    look = TIERS[planned.tier]
    dead = not reading.runs(planned.id)
    name = clipped(content(planned.id[:GLANCE], MUTED if dead else "bold"), MAX_NAME, ascii_only=ascii_only)
    head = assemble(
        _box(planned, reading, ascii_only=ascii_only),
        *_mark(planned, reading),
        (f"{row.number:>3} ", MUTED),
        column(name, reading.name_width),
        "  ",
    )
    if reading.must(planned):
        word = column(content(look.word, look.style), _TIER)
        head += assemble((f"{look.glyph(ascii_only=ascii_only)} ", look.style), word, " ")
    notes = reading.notes.get(planned.id, 0)
    said = content(f"  {notes} note{'s' if notes > 1 else ''}", "$text-accent") if notes else Content("")
    return spread(head + _about(planned, reading), said, width, ascii_only=ascii_only)


def _mark(planned: PlannedStep, reading: Reading) -> list[tuple[str, str]]:
    """A blank, and where there is an earlier revision what became of the step since then."""
    mark = reading.mark(planned.id)
    return [(" ", "")] + ([(mark, _CHANGED[mark])] if reading.since and reading.since.changes else [])


def _box(planned: PlannedStep, reading: Reading, *, ascii_only: bool) -> Content:
    if not reading.runs(planned.id):
        return content("[-]", "bold $text-warning")
    if planned.id in reading.held:
        return content("[=]", "bold $text-warning")
    if not reading.must(planned):
        return content("   ")
    if planned.id in reading.read:
        return content("[x]" if ascii_only else "[✓]", "$text-success")
    return content("[ ]", "bold")


def _about(planned: PlannedStep, reading: Reading) -> Content:
    """What a row says of its step: what it drags along, else why it is risky, else the operand."""
    if planned.id in reading.held:
        return content(f"held by {reading.held[planned.id]}, the rest goes on", "$text-warning")
    if planned.id in reading.skipped:
        return content(f"skip{_takes(planned.id, reading)}", "$text-warning")
    if planned.id in reading.lost:
        return content(f"skipped with {reading.lost[planned.id][:GLANCE]}", "$text-warning")
    first = next(why(planned), None) if planned.asks else None
    if first is not None:
        return content((first.text.rpartition(" → ")[0] or first.text)[:GLANCE])
    return content(glance(planned), MUTED)


def glance(planned: PlannedStep) -> str:
    """The first line of an operand, as far as a row can show it."""
    return planned.step.operand.lstrip()[:GLANCE].partition("\n")[0]


def _takes(step: str, reading: Reading) -> str:
    """` → skips 8 chart`: every step that goes because of this one, by number and id."""
    numbers = reading.numbers
    taken = list(cascade(reading.plan, (step,)))
    if not taken:
        return ", nothing needs it"
    named = ", ".join(f"{numbers[other]} {other[:GLANCE]}" for other in taken[:3])
    return f" → skips {named}" + (f" and {len(taken) - 3} more" if len(taken) > 3 else "")


def _group(row: Row, reading: Reading, *, opened: bool, ascii_only: bool) -> Content:
    """`▸ 3 read  2 versions, 10 schema, 12 notes`."""
    mark = ("v" if opened else ">") if ascii_only else "▾" if opened else "▸"
    look = TIERS[row.group or Tier.READ]
    count = len(row.numbers)
    shown = () if opened else row.numbers[:_NAMED]
    named = ", ".join(f"{number} {reading.plan.steps[number - 1].id[:MAX_NAME]}" for number in shown)
    return assemble((f" {mark}  {count:>3} ", MUTED), column(content(look.word), 9), (named, MUTED))
