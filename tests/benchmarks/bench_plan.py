"""A plan of 10,000 steps, from its text to its rows (V12). One line per figure; run as a program."""

from __future__ import annotations

import asyncio
import gc
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.engine import YOUNG
from engine.errors import InvalidPlan
from engine.model.plan import Action, Plan
from engine.model.state import Phase
from engine.model.task import Task
from engine.planning.derive import Derivation, plan_from_text
from engine.policy import Policy
from engine.storage.store import Store
from tests.benchmarks.report import report_absolute
from tests.engine.planning.plans import parse_document

STEPS = 10_000
RUNS = 5


def text_of(steps: int) -> str:
    """Layers of ten steps, each of which needs two of the layer before."""
    lines = ["request: Ten thousand steps", "steps:"]
    for n in range(steps):
        needs = f"s{n - 10}, s{n - 10 - n % 10 + (n + 1) % 10}" if n >= 10 else ""
        lines += [
            f"  - id: s{n}",
            "    action: execute",
            f"    command: echo step {n}",
            f"    description: Say the number {n}",
            f"    needs: [{needs}]",
            "    timeout: 20m",
        ]
    return "\n".join(lines) + "\n"


def best(work: Callable[[], object]) -> float:
    """Milliseconds of the fastest run."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


async def stored(folder: Path, plan: Plan) -> float:
    """Milliseconds until a plan is on the disk, at best."""
    store = await Store.open(folder, time.time, lambda events: None)
    times = []
    for number in range(1, RUNS + 1):
        task = Task(id=number, request="x", root="/", phase=Phase.AWAITING_APPROVAL, proposer="ana", created=1.0)
        start = time.perf_counter()
        await store.create_planned_task(task, task, replace(plan, task=number), ())
        times.append(time.perf_counter() - start)
    await store.close()
    return 1000 * min(times)


def main() -> None:
    gc.set_threshold(YOUNG)  # plans are read by owners, and so do they
    text = text_of(STEPS)
    with tempfile.TemporaryDirectory() as root:
        world = Derivation(root=Path(root), policy=Policy(), configured=frozenset(Action))
        plan_from_text(text_of(1), "plan.yaml", world)
        broken = text.replace("needs: [s0,", "needs: [x0,", 1)
        ok, refused = best(lambda: plan_from_text(text, "plan.yaml", world)), best(lambda: _refused(broken))
        written = asyncio.run(stored(Path(root), plan_from_text(text, "plan.yaml", world)))
    report_absolute(f"V12 {STEPS:,} steps: text to digest", ok, goal=1000, unit="ms")
    report_absolute(f"V12 {STEPS:,} steps: text to store", ok + written, goal=1000, unit="ms")
    report_absolute(f"V12 {STEPS:,} steps: one wrong need refused, with its place", refused, goal=1000, unit="ms")
    report_absolute("V12 memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, goal=300, unit="MB")


def _refused(text: str) -> None:
    try:
        parse_document(text, "plan.yaml")
    except InvalidPlan:
        return
    raise AssertionError("a plan with a fault was accepted")


if __name__ == "__main__":
    main()
