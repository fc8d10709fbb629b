"""A stand-in for tests and screenshots: an engine that says what it was told to say, and a clock that stands.

`ScriptedEngine` satisfies `EngineClient` without a store, a process or a thread. What it was asked to do is in `done`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

from engine.client import Item, LogSlice, Person
from engine.commands import Command, LookAgain, Reply
from engine.errors import NoModel, SignoffError, UnknownTask
from engine.llm import Estimate
from engine.model.events import Event, Fact
from engine.model.plan import Plan
from engine.model.question import Question
from engine.model.run import Run
from engine.model.state import StepState
from engine.model.task import ENGINE, TaskSummary, TaskView
from engine.queries import (
    EstimatePlan,
    ListCosts,
    ListEvents,
    ListGrants,
    ListLengths,
    ListPeople,
    ListQuestions,
    ListRuns,
    ListTargets,
    ListTasks,
    Query,
    ReadContent,
    ReadDraft,
    ReadPlan,
    ShowBudget,
    ShowDirectory,
    ShowEngine,
    ShowTask,
)
from engine.views import BudgetView, DirectoryView, EngineInfo, Target

NOON = 1_767_268_800.0
"""2026-01-01 12:00 UTC: the time of every scripted picture."""


class ScriptedEngine:
    """An engine made of answers: views of tasks, logs of runs, and the events a test chooses to emit."""

    def __init__(self, *views: TaskView, logs: Mapping[int, bytes] | None = None, now: float = NOON) -> None:
        self.views = {view.task.id: view for view in views}
        self.logs = dict(logs or {})
        self.contents: dict[str, bytes] = {}
        """What was kept of signed files, by digest."""
        self.plans: dict[int, Plan] = {}
        """Earlier revisions by number; one that is not here was the same as the present one."""
        self.runs: tuple[Run, ...] = ()
        self.lengths: dict[str, float] = {}
        self.costs: dict[str, int | None] = {}
        self.budget = BudgetView()
        self.targets: tuple[Target, ...] = ()
        self.directory: DirectoryView | None = None
        """What the directory brings; nothing where it is None."""
        self.info = EngineInfo(version="0.1.0", pid=1, user="ana", state="~", level="bubblewrap")
        self.done: list[Command] = []
        self.people: tuple[Person, ...] = ()
        self.looked: list[tuple[int | None, str | None]] = []
        """What the others were let see, in order."""
        self.looked_at: list[int] = []
        """The questions that somebody looked at again, in order."""
        self.refusal: SignoffError | None = None
        """Raised by the next `do` when set."""
        self.answers = self._answers()
        """How each query is answered: from the fields here, unless a test puts something else in its place."""
        self.drafts: dict[int, str] = {}
        """What models wrote of plans, by task."""
        self.estimate: Estimate | None = None
        """What a plan by a model would use; None without a model."""
        self.now = now
        self.seq = 0
        self._followers: list[asyncio.Queue[Item | None]] = []

    async def do(self, command: Command, *, actor: str | None = None) -> Reply:
        if isinstance(command, LookAgain):
            self.looked_at.append(command.question)
            return Reply(seq=self.seq)
        if refusal := self.refusal:
            self.refusal = None
            raise refusal
        self.done.append(command)
        return Reply(task=getattr(command, "task", None), seq=self.seq)

    async def read(self, query: Query) -> Any:
        if answer := self.answers.get(type(query)):
            return answer(query)
        raise TypeError(f"no scripted answer to {type(query).__name__}")

    def _answers(self) -> dict[type[Query], Callable[[Any], Any]]:
        return {
            ListTasks: self._page,
            ShowTask: self._view,
            ListQuestions: lambda query: self._questions(),
            ReadPlan: self._plan,
            ReadContent: lambda query: self.contents.get(query.sha256),
            ListRuns: lambda query: tuple(run for run in self.runs if run.task == query.task),
            ListLengths: lambda query: self.lengths,
            ListCosts: lambda query: self.costs,
            ShowBudget: lambda query: self.budget,
            ListTargets: lambda query: self.targets,
            ShowDirectory: lambda query: self.directory or DirectoryView(root=query.root),
            ListEvents: lambda query: (),
            ShowEngine: lambda query: self.info,
            ListGrants: lambda query: tuple(grant for view in self.views.values() for grant in view.grants),
            ListPeople: lambda query: self.people,
            ReadDraft: lambda query: self.drafts.get(query.task, ""),
            EstimatePlan: lambda query: self._estimate(),
        }

    def _view(self, query: ShowTask) -> TaskView:
        if query.task not in self.views:
            raise UnknownTask(task=query.task)
        return self.views[query.task]

    def _questions(self) -> tuple[Question, ...]:
        questions = (question for view in self.views.values() for question in view.questions)
        return tuple(sorted(questions, key=lambda question: question.asked))

    def _plan(self, query: ReadPlan) -> Plan:
        return self.plans.get(query.revision) or replace(self.views[query.task].plan or Plan(), revision=query.revision)

    def _estimate(self) -> Estimate:
        if self.estimate is None:
            raise NoModel
        return self.estimate

    def _page(self, query: ListTasks) -> tuple[TaskSummary, ...]:
        ids = sorted((task for task in self.views if query.before is None or task < query.before), reverse=True)
        return tuple(summarise(self.views[task]) for task in ids[: query.limit])

    async def events(self, after: int | None = None) -> AsyncIterator[Item]:
        queue: asyncio.Queue[Item | None] = asyncio.Queue()
        self._followers.append(queue)
        while (item := await queue.get()) is not None:
            yield item

    def emit(self, fact: Fact, *, task: int | None = None, step: str | None = None, actor: str = ENGINE) -> Event:
        """Publish a fact to every follower, stamped with the next number and the standing clock."""
        self.seq += 1
        event = Event(self.seq, self.now, actor, task, step, fact)
        self.signal(event)
        return event

    def signal(self, item: Item) -> None:
        """Publish anything that `events` may yield."""
        for queue in self._followers:
            queue.put_nowait(item)

    async def read_log(self, run: int, offset: int, n: int) -> LogSlice:
        data = self.logs.get(run, b"")
        start = max(0, len(data) + offset) if offset < 0 else offset
        return LogSlice(data=data[start : start + n], offset=start, size=len(data))

    def look(self, task: int | None = None, step: str | None = None) -> None:
        self.looked.append((task, step))

    async def close(self) -> None:
        for queue in self._followers:
            queue.put_nowait(None)


def summarise(view: TaskView) -> TaskSummary:
    """The line of a list for a whole view."""
    counts: dict[StepState, int] = {}
    for status in view.steps:
        counts[status.state] = counts.get(status.state, 0) + 1
    return TaskSummary(task=view.task, counts=counts)
