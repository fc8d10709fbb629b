"""What a command would be judged as, by the same evaluators that judge a step (B3.4). Runs nothing."""

from __future__ import annotations

import os

from engine.model.plan import Action
from engine.planning.judgement import BASH
from engine.planning.programs import Programs
from engine.policy import CommandError, Policy, assess, decide, parse_command
from engine.views import Explanation


def explain(operand: str, *, shell: bool = False, path: str = "", policy: Policy | None = None) -> Explanation:
    """Judge a command, or a script where `shell` is set.

    Args:
        path: where its program is looked for, as in PATH; what is not found there is said as a hint.
    """
    rules = policy or Policy()
    verdict = assess(Action.SHELL if shell else Action.EXECUTE, operand, policy=rules)
    refused = (verdict.refused,) if verdict.refused else _missing(operand, shell, path)
    return Explanation(
        tier=verdict.tier,
        reasons=verdict.reasons,
        verdict=decide(verdict, rules).value,
        hints=(*refused, *verdict.hints),
    )


def _missing(operand: str, shell: bool, path: str) -> tuple[str, ...]:
    try:
        program = BASH if shell else parse_command(operand).argv[0]
    except CommandError:
        return ()
    return () if Programs(path).find(program, os.getcwd()) else (f"`{program}` was not found",)
