"""V1, V2: durable no-op steps against the floor, in the same run. `python -m tests.benchmarks.bench_steps`"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from engine import MakePlan, ShowTask, Sign
from engine.actions import Context, Result
from engine.composition import Opening
from engine.engine import Engine
from engine.model.events import Event, TaskEnded
from engine.model.plan import Action
from engine.settings import Settings
from tests.benchmarks.floor import SHAPES, Graph, run_floor
from tests.benchmarks.report import report

REPEATS = 5


async def nothing(context: Context) -> Result:
    return Result()


async def run_engine(graph: Graph, folder: Path) -> float:
    """Seconds from the signature to the end of the task."""
    steps = [
        {"id": f"s{number}", "action": "plan", "text": "x", "needs": [f"s{need}" for need in needs]}
        for number, needs in graph.items()
    ]
    opening = Opening(
        state=folder / "state", settings=Settings(parallel=len(graph), sandbox="group"), actions={Action.PLAN: nothing}
    )
    engine = await Engine.open(opening)
    try:
        made = await engine.do(MakePlan(root=str(folder), document=json.dumps({"request": "x", "steps": steps})))
        view = await engine.read(ShowTask(task=made.task or 0))
        following = engine.events(view.seq)
        begun = time.perf_counter()
        await engine.do(Sign(task=view.task.id, revision=1, digest=view.task.digest))
        async for item in following:
            if isinstance(item, Event) and isinstance(item.fact, TaskEnded):
                break
        return time.perf_counter() - begun
    finally:
        await engine.close()


def measure(shape: str, size: int, repeats: int = REPEATS) -> tuple[float, float]:
    """Median microseconds per step: the engine's and the floor's, interleaved."""
    graph = SHAPES[shape](size)
    ours, floor = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            floor.append(asyncio.run(run_floor(graph, Path(folder) / "floor.db")))
            ours.append(asyncio.run(run_engine(graph, Path(folder))))
    return (statistics.median(ours) / len(graph) * 1e6, statistics.median(floor) / len(graph) * 1e6)


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    per_step: dict[int, float] = {}
    for shape in SHAPES:
        ours, floor = measure(shape, size)
        report(f"V1 durable step, {shape} of {size}, µs", ours, floor, goal=2.5)
        if shape == "chain":
            per_step[size] = ours
    ours, _ = measure("chain", 10 * size, repeats=1)
    report(f"V2 growth, µs a step at {10 * size} against {size}", ours, per_step[size], goal=1.15)


if __name__ == "__main__":
    main()
