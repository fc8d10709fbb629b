"""What a reader must know of a step besides its operand: why its tier, what it may touch, need, and what is signed.

Pure, and cheap to import. Every value is raw text from the plan: whoever shows it makes it safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine import Action, PlannedStep, Step, Tier, When
from tui.presentation.amounts import clock
from tui.presentation.mixed import flag_mixed


class Fact(NamedTuple):
    """One thing to know."""

    label: str
    """What it is about; empty where it goes on from the one before."""
    text: str
    tier: Tier | None = None
    """The tier that it argues for, if it does."""
    warns: bool = False


_WHEN = {When.ALWAYS: "however they end", When.FAILURE: "when one of them fails"}
_ASKS, _GRANTED = "asks again at run", "granted: unasked"


def facts(planned: PlannedStep, root: str = "") -> list[Fact]:
    """Everything about a step in the order in which it matters."""
    return [*_labelled("why", list(why(planned))), *_labelled("look", list(_odd(planned))), *_rest(planned, root)]


def why(planned: PlannedStep) -> Iterator[Fact]:
    """Each derived risk, the gravest first, and the tier that the plan itself declared if that is what counts."""
    for reason in sorted(planned.reasons, key=lambda reason: -reason.tier.rank):
        where = f"line {reason.line}: " if reason.line else ""
        yield Fact("", f"{where}{reason.text} → {reason.tier}", reason.tier)
    declared = planned.step.tier
    derived = max((reason.tier.rank for reason in planned.reasons), default=-1)
    if declared is not None and declared.rank > derived:
        yield Fact("", f"the plan declares it {declared}", declared)


def strange(planned: PlannedStep) -> bool:
    """Whether a name in it looks like another name."""
    return any(True for _ in _odd(planned))


def touches(planned: PlannedStep) -> str:
    """Capabilities, in words; network first, since none is the rule."""
    step = planned.step
    parts = [network(step)]
    parts += [f"writes {path}" for path in step.writes]
    parts += [f"secret {name}" for name in step.secrets]
    parts += [f"socket {name}" for name in step.sockets]
    parts += ["needs your terminal"] * step.tty
    return ", ".join(parts)


def network(step: Step) -> str:
    """What it may reach; hosts that were asked for are no limit, since nothing holds a step to them."""
    if step.network is True:
        return "network any host"
    return f"network any host (asked for {' '.join(step.network)})" if step.network else "network none"


def where(planned: PlannedStep, root: str = "") -> str:
    """The directory it runs in."""
    step = planned.step
    return step.workdir if step.workdir != "." or not root else root


def headline(planned: PlannedStep, *, granted: bool = False) -> list[str]:
    """`bash`, `in .`, `asks again at run`, `network none`: above an operand; what is granted asks no more."""
    program = "bash" if planned.step.action is Action.SHELL else planned.step.action.value
    asks = [_GRANTED if granted else _ASKS] if planned.asks else []
    return [program, f"in {planned.step.workdir}", *asks, touches(planned)]


def _labelled(label: str, found: Sequence[Fact]) -> Iterator[Fact]:
    for position, fact in enumerate(found):
        yield fact._replace(label="" if position else label)


def _odd(planned: PlannedStep) -> Iterator[Fact]:
    """Names that look like other names."""
    for word in dict.fromkeys([planned.binary, *planned.step.operand.split()]):
        if (not word.isascii() or "xn--" in word) and (flag := flag_mixed(word)):
            yield Fact("", f"{word} {flag}", warns=True)


def _rest(planned: PlannedStep, root: str) -> Iterator[Fact]:
    step = planned.step
    yield Fact("in", where(planned, root))
    yield Fact("touches", touches(planned))
    yield from _labelled("env", [Fact("", f"{name}={value}") for name, value in step.env.items()])
    yield Fact("needs", _needs(planned))
    if planned.binary:
        yield Fact("program", planned.binary)
    yield from _labelled("files", list(_files(planned)))
    yield from _own(planned)
    yield from _labelled("hint", [Fact("", hint, warns=True) for hint in planned.hints])
    if step.description:
        yield Fact("planner", f'"{step.description}"')


def _needs(planned: PlannedStep) -> str:
    step = planned.step
    needed = ", ".join(step.needs) or "nothing"
    return f"{needed}, runs {_WHEN[step.when]}" if step.when in _WHEN else needed


def _files(planned: PlannedStep) -> Iterator[Fact]:
    for file in planned.files:
        made = f"made by {file.produced_by}" if file.produced_by else f"sha256 {file.sha256[:12]}"
        yield Fact("", f"{file.path}  {made}")


def _own(planned: PlannedStep) -> Iterator[Fact]:
    """Fields that only some actions have, and limits."""
    step = planned.step
    for name in ("agent", "model", "criteria", "options", "channel"):
        value = getattr(step, name, None)
        if value:
            yield Fact(name, value if isinstance(value, str) else ", ".join(value))
    if step.timeout is not None:
        yield Fact("timeout", clock(step.timeout))
    if step.retry is not None:
        again = f"{step.retry.attempts} more, {step.retry.backoff} delay from {step.retry.delay:g} s"
        yield Fact("tries", again)
    if step.idempotent:
        yield Fact("repeats", "safe to run twice, says the plan")
