"""Which steps may start: indegree counting over the graph of a plan (B6.1), without waiting and without a clock.

`Frontier` is told when a step ends and answers what that changes: which steps are ready now and which are skipped. One
ended step looks at exactly its dependents; nothing is polled and nothing is scanned twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.model.plan import StepBase, When
from engine.model.run import Cause
from engine.model.state import StepState

_FAILURES = frozenset({StepState.FAILED, StepState.CANCELLED})


@dataclass
class Decision:
    """What the end of one or more steps changes."""

    ready: list[str] = field(default_factory=list)
    skipped: list[tuple[str, Cause, str]] = field(default_factory=list)
    """Each skipped step with the cause and a sentence."""


class Frontier:
    """The part of a plan that has not ended yet.

    Args:
        steps: the steps of the plan.
        ended: state of each step that has ended already, in an earlier attempt or before a restart.
    """

    def __init__(self, steps: Iterable[StepBase], ended: Mapping[str, StepState]) -> None:
        self._steps = {step.id: step for step in steps}
        self._dependents: dict[str, list[str]] = {step_id: [] for step_id in self._steps}
        for step in self._steps.values():
            for need in step.needs:
                self._dependents[need].append(step.id)
        self._ended: dict[str, StepState] = {}
        self._spoiled: dict[str, tuple[str, StepState]] = {}
        """The first need of a step that ended without completing."""
        self._hurt: set[str] = set()
        """Steps of which a need failed, itself or through what it needs."""
        self._left = {step_id: len(step.needs) for step_id, step in self._steps.items()}
        self._decided: set[str] = set(ended)
        for step_id, state in ended.items():
            self._mark(step_id, state)

    def start(self) -> Decision:
        """What is ready, or will never be, as things stand now."""
        decision = Decision()
        for step_id in self._steps:
            self._consider(step_id, decision)
        self._cascade(decision)
        return decision

    def end(self, step_id: str, state: StepState) -> Decision:
        """A step ended: what does that change?"""
        decision = Decision()
        self._decided.add(step_id)
        self._mark(step_id, state)
        for dependent in self._dependents[step_id]:
            self._consider(dependent, decision)
        self._cascade(decision)
        return decision

    @property
    def done(self) -> bool:
        """Whether every step has ended."""
        return len(self._ended) == len(self._steps)

    def _mark(self, step_id: str, state: StepState) -> None:
        self._ended[step_id] = state
        failed = state in _FAILURES or (state is StepState.SKIPPED and step_id in self._hurt)
        for dependent in self._dependents[step_id]:
            self._left[dependent] -= 1
            if state is not StepState.COMPLETED:
                self._spoiled.setdefault(dependent, (step_id, state))
            if failed:
                self._hurt.add(dependent)

    def _cascade(self, decision: Decision) -> None:
        for step_id, _, _ in decision.skipped:  # grows while it is walked
            self._mark(step_id, StepState.SKIPPED)
            for dependent in self._dependents[step_id]:
                self._consider(dependent, decision)

    def _consider(self, step_id: str, decision: Decision) -> None:
        if step_id in self._decided or (self._left[step_id] and step_id not in self._spoiled):
            return  # most often: it waits for others, and all is well so far
        verdict = self._judge(self._steps[step_id])
        if verdict is None:
            return
        self._decided.add(step_id)
        if isinstance(verdict, tuple):
            cause, reason = verdict
            decision.skipped.append((step_id, cause, reason))
        else:
            decision.ready.append(step_id)

    def _judge(self, step: StepBase) -> bool | tuple[Cause, str] | None:
        """True: ready; a cause: never; None: not known yet."""
        none_left = self._left[step.id] == 0
        if step.when is When.ALWAYS:
            return True if none_left else None
        if step.when is When.FAILURE:
            if step.id in self._hurt:
                return True
            return (Cause.NOT_NEEDED, "nothing it waits for failed") if none_left else None
        if step.id in self._spoiled:
            need, state = self._spoiled[step.id]
            return Cause.DEPENDENCY, f"dependency {need} {state.value}"
        return True if none_left else None
