"""The one entry of the room: what an operand does, which tier that is, and whether it runs, asks or is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

from engine.model.nouns import dataclass
from engine.model.policy import Policy
from engine.model.tier import Reason, Tier, highest
from engine.policy.allow import asks, refusal
from engine.policy.argv import CommandError, forbidden, parse_command
from engine.policy.findings import destructive
from engine.policy.inspection import Inspected, assess_command, assess_script
from engine.policy.paths import outside
from engine.policy.rules import need

_HINTS = {
    "network": ("network", "needs the network: add `network: true`"),
    "docker": ("docker", "needs the socket of its daemon: add `sockets: [docker]`"),
}
_FIXED = {
    "research": Reason(Tier.READ, "a model call", "action"),
    "review": Reason(Tier.READ, "a model call", "action"),
    "plan": Reason(Tier.READ, "its own text is the result", "action"),
    "ask": Reason(Tier.READ, "a question to a person", "action"),
    "implement": Reason(
        Tier.EXECUTE, "an agent changes files and runs code; its calls are tiered one by one", "action"
    ),
}
_TERMINAL = "terminal"
NO_POLICY = Policy()


class Decision(StrEnum):
    """What happens just before a step would run."""

    RUN = "run"
    ASK = "ask"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Verdict:
    """How risky one operand is, and why."""

    tier: Tier
    """The highest of derived and declared: a declaration raises, never lowers."""
    derived: Tier
    declared: Tier | None
    reasons: tuple[Reason, ...]
    """Everything found, gravest first."""
    hints: tuple[str, ...]
    """Lines to add to the step, such as for a network that is needed and not declared."""
    needs_network: bool
    refused: str | None
    """Why it may not run at all; None where it may."""


def assess(
    action: str,
    operand: str,
    *,
    declared: Tier | None = None,
    network: bool | Sequence[str] = False,
    writes: Sequence[str] = (),
    sockets: Sequence[str] = (),
    channel: str = _TERMINAL,
    policy: Policy = NO_POLICY,
) -> Verdict:
    """Judge the operand of a step by what it is, together with what the step declares.

    Args:
        network: the capability as declared: any, or the hosts.
        writes: declared paths beyond the workdir; pass only those that lie outside the task's root, or relative ones.
        channel: where a `notify` goes.
    """
    found, refused = _found(action, operand, channel)
    reasons = (*_capabilities(network, writes, sockets), *found.reasons)
    derived = highest([reason.tier for reason in reasons])
    needed = {capability: reason.rule for reason in found.reasons if (capability := need(reason.rule))}
    return Verdict(
        tier=derived if declared is None else highest([derived, declared]),
        derived=derived,
        declared=declared,
        reasons=tuple(sorted(reasons, key=lambda reason: -reason.tier.rank)) if reasons != found.reasons else reasons,
        hints=tuple(_hints(needed, bool(network), sockets)) if needed else (),
        needs_network="network" in needed,
        refused=refused or refusal(found.programs, policy),
    )


def decide(verdict: Verdict, policy: Policy) -> Decision:
    """Run, ask a person first, or refuse."""
    if verdict.refused is not None:
        return Decision.REFUSE
    return Decision.ASK if asks(verdict.tier, policy) else Decision.RUN


def _found(action: str, operand: str, channel: str) -> tuple[Inspected, str | None]:
    if action in ("execute", "test"):
        return _guarded(lambda: assess_command(parse_command(operand)))
    if action == "shell":
        if place := forbidden(operand):
            line = operand.count("\n", 0, place[0]) + 1
            text = f"line {line} holds the control character U+{ord(operand[place[0]]):04X}"
            return _nothing(destructive(text, "control characters")), text
        return assess_script(operand), None
    if action == "notify":
        tier = Tier.READ if channel == _TERMINAL else Tier.EXTERNAL
        return _nothing(Reason(tier, f"a message to {channel}", "action")), None
    fixed = _FIXED.get(action)
    if fixed is None:
        text = f"the action {action!r} is not known"
        return _nothing(destructive(text, "action")), text
    return _nothing(fixed), None


def _guarded(assessed: Callable[[], Inspected]) -> tuple[Inspected, str | None]:
    try:
        return assessed(), None
    except CommandError as error:
        return _nothing(destructive(str(error), "argv")), f"{error}: {error.hint}"


def _nothing(reason: Reason) -> Inspected:
    return Inspected((reason,), ())


def _capabilities(network: bool | Sequence[str], writes: Sequence[str], sockets: Sequence[str]) -> Iterator[Reason]:
    if network:
        hosts = "any host" if network is True else ", ".join(network)
        yield Reason(Tier.EXTERNAL, f"the step declares the network: {hosts}", "capability network")
    if sockets:
        yield Reason(Tier.EXTERNAL, f"the step declares sockets: {', '.join(sockets)}", "capability sockets")
    if any(outside(path) or path.startswith("/") for path in writes):
        yield Reason(Tier.EXTERNAL, f"the step declares writes outside: {', '.join(writes)}", "capability writes")


def _hints(needed: dict[str, str], network: bool, sockets: Sequence[str]) -> Iterator[str]:
    for capability, rule in needed.items():
        name, text = _HINTS[capability]
        if not (network if name == "network" else name in sockets):
            yield f"{rule} {text}"
