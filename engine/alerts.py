"""Tells people that they are needed, and that what they wait for has ended: the verb of notification (B12).

Whoever is attached hears of it at once, by an event; this room reaches those who are not, through the channels they
chose. It says the same again, ever more rarely, until somebody has answered. Nothing ever waits for a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

from engine.channels import Channels
from engine.client import Gap, Item
from engine.errors import SignoffError, StoreError
from engine.model.alert import Alert, pause
from engine.model.events import Alerted, Event, PhaseChanged, QuestionAnswered, QuestionAsked, TaskEnded, TaskRemoved
from engine.model.question import Question, QuestionKind
from engine.model.state import Outcome, Phase, Wait
from engine.model.task import Task
from engine.settings import Notification
from engine.storage.store import Store

_WAITS = {Phase.AWAITING_APPROVAL: "waits for a signature", Phase.READY: "waits to be accepted"}
_BY_A_PERSON = frozenset({Outcome.CANCELLED, Outcome.REJECTED})
"""Ends that somebody knows of, because they brought them about."""
_ASKS = {
    QuestionKind.CONFIRMATION: "asks before it runs",
    QuestionKind.DRIFT: "is not what was signed",
    QuestionKind.ASK: "asks a question",
    QuestionKind.INTERRUPTED: "was interrupted",
    QuestionKind.TERMINAL: "needs a terminal",
    QuestionKind.BUDGET: "it is at a cap of its budget",
}


class Alerts:
    """Knows what waits, and tells it."""

    def __init__(self, store: Store, channels: Channels, chosen: Notification) -> None:
        self._store = store
        self._channels = channels
        self._chosen = chosen
        self._waiting: dict[tuple[int, str], tuple[Alert, asyncio.Task[None]]] = {}
        """A thing that waits and who tells of it, by task and step; the step is empty for a whole task."""
        self._sending: set[asyncio.Task[None]] = set()

    async def follow(self, items: AsyncIterator[Item]) -> None:
        """Tell what happens, from now on and of what waited already, until the engine closes."""
        if not self._chosen.channels:
            return
        await self._look()
        async for item in items:
            if isinstance(item, Gap):
                await self._look()
            elif isinstance(item, Event):
                self._heard(item)

    async def _look(self) -> None:
        """Tell of what waits now and of nothing else; what is told already keeps its pauses."""
        with suppress(StoreError):  # who is attached hears of that; what happens from now on is told
            tasks, questions = await self._store.read.waiting_tasks(), await self._store.read.questions()
            alerts = {(each.task, each.step): each for each in (*map(_of_task, tasks), *map(_of_question, questions))}
            for task, step in self._waiting.keys() - alerts.keys():
                self._settled(task, step)
            for key, alert in alerts.items():
                if key not in self._waiting or self._waiting[key][0] != alert:
                    self._wait(alert)

    def _heard(self, event: Event) -> None:
        match event.fact:
            case QuestionAsked(question=question):
                self._wait(_of_question(question))
            case QuestionAnswered(question=question):
                self._settled(question.task, question.step)
            case PhaseChanged(task=task) if task.phase in _WAITS:
                self._wait(_of_task(task))
            case PhaseChanged(task=task) if task.pending:
                if (task.id, "") not in self._waiting:
                    self._wait(_of_task(task))
            case PhaseChanged(task=task) if Wait.BUDGET not in task.waits:
                self._settled(task.id)
            case TaskEnded(task=task) if task.started is not None and task.outcome not in _BY_A_PERSON:
                self._once(_ended(task))
            case TaskRemoved() if event.task is not None:
                self._settled(event.task)

    def _wait(self, alert: Alert) -> None:
        self._settled(alert.task, alert.step)
        self._waiting[alert.task, alert.step] = alert, asyncio.create_task(self._tell_until(alert), name="alert")

    def _settled(self, task: int, step: str = "") -> None:
        if waiting := self._waiting.pop((task, step), None):
            waiting[1].cancel()

    async def _tell_until(self, alert: Alert) -> None:
        """Until it is cancelled, because somebody answered."""
        while True:
            await asyncio.sleep(pause(alert.nth, self._chosen.after, self._chosen.every))
            await self._tell(alert)
            alert = replace(alert, nth=alert.nth + 1)

    def _once(self, alert: Alert) -> None:
        sending = asyncio.create_task(self._tell(alert), name="alert")
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def _tell(self, alert: Alert) -> None:
        for channel in self._chosen.channels:
            error = ""
            try:
                await self._channels.send(channel, f"signoff: {alert.title}", alert.body)
            except SignoffError as problem:
                error = str(problem)
            except Exception as problem:  # whoever tells goes on: the next time it may arrive
                error = f"Nothing was sent to {channel}: {type(problem).__name__}"
            self._store.record(Alerted(channel, alert.title, error), task=alert.task)

    async def close(self) -> None:
        """Tell nothing more; what waits is told again by whoever opens the store next."""
        tasks = [*(telling for _, telling in self._waiting.values()), *self._sending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _of_task(task: Task) -> Alert:
    waits = _WAITS.get(task.phase, f"goes on, and its revision {task.pending} waits for a signature")
    return Alert(task=task.id, title=f"task {task.id} {waits}", body=task.request)


def _of_question(question: Question) -> Alert:
    title = f"task {question.task}: {question.step} {_ASKS[question.kind]}".replace(":  ", ": ")
    return Alert(task=question.task, step=question.step, title=title, body="\n".join(question.news))


def _ended(task: Task) -> Alert:
    outcome = task.outcome.value.replace("_", " ") if task.outcome else task.phase.value
    return Alert(task=task.id, title=f"task {task.id} ended: {outcome}", body=task.error or task.request)
