"""The steps of one execution that have a turn: in the pool, running, or waiting for their next try.

Ready steps that may not begin yet are kept back here: in a pause, while a person holds them, and while a cancelled tree
they stand on is not gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Container, Iterable
from dataclasses import dataclass, field
from functools import partial

from engine.cancellation import CancelToken
from engine.model.board import Board
from engine.model.plan import PlannedStep
from engine.pool import Pool


@dataclass(slots=True)
class Turn:
    """What is known of a step from the pool's queue to its end."""

    token: CancelToken = field(default_factory=CancelToken)
    started: bool = False
    """Whether it has left the queue of the pool."""
    run: int | None = None
    retry: asyncio.TimerHandle | None = None
    """Set while it waits for its next try."""


class Turns:
    """Who has a turn, and who is kept back.

    Args:
        token: that of the task.
        paused: whether nothing new may begin.
        attempt: what a turn is for.
    """

    def __init__(
        self,
        pool: Pool,
        board: Board,
        token: CancelToken,
        paused: Callable[[], bool],
        attempt: Callable[[PlannedStep, Turn], Awaitable[None]],
    ) -> None:
        self._pool = pool
        self._board = board
        self._token = token
        self._paused = paused
        self._attempt = attempt
        self._turns: dict[str, Turn] = {}
        self._held: list[str] = []

    def __bool__(self) -> bool:
        """Whether any step has a turn."""
        return bool(self._turns)

    @property
    def taken(self) -> frozenset[str]:
        """The steps that have a turn, or are kept back from one."""
        return frozenset((*self._turns, *self._held))

    @property
    def kept_back(self) -> bool:
        """Whether any ready step is kept back."""
        return bool(self._held)

    @property
    def held(self) -> bool:
        """Whether a person holds a step that could begin otherwise."""
        return any(self._board.statuses[step_id].held_by for step_id in self._held)

    # Beginning

    def give(self, step_id: str) -> None:
        """A ready step takes its place in the pool, now or once nothing keeps it back."""
        alive = self._turns.keys() & self._board.planned[step_id].step.needs
        if self._board.statuses[step_id].held_by or self._kept_back() or any(map(self._is_dying, alive)):
            self._held.append(step_id)
            return
        turn = self._turns[step_id] = Turn()
        self._enqueue(step_id, turn)

    def _enqueue(self, step_id: str, turn: Turn) -> None:
        planned = self._board.planned[step_id]
        self._pool.submit(planned.rank, step_id, partial(self._take, planned, turn))

    def _take(self, planned: PlannedStep, turn: Turn) -> Awaitable[None] | None:
        """Its turn has come; None where it was cancelled or paused meanwhile."""
        if self._turns.get(planned.step.id) is not turn:
            return None
        if self._paused():
            self.end(planned.id)
            self._held.append(planned.id)
            return None
        turn.started = True
        return self._attempt(planned, turn)

    def again(self, step_id: str, delay: float) -> None:
        """Another try after a delay that holds no slot."""
        turn = self._turns[step_id]
        turn.run = None
        turn.retry = asyncio.get_running_loop().call_later(delay, self._try, step_id, turn)

    def _try(self, step_id: str, turn: Turn) -> None:
        turn.retry = None
        turn.started = False
        self._enqueue(step_id, turn)

    def end(self, step_id: str) -> None:
        """The step gives its turn back."""
        del self._turns[step_id]

    # Cancelling

    def runs(self, steps: Iterable[str]) -> list[int]:
        """The runs of those of the steps that run."""
        turns = filter(None, map(self._turns.get, steps))
        return [turn.run for turn in turns if turn.run is not None]

    def cancel(self, steps: Iterable[str]) -> None:
        """Stop what runs of these; what has not started gives its turn back at once."""
        steps = dict.fromkeys(steps)
        self._held = [step_id for step_id in self._held if step_id not in steps]
        for step_id in steps:
            turn = self._turns.get(step_id)
            if turn is None:
                continue
            if turn.retry is not None:
                turn.retry.cancel()
            if turn.retry is not None or not turn.started:
                self.end(step_id)
            turn.token.fire("cancelled")

    def hurry(self) -> None:
        """End what was stopped without any more grace."""
        for turn in self._turns.values():
            turn.token.hurry()

    def let_go(self) -> None:
        """Nothing is tried again by itself any more."""
        for turn in self._turns.values():
            if turn.retry is not None:
                turn.retry.cancel()

    # Keeping back

    def started(self, step_id: str) -> bool:
        """Whether the step has left the queue of the pool and has not come back."""
        turn = self._turns.get(step_id)
        return turn is not None and turn.started

    def put_back(self, step_id: str) -> None:
        """A person holds the step: what waits in the pool waits here instead."""
        if step_id in self._turns:
            self.cancel([step_id])
            self._held.append(step_id)

    def hold(self, steps: Iterable[str]) -> None:
        """Keep these back until the next release."""
        self._held += steps

    def forgo(self, kept: Container[str]) -> None:
        """Of those kept back, only these may still begin."""
        self._held = [step_id for step_id in self._held if step_id in kept]

    def release(self) -> None:
        """Let begin what nothing keeps back any more."""
        if self._kept_back():
            return
        held, self._held = self._held, []
        for step_id in held:
            if not self._board.statuses[step_id].state.ended:
                self.give(step_id)

    def _is_dying(self, step_id: str) -> bool:
        """Whether a step that has a turn was cancelled and its tree is not gone yet."""
        return self._turns[step_id].token.fired

    def _kept_back(self) -> bool:
        """Whether nothing may begin: in a pause, and after a cancellation until the trees are gone."""
        if self._token.fired:
            return any(map(self._is_dying, self._turns))
        return self._paused()
