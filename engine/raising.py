"""Letting a task use more than was signed: an event of its own, which asks for no new signature (B5.2, B10.2).

A raise lifts the caps of the task itself. A cap of all tasks or of a model is lifted only by a raise that calls it, and
for that task alone.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import suppress

from engine.commands import RaiseBudget, Reply
from engine.confirmations import Confirmations
from engine.errors import AlreadyAnswered, Refused, UsageError
from engine.model.amounts import dollars, micros
from engine.model.budget import Cap, Raise, Way
from engine.model.question import Question, QuestionKind
from engine.model.state import Phase
from engine.scheduler import Scheduler
from engine.spending import Spending
from engine.storage.store import Store


class Raising:
    """Raises budgets, and closes the question that a raise answers."""

    def __init__(
        self,
        store: Store,
        spending: Spending,
        scheduler: Scheduler,
        confirmations: Confirmations,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._spending = spending
        self._scheduler = scheduler
        self._confirmations = confirmations
        self._clock = clock

    async def raise_budget(self, command: RaiseBudget, actor: str) -> Reply:
        """Let a task use more; where it waits for that, it goes on.

        Raises:
            UsageError: it says nothing to raise, or there is no such cap.
            Refused: the task is completed.
        """
        task = await self._store.read.task(command.task)
        if not (command.money or command.seconds or command.unpriced):
            raise UsageError(problem="Say by how much, such as +1.50 or +10m; nothing was recorded")
        if task.phase is Phase.COMPLETED:
            raise Refused(problem=f"Task {task.id} is completed; nothing was recorded")
        cap = await self._cap(command)
        more = Raise(
            task=task.id,
            micros=micros(command.money or 0.0),
            seconds=command.seconds or 0.0,
            unpriced=command.unpriced,
            beyond=command.beyond,
            actor=actor,
            time=self._clock(),
        )
        seq, waits = await self._store.ledger.raise_budget(more), ""
        self._scheduler.raised(more)
        for question in await self._store.read.questions(task.id):
            if question.kind is not QuestionKind.BUDGET:
                continue
            if not _answers(more, question):
                waits = "; it still waits: " + "; ".join(question.news)
                continue
            with suppress(AlreadyAnswered):  # by somebody else's; this one counts all the same
                seq = await self._confirmations.raised(question, actor, command.means)
        paused = await self._confirmations.paused(task.id)
        return Reply(task=task.id, seq=seq, text=f"task {task.id} may {_words(more, cap)}{waits}{paused}")

    async def _cap(self, command: RaiseBudget) -> Cap | None:
        """The cap that is lifted where it is not the task's own. Raises `UsageError` where none would be."""
        if not command.money:
            if command.beyond:
                raise UsageError(problem="Beyond a cap goes money, such as +1.50; nothing was recorded")
            return None
        caps = await self._spending.raisable(command.task)
        found = next((cap for cap in caps if cap.word == command.beyond), None)
        if found is None:
            others = [f"--beyond {shlex.quote(cap.word)}" for cap in caps if cap.word]
            what = f"There is no cap {command.beyond!r}" if command.beyond else _NO_CAP.format(task=command.task)
            ways = f"it can go beyond: {', '.join(others)}" if others else "nothing keeps it from spending"
            raise UsageError(problem=f"{what}; nothing was recorded", hint=ways)
        return found if found.word else None


_NO_CAP = "Task {task} has no cap of its own that could be raised"


def _answers(more: Raise, question: Question) -> bool:
    """Whether a raise is about what is asked."""
    if Way.UNPRICED in question.options:
        return more.unpriced
    return question.cap == more.beyond and bool(more.micros or more.seconds)


def _words(more: Raise, cap: Cap | None) -> str:
    if cap is not None:
        return f"go {dollars(more.micros)} beyond the {dollars(cap.micros)} of {cap}; the others keep to it"
    money = [f"{dollars(more.micros)} more"] if more.micros else []
    time = [f"{more.seconds:g} s more"] if more.seconds else []
    unpriced = ["what has no known price, which no cap counts"] if more.unpriced else []
    return f"use {', '.join([*money, *time, *unpriced])}"
