"""Answers to queries, from the store or from files; the same for the owner and for a reader without one."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import audit
from engine.client import LogSlice
from engine.commands import (
    Explain,
    ListEvents,
    ListGrants,
    ListLengths,
    ListQuestions,
    ListRuns,
    ListTargets,
    ListTasks,
    Query,
    ReadContent,
    ReadDocument,
    ReadPlan,
    ShowTask,
    VerifyAudit,
)
from engine.errors import Refused, UsageError
from engine.storage.reader import Reader

if TYPE_CHECKING:
    from engine.model.plan import Plan
    from engine.model.policy import Policy
    from engine.views import Explanation


class Queries:
    """Looks things up; changes nothing and starts nothing."""

    def __init__(self, reader: Reader, state: Path, policy: Policy) -> None:
        self._reader = reader
        self._state = state
        self._answers: dict[type[Query], Callable[[Any], Awaitable[Any]]] = {
            ListTasks: lambda query: reader.tasks(query.before, query.limit),
            ShowTask: lambda query: reader.view(query.task),
            ReadContent: lambda query: reader.content(query.sha256),
            ListRuns: lambda query: reader.runs(query.task, query.step),
            ReadPlan: self._plan,
            ReadDocument: self._document,
            ListLengths: lambda query: reader.lengths(query.task),
            ListQuestions: lambda query: reader.questions(),
            ListGrants: lambda query: reader.grants(),
            ListEvents: lambda query: reader.events(query.after, query.limit, query.task),
            ListTargets: _targets,
            Explain: lambda query: _explain(query, policy),
            VerifyAudit: lambda query: audit.verify(reader, state),
        }

    async def answer(self, query: Query) -> Any:
        """The value that the docstring of the query names. Raises a `SignoffError`."""
        if type(query) not in self._answers:
            raise Refused(problem=f"{type(query).__name__} needs the engine that owns the state directory")
        return await self._answers[type(query)](query)

    async def _plan(self, query: ReadPlan) -> Plan:
        plan = await self._reader.plan(query.task, query.revision)
        if plan is None:
            raise UsageError(problem=f"Task {query.task} has no revision {query.revision}")
        return plan

    async def _document(self, query: ReadDocument) -> str:
        from engine.planning.writing import plan_text

        task = await self._reader.task(query.task)
        return plan_text(await self._plan(ReadPlan(task=task.id, revision=task.revision)))

    async def read_log(self, run: int, offset: int, n: int) -> LogSlice:
        """Some bytes of the log of a run; a negative offset counts from its end."""
        from engine.process import read_log

        row = await self._reader.run(run)
        if row is None:
            raise UsageError(problem=f"There is no run {run}")
        try:
            piece = read_log(Path(row.log), offset, n)
        except FileNotFoundError:
            return LogSlice(data=b"", offset=0, size=0)
        return LogSlice(data=piece.data, offset=piece.offset, size=piece.size, left_out=piece.gap, stable=piece.stable)


async def _targets(query: ListTargets) -> Any:
    from engine.planning.repo import find_targets

    return find_targets(Path(query.root))


async def _explain(query: Explain, policy: Policy) -> Explanation:
    from engine.planning.explain import explain

    return explain(query.operand, shell=query.shell, path=os.environ.get("PATH", ""), policy=policy)
