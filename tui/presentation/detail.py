"""One step in full: the operand exactly as it will run, its tier with reasons, what it may touch, how it went.

Pure. Operands come from the stored plan, never from a description; a description is labelled as words of the planner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from textual.content import Content

from engine import Changes, PlannedStep, Question, Receipt, Run, RunState, Step, StepStatus, TaskView, When
from tui.presentation.amounts import about_clock, clock
from tui.presentation.content import assemble, content
from tui.presentation.facts import network
from tui.presentation.line import MUTED, column
from tui.presentation.safe import INDENT, TAB, pieces
from tui.presentation.status import CHANGES, look

_LABEL = 10
_FILES = 20
"""Changed files that are named."""
_RUN_STYLES = {RunState.FAILED: "$text-error", RunState.TIMED_OUT: "$text-error", RunState.RUNNING: "$text-primary"}


def detail(
    view: TaskView, step: str, runs: Sequence[Run], now: float, *, usual: float | None = None, ascii_only: bool = False
) -> list[Content]:
    """Everything about a step, one `Content` a paragraph; empty when the plan has no such step.

    Args:
        usual: seconds that it took in earlier runs.
    """
    planned = next((p for p in view.plan.steps if p.id == step), None) if view.plan else None
    status = next((s for s in view.steps if s.id == step), None)
    if planned is None or status is None:
        return []
    lines = [_head(planned, status, ascii_only=ascii_only), *_gone(runs), Content("")]
    lines += operand(planned.step.operand)
    lines += [Content(""), *_facts(planned, status, view.task.root, now)]
    if usual is not None:
        lines.append(_fact("usually", content(about_clock(usual, ascii_only=ascii_only))))
    lines += _changed(next((run.changed for run in runs if run.id == status.run), None) or status.changed)
    lines += list(_runs(runs, now))
    return lines


def operand(text: str) -> list[Content]:
    """The lines that will run, numbered, every hidden byte shown."""
    lines = text.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    width = len(str(len(lines)))
    return [content(f"{number:>{width + 2}}  ", MUTED) + code_line(line) for number, line in enumerate(lines, start=1)]


def code_line(line: str) -> Content:
    """A line of code: indentation kept, tabs shown, escapes styled apart."""
    return Content("").join(
        Content.styled(piece, "$text-warning") if escape else Content(piece)
        for piece, escape in pieces(line, indent=INDENT, tab=TAB)
    )


def _head(planned: PlannedStep, status: StepStatus, *, ascii_only: bool) -> Content:
    tier, state = look(planned.tier), look(status.state)
    return assemble(
        (f" {planned.id}", "bold"),
        (f"   {planned.step.action}", MUTED),
        (f"   {tier.glyph(ascii_only=ascii_only)} {tier.word}", tier.style),
        (f"   {state.glyph(ascii_only=ascii_only)} {state.word}", state.style),
    )


def _facts(planned: PlannedStep, status: StepStatus, root: str, now: float) -> Iterator[Content]:
    step = planned.step
    for position, reason in enumerate(planned.reasons):
        where = f"line {reason.line}: " if reason.line else ""
        tier = (f" → {reason.tier}", look(reason.tier).style)
        yield _fact("" if position else "why", assemble(f"{where}{reason.text}", tier))
    yield _fact("touches", content(", ".join(_touches(step))))
    yield _fact("in", assemble(root, "" if step.workdir == "." else f"/{step.workdir}"))
    if planned.binary:
        yield _fact("program", content(planned.binary))
    for file in planned.files:
        made = f"made by {file.produced_by}" if file.produced_by else file.sha256[:12]
        yield _fact("signed", assemble(file.path, (f"  {made}", MUTED)))
    yield _fact("needs", content(", ".join(step.needs) or "nothing") + content(_when(step.when), MUTED))
    yield from _outcome(status, now)
    for hint in planned.hints:
        yield _fact("hint", content(hint, "$text-warning"))
    if step.description:
        yield _fact("planner", content(f'"{step.description}"', "italic"))


def _outcome(status: StepStatus, now: float) -> Iterator[Content]:
    if status.started is not None:
        took = clock((status.ended if status.ended is not None else now) - status.started)
        code = f", exit {status.exit_code}" if status.exit_code is not None else ""
        again = f", attempt {status.attempt}" if status.attempt > 1 else ""
        yield _fact("took", content(f"{took}{code}{again}"))
    if status.held_by:
        yield _fact("held", content(f"by {status.held_by}"))
    if status.error:
        yield _fact("error", content(status.error, "bold $text-error"))
    if status.tests:
        yield _fact("tests", content(status.tests.text, "bold $text-error" if status.tests.failed else "$text-success"))
    elif status.summary:
        yield _fact("said", content(status.summary))


def _changed(changes: Changes | None) -> Iterator[Content]:
    """How many files, then their names as far as they are kept and a screen has room for them."""
    if changes is None:
        return
    if changes.unknown:
        yield _fact("changed", content(f"not recorded: {changes.unknown}", "$text-warning"))
        return
    yield _fact("changed", content(changes.files_text if changes.count else "no file"))
    shown = changes.files[:_FILES]
    for file in shown:
        look = CHANGES[file.kind]
        yield _fact("", assemble((f"{look.ascii} ", look.style), file.path, (f"  {file.lines}", MUTED)))
    if 0 < len(shown) < changes.count:
        yield _fact("", content(f"and {changes.count - len(shown):,} more", MUTED))


def _fact(label: str, value: Content) -> Content:
    return column(content(f" {label}", MUTED), _LABEL) + value


def _when(when: When) -> str:
    return {When.ALWAYS: "  runs however they end", When.FAILURE: "  runs when one fails"}.get(when, "")


def _touches(step: Step) -> Iterator[str]:
    yield network(step)
    yield from (f"writes {path}" for path in step.writes)
    yield from (f"secret {name}" for name in step.secrets)
    yield from (f"socket {name}" for name in step.sockets)
    yield from (f"{name}={value}" for name, value in step.env.items())


def _runs(runs: Sequence[Run], now: float) -> Iterator[Content]:
    for position, run in enumerate(reversed(runs[-8:])):
        took = clock((run.ended if run.ended is not None else now) - run.started)
        code = f" exit {run.exit_code}" if run.exit_code is not None else ""
        where = f"  {run.level}" if run.level else ""
        text = assemble(
            f"#{run.id} ", (f"{run.state}{code}", _RUN_STYLES.get(run.state, "")), f"  {took}", (where, MUTED)
        )
        yield _fact("" if position else "runs", text)
        if run.receipt is not None:
            yield from _receipt(run.receipt)


def _gone(runs: Sequence[Run]) -> Iterator[Content]:
    """The proof that a cancelled tree is gone, where it cannot be missed."""
    receipt = runs[-1].receipt if runs else None
    if receipt is not None:
        left = f"{len(receipt.survivors)} SURVIVE" if receipt.survivors else "none alive"
        effort = ", best effort" if receipt.best_effort else ""
        text = f"gone in {receipt.seconds:.2f} s, {len(receipt.ends)} processes, {left}{effort}"
        yield _fact("receipt", content(text, "bold"))


def _receipt(receipt: Receipt) -> Iterator[Content]:
    """How each process of a cancelled tree ended."""
    for end in receipt.ends[:6]:
        yield _fact("", content(f"  {end.pid} {end.name}  {end.end} {end.seconds:.2f} s", MUTED))


def diff(questions: Iterable[Question], step: str, runs: Sequence[Run] = ()) -> list[Content]:
    """What changed since the signature, for the step that asks because of it; else what the step made for others.

    Args:
        runs: those of the step, in order.
    """
    asked = next((question.diff for question in questions if question.step == step and question.diff), "")
    made = "".join(made.diff for made in runs[-1].produced.values()) if runs else ""
    if not (asked or made):
        return [content(" Nothing that this step would run has changed since it was signed.", MUTED)]
    return [_diff_line(line) for line in (asked or made).removesuffix("\n").split("\n")]


def _diff_line(line: str) -> Content:
    style = {"+": "$text-success", "-": "$text-error", "@": "$text-accent"}.get(line[:1], "")
    made = Content(" ") + code_line(line)
    return made.stylize(style) if style else made
