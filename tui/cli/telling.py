"""What following a task prints: a line for each step that begins or ends, a bar below, and in the end how it stands.

Nothing is told twice: the summary leaves out what stood on a line of its own already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine import (
    Event,
    Notified,
    RunCancelled,
    StepEnded,
    StepsChanged,
    StepStarted,
    StepState,
    StepStatus,
    Task,
    TaskView,
    seconds_left,
)
from tui.cli import lines
from tui.cli.call import Call
from tui.presentation.amounts import about_clock, bar, clock
from tui.presentation.safe import safe, safe_lines
from tui.presentation.status import STEPS

_BAR = 24


class Telling:
    """The words about one task."""

    def __init__(self, call: Call, view: TaskView) -> None:
        self._console, self._clock = call.console, call.world.clock
        self._number = {planned.id: number for number, planned in enumerate(view.plan.steps if view.plan else (), 1)}
        self._told: dict[str, StepStatus] = {}
        self._plan = view.plan
        self.lengths: Mapping[str, float] = {}
        """Seconds that the steps took in earlier runs."""
        self.parallel = 1
        self.waits_for = ""
        """What a queued task waits for, in a few words."""
        self.held: Task | None = None
        """The task that a queued one waits for."""
        self.stalled = ""
        """That nothing can be written, in a few words."""

    def numbered(self, step: str) -> str:
        """`3 tests`."""
        return f"{self._number[step]} {safe(step)}"

    def happened(self, event: Event) -> None:
        """Print what an event says to a person."""
        for line in self._lines(event):
            self._console.say(line)

    def _lines(self, event: Event) -> Iterator[str]:
        match event.fact:
            case StepStarted(status=status) if not self._console.live:
                yield self._line(status)
            case StepEnded(status=status):
                yield self._line(status)
            case StepsChanged(statuses=statuses):
                yield from (self._line(status) for status in statuses if status.state.ended)
            case RunCancelled(receipt=receipt):
                yield from lines.receipt_lines(event.step or "", receipt)
            case Notified(message=message):
                yield from (f"says: {line}" for line in safe_lines(message))

    def _line(self, status: StepStatus) -> str:
        self._told[status.id] = status
        return lines.step_line(self._number.get(status.id, 0), status, self._console)

    def summary(self, view: TaskView) -> None:
        """Print how the task stands: the steps that were not told yet, then its end."""
        for number, status in enumerate(view.steps, start=1):
            if self._told.get(status.id) != status:
                self._console.say(lines.step_line(number, status, self._console))
        for line in lines.outcome_lines(view, self._console, held=self.held):
            self._console.say(line)

    def draw(self, steps: tuple[StepStatus, ...]) -> None:
        """Bring the bar up to date."""
        if not self._console.live or not steps:
            return
        ended = sum(status.state.ended for status in steps)
        drawn = bar(ended / len(steps), _BAR, ascii_only=self._console.ascii_only)
        now = self.stalled or self.waits_for or self._running(steps)
        text = f"{drawn} {ended}/{len(steps)}{self._left(steps)}  {now}"
        self._console.bar(text.rstrip()[: self._console.width - 1])

    def _left(self, steps: tuple[StepStatus, ...]) -> str:
        """How long the rest takes, where earlier runs tell."""
        if self._plan is None or not self.lengths:
            return ""
        left = seconds_left(self._plan, steps, self.lengths, self._clock(), self.parallel)
        return f"  {about_clock(left, ascii_only=self._console.ascii_only)} left" if left else ""

    def _running(self, steps: tuple[StepStatus, ...]) -> str:
        running = [status for status in steps if status.state is StepState.RUNNING]
        if not running:
            return ""
        glyph = STEPS[StepState.RUNNING].glyph(ascii_only=self._console.ascii_only)
        took = clock(self._clock() - (running[-1].started or 0.0))
        more = f" +{len(running) - 1}" if len(running) > 1 else ""
        return f"{glyph} {safe(running[-1].id)[:40]} {took}{more}"
