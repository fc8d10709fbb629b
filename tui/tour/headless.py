"""The tour without a screen: the same acts, played by the program itself and told line by line.

It signs and answers by itself, and that is recorded: every verdict of it carries the means `demo`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from engine import (
    Answer,
    Cancel,
    EngineClient,
    Event,
    MakePlan,
    Question,
    QuestionAsked,
    QuestionKind,
    Resolve,
    RunCancelled,
    ShowTask,
    Sign,
    StepEnded,
    StepsChanged,
    StepStarted,
    StepState,
    TaskEnded,
    TaskView,
    VerifyAudit,
)
from tui.presentation.safe import safe
from tui.tour.scene import NIGHTLY, RELEASE, Scene

MEANS = "demo"


@dataclass
class Telling:
    """One play of the acts against an engine."""

    engine: EngineClient
    scene: Scene
    say: Callable[[str], None]
    _events: AsyncIterator[object] = field(init=False)

    async def play(self) -> bool:
        """Play every act; whether the last task completed and the record verifies."""
        self._events = self.engine.events()
        view = await self._plan(RELEASE)
        self._read(view)
        await self._sign(view)
        question = await self._tamper(view)
        await self._deny(question)
        await self._cancel(view)
        return await self._mend(view)

    async def _plan(self, document: str) -> TaskView:
        reply = await self.engine.do(MakePlan(root=str(self.scene.root), document=document))
        view: TaskView = await self.engine.read(ShowTask(task=reply.task or 0))
        return view

    def _read(self, view: TaskView) -> None:
        assert view.plan is not None
        self.say(f"1 read    {safe(view.task.request)}: {len(view.plan.steps)} steps; these ask again before they run")
        for planned in view.plan.steps:
            if planned.asks:
                why = planned.reasons[0].text if planned.reasons else "declared so"
                operand = safe(planned.step.operand.strip().splitlines()[0])
                self.say(f"          {planned.id:<9} {planned.tier.upper():<12} {operand:<24} {safe(why)}")

    async def _sign(self, view: TaskView) -> None:
        task = view.task
        await self.engine.do(Sign(task=task.id, revision=task.revision, digest=task.digest, means=MEANS))
        self.say(f"2 sign    {task.digest[:6]} is signed: these bytes, and nothing else, may run")

    async def _tamper(self, view: TaskView) -> Question:
        question = await self._asked(QuestionKind.CONFIRMATION, "deploy")
        self.scene.tamper()
        self.say("3 tamper  deploy.sh is changed on disk, then 'run once' is answered to what was shown before")
        await self._resolve(question, Answer.ONCE)
        question = await self._asked(QuestionKind.DRIFT, "deploy")
        self.say("          refused, and nothing was run. What changed since it was signed:")
        for line in question.diff.splitlines():
            if line[:1] in "+-":
                self.say(f"            {safe(line)}")
        return question

    async def _deny(self, question: Question) -> None:
        await self._resolve(question, Answer.DENY, "somebody changed the script")
        skipped: list[str] = []
        async for event in self._following():
            if isinstance(event.fact, StepsChanged):
                skipped += [status.id for status in event.fact.statuses if status.state is StepState.SKIPPED]
            if skipped:
                break
        self.say(f"4 deny    deploy is denied; what stands on it is skipped: {', '.join(skipped)}")

    async def _cancel(self, view: TaskView) -> None:
        self.say("5 cancel  watch ignores SIGTERM and has a child in a session of its own")
        await self.engine.do(Cancel(task=view.task.id, reason="the tour cancels"))
        async for event in self._following():
            if isinstance(event.fact, RunCancelled):
                receipt = event.fact.receipt
                ends = ", ".join(sorted({f"{end.name} by {end.end}" for end in receipt.ends}))
                left = f"{len(receipt.survivors)} left alive" if receipt.survivors else "none left alive"
                how = f"{len(receipt.ends)} processes ended in {receipt.seconds:.1f} s ({safe(ends)})"
                self.say(f"          receipt: {how}, {left}")
            if isinstance(event.fact, TaskEnded):
                return

    async def _mend(self, view: TaskView) -> bool:
        self.scene.mend()
        self.say("6 again   the signed script is back; a short task runs to its end")
        short = await self._plan(NIGHTLY.replace("1 25", "1 3").replace("of 25", "of 3"))
        await self.engine.do(Sign(task=short.task.id, revision=1, digest=short.task.digest, means=MEANS))
        async for event in self._following():
            match event.fact:
                case StepStarted() | StepEnded() if event.task == short.task.id:
                    self.say(f"          {event.step} {event.fact.status.state}")
                case TaskEnded(task=task) if task.id == short.task.id:
                    report = await self.engine.read(VerifyAudit())
                    kept = "verifies" if report.ok else f"does not verify: {report.problem}"
                    record = f"the record of {report.events} events {kept}, head {report.head[:12]}"
                    self.say(f"          {task.phase}; {record}")
                    return task.phase.value == "completed" and report.ok
        return False

    async def _asked(self, kind: QuestionKind, step: str) -> Question:
        async for event in self._following():
            if isinstance(event.fact, QuestionAsked) and event.fact.question.kind is kind and event.step == step:
                return event.fact.question
        raise EOFError("the engine closed")

    async def _resolve(self, question: Question, answer: Answer, reason: str = "") -> None:
        await self.engine.do(
            Resolve(question=question.id, answer=answer, reason=reason, digest=question.digest, means=MEANS)
        )

    async def _following(self) -> AsyncIterator[Event]:
        async for item in self._events:
            if isinstance(item, Event):
                yield item
