"""What events make of a view that a screen already has: pure, and cheap for plans of 10,000 steps.

Only what an event carries is taken over; where it carries too little (a new plan) `stale` says that the view must be
read again. Until then the view is of the revision whose plan it has: nobody decides about one that was not shown.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from engine import (
    Comment,
    CommentResolved,
    CommentWritten,
    Event,
    Grant,
    GrantGiven,
    GrantRevoked,
    PhaseChanged,
    Plan,
    PlanRejected,
    PlanReturned,
    PlanSigned,
    PlanWritten,
    Question,
    QuestionAnswered,
    QuestionAsked,
    QuestionChanged,
    Signature,
    SignaturesVoided,
    StepEnded,
    StepsChanged,
    StepStarted,
    StepStatus,
    Task,
    TaskEnded,
    TaskRemoved,
    TaskView,
    dataclass,
)

Noun = TypeVar("Noun", Comment, Grant)


@dataclass(frozen=True)
class Followed:
    """A view after some events."""

    view: TaskView
    changed: tuple[str, ...] = ()
    """Steps whose status is another one now, in the order of the events."""
    stale: bool = False


def places(view: TaskView) -> dict[str, int]:
    """Where each step stands in `view.steps`; made once a snapshot."""
    return {status.id: position for position, status in enumerate(view.steps)}


def follow(view: TaskView, events: Iterable[Event], place: Mapping[str, int]) -> Followed:
    """The view after the events of its task that it does not know yet."""
    task, signatures, questions = view.task, view.signatures, view.questions
    comments, grants = view.comments, view.grants
    statuses: dict[str, StepStatus] = {}
    logs: dict[str, str] = {}
    stale, seq = False, view.seq
    for event in events:
        if event.task != task.id or event.seq <= view.seq:
            continue
        seq = event.seq
        match event.fact:
            case PhaseChanged(task=changed) | TaskEnded(task=changed):
                stale |= (changed.revision, changed.pending) != (task.revision, task.pending)
                task = _in_step(changed, view.plan)
            case StepStarted(status=status, log=log):
                statuses[status.id], logs[status.id] = status, log
            case StepEnded(status=status):
                statuses[status.id] = status
            case StepsChanged(statuses=several):
                statuses.update((status.id, status) for status in several)
            case PlanSigned(signature=signature):
                signatures = (*signatures, signature)
            case PlanRejected(signature=signature):
                of = {signature.revision} if signature.revision == task.pending else None
                signatures = (*_voided(signatures, "rejected", of), signature)
            case SignaturesVoided(actors=actors, reason=reason):
                signatures = _voided(signatures, reason, {task.revision}, actors)
            case CommentWritten(comment=comment) | CommentResolved(comment=comment):
                comments = _put(comments, comment)
            case GrantGiven(grant=grant):
                grants = _put(grants, grant)
            case GrantRevoked(grant=grant):
                grants = tuple(each for each in grants if each.id != grant.id)
            case QuestionAsked() | QuestionChanged() | QuestionAnswered() as asked:
                questions = _asked(questions, asked.question)
            case PlanWritten() | PlanReturned() | TaskRemoved():
                stale = True
    known = {step: status for step, status in statuses.items() if step in place}
    made = replace(
        view,
        task=task,
        steps=_replaced(view.steps, known, place),
        signatures=signatures,
        questions=questions,
        comments=comments,
        grants=grants,
        logs={**view.logs, **logs} if logs else view.logs,
        seq=seq,
    )
    return Followed(made, tuple(known), stale or len(known) < len(statuses))


def _in_step(task: Task, plan: Plan | None) -> Task:
    """The task as it stands, of the revision that is shown."""
    if plan is None or task.revision == plan.revision:
        return task
    return replace(task, revision=plan.revision, digest=plan.digest)


def _voided(
    given: Iterable[Signature], reason: str, revisions: Container[int] | None, actors: Container[str] | None = None
) -> tuple[Signature, ...]:
    """The verdicts after those that approved count no longer: of these revisions and people, None for all."""
    return tuple(
        replace(each, void=reason)
        if each.verdict == "sign"
        and not each.void
        and (revisions is None or each.revision in revisions)
        and (actors is None or each.actor in actors)
        else each
        for each in given
    )


def _replaced(
    steps: tuple[StepStatus, ...], changed: Mapping[str, StepStatus], place: Mapping[str, int]
) -> tuple[StepStatus, ...]:
    if not changed:
        return steps
    made = list(steps)
    for step, status in changed.items():
        made[place[step]] = status
    return tuple(made)


def _put(known: tuple[Noun, ...], noun: Noun) -> tuple[Noun, ...]:
    """The nouns with this one as it is now, in the order of their numbers."""
    numbered: dict[int, Noun] = {each.id: each for each in known} | {noun.id: noun}
    return tuple(numbered[number] for number in sorted(numbered))


def _asked(questions: tuple[Question, ...], question: Question) -> tuple[Question, ...]:
    if question.open:
        return tuple(({other.id: other for other in questions} | {question.id: question}).values())
    return tuple(other for other in questions if other.id != question.id)


def open_questions(questions: tuple[Question, ...], events: Iterable[Event]) -> tuple[Question, ...]:
    """The questions of all tasks that are open after some events, first asked first."""
    for event in events:
        if isinstance(event.fact, QuestionAsked | QuestionChanged | QuestionAnswered):
            questions = _asked(questions, event.fact.question)
    return questions
