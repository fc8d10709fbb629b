"""What `policy` says about one step, its environment and its writes included. Decides where paths lie, nothing else."""

from __future__ import annotations

import os

from engine.model.nouns import dataclass
from engine.model.plan import Execute, Notify, Shell, Step, Test
from engine.model.tier import Reason, Tier, highest
from engine.policy import Policy, assess, parse_command
from engine.policy.environment import assignment_reason

BASH = "/bin/bash"
"""What runs a script (B6.3)."""


@dataclass(frozen=True)
class Judgement:
    """The verdict on one step."""

    tier: Tier
    reasons: tuple[Reason, ...]
    hints: tuple[str, ...]
    refused: str
    """Why it may not run at all; empty where it may."""
    program: str
    """What is to be found before it can run; empty where the step starts no program itself."""


def judge(step: Step, policy: Policy, root: str) -> Judgement:
    """Judge a step of a document that has no faults.

    Args:
        root: the directory of the task, its links resolved.
    """
    beyond = _writes_beyond(step, root) if step.writes else ()
    verdict = assess(
        step.action,
        step.operand,
        declared=step.tier,
        network=step.network,
        writes=beyond,
        sockets=step.sockets,
        channel=step.channel if isinstance(step, Notify) else "terminal",
        policy=policy,
    )
    tier, reasons = verdict.tier, verdict.reasons
    if added := _added(step, within=len(step.writes) > len(beyond)):
        tier = highest([tier, *(reason.tier for reason in added)])
        reasons = tuple(sorted((*reasons, *added), key=lambda reason: -reason.tier.rank))
    return Judgement(
        tier=tier,
        reasons=reasons,
        hints=verdict.hints,
        refused=verdict.refused or "",
        program=_program(step),
    )


def _writes_beyond(step: Step, root: str) -> tuple[str, ...]:
    """The declared writes that leave the root once links are resolved, as absolute paths."""
    wholes = (os.path.realpath(os.path.join(root, step.workdir, os.path.expanduser(path))) for path in step.writes)
    return tuple(whole for whole in wholes if whole != root and not whole.startswith(root + os.sep))


def _added(step: Step, *, within: bool) -> tuple[Reason, ...]:
    found = [assignment_reason(name, value) for name, value in step.env.items()]
    if within:
        found.append(Reason(Tier.WRITE, f"the step declares writes: {', '.join(step.writes)}", "capability writes"))
    return tuple(reason for reason in found if reason)


def _program(step: Step) -> str:
    if isinstance(step, Execute | Test):
        return parse_command(step.command).argv[0]
    return BASH if isinstance(step, Shell) else ""
