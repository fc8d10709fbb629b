"""A task as the workbench tells it in single lines: the bar on top, the entry of a list, the header, the banner.

Pure: nouns and the present time in, `Content` out; every part is short enough for 80 columns or says what may go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual.content import Content

from engine import (
    EngineInfo,
    Grant,
    Outcome,
    Phase,
    Question,
    QuestionKind,
    StepState,
    Task,
    TaskSummary,
    TaskView,
    When,
    quorum,
)
from tui.presentation.amounts import about_clock, clock, number
from tui.presentation.brief import progress, title
from tui.presentation.content import assemble, content
from tui.presentation.line import MUTED, clipped, column, spread
from tui.presentation.status import CRITICAL, PHASES, STEPS

STRONG, BRAND = "bold", "bold $accent"
_LEVELS = {"bubblewrap": "bwrap", "supervisor": "supervisor", "group": "process group"}
_WEAK = "bold $text-warning"
WAITING = frozenset(state for state in StepState if state.waits_for_person)
_VERBS = {
    QuestionKind.CONFIRMATION: "waits for you",
    QuestionKind.DRIFT: "is not what was signed",
    QuestionKind.ASK: "asks you",
    QuestionKind.INTERRUPTED: "was interrupted",
    QuestionKind.TERMINAL: "needs your terminal",
    QuestionKind.BUDGET: "is at a cap of its budget",
}
_OUTCOMES: Mapping[Outcome, str] = {
    Outcome.AFTER_REPAIR: "after a repair",
    Outcome.PARTIAL: "in part",
    Outcome.STEP_FAILED: "a step failed",
    Outcome.DENIED: "denied",
    Outcome.EXPIRED: "nobody answered",
    Outcome.REJECTED: "rejected",
    Outcome.NO_PLAN: "no plan",
}


def tallies(running: int, waiting: int, *, ascii_only: bool = False) -> Content:
    """`●3 !2`: how many steps run and how many questions wait, over all tasks; nothing for none."""
    run, wait = STEPS[StepState.RUNNING], STEPS[StepState.AWAITING_CONFIRMATION]
    parts = [(f"{run.glyph(ascii_only=ascii_only)}{number(running)}", run.style)] if running else []
    parts += [(f"{wait.glyph(ascii_only=ascii_only)}{number(waiting)}", wait.style)] if waiting else []
    return content(" ").join(content(*part) for part in parts)


def granted(grants: Iterable[Grant], now: float) -> str:
    """`grant 9 min`: how many grants hold, and when the first of them ends; empty for none."""
    left = [grant.expires - now for grant in grants if grant.active(now)]
    if not left:
        return ""
    count = "grant" if len(left) == 1 else f"{len(left)} grants"
    return f"{count} {-(-min(left) // 60):.0f} min"


def status_line(
    info: EngineInfo | None,
    root: str,
    user: str,
    waiting: int,
    width: int,
    others: str = "",
    held: str = "",
    spent: Content | None = None,
    *,
    ascii_only: bool = False,
) -> Content:
    """The bar on top: program, project, who, sandbox level, and on the right what runs and waits everywhere.

    Args:
        others: who else is here; left out where there is no room.
        held: which grants hold.
        spent: what was spent, and of how much; nothing where nothing costs.
    """
    dot = "-" if ascii_only else "·"
    left = assemble((" signoff", BRAND), ("  " + (root.rstrip("/").rpartition("/")[2] or "/"), STRONG))
    left += content(f"   {user} {dot} ", MUTED)
    if info is None:
        return clipped(left + content("engine: opening", MUTED), width, ascii_only=ascii_only)
    weak = info.level != "bubblewrap"
    left += content(f"sandbox {_LEVELS.get(info.level, info.level)}", _WEAK if weak else MUTED)
    if info.fault:
        left += content(f"  {info.fault}", "bold $text-error")
    right = content(f"{held}  " if held else "", _WEAK)
    right += tallies(info.running, waiting, ascii_only=ascii_only) + content(" ")
    if spent:
        right += content(" ") + spent + content(" ")
    company = content(f" {others} " if others else "", MUTED)
    if left.cell_length + right.cell_length + company.cell_length <= width:
        right += company
    return spread(left, right, width, ascii_only=ascii_only)


def phase_look(summary: TaskSummary) -> tuple[Phase, bool]:
    """The phase, and whether a step waits for a person while others run."""
    waits = summary.task.pending > 0 or any(summary.counts.get(state) for state in WAITING)
    return summary.task.phase, waits and summary.task.phase is Phase.EXECUTING


def entry(summary: TaskSummary, room: int, *, chosen: bool, ascii_only: bool = False) -> Content:
    """A task in the strip or the column: `12 ! Upgrade SQLAlchemy 4/6`, its title clipped to fit `room` cells."""
    phase, waits = phase_look(summary)
    look = STEPS[StepState.AWAITING_CONFIRMATION] if waits else PHASES[phase]
    mark = (">" if ascii_only else "▸") if chosen else " "
    head = assemble(
        f"{mark}{summary.task.id} ", (look.glyph(ascii_only=ascii_only), look.style), (" ", STRONG if chosen else "")
    )
    tail = content(f" {progress(summary)}" if summary.steps else "", MUTED)
    name = content(title(summary.task.request), STRONG if chosen else "")
    return head + clipped(name, max(1, room - head.cell_length - tail.cell_length), ascii_only=ascii_only) + tail


def elapsed(task: Task, now: float) -> str:
    """How long this attempt has run or ran; empty before it began."""
    if task.started is None:
        return ""
    return clock((task.ended if task.ended is not None else now) - task.started)


def header(
    view: TaskView,
    now: float,
    width: int,
    *,
    total: float | None = None,
    critical: Sequence[str] = (),
    ascii_only: bool = False,
) -> tuple[Content, Content]:
    """What the rule above the graph says on its left and right; as much as fits into `width` cells.

    Args:
        total: seconds that this attempt is expected to take; None where nobody knows.
        critical: names along the path that takes longest, as far as it is still to go.
    """
    task, dot = view.task, " - " if ascii_only else " · "
    right = _right(view, now, total, ascii_only=ascii_only)
    name = assemble((str(task.id), MUTED), " ", (title(task.request, 48), STRONG))
    left = name
    for forms in (_phase(task, ascii_only=ascii_only), *_signed(view), _critical(critical, ascii_only=ascii_only)):
        longer = (left + content(dot, MUTED) + form for form in forms)
        left = next((form for form in longer if form.cell_length + right.cell_length <= width), left)
    return clipped(left, max(8, width - right.cell_length), ascii_only=ascii_only), right


_Forms = tuple[Content, ...]
"""A part of the header, longest form first; the first one that fits is shown."""


def _signed(view: TaskView) -> tuple[_Forms, ...]:
    task = view.task
    if not task.revision:
        return ()
    revision = content(f"rev {task.revision}", MUTED)
    if task.planner and task.phase.under_way:
        written = content("a model writes steps for what failed", MUTED)
        return (revision,), (written, content("a model writes", MUTED))
    if task.pending:
        asked = content(f"rev {task.pending} waits to be signed: r", "$text-warning")
        return (revision,), (asked, content(f"rev {task.pending}: r", "$text-warning"))
    count = quorum(task, view.plan, view.signatures) if view.plan else None
    if task.signed and task.signed == task.digest:
        signed = f"signed {task.digest[:6]}"
        signers = " ".join(count.signed) if count else ""
        return (revision,), (content(f"{signed} {signers}".rstrip(), MUTED), content(signed, MUTED))
    said = f"signed {len(count.signed)} of {count.needed}: r" if count and count.needed > 1 else "not signed: r"
    return (revision,), (content(said, "$text-warning"),)


def _phase(task: Task, *, ascii_only: bool) -> _Forms:
    if task.phase is Phase.EXECUTING:
        return ()
    look = PHASES[task.phase]
    said = _OUTCOMES.get(task.outcome) if task.outcome else None
    text = f"{look.glyph(ascii_only=ascii_only)} {look.word}" + (f", {said}" if said else "")
    return (content(text, look.style),)


def _critical(names: Sequence[str], *, ascii_only: bool) -> _Forms:
    """`critical ━ web → gate → deploy`, at most six of them."""
    if not names:
        return ()
    line, arrow = ("=", " -> ") if ascii_only else ("━", " → ")
    shown = [*names[:5], *(["..." if ascii_only else "…"] if len(names) > 6 else []), *names[5:][-1:]]
    return (assemble(("critical ", MUTED), (f"{line} ", CRITICAL), (arrow.join(name[:20] for name in shown), "")),)


def _right(view: TaskView, now: float, total: float | None, *, ascii_only: bool) -> Content:
    running = [status for status in view.steps if status.state is StepState.RUNNING]
    parts = []
    if running:
        look = STEPS[StepState.RUNNING]
        more = f" +{len(running) - 1}" if len(running) > 1 else ""
        parts.append(content(f"{look.glyph(ascii_only=ascii_only)} {running[-1].id[:20]}{more}", look.style))
    about = about_clock(total, ascii_only=ascii_only) if total is not None else ""
    if time := " of ".join(filter(None, (elapsed(view.task, now), about))):
        parts.append(content(time, MUTED))
    return content("  ").join(parts)


def banner(questions: Sequence[Question]) -> Content:
    """What waits for a person, and the key that opens it; nothing when nothing waits."""
    if not questions:
        return Content("")
    look = STEPS[StepState.AWAITING_CONFIRMATION]
    if len(questions) == 1:
        said = f"{questions[0].step or f'task {questions[0].task}'} {_VERBS[questions[0].kind]}"
    else:
        said = f"{len(questions)} questions wait for you"
    return assemble((f" ! {said}: ", look.style), ("i", "bold reverse"), (" opens", look.style))


def dies(view: TaskView, step: str | None) -> str:
    """What a cancellation ends, skips and still lets run, named before it is done."""
    from tui.presentation.reading import cascade

    if step is not None:
        ended = {status.id for status in view.steps if status.state.ended}
        lost = [other for other in cascade(view.plan, (step,), failed=True) if other not in ended] if view.plan else []
        return f"step {step}: its processes end" + (f", skips {_some(lost)}" if lost else "")
    cleanup = cleanup_of(view)
    left = [status for status in view.steps if not status.state.ended and status.id not in cleanup]
    running = [status.id for status in left if status.state is StepState.RUNNING]
    what = f"ends {_some(running)}" if running else "nothing runs"
    runs = f", then runs {_some(cleanup)}" if cleanup else ""
    return f"task {view.task.id}: {what}, {len(left) - len(running)} more never begin{runs}"


def cleanup_of(view: TaskView) -> list[str]:
    """The steps that a cancellation of the task lets run: `when: always`, below something that has begun."""
    statuses = {status.id: status for status in view.steps}
    cleanup, begun = [], set[str]()
    for planned in view.plan.steps if view.plan else ():  # in topological order
        status = statuses[planned.id]
        above = not begun.isdisjoint(planned.step.needs)
        if above and planned.step.when is When.ALWAYS and not status.state.ended:
            cleanup.append(planned.id)
        if above or status.attempt:
            begun.add(planned.id)
    return cleanup


def _some(ids: Sequence[str]) -> str:
    named = ", ".join(ids[:3])
    return f"{named} and {len(ids) - 3} more" if len(ids) > 3 else named


def orphaned(tasks: Sequence[int], again: str) -> str:
    """What to say when the engine goes away under a screen.

    Args:
        tasks: those that were under way.
        again: the command that comes back.
    """
    if not tasks:
        return f"the engine has closed. Start again with: {again}"
    named = ", ".join(map(str, tasks[:5])) + (" and others" if len(tasks) > 5 else "")
    what, was = ("task", "was") if len(tasks) == 1 else ("tasks", "were")
    told = f"the engine has closed while {what} {named} {was} under way: interrupted; what was recorded is kept."
    return f"{told} Go on with: {again}"


def farewell(running: int, waiting: int, again: str) -> str:
    """The sentence that stays on the terminal after leaving; `again` is the command that comes back."""
    if not running and not waiting:
        return ""
    steps = f"{running} step{'s' if running != 1 else ''} {'go' if running != 1 else 'goes'} on" if running else ""
    asked = f"{waiting} question{'s' if waiting != 1 else ''} {'wait' if waiting != 1 else 'waits'} for you"
    return f"{' and '.join(filter(None, (steps, asked if waiting else '')))}. Come back with: {again}"


BEGIN = (
    ("n", "write a request, or tick what this repository offers"),
    ("signoff demo", "the tour, in a scratch repository, at most 90 seconds"),
    ("signoff run plan.yaml", "bring a plan of your own"),
)
"""How to begin: shown while there is no task."""


def empty() -> list[Content]:
    """The three lines of an empty workbench."""
    width = max(len(key) for key, _ in BEGIN) + 4
    return [column(content(f" {key}", BRAND), width) + content(text, MUTED) for key, text in BEGIN]
