"""What people say about a plan and its steps: written, answered, resolved. A comment decides nothing (B14.2)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from engine.commands import Reply, ResolveComment, WriteComment
from engine.errors import Conflict, Refused, UnknownStep, UsageError
from engine.model.comment import Comment
from engine.model.task import Task
from engine.storage.store import Store

LONGEST = 4000
"""Characters of a comment."""


class Comments:
    """Records what people say."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    async def write(self, command: WriteComment, actor: str) -> Reply:
        """Begin a thread about a plan or a step, or answer in one.

        Raises:
            UsageError: nothing or too much was said, there is no such revision, or the thread is another task's.
            UnknownStep: no such step is in the revision that was read; where the command names none, in neither the
                present one nor the one that waits beside it.
        """
        text = command.text.strip()
        if not text or len(text) > LONGEST:
            raise UsageError(problem=f"A comment has 1 to {LONGEST} characters; nothing was recorded")
        task = await self._store.read.task(command.task)
        if command.revision is not None and await self._store.read.plan(task.id, command.revision) is None:
            raise UsageError(problem=f"Task {task.id} has no revision {command.revision}; nothing was recorded")
        begun = await self._thread(command)
        if begun is not None:
            revision, step = command.revision or task.revision, begun.step
        else:
            revision, step = await self._about(task, command)
        comment = Comment(
            id=next(self._store.decisions.comments),
            task=task.id,
            revision=revision,
            step=step,
            author=actor,
            time=self._clock(),
            text=text,
            answers=begun.id if begun is not None else None,
        )
        seq = await self._store.decisions.comment(comment)
        where = f"{step} of task {task.id}" if step else f"task {task.id}"
        return Reply(task=task.id, seq=seq, text=f"comment {comment.id} on {where}")

    async def _thread(self, command: WriteComment) -> Comment | None:
        """The comment that began the thread that is answered."""
        if command.answers is None:
            return None
        found = await self._store.read.comment(command.answers)
        if found is None or found.task != command.task:
            raise UsageError(problem=f"Task {command.task} has no comment {command.answers}; nothing was recorded")
        return found if found.answers is None else await self._store.read.comment(found.answers)

    async def _about(self, task: Task, command: WriteComment) -> tuple[int, str]:
        """The revision that was read, and the id of the step in it; where none is named, the one that has such a step,
        or without a step the one that people are to sign."""
        read, name = command.revision, command.step
        if not name:
            return read or task.pending or task.revision, ""
        for revision in (read,) if read else filter(None, (task.revision, task.pending)):
            plan = await self._store.read.plan(task.id, revision)
            with suppress(UnknownStep):
                if plan is not None:
                    return revision, plan.named(name)
        raise UnknownStep(task=task.id, step=name)

    async def resolve(self, command: ResolveComment, actor: str) -> Reply:
        """Close a thread; anybody who may review may."""
        comment = await self._store.read.comment(command.comment)
        if comment is None or comment.answers is not None:
            raise UsageError(problem=f"No thread begins with comment {command.comment}; nothing was recorded")
        if comment.resolved is not None:
            raise _resolved(comment)
        resolved = replace(comment, resolved=self._clock(), resolved_by=actor)
        try:
            seq = await self._store.decisions.resolve_comment(resolved)
        except Conflict:
            raise _resolved(await self._store.read.comment(comment.id) or resolved) from None
        return Reply(task=comment.task, seq=seq, text=f"comment {comment.id} resolved")


def _resolved(comment: Comment) -> Refused:
    return Refused(problem=f"Comment {comment.id} was resolved by {comment.resolved_by} already")
