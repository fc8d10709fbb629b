"""Revisions that a model is writing now: each belongs to a task in phase `planning` that is durable before it is asked.

What the model says is kept in a file as it comes and told to whoever looks on. How it ends is one guarded change, so a
late answer never overwrites a cancellation; a draft that nobody waits for any more ends by its token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from engine.cancellation import CancelToken
from engine.client import PlanningText
from engine.errors import Cancelled, Conflict, IllegalTransition, OverBudget, SignoffError, StaleRevision, StoreError
from engine.inference import Inference
from engine.memory import relevant
from engine.model.events import TaskEnded
from engine.model.plan import Plan
from engine.model.state import Outcome, Phase, advance
from engine.model.task import Task
from engine.storage.store import Store

if TYPE_CHECKING:
    from engine.planning.derive import Derivation
    from engine.planning.llm import Wish

PLANNER = "llm"
CLOSED = "the engine closed while it was written"
TELL = 0.05
"""Seconds that text is gathered before it is told."""
_PATIENCE = 2.0
"""Seconds that closing waits for what is being written down."""
LONGEST = 1 << 20
"""Characters of a draft that are kept."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """One revision to be written."""

    task: Task
    """In phase `planning`."""
    wish: Wish
    world: Derivation
    keep: Callable[[Plan], Awaitable[object]]
    """Stores the revision. Raises `Conflict` or `Refused` where somebody decided about the task meanwhile."""
    unwritten: Callable[[str], Awaitable[object]] | None = None
    """Writes that there is no revision in the end, for this reason; by default the task fails."""


class Drafts:
    """What is being written in this process.

    Args:
        state: the state directory.
        signal: tells who looks on.
    """

    def __init__(
        self,
        store: Store,
        inference: Inference,
        clock: Callable[[], float],
        state: Path,
        signal: Callable[[PlanningText], None],
    ) -> None:
        self._store = store
        self._inference = inference
        self._clock = clock
        self._state = state
        self._signal = signal
        self._writing: dict[asyncio.Task[None], tuple[int, CancelToken]] = {}
        self._closing = False
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def planner(self) -> str:
        """Who writes drafts; empty where nobody can."""
        return PLANNER if self._inference.configured else ""

    @property
    def busy(self) -> int:
        """How many are being written."""
        return len(self._writing)

    async def settled(self) -> None:
        """Wait until those that end now have ended."""
        if self._ending:
            await asyncio.wait(self._ending)

    async def order(self, task: Task, ordering: Awaitable[Order]) -> None:
        """Have a revision written of a task in phase `planning`; what is wrong with the order ends the task."""
        try:
            self.begin(await ordering)
        except Exception as error:  # whatever broke: the task must end, or it would be planned for ever
            await self._unwritten(task, error)

    def begin(self, order: Order) -> None:
        """Have a revision written; returns at once."""
        number, token = order.task.id, CancelToken()
        before = [writing for writing, (task, _) in self._writing.items() if task == number]
        writing = asyncio.create_task(self._write(order, token, before), name=f"draft of task {number}")
        self._writing[writing] = number, token
        writing.add_done_callback(self._gone)

    def stop(self, task: int) -> None:
        """Somebody decided about the task: nobody waits for its draft any more. What was written is kept."""
        for number, token in self._writing.values():
            if number == task:
                token.fire("somebody decided about the task")

    async def close(self) -> None:
        """Stop all of them; what cannot be written of that now, the next owner that executes writes."""
        self._closing = True
        for _, token in self._writing.values():
            token.fire("the engine closes")
        if self._writing:
            _, left = await asyncio.wait(list(self._writing), timeout=_PATIENCE)
            for writing in left:  # it waits for a disk that takes nothing
                writing.cancel()

    async def _write(self, order: Order, token: CancelToken, before: list[asyncio.Task[None]]) -> None:
        from engine.planning.llm import write_plan

        number = order.task.id
        if before:  # a draft of the same task that is just being stopped
            await asyncio.wait(before)
        try:
            remembered = await relevant(self._store.read, order.wish.request, order.task.root, self._clock())
            wish = replace(order.wish, remembered=remembered)
            with Paper(draft_path(self._state, number), number, self._signal) as paper:
                plan = await write_plan(self._inference, wish, order.world, paper.write, token)
            self._ends()
            await order.keep(plan)
        except (Conflict, StaleRevision, IllegalTransition):  # whoever decided has written what became of the task
            pass
        except Cancelled as error:  # whoever stopped it has written what became of the task, or it ends here
            await self._fail(order, Cancelled(reason=CLOSED) if self._closing else error)
        except Exception as error:  # whatever broke: the task must end, or it would be planned for ever
            self._ends()
            await self._fail(order, error)

    def _gone(self, writing: asyncio.Task[None]) -> None:
        self._ending.discard(writing)
        del self._writing[writing]

    def _ends(self) -> None:
        if task := asyncio.current_task():
            self._ending.add(task)

    async def _fail(self, order: Order, error: Exception) -> None:
        """There is no revision in the end."""
        if order.unwritten is None:
            await self._unwritten(order.task, error)
        else:
            await order.unwritten(_reason(error))

    async def _unwritten(self, task: Task, error: Exception) -> None:
        after = unwritten(task, _reason(error), self._clock())
        with suppress(StoreError):  # somebody decided, or nothing can be written: the next owner does
            await self._store.set_phase(task, after, TaskEnded(after))


def _reason(error: Exception) -> str:
    if not isinstance(error, SignoffError):
        return f"{type(error).__name__}: {error}"
    return f"{error}; {error.hint}" if isinstance(error, OverBudget) and error.hint else str(error)


class Paper:
    """The draft of one task while it is written: kept in a file, told in pieces of some 50 ms."""

    def __init__(self, path: Path, task: int, signal: Callable[[PlanningText], None]) -> None:
        self._path = path
        self._task = task
        self._signal = signal
        self._loop = asyncio.get_running_loop()
        self._file: TextIO | None = None
        self._pieces: list[str] = []
        self._told = 0
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Paper:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = self._path.open("w", encoding="utf-8", errors="replace")
        return self

    def write(self, text: str) -> None:
        """Another piece of the answer."""
        self._pieces.append(text)
        if self._timer is None:
            self._timer = self._loop.call_later(TELL, self._tell)

    def _tell(self) -> None:
        text, self._timer = "".join(self._pieces)[: LONGEST - self._told], None
        self._pieces.clear()
        if text and self._file is not None:
            self._file.write(text)
            self._file.flush()
            self._signal(PlanningText(task=self._task, text=text, offset=self._told))
            self._told += len(text)

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._tell()
        if self._file is not None:
            self._file.close()
            self._file = None


def draft_path(state: Path, task: int) -> Path:
    """Where the last draft of a task is kept."""
    return state / "logs" / str(task) / "plan.draft"


def read_draft(state: Path, task: int) -> str:
    """The last draft of a task as far as it was written; empty where there is none."""
    try:
        return draft_path(state, task).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def unwritten(task: Task, reason: str, now: float) -> Task:
    """A task whose revision could not be made (B2.4): its request stays."""
    phase = advance(task.phase, Phase.FAILED)
    return replace(task, phase=phase, outcome=Outcome.NO_PLAN, error=reason, ended=now, planner="")
