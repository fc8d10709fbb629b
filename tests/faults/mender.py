"""A real program around the engine, to be killed while steps fail, others run, and new ones are written and signed.

`python -m tests.faults.mender STATE ROOT LEVEL [PLANS]`: as `worker`; whatever waits for a signature is signed at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine import Answer, ListQuestions, ListTasks, MakePlan, Phase, Question, Resolve, ShowTask, Sign, SignoffError
from engine.composition import Opening
from engine.engine import Engine
from engine.llm import Completion
from engine.model.events import Event
from engine.model.prompt import Message
from engine.settings import Settings
from tests.engine.scripted_model import ScriptedModel, answer
from tests.faults.worker import lines

BESIDE = 6


def shell(plan: str, step: str, *needs: str, ends: str = "sleep 0.03") -> dict[str, Any]:
    """A step that leaves a line each time it runs, and may not be repeated unasked."""
    script = f"echo ran >> effects/{plan}-{step}\n{ends}"
    return {"id": step, "action": "shell", "script": script, "needs": list(needs), "tier": "write"}


def document(name: str) -> str:
    """A step that fails at once, one that needs it, and a chain beside them."""
    chain = [shell(name, f"s{place}", *([f"s{place - 1}"] if place else [])) for place in range(BESIDE)]
    steps = [shell(name, "broken", ends="exit 1"), shell(name, "last", "broken"), *chain]
    return json.dumps({"request": name, "steps": steps})


class Mending(ScriptedModel):
    """Always writes one step in the place of what failed."""

    async def complete(self, messages: Sequence[Message], **how: Any) -> Completion:
        found = re.search(r"mended-\d+", messages[-1].text)
        assert found is not None
        self.answers.append(answer(shell(found[0], "mend")))
        return await super().complete(messages, **how)


class Mender:
    def __init__(self, engine: Engine, root: Path) -> None:
        self._engine = engine
        self._root = root

    async def plan(self, plans: int) -> None:
        for _ in range(plans):
            name = f"mended-{time.time_ns()}"
            made = await self._engine.do(MakePlan(root=str(self._root), document=document(name)))
            view = await self._engine.read(ShowTask(task=made.task or 0))
            await self._engine.do(Sign(task=view.task.id, revision=1, digest=view.task.digest))

    async def run(self) -> None:
        following = self._engine.events()
        while not await self._all_ended():
            item = await anext(following)
            while not (isinstance(item, Event) and item.kind in ("phase_changed", "question_asked", "task_ended")):
                item = await anext(following)

    async def _all_ended(self) -> bool:
        """Whether nothing is left to do, after all that waits was signed and answered."""
        for question in await self._engine.read(ListQuestions()):
            await self._answer(question)
        ended = True
        for summary in await self._engine.read(ListTasks(limit=100)):
            view = await self._engine.read(ShowTask(task=summary.task.id))
            waits = view.pending or (view.plan if view.task.phase is Phase.AWAITING_APPROVAL else None)
            if waits:
                await self._sign(waits.task, waits.revision, waits.digest)
            ended &= view.task.phase.ended and not view.task.planner
        return ended and not self._engine.busy

    async def _sign(self, task: int, revision: int, digest: str) -> None:
        try:
            await self._engine.do(Sign(task=task, revision=revision, digest=digest))
        except SignoffError:
            pass  # it was signed, or taken up, or is over

    async def _answer(self, question: Question) -> None:
        view = await self._engine.read(ShowTask(task=question.task))
        happened = lines(self._root, view.task.request, question.step)
        answered = Answer.DONE if happened else Answer.AGAIN
        try:
            await self._engine.do(Resolve(question=question.id, answer=answered, digest=question.digest))
        except SignoffError:
            pass  # it was answered in the round before


async def main(state: Path, root: Path, level: str, plans: int) -> None:
    begun = time.monotonic()
    settings = Settings(parallel=4, sandbox=level, grace=0.2)
    opening = Opening(state=state, settings=settings, executes=not plans, model=Mending())
    engine = await Engine.open(opening)
    os.write(1, f"ready {time.monotonic() - begun:.4f}\n".encode())
    mender = Mender(engine, root)
    await (mender.plan(plans) if plans else mender.run())
    await engine.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int([*sys.argv, "0"][4])))
