"""Following one task to its end: prints what happens, puts questions to a person, cancels on Ctrl-C.

Decides nothing about the task. It ends when the task has, or when only a person could move it on and none can be asked.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from engine import (
    Answer,
    Cancel,
    Command,
    EngineClient,
    EngineInfo,
    Event,
    Gap,
    Kill,
    ListLengths,
    Phase,
    PhaseChanged,
    Question,
    QuestionAnswered,
    QuestionKind,
    Resolve,
    ShowEngine,
    ShowTask,
    SignoffError,
    Stalled,
    StepState,
    TaskEnded,
    TaskView,
    Tier,
    step_digest,
)
from engine.errors import EngineGone
from tui import queueing
from tui.cli import lines, people, shapes
from tui.cli.call import Call
from tui.cli.telling import Telling
from tui.cli.terminal import Person
from tui.follow import follow, places
from tui.presentation.safe import safe
from tui.presentation.trouble import disk

TICK = 1.0
"""Seconds between two drawings of the bar while nothing happens: it shows a clock."""
PATIENCE = 0.3
"""Seconds that a task may be queued before it is told why: most begin at once."""
_BEFORE = frozenset({Phase.PLANNING, Phase.AWAITING_APPROVAL, Phase.QUEUED})
"""A task that is cancelled here has nothing alive: no further event ends it."""
_MOVING = frozenset({StepState.READY, StepState.RUNNING})
_WAKE = Gap(seq=0)
"""Look again whether anybody is to be asked; nothing was missed."""
_WAITING = frozenset({Phase.AWAITING_APPROVAL, Phase.BLOCKED, Phase.PAUSED})


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How a task is followed."""

    person: Person | None = None
    """Who is asked; None where nobody can be."""
    wait: bool = False
    """Stay, though only somebody elsewhere can move the task on."""
    confirm: frozenset[Tier] = frozenset()
    """Tiers whose confirmations were given ahead on the command line."""


class Following:
    """One task, from a snapshot on. Use as an async context manager: events are taken up on entry."""

    def __init__(self, call: Call, engine: EngineClient, view: TaskView, manners: Manners) -> None:
        self._call, self._engine, self._manners = call, engine, manners
        self._console = call.console
        self.view = view
        self._place = places(view)
        self.telling = Telling(call, view)
        self._ahead = dict(_given_ahead(view, manners.confirm))
        self._items: asyncio.Queue[Event | Gap | None] = asyncio.Queue()
        self._chores: set[asyncio.Task[object]] = set()
        self._asking: tuple[int, asyncio.Task[None]] | None = None
        self._settled: set[int] = set()
        """Questions that need no asking here any more: answered, being answered, or put off."""
        self._later: set[int] = set()
        self._interrupts = 0
        self._seen = view.seq
        """The last event that was taken; a view that was read anew may be ahead of it."""
        self._behind_a_person = False
        """Whether another task keeps the directory until a person has answered it."""
        self._over = view.task.phase is Phase.READY
        self.ended = False
        """Whether the event that ends the task was seen."""

    async def __aenter__(self) -> Following:
        if self._console.live:
            await self._expect()
        self._pump = asyncio.create_task(self._take_up(), name=f"events of task {self.view.task.id}")
        await asyncio.sleep(0)
        for digest, step in self._ahead.items():
            self._console.note(f"signoff: will run unasked: {self.telling.numbered(step)} {digest[:6]}")
        return self

    async def _expect(self) -> None:
        """Read what earlier runs tell of how long it takes."""
        info: EngineInfo = await self._engine.read(ShowEngine())
        self.telling.lengths = await self._engine.read(ListLengths(task=self.view.task.id))
        self.telling.parallel = info.parallel

    async def __aexit__(self, *_: object) -> None:
        chores = [self._pump, *self._chores, *([self._asking[1]] if self._asking else [])]
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        self._console.release()
        self._console.bar("")

    async def _take_up(self) -> None:
        try:
            async for item in self._engine.events(self.view.seq):
                if isinstance(item, Event | Gap):
                    self._items.put_nowait(item)
                elif isinstance(item, Stalled):
                    self._stalled(item)
        finally:
            self._items.put_nowait(None)

    def _stalled(self, item: Stalled) -> None:
        if item.task in (None, self.view.task.id):
            self._console.note(f"signoff: {disk(item)}")
            self.telling.stalled = "waits for the disk" if item.fault else ""
            self.telling.draw(self.view.steps)

    # To the end

    async def to_the_end(self) -> TaskView:
        """Follow until the task has ended, or nobody here can move it on; the last view."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        self._start(self._explain_queue())
        try:
            while not self._over and not self._stuck():
                self._ask()
                self.telling.draw(self.view.steps)
                if await self._next():
                    break
        finally:
            loop.remove_signal_handler(signal.SIGINT)
        self._console.bar("")
        return self.view

    async def _next(self) -> bool:
        """Take one item, or let the clock of the bar go on; whether that was the end."""
        try:
            item = await asyncio.wait_for(self._items.get(), TICK if self._console.live else None)
        except TimeoutError:
            return False
        if item is None:
            await self._pump  # what broke the events off is told before their end
            task = self.view.task.id
            raise EngineLeft(task=task, hint=f"signoff run {task} goes on with it")
        if isinstance(item, Gap):
            await self.look_again()
            self._seen = max(self._seen, item.seq)
            return self.view.task.phase.ended and item is not _WAKE  # else the events up to its end are still to come
        self._seen = item.seq
        if item.task == self.view.task.id:
            return await self._happened(item)
        if isinstance(item.fact, PhaseChanged) and item.fact.task.root == self.view.task.root:
            self._start(self._explain_queue())
        return False

    async def _happened(self, event: Event) -> bool:
        before = self.view.task.phase
        followed = follow(self.view, [event], self._place)
        self.view = followed.view
        if followed.stale or isinstance(event.fact, TaskEnded | QuestionAnswered):
            await self.look_again()
        if self._call.json:
            self._console.json(shapes.event_line(event, self.view))
        else:
            self.telling.happened(event)
        if isinstance(event.fact, QuestionAnswered):
            self._answered(event.fact.question)
        if not self._queued():
            self.telling.waits_for = ""
        self.ended = isinstance(event.fact, TaskEnded)
        return self.ended or (before in _BEFORE and self.view.task.phase.ended)

    async def look_again(self) -> None:
        """Read the task anew."""
        self.view = await self._engine.read(ShowTask(task=self.view.task.id))
        self._place = places(self.view)

    def _stuck(self) -> bool:
        """Whether only a person can move the task on, and no answer is under way from here."""
        task = self.view.task
        if self._manners.wait or self._asking or self._interrupts:
            return False
        if self._queued():
            return self._behind_a_person and self._manners.person is None
        if task.phase not in _WAITING or self._seen < self.view.seq:
            return False
        if any(status.state in _MOVING for status in self.view.steps):
            return False
        if task.phase is Phase.BLOCKED and not self.view.questions:
            return False
        return all(not self._ours(question) or question.id in self._later for question in self.view.questions)

    def _ours(self, question: Question) -> bool:
        """Whether it is answered from here."""
        return self._manners.person is not None or self._given_ahead(question)

    # Waiting for the directory

    async def _explain_queue(self) -> None:
        """Say what a task that stays queued waits for; once for each task that it waits for."""
        if not self._queued():
            return
        await asyncio.sleep(PATIENCE)
        with suppress(EngineGone):  # the events end too, and that is told
            held = await queueing.holder(self._engine, self.view.task)
            if not self._queued():
                return
            waits = f"waits for task {held.id}" if held else "waits"
            self.telling.held = held
            if waits != self.telling.waits_for and not self._call.json:
                self._console.note(f"signoff: {queueing.sentence(self.view.task, held)}")
            self.telling.waits_for = waits
            self._behind_a_person = held is not None and held.phase in _WAITING
            self._wake()

    def _queued(self) -> bool:
        return self.view.task.phase is Phase.QUEUED and queueing.writes(self.view)

    # Questions

    def _ask(self) -> None:
        """Answer what was answered ahead; put the next question to the person."""
        for question in self.view.questions:
            if question.id not in self._settled and self._given_ahead(question):
                self._settled.add(question.id)
                self._start(self._answer(question, people.resolve(question, Answer.ONCE, means="run --confirm")))
        person = self._manners.person
        waiting = [question for question in self.view.questions if question.id not in self._settled]
        if person is not None and waiting and self._asking is None and not self._interrupts:
            self._console.hold()
            self._asking = waiting[0].id, asyncio.create_task(self._put(person, waiting[0]))

    def _given_ahead(self, question: Question) -> bool:
        return question.kind is QuestionKind.CONFIRMATION and question.digest in self._ahead

    async def _put(self, person: Person, question: Question) -> None:
        try:
            command = await people.put(person, question, self.view, self._console)
            self._settled.add(question.id)
            self._committed()
            if await self._answer(question, command) and self._starts_in_terminal(question, command):
                await self._take(person, question.step)
        finally:
            self._asking = None
            self._console.release()
            self._wake()

    async def _answer(self, question: Question, command: Command | None) -> bool:
        """Give an answer; one that is put off or not accepted leaves the question to somebody else."""
        if command is not None and await self._give(command):
            return True
        if command is None or not await self._moved(question):
            self._later.add(question.id)
        self._wake()
        return False

    async def _moved(self, question: Question) -> bool:
        """Whether it asks about other bytes by now than those that were shown: then it is put to the person again."""
        await self.look_again()
        now = next((each for each in self.view.questions if each.id == question.id), question)
        if now.digest == question.digest:
            return False
        self._settled.discard(question.id)
        return True

    def _committed(self) -> None:
        """The person has answered: from now on an answer to that question, theirs or another's, cuts nothing short."""
        if self._asking is not None:
            self._asking = 0, self._asking[1]

    def _starts_in_terminal(self, question: Question, command: Command | None) -> bool:
        if not isinstance(command, Resolve) or not question.step:
            return False
        planned = self.view.plan.steps[self._place[question.step]] if self.view.plan else None
        return bool(planned and planned.step.tty and command.answer in people.STARTS)

    async def _take(self, person: Person, step: str) -> None:
        """The step is in front of this person: it gets their terminal."""
        if await person.take(self._engine, self.view.task.id, step) is None:
            self._console.note(lines.goes_on(self.view.task.id, step))

    def _wake(self) -> None:
        self._items.put_nowait(_WAKE)

    def _answered(self, question: Question) -> None:
        """Somebody was first: take the prompt away."""
        self._settled.add(question.id)
        if self._asking is not None and self._asking[0] == question.id:
            self._asking[1].cancel()

    async def _give(self, command: Command) -> bool:
        try:
            await self._engine.do(command)
        except SignoffError as error:
            self._console.note(f"signoff: {safe(str(error))}")
            return False
        return True

    # Ctrl-C

    def _interrupt(self) -> None:
        """Once cancels and waits for the receipts, twice kills at once."""
        self._interrupts += 1
        task = self.view.task.id
        if self._asking is not None:
            self._asking[1].cancel()
        if self._interrupts == 1:
            self._console.note(f"cancelling task {task}; Ctrl-C again kills at once")
            self._start(self._give(Cancel(task=task, reason="Ctrl-C")))
        else:
            self._start(self._give(Kill(task=task)))

    def _start(self, chore: Coroutine[Any, Any, object]) -> None:
        started = asyncio.create_task(chore)
        self._chores.add(started)
        started.add_done_callback(self._chores.discard)


def _given_ahead(view: TaskView, tiers: frozenset[Tier]) -> Iterator[tuple[str, str]]:
    """The digest and the id of each step of these tiers, as it stands in the plan that is shown.

    A step that executes what another one makes is not among them: nobody knows those bytes yet, so it asks.
    """
    for planned in view.plan.steps if view.plan else ():
        if planned.tier in tiers and not any(file.produced_by for file in planned.files):
            yield step_digest(planned), planned.id


class EngineLeft(SignoffError):
    """The engine closed while task {task} was under way; what was recorded is kept"""
