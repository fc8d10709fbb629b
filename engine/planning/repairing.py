"""Steps in the place of what failed: what a model is told of the attempt, and how its answer becomes a whole revision.

What completed stays as it is, what failed is dropped, and what needed it needs the last of the new steps. That nothing
is repeated is looked at here, not believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine.actions.base import Earlier
from engine.actions.consult import output_of
from engine.errors import Unusable
from engine.model.call import Purpose
from engine.model.plan import OPERANDS, Plan
from engine.model.prompt import Passage
from engine.model.run import Cause
from engine.planning.context import present_plan
from engine.planning.llm import Wish
from engine.planning.writing import document_of

Value = dict[str, Any]
MOST_STEPS = 6
_FAILED, _SUCCEEDED = 6_000, 1_500
"""Characters of what a step said, the last ones."""


def repair_wish(plan: Plan, earlier: Sequence[Earlier], returned: tuple[Plan, str] | None = None) -> Wish:
    """The question for steps in the place of those that failed.

    Args:
        earlier: the steps that completed or failed.
        returned: the answer before, and what the person said who returned it.
    """
    failed = [each for each in earlier if each.status.cause is Cause.FAILED]
    named = "\n".join(f"- {each.planned.id}" for each in failed)  # what it said is data, and stands among it
    asked = f"{plan.request}\n\nWhat failed:\n{named}\n\nWrite the steps that stand in its place."
    if returned:
        asked += f"\n\nRevision {returned[0].revision}, written for that, was returned:\n\n{returned[1]}"
    return Wish(
        asked=asked,
        request=plan.request,
        passages=lambda: (*_passages(plan, earlier), *([present_plan(returned[0])] if returned else [])),
        purpose=Purpose.REPLAN,
        prompts=("plan", "replan"),
        assemble=_assembling(plan, earlier),
    )


def _passages(plan: Plan, earlier: Sequence[Earlier]) -> tuple[Passage, ...]:
    failed = [output_of(each, _FAILED) for each in earlier if each.status.cause is Cause.FAILED]
    succeeded = [output_of(each, _SUCCEEDED) for each in earlier if each.status.cause is None]
    return (*failed, present_plan(plan), *succeeded)


def _assembling(plan: Plan, earlier: Sequence[Earlier]) -> Callable[[Value], Value]:
    failed = frozenset(each.planned.id for each in earlier if each.status.cause is Cause.FAILED)

    def assemble(value: Value) -> Value:
        steps = value.get("steps")
        if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
            raise Unusable(problem=f"Write 1 to {MOST_STEPS} steps that stand in the place of what failed")
        if problems := list(_problems(plan, earlier, steps)):
            raise Unusable(problem="\n".join(problems))
        document = document_of(plan)
        kept = [_moved(step, failed, _last(steps)) for step in document["steps"] if step["id"] not in failed]
        return {**document, "steps": [*steps, *kept]}

    return assemble


def _problems(plan: Plan, earlier: Sequence[Earlier], steps: Sequence[Value]) -> Iterator[str]:
    """What repeats the plan: an id of it, work that succeeded, or what failed with nothing done before it."""
    known = {planned.id for planned in plan.steps}
    ran = {_work(document): document["id"] for document in document_of(plan)["steps"]}
    ended = {each.planned.id: each.status.cause for each in earlier}
    new = {step.get("id") for step in steps}
    for index, step in enumerate(steps):
        before = ran.get(_work(step), "")
        if step.get("id") in known:
            yield f"steps[{index}].id: the plan has a step {step['id']!r} already; take a new id"
        if before in ended and ended[before] is None:
            yield f"steps[{index}]: repeats {before}, which succeeded"
        elif before in ended and not new.intersection(map(str, step.get("needs", ()))):
            yield f"steps[{index}]: tries {before} again as it was, and nothing before it removes the reason"


def _work(step: Value) -> tuple[str, str]:
    """What a step does and where, whatever it is called."""
    operand = str(step.get(OPERANDS.get(str(step.get("action")), ""), ""))
    return " ".join(operand.split()), str(step.get("workdir", "."))


def _last(steps: Sequence[Value]) -> list[str]:
    """The new steps that no other new step needs."""
    needed = {str(need) for step in steps for need in step.get("needs", ())}
    return [str(step["id"]) for step in steps if str(step.get("id")) not in needed]


def _moved(step: Value, failed: frozenset[str], last: Sequence[str]) -> Value:
    """A step that stays; where it needed what failed, it needs what stands in its place."""
    needs = step.get("needs", [])
    if failed.isdisjoint(needs):
        return step
    return step | {"needs": [need for need in needs if need not in failed] + list(last)}
