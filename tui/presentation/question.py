"""A question as text: what exactly is asked, what the signer could not know, what each answer leads to. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from textual.content import Content

from engine import Answer, Question, QuestionKind, StepState, StepStatus, TaskView, grantable
from tui.presentation.amounts import ago, clock
from tui.presentation.brief import numbered
from tui.presentation.content import assemble, content
from tui.presentation.facts import touches, why
from tui.presentation.files import file_texts
from tui.presentation.line import MUTED, clipped
from tui.presentation.page import Line, Page
from tui.presentation.reading import cascade
from tui.presentation.status import TIERS
from tui.presentation.ways import ways

_ASKED = {
    QuestionKind.CONFIRMATION: "Run {step} now?",
    QuestionKind.DRIFT: "Bytes changed: run {step}?",
    QuestionKind.ASK: "{step} asks",
    QuestionKind.INTERRUPTED: "{step} was interrupted",
    QuestionKind.TERMINAL: "Run {step} in this terminal?",
    QuestionKind.BUDGET: "The budget is used up",
}
_ANSWERED = {
    Answer.ONCE: "let it run once",
    Answer.PLAN: "let it run, with all that asks in this plan",
    Answer.TIMED: "let it run for a time",
    Answer.DENY: "denied it",
    Answer.TEXT: "answered it",
    Answer.AGAIN: "let it run again",
    Answer.DONE: "said it had its effect",
    Answer.FAIL: "counted it as failed",
    Answer.RAISE: "raised the budget",
    Answer.CHEAP: "lets it finish cheaply",
    Answer.STOP: "stopped it, over budget",
    Answer.EXPIRED: "nobody answered in time, it did not run",
    Answer.MOOT: "no longer asked",
}
_DAY = 86_400


def heading(question: Question, view: TaskView, ascii_only: bool = False) -> Content:
    """`Run 9 migrate now?  ▲ DESTRUCTIVE`."""
    number, planned = numbered(view, question.step)
    name = f"{number} {question.step}" if number else question.step
    made = content(_ASKED[question.kind].format(step=name), "bold")
    if planned is None or question.kind is QuestionKind.ASK:
        return made
    look = TIERS[planned.tier]
    return assemble(made, "  ", (f"{look.glyph(ascii_only=ascii_only)} {look.word}", look.style))


def place(question: Question, waiting: Sequence[int], ascii_only: bool = False) -> str:
    """`1 of 2 waiting · task 12`."""
    task = f"task {question.task}"
    if question.id not in waiting:
        return task
    return f"{waiting.index(question.id) + 1} of {len(waiting)} waiting {'-' if ascii_only else '·'} {task}"


_MADE = "what other steps made of the files it executes: before (-) and now (+)"
ROW = 60
"""Characters of an option that surely fit its row."""


def operand_page(question: Question, view: TaskView, contents: Mapping[str, bytes | None]) -> Page:
    """What must be read before a yes: the operand, what changed in it, what other steps made of the files it executes.

    The signed files stand below: they were read before the signature, and are the same bytes now.
    """
    _, planned = numbered(view, question.step)
    if planned is None:
        return Page(question.step)
    if question.kind is QuestionKind.ASK:
        # Options too long for their row stand whole where the question is read.
        long = [f"{place}: {option}" for place, option in enumerate(question.options, 1) if len(option) > ROW]
        return Page("\n".join([planned.step.operand, *long]))
    marks = {reason.line: TIERS[reason.tier].style for reason in planned.reasons if reason.line and reason.tier.asks}
    if question.kind is QuestionKind.DRIFT:
        return Page(planned.step.operand, marks, question.diff)
    signed = replace(planned, files=tuple(file for file in planned.files if file.sha256))
    files = tuple(file_texts(signed, contents))
    return Page(planned.step.operand, marks, question.diff, _MADE, files=files, files_count=False)


def facts_page(question: Question, view: TaskView, now: float, log: Sequence[str] = ()) -> Page:
    """What the signer could not know, and what follows from each answer."""
    lines = {
        QuestionKind.CONFIRMATION: _confirmation,
        QuestionKind.DRIFT: _confirmation,
        QuestionKind.INTERRUPTED: _interrupted,
        QuestionKind.ASK: _ask,
        QuestionKind.TERMINAL: _confirmation,
        QuestionKind.BUDGET: _budget,
    }[question.kind]
    return Page(lines=[*lines(question, view, now), *_log(log), *_deadline(question, now)])


def _confirmation(question: Question, view: TaskView, now: float) -> Iterator[Line]:
    for position, news in enumerate(question.news or ("nothing that the plan did not foresee",)):
        yield Line("new" if position == 0 else "", news)
    yield _bytes(question)
    yield Line("signed", _signed(view, now))
    _, planned = numbered(view, question.step)
    if planned is not None:
        for position, fact in enumerate(fact for fact in why(planned) if fact.tier and fact.tier.asks):
            yield Line("why" if position == 0 else "", fact.text, TIERS[planned.tier].style)
        yield Line("touches", f"in {planned.step.workdir}, {touches(planned)}")
    yield Line("if no", if_no(question, view))


def _bytes(question: Question) -> Line:
    short = question.digest[:6]
    if question.kind is QuestionKind.DRIFT:
        return Line("bytes", f"{short}, NOT the signed ones: the difference is shown above", "bold $text-error")
    if question.diff:
        return Line("bytes", f"{short} as signed ✓ with what other steps made, shown above", "$text-success")
    return Line("bytes", f"{short} unchanged ✓ they are the signed ones", "$text-success")


def _signed(view: TaskView, now: float) -> str:
    signed = [s for s in view.signatures if s.verdict == "sign" and s.digest == view.task.signed]
    named = ", ".join(f"{s.actor} {_time(s.time, now)}" for s in signed) or "by nobody in this view"
    return f"{named}; asked for by {view.task.proposer}"


def if_no(question: Question, view: TaskView) -> str:
    """What a denial takes with it, and how to be asked again."""
    if view.plan is None:
        return "it does not run"
    numbers = {planned.id: number for number, planned in enumerate(view.plan.steps, start=1)}
    lost = [f"{numbers[step]} {step}" for step in cascade(view.plan, (question.step,), failed=True)]
    done = sum(status.state is StepState.COMPLETED for status in view.steps)
    skips = f"skips {_some(lost)}" if lost else "skips nothing else"
    kept = f", keeps {done} done step{'s' if done != 1 else ''}" if done else ""
    return f"{skips}{kept}; ask again: signoff resume {view.task.id}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _interrupted(question: Question, view: TaskView, now: float) -> Iterator[Line]:
    status = _status(question, view)
    started = status.started if status else None
    if started is not None:
        since = f"{_time(started, now)}, {clock(max(0.0, question.asked - started))} before it was found"
        yield Line("started", f"{since}, attempt {status.attempt if status else 1}")
    yield Line("unknown", "whether it had its effect: the engine was gone before it ended", "$text-warning")
    for position, news in enumerate(question.news):
        yield Line("new" if position == 0 else "", news)
    yield Line("if again", "it runs from its beginning, so a part of it may happen twice")
    yield Line("if done", "it counts as completed, and what needs it goes on")
    yield Line("if fail", if_no(question, view))


def _ask(question: Question, view: TaskView, now: float) -> Iterator[Line]:
    for position, news in enumerate(question.news):
        yield Line("new" if position == 0 else "", news)
    yield Line("answer", "becomes the result of the step; what needs it goes on")
    yield Line("if no", if_no(question, view))


def _budget(question: Question, view: TaskView, now: float) -> Iterator[Line]:
    for position, news in enumerate(question.news):
        yield Line("why" if position == 0 else "", news)
    for position, way in enumerate(ways(question)):
        yield Line("answers" if position == 0 else "", way)


def _log(log: Sequence[str]) -> Iterator[Line]:
    for position, line in enumerate(log):
        yield Line("its log" if position == 0 else "", line)


def _deadline(question: Question, now: float) -> Iterator[Line]:
    if question.deadline is not None:
        yield Line("", f"unanswered by {_time(question.deadline, now)} = not run, may be asked again", MUTED)


def _status(question: Question, view: TaskView) -> StepStatus | None:
    return next((status for status in view.steps if status.id == question.step), None)


def run_of(question: Question, view: TaskView) -> int | None:
    """The latest run of the step that is asked about."""
    status = _status(question, view)
    return status.run if status else None


def options(question: Question, chosen: int | None, width: int, ascii_only: bool = False) -> Content:
    """One row an option, with the key that chooses it; what does not fit stands whole among the facts."""
    mark = ">" if ascii_only else "▸"
    return Content("\n").join(
        clipped(
            assemble(
                (f" {mark if position == chosen else ' '} ", "bold $accent"),
                (f"{position + 1:>2} ", "bold $accent"),
                (option, "bold reverse" if position == chosen else ""),
            ),
            width,
            ascii_only=ascii_only,
        )
        for position, option in enumerate(question.options)
    )


def covers(question: Question, view: TaskView) -> str:
    """What an answer for the whole plan lets run unasked besides this step, and what it cannot."""
    if view.plan is None:
        return ""
    ahead = grantable(view.plan.steps)
    open_ = {status.id for status in view.steps if not status.state.ended} - {question.step}
    asks = [f"{number} {p.id}" for number, p in enumerate(view.plan.steps, 1) if p.id in open_ and p.id in ahead]
    later = [f"{number} {p.id}" for number, p in enumerate(view.plan.steps, 1) if p.asks and p.id not in ahead]
    told = f"p: {_some(asks)} run unasked too, as signed." if asks else "p: nothing else asks in this plan."
    return told + (f" {_some(later)} ask all the same: their bytes are made on the way." if later else "")


def answered(question: Question) -> str:
    """Who closed a question and how, for everybody who was still reading it."""
    what = _ANSWERED[question.answer] if question.answer else "answered it"
    about = question.step or f"task {question.task}"
    if question.answer in (Answer.EXPIRED, Answer.MOOT):
        return f"{about}: {what}"
    return f"{question.answered_by} {what}: {about}"


def waits(question: Question, now: float) -> tuple[str, str]:
    """Since when it waits, and by when it must be answered."""
    by = f"by {_time(question.deadline, now)}" if question.deadline is not None else ""
    return ago(now - question.asked), by


def _time(at: float, now: float) -> str:
    """`14:50`, `14:50 tomorrow`, `14:50 yesterday`, else with its date; in the zone of this machine."""
    there, here = time.localtime(at), time.localtime(now)
    shown = time.strftime("%H:%M", there)
    if there[:3] == here[:3]:
        return shown
    for days, word in ((1, "tomorrow"), (-1, "yesterday")):
        if time.localtime(now + days * _DAY)[:3] == there[:3]:
            return f"{shown} {word}"
    return time.strftime("%H:%M on %Y-%m-%d", there)
