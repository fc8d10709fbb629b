"""Graph pane and sanitizer: one line per figure with its name, value, goal and verdict (V9, S1).

Run as a program; not collected by pytest. The best of several runs counts, since shared machines are noisy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from engine import StepState
from tests.benchmarks.report import report_absolute
from tui.presentation.graph import Graph, Node, draw
from tui.presentation.safe import safe

_RUNS = 20
_SIZES = {30: 5.0, 300: 40.0, 10_000: 150.0}
"""Steps to milliseconds allowed for the first draw."""
_REDRAW = 2.0


def nodes(count: int) -> list[Node]:
    """A build, lanes of four steps each, a gate, a short tail; the first third is done, a few run."""
    made = [Node("build", "build", StepState.COMPLETED, note="1:02", seconds=62)]
    lanes = (count - 3) // 4
    for lane in range(lanes):
        for place, word in enumerate(("unit", "integ", "image", "scan")):
            number = lane * 4 + place
            state = StepState.COMPLETED if number < count // 3 else StepState.PENDING
            state = StepState.RUNNING if count // 3 <= number < count // 3 + 5 else state
            need = "build" if not place else made[-1].id
            made.append(Node(f"svc{lane}-{word}", f"svc{lane}-{word}", state, (need,), seconds=30.0 + place))
    gates = tuple(f"svc{lane}-scan" for lane in range(lanes))
    made.append(Node("gate", "gate", StepState.PENDING, gates, seconds=5))
    while len(made) < count:
        made.append(Node(f"tail{len(made)}", f"tail{len(made)}", StepState.PENDING, (made[-1].id,), seconds=5))
    return made


def best(work: Callable[[], object], runs: int = _RUNS) -> float:
    """Milliseconds of the fastest run."""
    times: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def graph_figures() -> None:
    for count, goal in _SIZES.items():
        steps = nodes(count)

        def first(steps: list[Node] = steps) -> object:
            return draw(Graph.of(steps), 80, 24)

        report_absolute(f"V9 graph of {count} steps, first draw", best(first), goal=goal, unit="ms")
        graph = Graph.of(steps)
        draw(graph, 80, 24)
        states = [StepState.RUNNING, StepState.COMPLETED] * _RUNS

        def redraw(graph: Graph = graph, step: Node = steps[count // 2], states: list[StepState] = states) -> object:
            return draw(graph.with_steps([replace(step, state=states.pop())]), 80, 24)

        redraw()
        report_absolute(f"V9 graph of {count} steps, redraw after a change", best(redraw), goal=_REDRAW, unit="ms")


def safe_figures() -> None:
    texts = {
        "plain ASCII": ("tests/test_models.py::test_one PASSED [ 62%] " * 25_000, 10.0),
        "mixed": ("café 日本語 the quick brown fox Привет мир jumps " * 20_000, 4.0),
        "hostile": ("ls \x1b[31m-l\u202e x\u0301\u0301\u0301 \x9b " * 20_000, 1.0),
    }
    for name, (text, goal) in texts.items():
        size = len(text.encode("utf-8", "surrogatepass")) / 1e6

        def clean(text: str = text) -> str:
            return safe(text)

        value = size / (best(clean, 5) / 1000)
        report_absolute(f"S1 safe, {name}, at least", value, goal=goal, unit="MB/s", least=True)


if __name__ == "__main__":
    graph_figures()
    safe_figures()
