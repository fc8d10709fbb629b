"""The steps of a document as a graph: their ranks, and everything that can be wrong with them as one (B2.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

from engine.errors import Fault
from engine.model.plan import Step

MAX_STEPS = 10_000
MAX_NAMES = 2_000
"""Step ids that are looked through for the one that was meant."""
MAX_SUGGESTIONS = 20
MAX_CYCLES = 5


def rank_steps(needs: Mapping[str, Collection[str]]) -> dict[str, int]:
    """The topological rank of each step that no cycle comes before, in topological order.

    Args:
        needs: those of each step, all of them steps.
    """
    missing = {step: len(given) for step, given in needs.items()}
    after: dict[str, list[str]] = {}
    for step, given in needs.items():
        for need in given:
            after.setdefault(need, []).append(step)
    order = [step for step, count in missing.items() if not count]
    ranks = dict.fromkeys(order, 0)
    for step in order:  # grows while it is walked, rank by rank
        for other in after.get(step, ()):
            missing[other] -= 1
            if not missing[other]:
                ranks[other] = ranks[step] + 1
                order.append(other)
    return ranks


def graph_faults(steps: tuple[Step, ...]) -> list[Fault]:
    """Everything wrong with the steps as a graph (B2.3): count, ids, needs, cycles."""
    if not steps:
        return [Fault("a plan needs at least one step", "steps")]
    if len(steps) > MAX_STEPS:
        return [Fault(f"{len(steps)} steps; at most {MAX_STEPS} are allowed", "steps")]
    if len(rank_steps({step.id: step.needs for step in steps})) == len(steps):
        return []
    return _id_faults(steps) + _need_faults(steps) + _cycle_faults(steps)


def _id_faults(steps: tuple[Step, ...]) -> list[Fault]:
    first: dict[str, int] = {}
    faults = []
    for index, step in enumerate(steps):
        if step.id in first:
            faults.append(
                Fault(f"step id '{step.id}' is used by steps[{first[step.id]}] already", f"steps[{index}].id")
            )
        first.setdefault(step.id, index)
    return faults


def _need_faults(steps: tuple[Step, ...]) -> list[Fault]:
    known = {step.id for step in steps}
    names = sorted(known)[:MAX_NAMES]
    faults: list[Fault] = []
    for index, step in enumerate(steps):
        for need in step.needs:
            place = f"steps[{index}].needs"
            if need == step.id:
                faults.append(Fault("a step cannot need itself", place))
            elif need not in known:
                meant = _nearest(need, names) if len(faults) < MAX_SUGGESTIONS else ""
                faults.append(Fault(f"no step '{need}'{meant}", place))
    return faults


def _nearest(name: str, names: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name[:64], names, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def _cycle_faults(steps: tuple[Step, ...]) -> list[Fault]:
    """Cycles that share no step with one before; an id that two steps have is left out, it is a fault of its own."""
    used = Counter(step.id for step in steps)
    places = {step.id: index for index, step in enumerate(steps) if used[step.id] == 1}
    faults: list[Fault] = []
    while len(faults) < MAX_CYCLES and (cycle := _cycle({step: steps[at].needs for step, at in places.items()})):
        told = "the needs form a cycle: " + " → ".join(reversed(cycle))
        faults.append(Fault(told, f"steps[{places[cycle[1]]}].needs"))
        for step_id in cycle[1:]:
            del places[step_id]
    return faults


def _cycle(needs: Mapping[str, Collection[str]]) -> list[str]:
    """The steps of one cycle, the first of them again at its end; empty where there is none."""
    sound = {step: [need for need in given if need in needs and need != step] for step, given in needs.items()}
    try:
        TopologicalSorter(sound).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle
    return []
