"""The `llm` planner: what is asked and what is around it -> a revision that a model wrote, or why there is none.

An answer is a draft like any other: its slips are put right and told, it is read with the reader of plan files, and
every fault of it goes back to the model once. Tiers, programs and digests are derived here, never taken over.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from engine.cancellation import CancelToken
from engine.errors import InvalidPlan, Unusable
from engine.inference import Inference, Question
from engine.model.call import Purpose
from engine.model.plan import Action, Plan
from engine.model.prompt import LONGEST, Passage, Prompt
from engine.planning.context import look_around
from engine.planning.corrections import correct, read_json
from engine.planning.drafts import PLANNER
from engine.policy.literal_secrets import without_secret_data

if TYPE_CHECKING:
    from engine.planning.derive import Derivation

_FAULTS = 40
"""Faults that are told to a model at once."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A revision that a model shall write."""

    asked: str
    """What a person wants, in their words."""
    request: str
    """What the plan is for; it becomes the request of the revision, whatever the model says."""
    passages: Callable[[], tuple[Passage, ...]] = tuple
    """What there is to know besides the directory; it comes first. Called in a thread."""
    remembered: tuple[Passage, ...] = ()
    """What earlier runs taught about this."""
    purpose: Purpose = Purpose.PLAN
    prompts: tuple[str, ...] = ("plan",)
    """Our own words, one after the other."""
    assemble: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """From what a model answered to a whole plan file. Raises `Unusable`."""
    check: Callable[[Plan], None] | None = None
    """What has to hold besides. Raises `InvalidPlan`."""


async def write_plan(
    inference: Inference, wish: Wish, world: Derivation, heard: Callable[[str], None], token: CancelToken
) -> Plan:
    """Let a model write a revision.

    Args:
        heard: called with each piece of its answer as it comes.

    Raises:
        NoModel: none is configured.
        ModelFailed: no answer, or twice one that is no plan; says every fault.
        Cancelled: the token fired.
    """
    question = await asyncio.to_thread(ask_for_plan, wish, world)
    inferred = await inference.infer(question, heard, token)
    told = (
        (f"the first answer was no plan: {'; '.join(inferred.corrected.splitlines())}",) if inferred.corrected else ()
    )
    return replace(inferred.value, model=inferred.model, corrections=(*told, *inferred.value.corrections))


def ask_for_plan(wish: Wish, world: Derivation) -> Question[Plan]:
    """The question whose answer is a revision."""
    passages = (*wish.passages(), *wish.remembered, *look_around(world.root, world.policy))
    prompt = Prompt(system=instructions(wish.prompts, world), request=wish.asked, passages=passages)
    return Question(
        purpose=wish.purpose,
        prompt=without_secret_data(prompt).within(LONGEST),
        read=lambda answer: read_plan(answer, wish, world),
        task=world.task,
        schema=_schema(),
    )


@cache
def _schema() -> dict[str, Any]:
    from engine.planning.schema import plan_schema

    return plan_schema()


def instructions(names: tuple[str, ...], world: Derivation) -> str:
    """Our words to a model, with the actions that can run here."""
    folder = files("engine.planning") / "prompts"
    text = "".join((folder / f"{name}.md").read_text(encoding="utf-8") for name in names)
    known = ", ".join(action for action in Action if action in world.configured)
    return f"{text}\nActions that can run here: {known}. Every other one is an error.\n"


def read_plan(answer: str, wish: Wish, world: Derivation) -> Plan:
    """An answer of a model -> a revision, with what of it was put right.

    Raises:
        Unusable: it is no plan; says every fault.
    """
    from engine.planning.derive import plan_from_text

    value, left_out = read_json(answer)
    value, corrections = correct(value)
    try:
        document = json.dumps({**wish.assemble(value), "request": wish.request}, ensure_ascii=False)
        plan = plan_from_text(document, "answer", replace(world, planner=PLANNER))
        if wish.check is not None:
            wish.check(plan)
    except InvalidPlan as error:
        raise Unusable(problem=told(error)) from None
    return replace(plan, corrections=(*left_out, *corrections))


def told(error: InvalidPlan) -> str:
    """The faults of an answer, one a line; their places are of no use to who wrote it."""
    lines = [f"{fault.field}: {fault.message}" if fault.field else fault.message for fault in error.faults[:_FAULTS]]
    more = len(error.faults) - len(lines)
    return "\n".join([*lines, *([f"and {more} more faults"] if more else [])])
