"""How caps stand: what calls used in the present windows, and what the calls of a plan are expected to cost (B10.1).

Only looks; who may spend is decided in `budgets`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import ModelError, UnknownTask
from engine.model.amounts import micros, priced
from engine.model.budget import COSTS, UNLIMITED, Budget, Cap, Scope, Spent, Standing, Window, since
from engine.model.plan import PlannedStep
from engine.model.prompt import Message, Speaker
from engine.settings import Caps, OverallCaps
from engine.storage.reader import Reader
from engine.views import BudgetView

if TYPE_CHECKING:
    from engine.llm import Estimate
    from engine.policies import Policies

Estimator = Callable[[Sequence[Message], str], "Estimate"]
"""What a call would use at most, by its conversation and the model, empty for the usual one; called in a thread."""
_WINDOWS = (Window.HOUR, Window.DAY, Window.MONTH)


class Spending:
    """The caps that are configured, signed and raised, held against the ledger."""

    def __init__(self, reader: Reader, caps: OverallCaps, policies: Policies, clock: Callable[[], float]) -> None:
        self._reader = reader
        self._caps = caps
        self._policies = policies
        self._clock = clock

    async def standings(self, task: int, model: str = "") -> tuple[Standing, ...]:
        """The caps that a call of a task has to fit under, each with what counts towards it now."""
        caps = [*_caps(Scope.OVERALL, self._caps)]
        if own := self._caps.models.get(model):
            caps += _caps(Scope.CALLED, own, name=model)
        caps += [cap for cap in await self._of_task(task) if cap.micros is not None]
        return tuple([await self._standing(cap, task) for cap in caps])

    async def view(self, task: int | None) -> BudgetView:
        """Every cap, and what was spent where nothing is capped: over all, by model, and of one task."""
        caps, month = [*_caps(Scope.OVERALL, self._caps, every=True)], since(Window.MONTH, self._clock())
        by_model = await self._reader.ledger.by_model(month)
        for name in sorted({*by_model, *self._caps.models}):
            own = [*_caps(Scope.CALLED, self._caps.models.get(name, Caps()), name=name)]
            caps += own or [Cap(scope=Scope.CALLED, window=Window.MONTH, name=name)]
        if task is not None:
            caps += await self._of_task(task)
        known = {Cap(scope=Scope.CALLED, window=Window.MONTH, name=name).word: each for name, each in by_model.items()}
        known[Cap(scope=Scope.OVERALL, window=Window.MONTH).word] = sum(by_model.values(), start=Spent())
        standings = [await self._standing(cap, task, known.get(cap.word)) for cap in caps]
        raises = await self._reader.ledger.beyond(month)
        return BudgetView(standings=tuple(replace(each, beyond=_beyond(each, raises)) for each in standings))

    async def raisable(self, task: int) -> tuple[Cap, ...]:
        """What a raise can be about: the caps of a task in money, and those of all tasks and of models."""
        own = [cap for cap in await self._of_task(task) if cap.micros is not None]
        called = [cap for name, caps in self._caps.models.items() for cap in _caps(Scope.CALLED, caps, name=name)]
        return (*own, *_caps(Scope.OVERALL, self._caps), *called)

    async def _standing(self, cap: Cap, task: int | None, spent: Spent | None = None) -> Standing:
        """How a cap stands for one task: what people raised for it counts for no other, and for no other cap.

        Args:
            spent: where it was summed before.
        """
        began, ledger = since(cap.window, self._clock()), self._reader.ledger
        raised = (await ledger.raised(task, began, cap.word)).micros if task is not None else 0
        counts = await ledger.spent(cap, began) if spent is None else spent
        return Standing(cap=cap, spent=counts, raised=raised, since=began)

    async def _of_task(self, task: int) -> list[Cap]:
        """The caps of a task; that of the whole task is always among them."""
        budget = await self._budget(task)
        return [
            Cap(scope=Scope.TASK, window=window, micros=None if amount is None else micros(amount), task=task)
            for window, amount in budget.windows.items()
            if amount is not None or window is Window.WHOLE
        ]

    async def _budget(self, task: int) -> Budget:
        """What a task may use at most: as its plan says, and what the policy of its directory lets it."""
        try:
            row = await self._reader.task(task)
        except UnknownTask:  # it is being planned and not written down yet
            return UNLIMITED
        plan = await self._reader.plan(task, row.revision)
        own, cap = plan.budget if plan else UNLIMITED, self._policies.of(row.root).money
        return replace(own, money=min((each for each in (own.money, cap) if each is not None), default=None))


async def expected_costs(reader: Reader, task: int, estimate: Estimator | None) -> dict[str, int | None]:
    """What each step of a task that calls somebody is expected to cost, by id, in millionths of a US dollar.

    By earlier runs of the same step, else the most that one call can take; None where nobody knows.
    """
    row = await reader.task(task)
    plan = await reader.plan(task, row.revision)
    calling = [planned for planned in (plan.steps if plan else ()) if planned.step.action in COSTS]
    if not calling:
        return {}
    known = await reader.costs(task)
    return {
        planned.id: known[planned.id] if planned.id in known else await _most(planned, estimate) for planned in calling
    }


async def _most(planned: PlannedStep, estimate: Estimator | None) -> int | None:
    if estimate is None:
        return None
    import asyncio

    conversation = (Message(speaker=Speaker.USER, text=planned.step.operand),)
    try:
        expected = await asyncio.to_thread(estimate, conversation, getattr(planned.step, "model", None) or "")
    except ModelError:
        return None
    return priced(expected.usage.cost)


def _beyond(standing: Standing, raises: Iterable[tuple[str, float, int, int]]) -> tuple[tuple[int, int], ...]:
    """The tasks that people let go beyond a cap in its window, and by how much."""
    tasks: Counter[int] = Counter()
    for word, time, task, amount in raises:
        if word == standing.cap.word and time >= standing.since:
            tasks[task] += amount
    return tuple(sorted(tasks.items()))


def _caps(scope: Scope, caps: Caps, name: str = "", *, every: bool = False) -> Iterator[Cap]:
    """The caps by window; with `every` also the windows that have none."""
    for window in _WINDOWS:
        amount: float | None = getattr(caps, window.value)
        if amount is not None:
            yield Cap(scope=scope, window=window, micros=micros(amount), name=name)
        elif every:
            yield Cap(scope=scope, window=window, name=name)
