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
    ListQuestions,
    ListRuns,
    ListTargets,
    ListTasks,
    Query,
    ShowTask,
    VerifyAudit,
)
from engine.errors import Refused, UsageError
from engine.storage.reader import Reader

if TYPE_CHECKING:
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
            ListRuns: lambda query: reader.runs(query.task, query.step),
            ListQuestions: lambda query: reader.questions(),
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
