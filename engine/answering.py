"""Answers to queries, from the store or from files; the same for the owner and for a reader without one."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import Refused, UsageError
from engine.queries import (
    Explain,
    ListCosts,
    ListEvents,
    ListGrants,
    ListLengths,
    ListQuestions,
    ListRuns,
    ListTargets,
    ListTasks,
    ListTrusted,
    Query,
    ReadContent,
    ReadDocument,
    ReadDraft,
    ReadPlan,
    Recall,
    ShowBudget,
    ShowDirectory,
    ShowTask,
    VerifyAudit,
)
from engine.storage.reader import Reader

if TYPE_CHECKING:
    from engine.client import LogSlice
    from engine.model.plan import Plan
    from engine.model.policy import Policy
    from engine.settings import OverallCaps
    from engine.spending import Estimator
    from engine.views import AuditReport, BudgetView, DirectoryView, Explanation, Target


class Queries:
    """Looks things up; changes nothing and starts nothing."""

    def __init__(
        self, reader: Reader, state: Path, policy: Policy, caps: OverallCaps, estimate: Estimator | None = None
    ) -> None:
        self._reader = reader
        self._state = state
        self._caps = caps
        self._policy = policy
        self._answers: dict[type[Query], Callable[[Any], Awaitable[Any]]] = {
            ListTasks: lambda query: reader.tasks(query.before, query.limit),
            ShowTask: lambda query: reader.view(query.task),
            ReadContent: lambda query: reader.content(query.sha256),
            ListRuns: lambda query: reader.runs(query.task, query.step),
            ReadPlan: self._plan,
            ReadDocument: self._document,
            ReadDraft: lambda query: _draft(state, query),
            ListLengths: lambda query: reader.lengths(query.task),
            ListCosts: lambda query: _costs(query, reader, estimate),
            ShowBudget: self._budget,
            ListQuestions: lambda query: reader.questions(),
            ListGrants: lambda query: reader.grants(),
            ListEvents: lambda query: reader.events(query.after, query.limit, query.task),
            ListTargets: lambda query: _targets(query, reader),
            ShowDirectory: lambda query: _directory(query, reader),
            Recall: lambda query: reader.memories(query.text, query.root, query.limit),
            ListTrusted: lambda query: reader.all_trusted(),
            Explain: lambda query: _explain(query, policy, reader),
            VerifyAudit: lambda query: _audit(reader, state),
        }

    def knows(self, query: Query) -> bool:
        """Whether the store alone can answer it."""
        return type(query) in self._answers

    async def answer(self, query: Query) -> Any:
        """The value that the docstring of the query names. Raises a `SignoffError`."""
        if not self.knows(query):
            raise Refused(problem=f"{type(query).__name__} needs the engine that owns the state directory")
        return await self._answers[type(query)](query)

    async def _plan(self, query: ReadPlan) -> Plan:
        plan = await self._reader.plan(query.task, query.revision)
        if plan is None:
            raise UsageError(problem=f"Task {query.task} has no revision {query.revision}")
        return plan

    async def _budget(self, query: ShowBudget) -> BudgetView:
        from engine.policies import Policies
        from engine.spending import Spending

        policies = Policies(self._policy, await self._reader.all_trusted())
        if query.task is not None:
            await self._reader.task(query.task)
        return await Spending(self._reader, self._caps, policies, time.time).view(query.task)

    async def _document(self, query: ReadDocument) -> str:
        from engine.planning.writing import plan_text

        task = await self._reader.task(query.task)
        return plan_text(await self._plan(ReadPlan(task=task.id, revision=task.revision)))

    async def read_log(self, run: int, offset: int, n: int) -> LogSlice:
        """Some bytes of the log of a run; a negative offset counts from its end."""
        from engine.client import LogSlice
        from engine.process import read_log

        row = await self._reader.run(run)
        if row is None:
            raise UsageError(problem=f"There is no run {run}")
        try:
            piece = read_log(Path(row.log), offset, n)
        except FileNotFoundError:
            return LogSlice(data=b"", offset=0, size=0)
        return LogSlice(data=piece.data, offset=piece.offset, size=piece.size, left_out=piece.gap, stable=piece.stable)


async def _costs(query: ListCosts, reader: Reader, estimate: Estimator | None) -> dict[str, int | None]:
    from engine.spending import expected_costs

    return await expected_costs(reader, query.task, estimate)


async def _draft(state: Path, query: ReadDraft) -> str:
    import asyncio

    from engine.planning.drafts import read_draft

    return await asyncio.to_thread(read_draft, state, query.task)


async def _audit(reader: Reader, state: Path) -> AuditReport:
    from engine.audit import verify

    return await verify(reader, state)


async def _directory(query: ShowDirectory, reader: Reader) -> DirectoryView:
    from engine.trust import look

    return await look(reader, query.root)


async def _targets(query: ListTargets, reader: Reader) -> tuple[Target, ...]:
    """Trusted recipes first, then what the files at the top of the directory declare."""
    from engine.planning.repo import find_targets
    from engine.trust import look, recipe_target

    brought = await look(reader, query.root)
    recipes = tuple(map(recipe_target, brought.files)) if brought.holds else ()
    return tuple(target for target in recipes if target.name) + find_targets(Path(query.root))


async def _explain(query: Explain, policy: Policy, reader: Reader) -> Explanation:
    from engine.planning.explain import explain

    if query.root:
        from engine.policies import Policies
        from engine.trust import place_of

        policy = Policies(policy, await reader.all_trusted()).of(place_of(query.root))
    return explain(query.operand, shell=query.shell, path=os.environ.get("PATH", ""), policy=policy)
