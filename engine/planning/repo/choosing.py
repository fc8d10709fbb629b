"""Picks the targets that serve a request. Understands English words and the names of targets; guesses no further."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from engine.errors import NothingFits
from engine.model.plan import Document, Step
from engine.planning.repo.finding import LOOKED_FOR
from engine.planning.repo.kinds import EVERYTHING, KINDS, kinds_in, words
from engine.planning.repo.ordering import ordered_steps
from engine.planning.repo.wording import Part, Stance, not_understood, parts
from engine.views import Target

AGENTS = ("claude", "codex", "opencode", "gemini")
"""Coding agents that can write a plan when told how."""

_FAMILIES = (
    ("make", "just"),
    ("npm", "pnpm", "yarn", "bun"),
    ("poe", "hatch", "nox", "tox", "pytest", "ruff", "mypy", "pre-commit"),
    ("cargo",),
    ("go",),
)
"""Tools by ecosystem; within one, the earlier speaks for the later."""
_DIRECT = frozenset({"pytest", "ruff", "mypy"})
"""Tools that speak for themselves only, so that one does not stand for another."""
_MOST_TOLD = 200


def plan_targets(request: str, targets: Sequence[Target], chosen: Sequence[str] = ()) -> Document:
    """Make a document of the targets that a request, or a person, picks.

    Args:
        chosen: names of targets (`test`, or `npm test` where two tools have one); empty to let the request pick.

    Raises:
        NothingFits: none serves; says what there is and what else can be done.
    """
    picked = _named(chosen, targets) if chosen else _asked(request, targets)
    if not picked:
        raise NothingFits(problem=_problem(request, targets), hint=_ways_on(targets))
    said = request.strip() or "Run " + ", ".join(target.command for target in picked)
    return Document(request=said, steps=ordered_steps(picked))


def unread(request: str, steps: Sequence[Step], targets: Sequence[Target]) -> Iterator[str]:
    """What of a request is not in the plan of it, a sentence each: what it leaves out, and what was not understood."""
    left_out = [
        part.text for part in parts(request, _names(targets)) if part.stance is Stance.LEFT_OUT and part.objects
    ]
    if left_out:
        yield f"left out: {_cut('; '.join(left_out))}"
    taken = [step.operand for step in steps]
    odd = not_understood(request, _names([target for target in targets if target.command in taken]))
    if odd:
        yield f"took {', '.join(taken)}; not understood: {_cut(' '.join(odd))}"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_TOLD else f"{text[:_MOST_TOLD]} …"


def _names(targets: Sequence[Target]) -> set[str]:
    return {call for target in targets for call in _calls(target)}


# Picking


def _named(chosen: Sequence[str], targets: Sequence[Target]) -> list[Target]:
    """The target of each name."""
    picked = []
    for name in chosen:
        found = next((target for target in targets if name in _calls(target)), None)
        if found is None:
            near = get_close_matches(name, [target.name for target in targets], n=1)
            guess = f" (did you mean {near[0]!r}?)" if near else ""
            raise NothingFits(
                problem=f"There is no target {name[:64]!r}{guess}. {_listed(targets)}", hint=_ways_on(targets)
            )
        picked.append(found)
    return picked


def _calls(target: Target) -> tuple[str, ...]:
    """What a person may call a target."""
    return target.name, f"{target.tool} {target.name}", f"{target.tool}:{target.name}", target.command


def _asked(request: str, targets: Sequence[Target]) -> list[Target]:
    """The targets that a request wants, without those that it says to leave out.

    Raises:
        NothingFits: something is to be undone, or to be left out, and no target is known to be that.
    """
    said = list(parts(request, _names(targets)))
    left_out = [part for part in said if part.stance is Stance.LEFT_OUT and part.objects]
    for part in left_out:
        if not _meant(part.text, targets) and not kinds_in(part.text):
            raise _not_served(part, targets)
    undoing = [target for part in said if part.stance is Stance.UNDONE for target in _undoing(part, targets)]
    wanted = _wanted("; ".join(part.text for part in said if part.stance is Stance.WANTED), targets)
    if left_out and any(target.name in EVERYTHING for target in wanted):
        raise _not_served(left_out[0], targets)
    return [target for target in wanted if not any(_is_in(target, part.text, targets) for part in left_out)] + undoing


def _wanted(text: str, targets: Sequence[Target]) -> list[Target]:
    """The targets whose names the text has verbatim, and for each kind it asks for those that stand for it."""
    verbatim = _meant(text, targets)
    if any(target.name in EVERYTHING for target in verbatim):
        return verbatim
    covered = {target.kind for target in verbatim}
    kinds = [kind for kind in kinds_in(text) if kind not in covered]
    return verbatim + [target for kind in kinds for target in _for_kind(kind, words(text), targets)]


def _meant(text: str, targets: Sequence[Target]) -> list[Target]:
    return [target for target in targets if _mentioned(target, text)]


def _is_in(target: Target, text: str, targets: Sequence[Target]) -> bool:
    """Whether a text is about a target: by its name, or by its kind where it names none."""
    named = _meant(text, targets)
    return target in named if named else target.kind in kinds_in(text)


def _undoing(part: Part, targets: Sequence[Target]) -> list[Target]:
    """The targets that say of themselves that they do that to that. Raises `NothingFits`: none does."""
    objects = _meant(part.text, targets)
    others = [target for target in targets if target not in objects]
    told = [(target, set(words(f"{target.name} {target.description}"))) for target in others]
    found = [target for target, own in told if own & part.synonyms and own & part.objects]
    if not found:
        raise _not_served(part, targets)
    return found


def _not_served(part: Part, targets: Sequence[Target]) -> NothingFits:
    return NothingFits(problem=_problem(part.text, targets), hint=_ways_on(targets))


def _mentioned(target: Target, request: str) -> bool:
    """Whether the request has the name of a target that is more than an everyday word."""
    calls = _calls(target)[1:] if _everyday(target.name) else _calls(target)
    return any(re.search(rf"(?<![\w:-]){re.escape(call)}(?![\w:-])", request) for call in calls)


def _everyday(name: str) -> bool:
    return any(name in known for known in KINDS.values()) or name in ("all", "run", "check", "install", "the", "and")


def _for_kind(kind: str, asked: Sequence[str], targets: Sequence[Target]) -> list[Target]:
    """One voice per ecosystem; the project's own entry points speak for all of them."""
    fitting = [target for target in targets if target.kind == kind]
    voices = [_voice(family, kind, asked, fitting) for family in _FAMILIES]
    return voices[0] or [target for voice in voices[1:] for target in voice]


def _voice(family: Sequence[str], kind: str, asked: Sequence[str], fitting: Sequence[Target]) -> list[Target]:
    """The first tool of a family that can; direct ones do different things, so they speak together."""
    own = [[target for target in fitting if target.tool == tool] for tool in family]
    first = next((targets for targets in own if targets), [])
    if not first or first[0].tool not in _DIRECT:
        return _narrowed(first, kind, asked)
    return [target for target in fitting if target.tool in _DIRECT]


def _narrowed(own: list[Target], kind: str, asked: Sequence[str]) -> list[Target]:
    """Of several of one tool: those that the request narrows to, else the plain one, else the first."""
    narrowing = [target for target in own if (set(words(target.name)) - {kind}) & set(asked)]
    plain = [target for target in own if target.name in KINDS[kind] or target.name == target.tool]
    return narrowing or plain[:1] or own[:1]


# Saying that nothing fits


def _problem(request: str, targets: Sequence[Target]) -> str:
    if not targets:
        return f"This directory declares no targets; looked for {LOOKED_FOR}"
    asked = f"No target of this repository serves {request[:80]!r}" if request.strip() else "Nothing was asked for"
    return f"{asked}. {_listed(targets)}"


def _listed(targets: Sequence[Target]) -> str:
    shown = ", ".join(target.command for target in targets[:20])
    more = f" and {len(targets) - 20} more" if len(targets) > 20 else ""
    return f"There are: {shown}{more}" if targets else "This directory declares no targets"


def _ways_on(targets: Sequence[Target]) -> str:
    found = [agent for agent in AGENTS if shutil.which(agent)]
    writer = f"let {' or '.join(found)} write one" if found else "write one, or let a coding agent do it"
    named = "name a target; or " if targets else ""
    return f"{named}hand in a plan with `signoff plan -f FILE`: {writer}, `signoff agent-guide` says how"
