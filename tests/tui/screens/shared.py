"""A scripted engine that several people share: what one does to a task, all see as events."""

from __future__ import annotations

from dataclasses import replace

from engine import (
    Command,
    Comment,
    CommentResolved,
    CommentWritten,
    Fact,
    GiveGrant,
    Grant,
    GrantGiven,
    Judge,
    PlanSigned,
    Reply,
    ResolveComment,
    Sign,
    Signature,
    StepsChanged,
    Verdict,
    WriteComment,
    grantable,
)
from engine.model.review import judged
from engine.testing import NOON, ScriptedEngine
from tui.follow import follow, places


class Shared(ScriptedEngine):
    """Verdicts on steps, notes and grants happen; the view it answers with is as new as its events."""

    async def do(self, command: Command, *, actor: str | None = None) -> Reply:
        reply = await super().do(command, actor=actor)
        if (fact := self._of(command, actor or "ana")) is not None:
            self.happen(fact, actor=actor or "ana")
        return reply

    def happen(self, fact: Fact, *, actor: str = "ben") -> None:
        """Something that anybody did to task 12."""
        view = self.views[12]
        event = self.emit(fact, task=12, actor=actor)
        self.views[12] = follow(view, (event,), places(view)).view

    def judge(self, step: str, verdict: Verdict, actor: str = "ben") -> None:
        """What somebody decides about a step."""
        self.happen(self._judged(step, verdict, actor), actor=actor)

    def _judged(self, step: str, verdict: Verdict, actor: str) -> StepsChanged:
        status = next(status for status in self.views[12].steps if status.id == step)
        return StepsChanged((judged(status, verdict, actor, NOON),), f"{step}: {verdict}")

    def _of(self, command: Command, actor: str) -> Fact | None:
        view = self.views[12]
        match command:
            case Judge(step=step, verdict=verdict):
                return self._judged(step, verdict, actor)
            case WriteComment(text=text, step=step, answers=answers):
                return CommentWritten(said(text, step, actor, answers, id=len(view.comments) + 1))
            case ResolveComment(comment=number):
                found = next(comment for comment in view.comments if comment.id == number)
                return CommentResolved(replace(found, resolved=NOON, resolved_by=actor))
            case GiveGrant(steps=steps, seconds=seconds):
                grant = Grant(
                    id=1, task=12, revision=3, given_by=actor, given=NOON, expires=NOON + seconds,
                    steps=grantable(p for p in view.plan.steps if p.id in steps) if view.plan else {},
                )  # fmt: skip
                return GrantGiven(grant)
            case Sign(revision=revision, digest=digest) if view.plan and view.plan.policy.quorum > 1:
                return PlanSigned(
                    Signature(task=12, revision=revision, digest=digest, actor=actor, verdict="sign", time=NOON)
                )
        return None


def said(text: str, step: str = "migrate", author: str = "ben", answers: int | None = None, *, id: int = 1) -> Comment:  # noqa: A002
    """A note."""
    return Comment(id=id, task=12, revision=3, step=step, author=author, time=NOON, text=text, answers=answers)
