"""Nouns as lines of text for a terminal without screens. Pure: every word from outside is made safe here.

With `--plain` a state is told in words, for a screen reader; else by its glyph.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from engine import (
    Changes,
    Phase,
    PlannedStep,
    Question,
    QuestionKind,
    Receipt,
    Run,
    RunState,
    Signature,
    StepStatus,
    Task,
    TaskSummary,
    TaskView,
    Wait,
)
from tui.cli.console import Console
from tui.presentation.amounts import clock
from tui.presentation.brief import behind, numbered, progress, title
from tui.presentation.facts import facts
from tui.presentation.operand import rows
from tui.presentation.ownerless import LOOK, is_interrupted
from tui.presentation.safe import safe, safe_lines
from tui.presentation.status import CHANGES, PHASES, STEPS, TIERS, Look
from tui.presentation.ways import hints, ways
from tui.presentation.wrap import broken

_ASKED = {
    QuestionKind.CONFIRMATION: "asks before it runs",
    QuestionKind.DRIFT: "is not what was signed",
    QuestionKind.ASK: "asks you",
    QuestionKind.INTERRUPTED: "was interrupted: nobody knows whether it had its effect",
    QuestionKind.TERMINAL: "needs your terminal",
    QuestionKind.BUDGET: "is at a cap of its budget",
}

_BYTES = {
    QuestionKind.CONFIRMATION: ", bytes as signed",
    QuestionKind.DRIFT: ", NOT the signed bytes",
    QuestionKind.TERMINAL: ", bytes as signed",
}


def mark(look: Look, console: Console) -> str:
    """The glyph of a state in its colour; its word with `--plain`."""
    return f"{look.word}:" if console.plain else console.paint(look.glyph(ascii_only=console.ascii_only), look.style)


def task_line(summary: TaskSummary, console: Console, *, ownerless: bool = False, why: str = "") -> str:
    """`  12 ✓ 4/6  Upgrade SQLAlchemy`, and `why` it does not go on."""
    interrupted = ownerless and is_interrupted(summary.task)
    look = LOOK if interrupted else PHASES[summary.task.phase]
    word = "" if console.plain else f"{look.word:<14} "
    why = nobody_runs(summary.task) if interrupted else why
    told = title(summary.task.request) + (f": {why}" if why else "")
    return f"{summary.task.id:>5} {mark(look, console)} {word}{progress(summary) or '-':>7}  {told}"


def held_steps(view: TaskView) -> str:
    """`migrate is held by ben, and what needs it waits: signoff release 12 migrate`."""
    held = [status for status in view.steps if status.held_by and not status.state.ended]
    told = ", ".join(f"{safe(status.id)} is held by {safe(status.held_by)}" for status in held)
    first = safe(held[0].id) if len(held) == 1 else "STEP"
    return f"{told}, and what needs it waits: signoff release {view.task.id} {first}" if held else ""


def step_line(number: int, status: StepStatus, console: Console) -> str:
    """`✓ 3 tests 0:31  214 passed`."""
    parts = [mark(STEPS[status.state], console), str(number), safe(status.id)]
    if status.started is not None and status.ended is not None:
        parts.append(clock(status.ended - status.started))
    if status.exit_code and not status.error:
        parts.append(f"exit {status.exit_code}")
    said = f"{status.error} · {status.effects}".removesuffix(" · ") if status.error else status.did
    if status.held_by and not status.state.ended:
        said = f"held by {status.held_by} until it is released"
    return " ".join(parts) + (f"  {safe(said)}" if said else "")


def run_line(run: Run, console: Console) -> str:
    """`#7 tests attempt 2 completed exit 0 0:31 bubblewrap`."""
    style = "error" if run.state in (RunState.FAILED, RunState.TIMED_OUT) else ""
    parts = [f"#{run.id}", safe(run.step), f"attempt {run.attempt}", console.paint(run.state.value, style)]
    parts += [f"exit {run.exit_code}"] if run.exit_code is not None else []
    parts += [clock(run.ended - run.started)] if run.ended is not None else []
    parts += [safe(run.level), safe(run.error)]
    line = " ".join(part for part in parts if part)
    return " · ".join([line, *(safe(effect.text) for effect in (run.tests, run.changed) if effect and effect.text)])


def change_lines(changes: Changes | None) -> Iterator[str]:
    """`M src/models.py  +12 -3`, a line a file."""
    for file in changes.files if changes else ():
        yield f"{CHANGES[file.kind].ascii} {safe(file.path)}" + (f"  {file.lines}" if file.lines else "")
    if changes and len(changes.files) < changes.count:
        yield f"and {changes.count - len(changes.files):,} more"


def receipt_lines(step: str, receipt: Receipt) -> Iterator[str]:
    """The proof that a cancelled tree is gone (B7.3)."""
    left = f"{len(receipt.survivors)} SURVIVE" if receipt.survivors else "none alive"
    effort = ", best effort" if receipt.best_effort else ""
    count = len(receipt.ends)
    yield f"{safe(step)}: gone in {receipt.seconds:.2f} s, {count} process{'es' * (count != 1)}, {left}{effort}"
    for end in receipt.ends[:8]:
        yield f"  {end.pid} {safe(end.name)}  {safe(end.end)} after {end.seconds:.2f} s"


def question_lines(question: Question, view: TaskView, console: Console) -> Iterator[str]:
    """What exactly is asked, and what the signer could not know."""
    if question.kind is QuestionKind.BUDGET:
        yield f"Task {question.task} {_ASKED[question.kind]}"
        yield from (broken(f"  {safe(news)}", console.width) for news in question.news)
        yield from (f"  {way}" for way in ways(question))
        return
    number, planned = numbered(view, question.step)
    tier = TIERS[planned.tier].word if planned else ""
    yield f"Task {question.task}, step {number} {safe(question.step)} {_ASKED[question.kind]}  {tier}".rstrip()
    if planned:
        yield from operand_lines(planned, console)
    yield from (broken(f"  new: {safe(news)}", console.width) for news in question.news)
    yield from (f"  {line}" for line in safe_lines(question.diff) if question.diff)
    yield from (f"  option: {safe(option)}" for option in question.options)
    if question.digest:
        made = ", with what other steps made" if question.diff and question.kind is QuestionKind.CONFIRMATION else ""
        yield f"  digest {safe(question.digest[:12])}{_BYTES.get(question.kind, '')}{made}"


def operand_lines(planned: PlannedStep, console: Console) -> Iterator[str]:
    """What will run, byte for byte, and what it may touch."""
    for row in rows(planned.step.operand, console.width - 8, plain=console.ascii_only):
        yield f"  {row.line if row.first else '':>4}  {row.text}"
    for fact in facts(planned):
        yield broken(f"  {fact.label:<9}{safe(fact.text)}", console.width)


def question_line(question: Question) -> str:
    """An entry of the inbox."""
    if question.kind is QuestionKind.BUDGET:
        return f"{question.task:>5}  {_ASKED[question.kind]}: {'   '.join(hints(question))}"
    return f"{question.task:>5}  {safe(question.step)} {_ASKED[question.kind]}"


def how_to_answer(kind: QuestionKind, where: str = "ID STEP") -> str:
    """The commands that answer a question about a step."""
    deny = f"signoff deny {where} --reason TEXT"
    match kind:
        case QuestionKind.ASK:
            return f"signoff answer {where} TEXT"
        case QuestionKind.INTERRUPTED:
            return f"signoff answer {where} again|done|fail"
        case QuestionKind.TERMINAL:
            return f"signoff attach {where}, or {deny}"
    return f"signoff confirm {where}, or {deny}"


def goes_on(task: int, step: str) -> str:
    """What to say to a person who came back from the terminal of a step."""
    return f"{safe(step)} goes on in its terminal: signoff attach {task} {safe(step)} takes it again"


UNREAD = "not signed: some of its steps ask, and it was not shown to its end"


def how_to_go_on(task: Task, questions: Iterable[Question] = ()) -> str:
    """What a person may do next with a task as it stands; empty where nothing is to be done.

    Args:
        questions: the open ones, where they are known.
    """
    if task.pending:
        compare = f"what they change: signoff diff {task.id}"
        return f"steps in the place of what failed wait to be signed: signoff approve {task.id}   {compare}"
    match task.phase:
        case Phase.PLANNING if task.planner:
            return f"a model writes its plan; wait for it: signoff run {task.id}   stop it: signoff cancel {task.id}"
        case Phase.PLANNING if task.revision:
            return f"it was returned; write its next revision: signoff edit {task.id}"
        case Phase.AWAITING_APPROVAL:
            return f"read it: signoff show {task.id}   sign it: signoff approve {task.id}"
        case Phase.FAILED if task.planner:
            return f"a model writes steps in the place of what failed; wait for them: signoff run {task.id}"
        case Phase.FAILED | Phase.CANCELLED if task.unplanned:
            return f"plan it again: signoff run {task.id}"
        case Phase.QUEUED:
            return f"run it: signoff run {task.id}"
        case Phase.PAUSED if Wait.BUDGET in task.waits:
            asked = (each for each in questions if each.kind is QuestionKind.BUDGET)
            return "it is at a cap: " + ("   ".join(hint for each in asked for hint in hints(each)) or "signoff inbox")
        case Phase.BUDGET_EXCEEDED:
            return f"let it use more: signoff budget raise {task.id} +1.50   then: signoff resume {task.id}"
        case Phase.PAUSED:
            return f"go on: signoff resume {task.id}"
        case Phase.BLOCKED:
            held = f"release what is held: signoff release {task.id} STEP"
            answered = f"answer what waits: signoff inbox   then: signoff run {task.id}"
            return held if set(task.waits) == {Wait.HELD} else answered
        case Phase.READY:
            return f"accept the result: signoff accept {task.id}"
        case Phase.FAILED | Phase.TIMED_OUT | Phase.CANCELLED if task.signed:
            return f"try again: signoff resume {task.id}"
        case Phase.FAILED | Phase.CANCELLED if task.revision:
            return f"take the plan up again, as it is or better: signoff edit {task.id}"
    return ""


def nobody_runs(task: Task) -> str:
    """What to do with a task whose owner has ended."""
    return f"nobody runs it; go on: signoff run {task.id}"


def signed_before(signature: Signature) -> str:
    """That exactly this was signed: by whom and when."""
    when = time.strftime("%H:%M on %Y-%m-%d", time.localtime(signature.time))
    return (
        f"signed already: {safe(signature.digest[:6])} of task {signature.task}, by {safe(signature.actor)} at {when}"
    )


def summary_lines(
    view: TaskView, console: Console, *, ownerless: bool = False, held: Task | None = None
) -> Iterator[str]:
    """How a task stands: a line for each step, then its end."""
    for number, status in enumerate(view.steps, start=1):
        yield step_line(number, status, console)
    yield from outcome_lines(view, console, ownerless=ownerless, held=held)


def _returned(view: TaskView) -> Iterator[tuple[str, str]]:
    """Who gave the present revision back, and with which words."""
    for given in view.signatures:
        if given.verdict == "return" and given.revision == view.task.revision:
            yield given.actor, given.reason


def outcome_lines(
    view: TaskView, console: Console, *, ownerless: bool = False, held: Task | None = None
) -> Iterator[str]:
    """The end of a task, or how it stands: the outcome, where the logs are, what to do next.

    Args:
        held: the task that a queued one waits for.
    """
    task = view.task
    outcome = f", {task.outcome.value}" if task.outcome else ""
    interrupted = ownerless and is_interrupted(task)
    look, phase = (LOOK, LOOK.word) if interrupted else (PHASES[task.phase], task.phase.value)
    took = f" in {clock(task.ended - task.started)}" if task.started is not None and task.ended is not None else ""
    glyph = "" if console.plain else f"{mark(look, console)} "
    yield f"{glyph}task {task.id} {phase}{outcome}{took}" + (f": {safe(task.error)}" if task.error else "")
    if task.phase is Phase.PLANNING:
        yield from (f"returned by {safe(who)}: {safe(note)}" for who, note in _returned(view))
    if view.logs:
        yield f"logs: signoff log {task.id}"
    if task.phase is Phase.QUEUED and held is not None:
        yield f"{behind(held)}; it begins by itself when that has ended"
        yield f"follow it: signoff run {task.id}"
    elif hint := nobody_runs(task) if interrupted else how_to_go_on(task, view.questions):
        yield hint
