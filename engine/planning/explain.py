"""What a command would be judged as, by the same evaluators that judge a step (B3.4). Runs nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

from engine.model.plan import Action, Execute, Shell
from engine.planning.judgement import BASH
from engine.planning.named_files import words_of
from engine.planning.programs import Programs
from engine.planning.scratch import scratch_hints
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
        hints=(*refused, *verdict.hints, *_scratch(operand, shell)),
    )


def _scratch(operand: str, shell: bool) -> Iterator[str]:
    step = Shell(id="", script=operand) if shell else Execute(id="", command=operand)
    try:
        yield from scratch_hints(words_of(step))
    except CommandError:
        return


def _missing(operand: str, shell: bool, path: str) -> tuple[str, ...]:
    try:
        program = BASH if shell else parse_command(operand).argv[0]
    except CommandError:
        return ()
    return () if Programs(path).find(program, os.getcwd()) else (f"`{program}` was not found",)
