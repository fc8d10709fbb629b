"""What the screen costs: `python -m tests.benchmarks.bench_tui`; one line a figure with its goal.

V8 a log of 10,000 lines/s, V9 the redraw of one changed step, V10 a list of 100,000 tasks, V11 the way of an event to
the screen. All in one run on one machine; nothing fails.
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import cycle
from pathlib import Path

from engine import ListTasks, LogSlice, StepState, StepStatus, TaskSummary, TaskView, seconds_left
from engine.model.events import StepEnded
from engine.process import read_log
from engine.testing import ScriptedEngine
from tests.benchmarks.report import report_absolute
from tests.tui import scenes
from tests.tui.pilots import bench, opened
from tests.tui.terminal import Terminal
from tui.presentation.steps import moved
from tui.screens.workbench import Workbench
from tui.widgets.log_view import LogView
from tui.widgets.step_graph import StepGraph

SECONDS = 5.0
GIGABYTE = 10**9


def told(name: str, value: float, unit: str, goal: float) -> None:
    report_absolute(name, value, goal=goal, unit=unit)


def streaming() -> None:
    terminal = Terminal("tests.tui.on_terminal", "log", "10000")
    terminal.read(20, lambda data: b"worker" in data)
    terminal.read(1.0)
    cpu, began = terminal.cpu(), time.monotonic()
    data = terminal.read(SECONDS)
    took, used = time.monotonic() - began, terminal.cpu() - cpu
    echoes = sorted(_echo(terminal) for _ in range(40))
    terminal.close()
    told("V8 bytes to the terminal at 10,000 lines/s", len(data) / took / 1000, "kB/s", 120)
    told("V8 share of a core", 100 * used / took, "%", 30)
    told("V8 key echo, p95", echoes[int(len(echoes) * 0.95)], "ms", 50)


def _echo(terminal: Terminal) -> float:
    """Milliseconds until `x` shows its warning; another key takes it away again."""
    terminal.read(0.03)
    began = time.perf_counter()
    terminal.press([b"x"])
    terminal.read(2.0, lambda data: b"again" in data)
    took = (time.perf_counter() - began) * 1e3
    terminal.press([b"j"])
    terminal.read(0.1)
    return took


async def redraw() -> None:
    for count, goal in ((30, 5.0), (300, 40.0), (10_000, 150.0)):
        hot = {count // 2: StepState.RUNNING}
        engine = scenes.engine(scenes.many(count, hot))
        async with scenes.app(engine).run_test(size=(80, 24)) as pilot:
            screen = await opened(pilot)
            widget, graph, view = screen.graph, screen.graph.graph, screen.view
            assert graph is not None and view is not None
            graph.shape.drawn.clear()
            status = view.steps[count // 2]
            states = cycle([replace(status, state=StepState.FAILED), status])
            told(f"V9 first drawing of {count} steps", _timed(widget.redraw, 1), "ms", goal)
            told(f"V9 expected time of {count} steps", _timed(partial(_expected, view, engine.now), 5), "ms", 16)
            told(f"V9 one step of {count} changes", _timed(partial(_change, widget, states, engine.now), 50), "ms", 2)


def _expected(view: TaskView, now: float) -> None:
    assert view.plan is not None
    lengths = {status.id: 60.0 for status in view.steps}
    assert seconds_left(view.plan, view.steps, lengths, now, 8) is not None


def _change(widget: StepGraph, states: Iterator[StepStatus], now: float) -> None:
    assert widget.graph is not None
    widget.graph = moved(widget.graph, [next(states)], now)
    widget.render_lines(widget.size.region)


def _timed(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1e3)
    return statistics.median(taken)


async def long_list() -> None:
    engine = ScriptedEngine()

    def page(query: ListTasks) -> tuple[TaskSummary, ...]:
        top = min(100_000, (query.before or 100_001) - 1)
        found = range(top, max(0, top - query.limit), -1)
        return tuple(TaskSummary(task=scenes.task(n, f"task {n}"), counts={StepState.COMPLETED: 3}) for n in found)

    engine.answers[ListTasks] = page
    view = scenes.running()
    engine.views = {n: replace(view, task=scenes.task(n)) for n in (100_000, 1)}
    async with scenes.app(engine).run_test(size=(120, 36)) as pilot:
        screen = bench(pilot)
        while not screen.window.rows:
            await pilot.pause()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        await screen.window.open()
        screen.show_rows()
        await screen.window.last()
        screen.show_rows()
        screen.column.render_lines(screen.column.size.region)
        took = (time.perf_counter() - began) * 1e3
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1000
    told("V10 100,000 tasks: open, and to the oldest", took, "ms", 100)
    told("V10 memory added", grown, "MB", 5)


async def huge_log() -> None:
    """A gigabyte in the pane: its end is drawn, then its beginning, then its end again, then it is searched."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        _write(path, GIGABYTE)
        engine = FromDisk(path)
        async with scenes.app(engine).run_test(size=(80, 24)) as pilot:
            screen = await opened(pilot)
            pane = screen.log_view
            memory = _resident()
            taken = []
            for _ in range(20):
                pane.show(None)
                await pilot.pause()
                taken.append(await _until_drawn(pane, lambda: pane.show(4), b"last line"))
            told("V7 1 GB log, opened at its end in the pane", statistics.median(taken), "ms", 50)
            await _until_drawn(pane, pane.action_top, b"0000000000")
            await _until_drawn(pane, pane.action_bottom, b"last line")
            told("V7 memory added", (_resident() - memory) / 1000, "MB", 10)
            pane.action_top()
            await pilot.pause()
            told(
                "V7 1 GB log, searched to its end",
                await _until_drawn(pane, lambda: pane.find("last line"), b"last"),
                "ms",
                5000,
            )


class FromDisk(ScriptedEngine):
    """A scripted engine whose one log is a file, read as the engine reads it."""

    def __init__(self, path: Path) -> None:
        super().__init__(scenes.running())
        self._path = path

    async def read_log(self, run: int, offset: int, n: int) -> LogSlice:
        piece = read_log(self._path, offset, n)
        return LogSlice(data=piece.data, offset=piece.offset, size=piece.size)


def _write(path: Path, size: int) -> None:
    block = b"".join(b"%010d 2026-01-01T00:00:00Z worker: GET /api/v1/things 200 12ms\n" % n for n in range(16_000))
    with open(path, "wb") as file:
        while file.tell() < size:
            file.write(block)
        file.write(b"the last line\n")


async def _until_drawn(pane: LogView, act: Callable[[], None], wanted: bytes) -> float:
    """Milliseconds until a line is in sight and drawn."""
    began = time.perf_counter()
    act()
    while not any(wanted in line.data for line in pane._window.lines):  # noqa: ASYNC110  it is what is measured
        await asyncio.sleep(0)
    pane.render_lines(pane.size.region)
    return (time.perf_counter() - began) * 1e3


def _resident() -> float:
    """Kilobytes of memory now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1024


async def event_to_screen() -> None:
    engine = scenes.engine(scenes.running())
    async with scenes.app(engine).run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        taken = []
        for number in range(60):
            state = StepState.FAILED if number % 2 else StepState.COMPLETED
            began = time.perf_counter()
            engine.emit(StepEnded(scenes.status("tests", state, 41, 41, 4)), task=12, step="tests")
            while _state(screen) is not state:  # noqa: ASYNC110  the moment itself is what is measured
                await asyncio.sleep(0)
            screen.graph.render_lines(screen.graph.size.region)
            taken.append((time.perf_counter() - began) * 1e3)
    told("V11 event to drawn graph, p95", sorted(taken)[int(len(taken) * 0.95)], "ms", 50)


def _state(screen: Workbench) -> StepState | None:
    status = screen.status_of("tests")
    return status.state if status else None


if __name__ == "__main__":
    streaming()
    asyncio.run(redraw())
    asyncio.run(long_list())
    asyncio.run(event_to_screen())
    asyncio.run(huge_log())
