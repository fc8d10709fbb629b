"""A whole plan as text (B2.5): for the command line, and as markdown for a pull request. Pure; no widget needs it.

Every step in topological order, its operand exactly as it will run. Nothing from outside can be taken for a control
sequence, for markup, for a mention or for a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from engine import Plan, PlannedStep, Signature, Task, TaskView, dollars, micros, quorum
from tui.presentation.amounts import clock
from tui.presentation.brief import behind
from tui.presentation.facts import Fact, facts
from tui.presentation.files import FileText, file_texts
from tui.presentation.operand import GOES_ON, GOES_ON_ASCII, gutter, rows
from tui.presentation.safe import ascii_only as to_ascii
from tui.presentation.safe import safe, safe_lines
from tui.presentation.status import PHASES, TIERS
from tui.presentation.wrap import words

_INDENT, _LABEL = 6, 9
_VERDICTS = {"sign": "signed", "reject": "rejected", "return": "returned"}
_TICKS = re.compile("`+")


def plan_text(
    view: TaskView,
    contents: Mapping[str, bytes | None],
    width: int = 80,
    cost: str = "",
    held: Task | None = None,
    *,
    ascii_only: bool = False,
) -> str:
    """The plan for a terminal or a file, `width` cells wide; ends with a newline.

    Args:
        contents: by digest, the bytes of the signed files; None where they are not kept.
        cost: what its calls of models are expected to cost; empty where nothing costs.
        held: the task that a queued one waits for.
    """
    lines = list(_head(view, width, cost, held))
    if view.plan:
        for number, planned, files in _with_files(view.plan, contents):
            lines += ["", *_step(number, planned, files, view.plan.root, width, ascii_only=ascii_only)]
    plain = (_plain(line) for line in lines) if ascii_only else iter(lines)
    return "\n".join(plain) + "\n"


def _with_files(plan: Plan, contents: Mapping[str, bytes | None]) -> Iterator[tuple[int, PlannedStep, list[FileText]]]:
    """Each step with its number and its files; the text of a file stands where it is named first."""
    told: dict[str, str] = {}
    for number, planned in enumerate(plan.steps, start=1):
        texts = zip(planned.files, file_texts(planned, contents), strict=True)
        yield number, planned, [_once(file.sha256, text, f"{number} {planned.id}", told) for file, text in texts]


def _once(digest: str, file: FileText, step: str, told: dict[str, str]) -> FileText:
    if digest not in told and file.text:
        told[digest] = step
        return file
    return replace(file, text="", note=f"Its text stands at step {told[digest]}.") if digest in told else file


def counted(plan: Plan) -> str:
    """`12 steps: 8 read, 2 execute, 1 DESTRUCTIVE, 1 EXTERNAL`."""
    tiers = [planned.tier for planned in plan.steps]
    parts = [f"{tiers.count(tier)} {look.word}" for tier, look in TIERS.items() if tier in tiers]
    return f"{len(tiers)} step{'s' if len(tiers) != 1 else ''}: {', '.join(parts)}"


def _plain(line: str) -> str:
    indent = len(line) - len(line.lstrip(" "))
    return line[:indent] + to_ascii(line[indent:])


def _head(view: TaskView, width: int, cost: str, held: Task | None) -> Iterator[str]:
    task, plan = view.task, view.plan
    stands = PHASES[task.phase].word + (f" {behind(held)}" if held else "")
    yield from _hung(f"{task.id:>4}", task.request.strip(), width, gap=_INDENT)
    yield from _hung("", f"revision {task.revision}, {stands}, asked by {task.proposer}", width)
    if plan:
        model = f" ({plan.model})" if plan.model else ""
        yield from _hung("", f"{counted(plan)}, planner {plan.planner}{model}", width)
        if plan.failure:
            yield from _hung("", f"in the place of what failed: {plan.failure}", width)
        for correction in plan.corrections:
            yield from _hung("", f"put right: {correction}", width)
        yield from _hung("", f"in {plan.root}", width)
        if cost:
            yield from _hung("", f"expected to cost {cost}", width)
        if caps := budget(plan):
            yield from _hung("", f"budget {caps}", width)
        for name, value in plan.vars.items():
            yield from _hung("", f"{name} = {value}", width)
        yield from _hung("", f"digest {plan.digest}", width)
    for signature in view.signatures:
        yield from _hung("", _verdict(signature), width)
    if plan and (rule := signing_rule(view)):
        yield from _hung("", rule, width)
    for status in view.steps:
        if status.held_by and not status.state.ended:
            yield from _hung("", f"{status.id} is held by {status.held_by}", width)


def budget(plan: Plan) -> str:
    """`$2.50 in all, $1.00 a day, 30:00 of work`; empty where nothing is capped."""
    own = plan.budget
    amounts = ((own.money, "in all"), (own.hour, "an hour"), (own.day, "a day"), (own.month, "a month"))
    caps = [f"{dollars(micros(amount))} {span}" for amount, span in amounts if amount is not None]
    return ", ".join([*caps, *([f"{clock(own.time)} of work"] if own.time is not None else [])])


def signing_rule(view: TaskView) -> str:
    """`2 people must sign, not ana; ben has`; empty where one signature of anybody suffices."""
    if view.plan is None:
        return ""
    count = quorum(view.task, view.plan, view.signatures)
    if count.needed == 1 and not count.excluded:
        return ""
    people = "1 person" if count.needed == 1 else f"{count.needed} people"
    but = f", not {' or '.join(count.excluded)}" if count.excluded else ""
    has = f"; {', '.join(count.signed)} signed" if count.signed else "; nobody signed yet"
    return f"{people} must sign{but}{has}"


def _verdict(signature: Signature) -> str:
    left = f", without {', '.join(signature.skipped)}" if signature.skipped else ""
    said = f": {signature.reason}" if signature.reason else ""
    said += f" (void: {signature.void})" if signature.void else ""
    return f"{_VERDICTS.get(signature.verdict, 'judged')} by {signature.actor} ({signature.digest[:6]}){left}{said}"


def _step(
    number: int, planned: PlannedStep, files: Sequence[FileText], root: str, width: int, *, ascii_only: bool
) -> Iterator[str]:
    look = TIERS[planned.tier]
    title = f"{planned.id}  {planned.step.action}  {look.glyph(ascii_only=ascii_only)} {look.word}"
    yield from _hung(f"{number:>4}", title, width, gap=_INDENT)
    yield from _numbered(planned.step.operand, width, ascii_only=ascii_only)
    for file in files:
        yield from _hung("", f"{file.path}: {file.about}", width)
        if file.note:
            yield from _hung("", file.note, width)
        if file.text:
            yield from _numbered(file.text, width, ascii_only=ascii_only)
    for fact in facts(planned, root):
        yield from _hung(f"{'':<{_INDENT}}{fact.label}", fact.text, width, gap=_INDENT + _LABEL)


def _numbered(text: str, width: int, *, ascii_only: bool) -> Iterator[str]:
    digits = gutter(text)
    mark = GOES_ON_ASCII if ascii_only else GOES_ON
    for row in rows(text, width - _INDENT - digits - 2, plain=ascii_only):
        left = f"{row.line:>{digits}}  " if row.first else f"{'':>{digits}} {mark}"
        yield f"{'':<{_INDENT}}{left}{row.text}"


def _hung(label: str, text: str, width: int, *, gap: int = _INDENT) -> Iterator[str]:
    """A paragraph of foreign words with its label hanging out to the left."""
    for position, row in enumerate(words(safe(text), max(8, width - gap))):
        yield f"{label if position == 0 else '':<{gap}}{row}"


def markdown(view: TaskView, contents: Mapping[str, bytes | None]) -> str:
    """The plan as GitHub markdown; every foreign word stands in code, so it can neither format, mention nor link.

    Args:
        contents: as for `plan_text`.
    """
    task = view.task
    lines = [f"## Plan {task.id}, revision {task.revision}", "", *_fenced(task.request.strip(), "text"), ""]
    if view.plan:
        lines += [*_summary(task, view.plan), ""]
        for number, planned, files in _with_files(view.plan, contents):
            lines += [*_section(number, planned, files), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _summary(task: Task, plan: Plan) -> Iterator[str]:
    yield f"**{counted(plan)}** · asked by {code(task.proposer)} · digest {code(plan.digest)}"
    risky = [f"{number} {code(p.id)}" for number, p in enumerate(plan.steps, start=1) if p.asks]
    if risky:
        yield ""
        yield f"Read these: {', '.join(risky)}. They ask again when they run."


def _section(number: int, planned: PlannedStep, files: Sequence[FileText]) -> Iterator[str]:
    title = f"{number} {code(planned.id)} · {planned.step.action} · {TIERS[planned.tier].word}"
    yield f"### {title}" if planned.asks else f"#### {title}"
    yield ""
    yield from _fenced(planned.step.operand, "bash" if planned.step.action == "shell" else "text")
    yield ""
    for file in files:
        yield f"{code(file.path)}: {code(file.about)}{'. ' if file.note else ''}{code(file.note) if file.note else ''}"
        yield ""
        if file.text:
            yield from _fenced(file.text, "text")
            yield ""
    yield from (_item(fact) for fact in facts(planned))


def _item(fact: Fact) -> str:
    return f"- {fact.label}: {code(fact.text)}" if fact.label else f"- {code(fact.text)}"


def code(text: str) -> str:
    """Text as a code span that it cannot leave."""
    shown = safe(text)
    ticks = "`" * (1 + max((len(run) for run in _TICKS.findall(shown)), default=0))
    pad = " " if not shown.strip() or shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def _fenced(text: str, language: str) -> Iterator[str]:
    lines = safe_lines(text)
    longest = max((len(run) for line in lines for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield fence + language
    yield from lines
    yield fence
