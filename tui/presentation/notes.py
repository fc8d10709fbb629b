"""Events as sentences: who did what, when, and which bytes. Pure; one sentence a fact, all kinds of fact told."""

from __future__ import annotations

import time
from collections.abc import Iterable

from textual.content import Content

from engine import (
    ENGINE,
    Answer,
    CallReserved,
    EngineClosed,
    EngineOpened,
    Event,
    Fact,
    Notified,
    PhaseChanged,
    PlanRejected,
    PlanReturned,
    PlanSigned,
    PlanWritten,
    QuestionAnswered,
    QuestionAsked,
    QuestionChanged,
    RepairFailed,
    RevisionTakenUp,
    RunCancelled,
    StepEnded,
    StepsChanged,
    StepStarted,
    StepStatus,
    TaskEnded,
    TaskRemoved,
    TaskRequested,
)
from tui.presentation.amounts import clock
from tui.presentation.calls import at_most
from tui.presentation.content import assemble, content
from tui.presentation.line import MUTED, column
from tui.presentation.status import PHASES, STEPS

_ANSWERS = {
    Answer.ONCE: "let it run once",
    Answer.PLAN: "let it run, with all that asks in this plan",
    Answer.TIMED: "let it run for a time",
    Answer.DENY: "denied it",
    Answer.TEXT: "answered",
    Answer.AGAIN: "let it run again",
    Answer.DONE: "said it had its effect",
    Answer.FAIL: "counted it as failed",
    Answer.EXPIRED: "nobody answered in time: not run",
    Answer.MOOT: "no longer needed",
}


def notes(events: Iterable[Event]) -> list[Content]:
    """One line an event, in order."""
    return [note(event) for event in events]


def note(event: Event) -> Content:
    """`12:03:04  ana  signed revision 3 (4f1c9a)`; the engine's own acts name nobody."""
    at = time.strftime("%H:%M:%S", time.localtime(event.time))
    who = "" if event.actor == ENGINE else event.actor
    step = f"{event.step}  " if event.step else ""
    return assemble((f" {at}  ", MUTED), column(content(who, "bold"), 9), step, told(event.fact))


def told(fact: Fact) -> Content | tuple[str, str]:
    """What a fact says, with the style of its state."""
    match fact:
        case StepStarted(status=status):
            return (
                f"started, attempt {status.attempt}" if status.attempt > 1 else "started",
                STEPS[status.state].style,
            )
        case StepEnded(status=status):
            return _ended(status)
        case StepsChanged(statuses=statuses, reason=reason):
            return assemble(_changed(statuses), (f"  {reason}", MUTED))
        case RunCancelled(receipt=receipt):
            left = f"{len(receipt.survivors)} SURVIVE" if receipt.survivors else "none alive"
            return (f"its tree is gone after {receipt.seconds:.2f} s: {len(receipt.ends)} ended, {left}", "$text-error")
        case QuestionAsked(question=question):
            return (f"asks: {question.kind}", "bold $text-warning")
        case QuestionChanged(question=question):
            return (f"what it asks about changed: {question.kind} ({question.digest[:6]})", "bold $text-warning")
        case QuestionAnswered(question=question):
            return (
                f"{_ANSWERS[question.answer] if question.answer else 'answered'}: {question.reason}".rstrip(": "),
                "",
            )
        case CallReserved(call=call, expected=expected):
            return assemble((f"asks {call.model} to {call.purpose}: ", MUTED), at_most(expected))
        case RepairFailed(reason=reason):
            return (f"no repair: {reason}", "$text-warning")
        case Notified(channel=channel, message=message):
            return assemble((f"says on {channel}: ", MUTED), message)
    return _told_of_task(fact)


def _told_of_task(fact: Fact) -> Content | tuple[str, str]:
    match fact:
        case TaskRequested(task=task):
            return (f"asked for: {task.request}", "")
        case PlanWritten(task=task, planner=planner, steps=steps, notes=corrections):
            put = f"; put right: {'; '.join(corrections)}" if corrections else ""
            return (f"revision {task.revision}, {steps} steps, by {planner} ({task.digest[:6]}){put}", "")
        case PhaseChanged(task=task):
            return (PHASES[task.phase].word, PHASES[task.phase].style)
        case TaskEnded(task=task):
            return (f"ended: {PHASES[task.phase].word}", PHASES[task.phase].style)
        case TaskRemoved():
            return ("removed from the list", MUTED)
        case PlanSigned(signature=s):
            left = f", without {', '.join(s.skipped)}" if s.skipped else ""
            return (f"signed revision {s.revision} ({s.digest[:6]}) by {s.means}{left}", "$text-success")
        case PlanRejected(signature=s):
            return (f"rejected revision {s.revision}: {s.reason}", "$text-error")
        case RevisionTakenUp(revision=revision, digest=digest):
            return (f"goes on by revision {revision} ({digest[:6]})", "$text-success")
        case PlanReturned(signature=s):
            return (f"returned revision {s.revision}: {s.reason}", "$text-warning")
        case EngineOpened(level=level, recovered=recovered):
            return (f"engine opened, {level}" + (f", found again: {', '.join(recovered)}" if recovered else ""), MUTED)
        case EngineClosed(reason=reason):
            return (f"engine closed {reason}".rstrip(), MUTED)
    return (fact.kind.replace("_", " "), MUTED)


def _ended(status: StepStatus) -> tuple[str, str]:
    look = STEPS[status.state]
    took = f" in {clock(status.ended - status.started)}" if status.ended and status.started is not None else ""
    code = f", exit {status.exit_code}" if status.exit_code else ""
    did = f" · {status.effects}" if status.effects else ""
    return (f"{look.word}{took}{code}{': ' + status.error if status.error else ''}{did}", look.style)


def _changed(statuses: tuple[StepStatus, ...]) -> Content:
    named = ", ".join(status.id for status in statuses[:4]) + (
        f" and {len(statuses) - 4} more" if len(statuses) > 4 else ""
    )
    look = STEPS[statuses[0].state] if statuses else None
    return assemble((f"{named} ", ""), (look.word, look.style)) if look else Content("")
