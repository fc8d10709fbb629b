"""A real program around the engine, to be killed: it goes on with what is there and answers what is asked.

`python -m tests.faults.worker STATE ROOT LEVEL [PLANS]`: makes and signs PLANS plans and leaves; or, without, runs
until every task has ended. It prints `ready SECONDS` when the engine is usable, counted from the call that opens it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from engine import Answer, ListQuestions, ListTasks, MakePlan, Question, QuestionKind, Resolve, ShowTask, Sign
from engine.composition import Opening
from engine.engine import Engine
from engine.model.events import Event, QuestionAsked, TaskEnded
from engine.settings import Settings

WIDTH, DEPTH = 4, 5
FORBIDDEN = "forbidden"


def effect(root: Path, plan: str, step: str) -> Path:
    """Where a step leaves one line each time it runs."""
    return root / "effects" / f"{plan}-{step}"


def lines(root: Path, plan: str, step: str) -> int:
    """How often a step had its effect; a file that is there and empty is none."""
    path = effect(root, plan, step)
    return len(path.read_text().splitlines()) if path.exists() else 0


def document(name: str) -> str:
    """Chains of steps that leave a line each: once early, once late; some may be repeated, some must be confirmed."""
    steps = []
    for chain in range(WIDTH):
        for place in range(DEPTH):
            step = f"c{chain}p{place}"
            line = f"echo ran >> effects/{name}-{step}"
            steps.append(
                {
                    "id": step,
                    "action": "shell",
                    "script": f"{line}\nsleep 0.02" if place % 2 else f"sleep 0.02\n{line}",
                    "needs": [f"c{chain}p{place - 1}"] if place else [],
                    "idempotent": chain == 1,
                    "tier": "destructive" if chain == 2 and place == 2 else "write",
                }
            )
    return json.dumps({"request": name, "steps": steps})


class Worker:
    def __init__(self, engine: Engine, root: Path) -> None:
        self._engine = engine
        self._root = root

    async def plan(self, plans: int) -> None:
        """Make and sign some plans, and one that nobody signs."""
        made = await self._engine.do(MakePlan(root=str(self._root), document=document(FORBIDDEN)))
        for number in range(plans):
            made = await self._engine.do(MakePlan(root=str(self._root), document=document(f"{made.seq}-{number}")))
            view = await self._engine.read(ShowTask(task=made.task or 0))
            await self._engine.do(Sign(task=view.task.id, revision=1, digest=view.task.digest))

    async def run(self) -> None:
        following = self._engine.events()
        for question in await self._engine.read(ListQuestions()):
            await self._answer(question)
        while not await self._all_ended():
            item = await anext(following)
            while not (isinstance(item, Event) and isinstance(item.fact, QuestionAsked | TaskEnded)):
                item = await anext(following)
            if isinstance(item.fact, QuestionAsked):
                await self._answer(item.fact.question)

    async def _all_ended(self) -> bool:
        tasks = [summary.task for summary in await self._engine.read(ListTasks(limit=100))]
        return all(task.phase.ended for task in tasks if task.request != FORBIDDEN)

    async def _answer(self, question: Question) -> None:
        answer = Answer.ONCE
        if question.kind is QuestionKind.INTERRUPTED:
            view = await self._engine.read(ShowTask(task=question.task))
            happened = lines(self._root, view.task.request, question.step)
            answer = Answer.DONE if happened else Answer.AGAIN
        await self._engine.do(Resolve(question=question.id, answer=answer, digest=question.digest))


async def main(state: Path, root: Path, level: str, plans: int) -> None:
    begun = time.monotonic()
    settings = Settings(parallel=4, sandbox=level, grace=0.2)
    engine = await Engine.open(Opening(state=state, settings=settings, executes=not plans))
    os.write(1, f"ready {time.monotonic() - begun:.4f}\n".encode())
    worker = Worker(engine, root)
    await (worker.plan(plans) if plans else worker.run())
    await engine.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int([*sys.argv, "0"][4])))
