"""What we add to the time that a model takes for a plan of 50 steps: what it is told, and reading what it answers."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from engine.model.plan import Action
from engine.planning.derive import Derivation
from engine.planning.llm import Wish, ask_for_plan, read_plan
from engine.policy import Policy
from tests.benchmarks.bench_plan import best
from tests.benchmarks.report import report_absolute

STEPS = 50
GOAL = 20


def answer() -> str:
    """Steps of two kinds in two lines, with slips to be put right."""
    steps = [
        {
            "id": f"s{n}",
            "action": "execute" if n % 2 else "shell",
            "command" if n % 2 else "script": f"git diff engine/{n}" if n % 2 else f"set -e\ngrep -r {n} .\n",
            "description": f"Look at {n}",
            "needs": [n - 2] if n > 1 else [],
        }
        for n in range(STEPS)
    ]
    return json.dumps({"steps": steps}, indent=1)


def main() -> None:
    world = Derivation(root=Path(__file__).parents[2], policy=Policy(), configured=frozenset(Action))
    wish, text = Wish(asked="look at it", request="look at it"), answer()
    asking, reading = (
        best(lambda: ask_for_plan(wish, world).prompt.messages()),
        best(partial(read_plan, text, wish, world)),
    )
    report_absolute("planner: what a model is told of a repository", asking, goal=GOAL, unit="ms")
    report_absolute(f"planner: an answer of {STEPS} steps read", reading, goal=GOAL, unit="ms")
    report_absolute("planner: ours on top of the model's time", asking + reading, goal=GOAL, unit="ms")


if __name__ == "__main__":
    main()
