"""What a plan is expected to cost, and the ways on from a cap, in words. Pure; the command line needs no more."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from engine import Question, Way, cap_of, dollars

_WORDS = {
    Way.RAISE: "more for this task, and it goes on",
    Way.UNPRICED: "it may call what has no known price, which no cap counts",
    Way.CHEAP: "what costs is skipped, with what needs it; the rest goes on",
    Way.STOP: "the task ends, over budget; cleanup steps run",
}


def cost(costs: Mapping[str, int | None], *, ascii_only: bool = False) -> str:
    """`≈$0.40`, `≈$0.40 and 2 steps of unknown cost`; empty where nothing costs."""
    known, unknown = [each for each in costs.values() if each is not None], list(costs.values()).count(None)
    parts = [f"{'~' if ascii_only else '≈'}{dollars(sum(known))}"] if known else []
    parts += [f"{unknown} step{'s' * (unknown != 1)} of unknown cost"] if unknown else []
    return " and ".join(parts)


def brief_cost(costs: Mapping[str, int | None], *, ascii_only: bool = False) -> str:
    """`≈$0.40`, `≈$0.40+?` where that is not all, `$?`; empty where nothing costs."""
    known = [each for each in costs.values() if each is not None]
    if not known:
        return dollars(None) if costs else ""
    return f"{'~' if ascii_only else '≈'}{dollars(sum(known))}{'+?' if len(known) < len(costs) else ''}"


def ways(question: Question) -> Iterator[str]:
    """What each answer leads to."""
    for way in map(Way, question.options):
        yield f"{way.value:<9}{_leads_to(way, question)}"


def _leads_to(way: Way, question: Question) -> str:
    if way is Way.RAISE and question.cap:
        return f"this task alone goes that much beyond the cap of {cap_of(question.cap)}"
    if way is Way.CHEAP and question.cheaper:
        return f"it goes on with {question.cheaper}, save where a step names a model"
    return _WORDS[way]


def hints(question: Question) -> Iterator[str]:
    """The commands that answer it."""
    task, beyond = question.task, f" --beyond {shlex.quote(question.cap)}" if question.cap else ""
    commands = {
        Way.RAISE: f"signoff budget raise {task} +1.50{beyond}",
        Way.UNPRICED: f"signoff budget raise {task} --unpriced",
        Way.CHEAP: f"signoff budget cheap {task}",
        Way.STOP: f"signoff budget stop {task}",
    }
    return (commands[way] for way in map(Way, question.options))
