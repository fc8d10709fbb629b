"""Steps of a view as nodes of the graph: state, needs, and the short note behind a name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine import Comment, Phase, StepState, StepStatus, Task, TaskView, running_for, usual_length
from tui.presentation.amounts import clock
from tui.presentation.brief import behind, numbered
from tui.presentation.graph import Graph, Node

_WAITING = frozenset({StepState.PENDING, StepState.READY})
"""States of a step that a hold keeps where it is."""


def graph_of(view: TaskView, lengths: Mapping[str, float], now: float) -> Graph | None:
    """The whole graph, with what is known of earlier runs; None while there is no plan."""
    if view.plan is None or not view.plan.steps:
        return None
    status = {found.id: found for found in view.steps}
    said = _spoken_of(view.comments)
    return Graph.of(
        _node(status.get(p.id, StepStatus(id=p.id)), p.step.needs, p.rank, usual_length(p, lengths), p.id in said, now)
        for p in view.plan.steps
    )


def moved(graph: Graph, statuses: Iterable[StepStatus], now: float) -> Graph:
    """The graph after some steps changed, or after time passed for them."""
    return graph.with_steps(
        _node(status, node.needs, node.rank, node.usual, node.said, now)
        for status in statuses
        if (node := graph.nodes.get(status.id)) is not None
    )


def noted(graph: Graph, comments: Iterable[Comment]) -> Graph:
    """The graph after somebody said something, or resolved it."""
    said = _spoken_of(comments)
    return graph.with_steps(
        replace(node, said=node.id in said) for node in graph.nodes.values() if node.said != (node.id in said)
    )


def _spoken_of(comments: Iterable[Comment]) -> frozenset[str]:
    """The steps with an open thread."""
    return frozenset(each.step for each in comments if each.step and each.answers is None and each.resolved is None)


def counts(graph: Graph) -> Mapping[StepState, int]:
    """How many steps are in which state."""
    found: dict[StepState, int] = {}
    for tally in graph.tallies:
        for state, count in tally.counts.items():
            found[state] = found.get(state, 0) + count
    return found


def _node(
    status: StepStatus, needs: tuple[str, ...], rank: int | None, usual: float | None, said: bool, now: float
) -> Node:
    seconds = _took(status, now) if status.ended is not None else None
    if seconds is None and usual is not None:
        seconds = max(0.0, usual - running_for(status, now))
    note, held = _note(status, usual, now), bool(status.held_by) and status.state in _WAITING
    return Node(status.id, status.id, status.state, needs, rank, note, seconds, usual, held=held, said=said)


def _note(status: StepStatus, usual: float | None, now: float) -> str:
    """`exit 2`, `0:31`, or while it runs and earlier runs tell how long, `0:41/1:12`."""
    if status.state is StepState.FAILED and status.exit_code:
        return f"exit {status.exit_code}"
    took = _took(status, now)
    if took is None or status.state not in (StepState.RUNNING, StepState.COMPLETED, StepState.FAILED):
        return ""
    of = f"/{clock(usual)}" if status.state is StepState.RUNNING and usual is not None and usual >= 1 else ""
    return clock(took) + of


def _took(status: StepStatus, now: float) -> float | None:
    if status.started is None:
        return None
    return (status.ended if status.ended is not None else now) - status.started


def wanted(view: TaskView, step: str) -> str:
    """The step to look at when nobody chose: what runs, else what waits, else what failed, else where it stands."""
    state_of = {status.id: status for status in view.steps}
    if step in state_of and state_of[step].state is StepState.RUNNING:
        return step
    running = [status for status in view.steps if status.state is StepState.RUNNING]
    if running:
        return max(running, key=lambda status: status.started or 0.0).id
    for states in ({s for s in StepState if s.waits_for_person}, {StepState.FAILED}):
        if found := next((status.id for status in view.steps if status.state in states), ""):
            return found
    if step in state_of:
        return step
    ended = [status for status in view.steps if status.ended is not None]
    return max(ended, key=lambda s: s.ended or 0.0).id if ended else (view.steps[0].id if view.steps else "")


def unlogged(status: StepStatus | None, view: TaskView, held: Task | None = None) -> str:
    """Why a step has no log to show, or why there is no step.

    Args:
        held: the task that a queued one waits for, where it is known.
    """
    task = view.task
    if status is None:
        return task.error
    if not task.signed and not status.state.ended:
        return "not started: nobody has signed this plan yet (r reviews it)"
    if task.phase is Phase.QUEUED:
        return f"queued {behind(held)}" if held else "queued: it begins when no other task writes in this directory"
    match status.state:
        case StepState.PENDING | StepState.READY:
            return f"held by {status.held_by}" if status.held_by else _not_begun(status, view)
        case StepState.AWAITING_CONFIRMATION:
            return "not started: it waits for your answer (i)"
        case StepState.SKIPPED | StepState.CANCELLED:
            return f"never ran{': ' + status.error if status.error else ''}"
        case StepState.RUNNING:
            return "no output yet"
    return "no output"


def _not_begun(status: StepStatus, view: TaskView) -> str:
    """Why a step that nobody holds has not begun."""
    if view.task.at_its_cap:
        return "not started: the task is at a cap of its budget; i asks how it goes on"
    if view.task.phase is Phase.PAUSED:
        return "not started: the task is paused; p goes on"
    _, planned = numbered(view, status.id)
    needs = planned.step.needs if planned else ()
    if any(each.id in needs and not each.state.ended for each in view.steps):
        return "not started yet: what it needs comes first"
    return "never ran" if view.task.phase.ended else "not started yet: its turn has not come"
