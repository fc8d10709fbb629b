"""A step as texts to edit, and back: what a person typed becomes the plan of the next revision. Pure; texts are raw.

Only what was changed is read back, so a form never alters what it cannot show. Whether a text is right, the engine
says; here is told beside which field its faults belong.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from engine import OPERANDS, STEP_TYPES, Action, Fault, InvalidPlan, Phase, Plan, PlannedStep, Step, Task, Tier, When
from tui.presentation.safe import is_safe

Texts: TypeAlias = Mapping[str, str]
"""What stands in each field of a form, by its name."""

LISTS = ("needs", "writes", "secrets", "sockets")
ACTIONS = (Action.EXECUTE, Action.TEST, Action.SHELL, Action.NOTIFY, Action.ASK, Action.PLAN)
"""What a new step may do; the other actions need parts that are not configured here."""
WHENS, YES, NO = tuple(When), "yes", "no"
DERIVED = "as derived"
"""The tier that nobody declares."""
_ANY = "any"
_BEGUN = frozenset({Phase.EXECUTING, Phase.BLOCKED, Phase.PAUSED, Phase.RECONCILING, Phase.COMPLETED})
_PLACE = re.compile(r"steps\[(\d+)\]\.?(\w*)")
BLANK: Texts = {"id": "", "action": Action.EXECUTE, "operand": "", **dict.fromkeys(LISTS, ""), "network": "",
                "when": When.SUCCESS, "tty": NO, "tier": DERIVED}  # fmt: skip


def closed(task: Task) -> str:
    """Why its plan cannot be edited now; empty where it can."""
    if task.phase is Phase.COMPLETED:
        return "The task is completed: its plan stays as it ran."
    return f"The task is {task.phase}: cancel it first, what was completed is kept." if task.phase in _BEGUN else ""


def texts_of(planned: PlannedStep) -> Texts:
    """The fields of a step as a person edits them."""
    step = planned.step
    hosts = () if isinstance(step.network, bool) else step.network
    return {
        "id": step.id,
        "action": step.action,
        "operand": step.operand,
        **{name: _joined(getattr(step, name)) for name in LISTS},
        "network": _ANY if step.network is True else _joined(hosts),
        "when": step.when,
        "tty": YES if step.tty else NO,
        "tier": planned.tier,
    }


def tiers(planned: PlannedStep | None) -> tuple[str, ...]:
    """The tier that a step has and those above it: nobody lowers one."""
    least = planned.tier if planned else Tier.READ
    return (least if planned else DERIVED, *(tier for tier in Tier if tier.rank > least.rank))


def editable(operand: str) -> bool:
    """Whether a text field shows all of it: nothing is hidden, and every line ends with a newline."""
    return all(is_safe(line.replace("\t", " ")) for line in operand.split("\n"))


def edited(step: Step, was: Texts, now: Texts) -> Step:
    """A step after its texts were changed.

    Raises:
        InvalidPlan: a list cannot be read.
    """
    changes: dict[str, Any] = {}
    faults = []
    for name, text in now.items():
        if text == was.get(name) or name in ("id", "action"):
            continue
        try:
            changes[OPERANDS[step.action] if name == "operand" else name] = _value(name, text)
        except ValueError:
            faults.append(Fault("a quotation is not closed; put it between two equal marks", name))
    if faults:
        raise InvalidPlan(tuple(faults))
    return replace(step, **changes)


def made(now: Texts) -> Step:
    """A new step. Raises as `edited` does."""
    action = now["action"]
    kind: Any = STEP_TYPES[action]
    return edited(kind(id=now["id"], **{OPERANDS[action]: ""}), BLANK, now)


def _value(name: str, text: str) -> Any:
    match name:
        case "when":
            return When(text)
        case "tty":
            return text == YES
        case "tier":
            return None if text == DERIVED else Tier(text)
        case "network":
            return text.strip() == _ANY or _split(text) or False
        case "operand":
            return text
    return _split(text)


def _joined(items: Iterable[str]) -> str:
    """Separated by blanks; what holds a separator is quoted."""
    return " ".join("'" + item.replace("'", "'\"'\"'") + "'" if "," in item else shlex.quote(item) for item in items)


def _split(text: str) -> tuple[str, ...]:
    """Separated by blanks or commas. Raises ValueError where a quotation is not closed."""
    reader = shlex.shlex(text, posix=True, punctuation_chars=False)
    reader.whitespace += ","
    reader.whitespace_split, reader.commenters = True, ""
    return tuple(reader)


def with_step(plan: Plan, step: Step) -> Plan:
    """The plan with a step as it is now."""
    steps = tuple(replace(each, step=step) if each.id == step.id else each for each in plan.steps)
    return replace(plan, steps=steps)


def with_step_after(plan: Plan, step: Step, after: str) -> Plan:
    """The plan with one more step."""
    ids = [each.id for each in plan.steps]
    place = ids.index(after) + 1 if after in ids else len(ids)
    return replace(plan, steps=(*plan.steps[:place], PlannedStep(step=step), *plan.steps[place:]))


def without_step(plan: Plan, gone: str) -> Plan:
    """The plan without a step; what needed it needs what it needed, so that the order of the others stays."""
    needs = next(each.step.needs for each in plan.steps if each.id == gone)

    def bridged(step: Step) -> Step:
        if gone not in step.needs:
            return step
        return replace(step, needs=tuple(dict.fromkeys(n for need in step.needs for n in _instead(need, gone, needs))))

    steps = tuple(replace(each, step=bridged(each.step)) for each in plan.steps if each.id != gone)
    return replace(plan, steps=steps)


def _instead(need: str, gone: str, needs: tuple[str, ...]) -> tuple[str, ...]:
    return needs if need == gone else (need,)


def dropping(plan: Plan, gone: str) -> str:
    """What dropping a step does to the others, in a sentence."""
    planned = next(each for each in plan.steps if each.id == gone)
    heirs = [each.id for each in plan.steps if gone in each.step.needs]
    then = ", ".join(planned.step.needs) or "nothing"
    left = f": {', '.join(heirs)} will need {then} instead" if heirs else ": no step needs it"
    return f"Drop {gone}{left}."


@dataclass(frozen=True)
class Told:
    """Faults in the words of a form."""

    fields: Mapping[str, list[str]] = field(default_factory=dict)
    """By the name of the field that they stand beside."""
    rest: list[str] = field(default_factory=list)
    """What is wrong elsewhere in the plan."""


def told(faults: Iterable[Fault], plan: Plan, step: str) -> Told:
    """The faults of a document that was made of `plan`, seen from the form of one step."""
    fields: dict[str, list[str]] = {}
    rest: list[str] = []
    for fault in faults:
        said = fault.message
        place = _PLACE.match(fault.field)
        planned = plan.steps[int(place[1])] if place and int(place[1]) < len(plan.steps) else None
        name = place[2] if place else fault.field
        if planned is not None and name == OPERANDS[planned.step.action]:
            name = "operand"
        if (planned is None or planned.id == step) and name in BLANK:
            fields.setdefault(name, []).append(said)
        else:
            about = f"{planned.id} {name}" if planned else fault.field
            rest.append(f"{about}: {said}" if about else said)
    return Told(fields, rest)
