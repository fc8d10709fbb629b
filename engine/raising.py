"""Letting a task use more than was signed: an event of its own, which asks for no new signature (B5.2, B10.2)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from engine.commands import RaiseBudget, Reply
from engine.confirmations import Confirmations
from engine.errors import AlreadyAnswered, Refused, UsageError
from engine.model.amounts import dollars, micros
from engine.model.budget import Raise
from engine.model.question import QuestionKind
from engine.model.state import Phase
from engine.scheduler import Scheduler
from engine.storage.store import Store


class Raising:
    """Raises budgets, and closes the question that a raise answers."""

    def __init__(
        self, store: Store, scheduler: Scheduler, confirmations: Confirmations, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._scheduler = scheduler
        self._confirmations = confirmations
        self._clock = clock

    async def raise_budget(self, command: RaiseBudget, actor: str) -> Reply:
        """Let a task use more; where it waits for that, it goes on.

        Raises:
            UsageError: it says nothing to raise.
            Refused: the task is completed.
        """
        task = await self._store.read.task(command.task)
        if not (command.money or command.seconds or command.unpriced):
            raise UsageError(problem="Say by how much, such as +1.50 or +10m; nothing was recorded")
        if task.phase is Phase.COMPLETED:
            raise Refused(problem=f"Task {task.id} is completed; nothing was recorded")
        more = Raise(
            task=task.id,
            micros=micros(command.money or 0.0),
            seconds=command.seconds or 0.0,
            unpriced=command.unpriced,
            actor=actor,
            time=self._clock(),
        )
        seq = await self._store.ledger.raise_budget(more)
        self._scheduler.raised(more)
        for question in await self._store.read.questions(task.id):
            if question.kind is QuestionKind.BUDGET:
                with suppress(AlreadyAnswered):  # by somebody else's; this one counts all the same
                    seq = await self._confirmations.raised(question, actor, command.means)
        paused = await self._confirmations.paused(task.id)
        return Reply(task=task.id, seq=seq, text=f"task {task.id} may use {_words(more)}{paused}")


def _words(more: Raise) -> str:
    money = [f"{dollars(more.micros)} more"] if more.micros else []
    time = [f"{more.seconds:g} s more"] if more.seconds else []
    unpriced = ["what has no known price"] if more.unpriced else []
    return ", ".join([*money, *time, *unpriced])
