"""What the tests of the verbs share: a desk with one state directory, a project, scripted steps and a clock of its own.

Tests talk to the engine by its six handles and wait for events; nothing here looks inside it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from engine import (
    Answer,
    Cancel,
    Channels,
    Command,
    EngineInfo,
    ListQuestions,
    ListRuns,
    LogGrew,
    MakePlan,
    Outcome,
    Phase,
    Question,
    Reply,
    Resolve,
    Resume,
    Run,
    RunState,
    ShowEngine,
    ShowTask,
    Sign,
    StepState,
    StepStatus,
    TaskView,
)
from engine.actions import ACTIONS, Act, Context, Result
from engine.client import PlanningText
from engine.composition import Opening
from engine.engine import Engine
from engine.llm import Model
from engine.model.call import Purpose
from engine.model.events import Event, Fact, PhaseChanged, QuestionAsked, StepsChanged, StepStarted, TaskEnded
from engine.model.plan import Action
from engine.model.prompt import Prompt
from engine.settings import Settings
from tests.patience import PATIENCE

F = TypeVar("F", bound=Fact)


def step(step_id: str, *needs: str, **fields: Any) -> dict[str, Any]:
    """A scripted step: its tier is `read` unless a field raises it."""
    return {"id": step_id, "action": "plan", "text": step_id, "needs": list(needs), **fields}


def research(step_id: str, *needs: str, **fields: Any) -> dict[str, Any]:
    """A step that asks the model."""
    return {"id": step_id, "action": "research", "query": step_id, "needs": list(needs), **fields}


def shell(step_id: str, script: str, *needs: str, **fields: Any) -> dict[str, Any]:
    """A step of a real process."""
    return {"id": step_id, "action": "shell", "script": script, "needs": list(needs), **fields}


class Script:
    """What scripted steps do: by default nothing, at once and well."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        """Ids in the order of their starts."""
        self.results: dict[str, list[Result | Exception]] = {}
        """What the next tries of a step answer; the last one stays."""
        self.running: set[str] = set()
        self.peak = 0
        self._gates: dict[str, asyncio.Event] = {}
        self.stubborn: set[str] = set()
        """Steps that do not heed their cancellation until they are released."""

    def hold(self, *steps: str) -> None:
        """These steps wait until they are released or cancelled."""
        self._gates.update((step_id, asyncio.Event()) for step_id in steps)

    def release(self, step_id: str) -> None:
        self._gates[step_id].set()

    def release_all(self) -> None:
        for gate in self._gates.values():
            gate.set()

    def fails(self, step_id: str, *errors: str, then_works: bool = False) -> None:
        """The tries of a step fail with these errors."""
        tries: list[Result | Exception] = [Result(error=error, failure="exit", exit_code=1) for error in errors]
        self.results[step_id] = [*tries, Result()] if then_works else tries

    async def __call__(self, context: Context) -> Result:
        step_id = context.planned.id
        self.ran.append(step_id)
        self.running.add(step_id)
        self.peak = max(self.peak, len(self.running))
        try:
            if gate := self._gates.get(step_id):
                with context.token.watched(lambda: None if step_id in self.stubborn else gate.set()):
                    await gate.wait()
            return self._result(step_id)
        finally:
            self.running.discard(step_id)

    def _result(self, step_id: str) -> Result:
        left = self.results.get(step_id, [Result(summary=f"{step_id} done")])
        result = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(result, Exception):
            raise result
        return result


class Clock:
    """Wall time that a test can move."""

    def __init__(self) -> None:
        self.offset = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset


class Desk:
    """One state directory and whoever owns it."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.root = folder / "project"
        self.root.mkdir(parents=True)
        self.script = Script()
        self.clock = Clock()
        self.heard: list[Event] = []
        self._spoke: set[tuple[int, str]] = set()
        self.drafted: list[PlanningText] = []
        """What models wrote of plans, as it was told."""
        self._more = asyncio.Condition()
        self._engine: Engine | None = None
        self._ear: asyncio.Task[None] | None = None

    @property
    def engine(self) -> Engine:
        assert self._engine is not None
        return self._engine

    async def spoke(self, task: int, step_id: str) -> None:
        """The step has written something to its log."""
        async with self._more, asyncio.timeout(PATIENCE):
            await self._more.wait_for(lambda: (task, step_id) in self._spoke)

    @property
    def is_open(self) -> bool:
        return self._engine is not None

    async def open(
        self,
        *,
        real: bool = False,
        executes: bool = True,
        user: str = "ana",
        model: Model | None = None,
        channels: Channels | None = None,
        **settings: Any,
    ) -> Engine:
        """Become the owner; `real` steps are processes, and ask the model, else they go by the script.

        Where there is a model, `research` steps ask it once then.
        """
        actions: dict[Action, Act] = {**(ACTIONS if real else {Action.EXECUTE: self.script}), Action.PLAN: self.script}
        if model and not real:
            actions[Action.RESEARCH] = self._research
        chosen = Settings(**{"sandbox": "" if real else "group", "parallel": 8, **settings})
        self._engine = await Engine.open(
            Opening(
                state=self.state,
                settings=chosen,
                executes=executes,
                clock=self.clock,
                actions=actions,
                user=user,
                model=model,
                channels=channels or Channels(self.state / "none.toml"),
            )
        )
        self._ear = asyncio.create_task(self._listen(self._engine), name="ear")
        return self._engine

    async def _research(self, context: Context) -> Result:
        """Ask the model, as long as the script lets the step run."""
        await self.script(context)
        prompt = Prompt(system="s", request=context.planned.step.operand)
        return Result(summary=(await context.infer(Purpose.RESEARCH, prompt, str, lambda _: None, "")).text)

    async def _listen(self, engine: Engine) -> None:
        async for item in engine.events(self.heard[-1].seq if self.heard else 0):
            async with self._more:
                if isinstance(item, Event):
                    self.heard.append(item)
                elif isinstance(item, LogGrew):
                    self._spoke.add((item.task, item.step))
                elif isinstance(item, PlanningText):
                    self.drafted.append(item)
                self._more.notify_all()

    async def close(self) -> None:
        if self._engine is not None:
            engine, self._engine = self._engine, None
            await engine.close()
        if self._ear is not None:
            self._ear.cancel()
            with suppress(asyncio.CancelledError):
                await self._ear
            self._ear = None

    async def crash(self) -> None:
        """Leave the state directory as a kill at this moment would, without an owner."""
        image = self.state.with_name(self.state.name + "-crashed")
        heard = len(self.heard)
        shutil.copytree(self.state, image)
        await self.close()
        del self.heard[heard:]  # what the closing engine still told never was
        self.state = image

    async def reopen(self, **how: Any) -> Engine:
        await self.close()
        return await self.open(**how)

    # Doing

    async def do(self, command: Command, actor: str | None = None) -> Reply:
        return await asyncio.wait_for(self.engine.do(command, actor=actor), PATIENCE)

    async def plan(self, *steps: Mapping[str, Any], **fields: Any) -> int:
        """Make a task of these steps; its number."""
        root = fields.pop("root", self.root)
        document = json.dumps({"request": "try it", "steps": steps, **fields})
        reply = await self.do(MakePlan(root=str(root), document=document))
        assert reply.task is not None
        return reply.task

    async def sign(self, task: int, actor: str | None = None, **how: Any) -> Reply:
        view = await self.show(task)
        return await self.do(Sign(task=task, revision=view.task.revision, digest=view.task.digest, **how), actor)

    async def begin(self, *steps: Mapping[str, Any], **fields: Any) -> int:
        """Make a task and sign it; its number."""
        task = await self.plan(*steps, **fields)
        await self.sign(task)
        return task

    async def run(self, *steps: Mapping[str, Any], **fields: Any) -> TaskView:
        """Make a task, sign it, and wait for its end."""
        return await self.ended(await self.begin(*steps, **fields))

    async def cancel(self, task: int, step_id: str | None = None, reason: str = "") -> Reply:
        return await self.do(Cancel(task=task, step=step_id, reason=reason))

    async def resume(self, task: int, from_step: str | None = None) -> Reply:
        return await self.do(Resume(task=task, from_step=from_step))

    async def answer(self, question: Question, answer: Answer, reason: str = "", actor: str | None = None) -> Reply:
        return await self.do(Resolve(question=question.id, answer=answer, reason=reason, digest=question.digest), actor)

    # Looking

    async def show(self, task: int) -> TaskView:
        view: TaskView = await self.engine.read(ShowTask(task=task))
        return view

    async def steps(self, task: int) -> dict[str, StepStatus]:
        return {status.id: status for status in (await self.show(task)).steps}

    async def states(self, task: int) -> dict[str, StepState]:
        return {step_id: status.state for step_id, status in (await self.steps(task)).items()}

    async def runs(self, task: int) -> tuple[Run, ...]:
        runs: tuple[Run, ...] = await self.engine.read(ListRuns(task=task))
        return runs

    async def questions(self) -> tuple[Question, ...]:
        questions: tuple[Question, ...] = await self.engine.read(ListQuestions())
        return questions

    # Waiting

    async def until(self, holds: Callable[[Event], bool], after: int = 0) -> Event:
        """The first event after number `after` of which `holds` is true."""
        looked = 0
        async with self._more, asyncio.timeout(PATIENCE):
            while True:
                while looked < len(self.heard):
                    event = self.heard[looked]
                    looked += 1
                    if event.seq > after and holds(event):
                        return event
                await self._more.wait()

    async def fact(self, kind: type[F], task: int, step_id: str | None = None, after: int = 0) -> F:
        """The first fact of a kind about a task, or about one of its steps."""

        def holds(event: Event) -> bool:
            return isinstance(event.fact, kind) and event.task == task and step_id in (None, event.step)

        fact: Any = (await self.until(holds, after)).fact
        return fact  # type: ignore[no-any-return]

    async def started(self, task: int, step_id: str, after: int = 0) -> StepStatus:
        return (await self.fact(StepStarted, task, step_id, after)).status

    async def asked(self, task: int, step_id: str | None = None, after: int = 0) -> Question:
        return (await self.fact(QuestionAsked, task, step_id, after)).question

    async def asked_next(self, question: Question) -> Question:
        """The question that follows one, whatever it is about."""
        event = await self.until(
            lambda event: isinstance(event.fact, QuestionAsked) and event.fact.question.id > question.id
        )
        assert isinstance(event.fact, QuestionAsked)
        return event.fact.question

    async def pass_time(self, seconds: float) -> None:
        """Let the engine do what it would do by itself in this time."""
        await asyncio.sleep(seconds)

    async def phase(self, task: int, phase: Phase, after: int = 0) -> Event:
        return await self.until(
            lambda event: (
                isinstance(event.fact, PhaseChanged) and event.task == task and event.fact.task.phase is phase
            ),
            after,
        )

    async def changed(self, task: int, step_id: str, state: StepState, after: int = 0) -> StepStatus:
        """The step is told to be in a state by an event about several steps."""
        event = await self.until(
            lambda event: (
                isinstance(event.fact, StepsChanged)
                and event.task == task
                and any(status.id == step_id and status.state is state for status in event.fact.statuses)
            ),
            after,
        )
        assert isinstance(event.fact, StepsChanged)
        return next(status for status in event.fact.statuses if status.id == step_id)

    async def ended(self, task: int, after: int = 0) -> TaskView:
        """The task as it stands after its end."""
        await self.fact(TaskEnded, task, after=after)
        return await self.show(task)

    async def seq(self) -> int:
        """The number of the last event."""
        info: EngineInfo = await self.engine.read(ShowEngine())
        return info.seq

    def kinds(self, task: int, step_id: str | None = None) -> list[str]:
        """What happened to a task, or to one of its steps, in order."""
        return [event.kind for event in self.heard if event.task == task and step_id in (None, event.step)]

    def phases(self, task: int) -> list[Phase]:
        """The phases of a task in order, as its events tell."""
        return [
            event.fact.task.phase for event in self.heard if event.task == task and isinstance(event.fact, PhaseChanged)
        ]


async def check_sound(desk: Desk, task: int) -> None:
    """What holds of every ended task: nothing is left open, and no two accounts differ."""
    view = await desk.show(task)
    assert view.task.phase.ended or view.task.phase is Phase.READY
    assert all(status.state.ended for status in view.steps), view.steps
    assert not view.questions
    assert not [run for run in await desk.runs(task) if run.state in (RunState.RUNNING, RunState.CANCELLING)]
    assert view.task.outcome in (*Outcome,)
