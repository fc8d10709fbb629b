"""What people decide about plans, as the store keeps it: revisions, signatures, verdicts on steps, grants, comments.

Every method is one guarded change with its events and returns at once with a future, as all of the store does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from engine.model.comment import Comment
from engine.model.events import (
    ApprovalCarried,
    CommentResolved,
    CommentWritten,
    Fact,
    GrantGiven,
    GrantRevoked,
    GrantUsed,
    PlanRejected,
    PlanReturned,
    PlanSigned,
    PlanWritten,
    RevisionTakenUp,
    SignaturesVoided,
    TaskEnded,
)
from engine.model.grant import Grant
from engine.model.memory import Memory
from engine.model.plan import Plan
from engine.model.run import StepStatus
from engine.model.task import Signature, Task
from engine.storage.changes import add_steps, step_values, transition
from engine.storage.memories import kept
from engine.storage.rows import COMMENT_COLUMNS, GRANT_COLUMNS
from engine.storage.writer import Change, Statement, Writer
from engine.wire import encode

Durable = asyncio.Future[int]
"""Resolves to the number of the last event once the change is on disk."""

_VERDICTS: dict[str, type[PlanSigned] | type[PlanRejected] | type[PlanReturned]] = {
    "sign": PlanSigned,
    "reject": PlanRejected,
    "return": PlanReturned,
}
_UNDOES = {"return": "returned", "reject": "rejected"}
"""Verdicts that leave no signature standing, and why."""
KEEP_CONTENT = "INSERT OR IGNORE INTO contents (sha256, body) VALUES (?, ?)"
_STEP = (
    "INSERT INTO steps (state, attempt, run, exit_code, error, cause, summary, started, ended, held_by, changed, tests,"
    " task, position, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_VOID = "UPDATE signatures SET void=? WHERE task=? AND revision=? AND verdict='sign' AND void=''"
_VOID_ALL = "UPDATE signatures SET void=? WHERE task=? AND verdict='sign' AND void=''"
"""Of every revision: the same bytes may come again, and nobody has signed them then."""
_REVOKE = "UPDATE grants SET revoked=?, revoked_by=? WHERE id=? AND revoked IS NULL"
_RESOLVE = "UPDATE comments SET resolved_by=?, resolved=? WHERE id=? AND resolved IS NULL"
_VOID_EARLIER = "UPDATE signatures SET void=? WHERE task=? AND revision<? AND verdict='sign' AND void=''"
_PENDING = (
    "UPDATE tasks SET pending=pending WHERE id=? AND pending=? AND attempt=? AND phase IN ('queued', 'executing',"
    " 'blocked', 'paused')"
)
"""Guards a signature on a revision that waits while its task goes on."""
_STILL = "UPDATE tasks SET revision=revision WHERE id=? AND phase=? AND attempt=? AND revision=?"
"""Guards what changes no column of its task but only holds while the task is as it was looked at."""


def plan_rows(plan: Plan, statuses: Sequence[StepStatus], contents: Iterable[tuple[str, bytes]]) -> Change:
    """The rows of a revision: the plan, its steps as they stand, the bytes of its signed files."""
    change = Change()
    row = (plan.task, plan.revision, plan.digest, encode(plan))
    change.writes.append(("INSERT INTO plans (task, revision, digest, body) VALUES (?, ?, ?, ?)", row))
    change.many.append(_step_rows(plan.task, statuses))
    change.many.append((KEEP_CONTENT, list(contents)))
    return change


def _step_rows(task: int, statuses: Sequence[StepStatus]) -> tuple[str, Sequence[Sequence[Any]]]:
    return _STEP, [(*step_values(task, at, status), status.id) for at, status in enumerate(statuses)]


def plan_written(task: Task, plan: Plan) -> PlanWritten:
    """What is told of a new revision."""
    return PlanWritten(task, plan.planner, len(plan.steps), plan.corrections)


class Decisions:
    """The part of the store that people write to."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.grants = count(1)
        """Numbers of the grants to come; the store sets where they begin."""
        self.comments = count(1)

    # Revisions and signatures

    def revise(
        self,
        before: Task,
        after: Task,
        plan: Plan,
        statuses: Sequence[StepStatus],
        contents: Iterable[tuple[str, bytes]],
        carried: Sequence[tuple[Signature, str]],
        anew: bool = False,
    ) -> Durable:
        """The next revision of a task, its steps as they begin, and each signature that holds for it with the digest
        it was given on. `anew`: whatever was signed before counts for nothing that comes."""
        change = transition(before, after, actor=plan.author)
        rows = plan_rows(plan, statuses, contents)
        change.writes = [("DELETE FROM steps WHERE task=?", (plan.task,)), *rows.writes]
        if anew:
            change.writes.append((_VOID_ALL, ("before another attempt or another answer", plan.task)))
        change.many = rows.many
        written: list[Fact] = [plan_written(after, plan)]
        for signature, digest in carried:
            change.writes.append(_insert(signature))
            written.append(ApprovalCarried(signature, digest))
        change.facts[:0] = [(fact, after.id, None) for fact in written]
        return self._writer.apply(change)

    def propose(self, before: Task, after: Task, plan: Plan, contents: Iterable[tuple[str, bytes]]) -> Durable:
        """A revision that waits to be signed while the task goes on by its present one."""
        change = transition(before, after, patient=True)
        rows = plan_rows(plan, (), contents)
        change.writes, change.many = rows.writes, rows.many
        shown = replace(after, revision=plan.revision, digest=plan.digest)
        change.facts.insert(0, (plan_written(shown, plan), after.id, None))
        return self._writer.apply(change)

    def take_up(self, before: Task, after: Task, statuses: Sequence[StepStatus], memories: Iterable[Memory]) -> Durable:
        """The revision that waited is the present one from now on, its steps as they stand; what is worth remembering
        of those that it has no more."""
        change = transition(before, after, patient=True)
        change.writes = [
            ("DELETE FROM steps WHERE task=?", (after.id,)),
            (_VOID_EARLIER, ("another revision was taken up", after.id, after.revision)),
        ]
        change.many = [_step_rows(after.id, statuses), kept(memories)]
        change.facts.insert(0, (RevisionTakenUp(after.revision, after.digest), after.id, None))
        return self._writer.apply(change)

    def withdraw(self, before: Task, after: Task, signature: Signature) -> Durable:
        """A verdict that keeps a waiting revision from being taken up; the task goes on without it."""
        change = transition(before, after, actor=signature.actor, patient=True)
        void = (_UNDOES[signature.verdict], before.id, signature.revision)
        change.writes = [(_VOID, void), _insert(signature)]
        change.facts.insert(0, (_VERDICTS[signature.verdict](signature), after.id, None))
        return self._writer.apply(change)

    def sign(self, before: Task, after: Task, signature: Signature, skips: Sequence[tuple[int, StepStatus]]) -> Durable:
        """A verdict on a revision, the transition it makes if any, and the steps it leaves out."""
        moves = after is not before
        still = _pending if signature.revision == before.pending else _unmoved
        change = transition(before, after, actor=signature.actor) if moves else still(before, signature.actor)
        if signature.verdict in _UNDOES:
            change.writes.append((_VOID_ALL, (_UNDOES[signature.verdict], before.id)))
        change.writes.append(_insert(signature))
        change.facts.insert(0, (_VERDICTS[signature.verdict](signature), after.id, None))
        add_steps(change, after.id, skips, f"left out by {signature.actor}")
        if after.phase.ended:
            change.facts.append((TaskEnded(after), after.id, None))
        return self._writer.apply(change)

    # Verdicts on steps

    def judge(
        self, task: Task, step: tuple[int, StepStatus], reason: str, actor: str, voided: Sequence[str] = ()
    ) -> Durable:
        """A verdict on one step of a task that does not execute; `voided` are those whose signatures it undoes."""
        change = _unmoved(task, actor)
        add_steps(change, task.id, [step], reason)
        if voided:
            of_one = f"{_VOID} AND actor=?"
            change.many.append((of_one, [(reason, task.id, task.revision, name) for name in voided]))
            change.facts.append((SignaturesVoided(tuple(voided), reason), task.id, step[1].id))
        return self._writer.apply(change)

    # Grants

    def grant(self, grant: Grant) -> Durable:
        """Keep a grant."""
        return self._writer.apply(grant_change(grant))

    def revoke(self, grant: Grant) -> Durable:
        """End a grant, unless somebody has already."""
        guard: Statement = (_REVOKE, (grant.revoked, grant.revoked_by, grant.id))
        change = Change(guard=guard, actor=grant.revoked_by, what=f"grant {grant.id}", patient=False)
        change.facts.append((GrantRevoked(grant), grant.task, None))
        return self._writer.apply(change)

    def use(self, grant: Grant, step: str) -> Durable:
        """Record that a step is about to run because of a grant."""
        return self._writer.apply(Change(facts=[(GrantUsed(grant.id, grant.steps[step]), grant.task, step)]))

    # Comments

    def comment(self, comment: Comment) -> Durable:
        """Keep what somebody said."""
        row = tuple(vars(comment)[column] for column in COMMENT_COLUMNS.split(", "))
        marks = ", ".join("?" * len(row))
        change = Change(actor=comment.author, patient=False)
        change.writes.append((f"INSERT INTO comments ({COMMENT_COLUMNS}) VALUES ({marks})", row))
        change.facts.append((CommentWritten(comment), comment.task, comment.step or None))
        return self._writer.apply(change)

    def resolve_comment(self, comment: Comment) -> Durable:
        """Close a thread, unless somebody has already."""
        guard: Statement = (_RESOLVE, (comment.resolved_by, comment.resolved, comment.id))
        change = Change(guard=guard, actor=comment.resolved_by, what=f"comment {comment.id}", patient=False)
        change.facts.append((CommentResolved(comment), comment.task, comment.step or None))
        return self._writer.apply(change)


def grant_change(grant: Grant) -> Change:
    """The rows of a grant; also what an answer that gives one writes besides."""
    row = tuple((vars(grant) | {"steps": encode(grant.steps)})[column] for column in GRANT_COLUMNS.split(", "))
    marks = ", ".join("?" * len(row))
    change = Change(actor=grant.given_by, patient=False)
    change.writes.append((f"INSERT INTO grants ({GRANT_COLUMNS}) VALUES ({marks})", row))
    change.facts.append((GrantGiven(grant), grant.task, None))
    return change


def _insert(signature: Signature) -> Statement:
    values = vars(signature) | {"skipped": json.dumps(signature.skipped), "held": json.dumps(signature.held)}
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    return f"INSERT INTO signatures ({columns}) VALUES ({marks})", tuple(values.values())


def _pending(task: Task, actor: str) -> Change:
    """What a person decides about the revision that waits while the task goes on."""
    values = (task.id, task.pending, task.attempt)
    return Change(guard=(_PENDING, values), actor=actor, what=f"task {task.id}", patient=False)


def _unmoved(task: Task, actor: str) -> Change:
    """What a person decides without moving the task: refused if it is not as it was looked at any more."""
    values = (task.id, task.phase, task.attempt, task.revision)
    return Change(guard=(_STILL, values), actor=actor, what=f"task {task.id}", patient=False)
