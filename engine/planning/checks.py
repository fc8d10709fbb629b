"""What types cannot say about a document: ids, names, operands, literal secrets, the graph.

Looks at the document alone, never at the world around it, and answers with every fault it finds (B2.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from engine.errors import Fault
from engine.model.graph import graph_faults
from engine.model.plan import OPERANDS, Document, Execute, Retry, Step, StepBase, Test
from engine.planning.builder import MAX_TEXT
from engine.policy.argv import CommandError, parse_command
from engine.policy.literal_secrets import find_secret

MAX_ID = 64
MAX_ATTEMPTS = 100
SOCKETS = ("ssh-agent", "docker")

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_HOST = re.compile(r"[^\s/@]{1,253}")
_MAX_COMPARISONS = 2_000
"""Where guessing what was meant would compare more ids than this, unknown needs are named without a guess."""

_NO_SECRETS = "name it under `secrets` and use the variable, so that its value stays out of the plan"


def document_faults(document: Document) -> list[Fault]:
    """Everything wrong with a document that has the right shape."""
    faults = [] if document.request.strip() else [Fault("empty; say in a sentence what the plan is for", "request")]
    if document.policy.quorum < 1:
        faults.append(Fault("a quorum is at least 1", "policy.quorum"))
    for name, value in document.vars.items():
        if kind := find_secret(value or ""):
            faults.append(Fault(f"holds {kind}; {_NO_SECRETS}", f"vars.{name}"))
    return faults + steps_faults(document.steps)


def steps_faults(steps: Sequence[StepBase]) -> list[Fault]:
    """Everything wrong with the steps; a bare `StepBase` stands for one of which only id and needs are known."""
    faults = [
        Fault(message, f"steps[{index}].{field}")
        for index, step in enumerate(steps)
        for field, message in _step_faults(step)
    ]
    return faults + _graph(steps)


def operand_field(step: StepBase) -> str:
    """The field that holds the operand of a step: `command`, `script`, `prompt` …"""
    return OPERANDS[cast(Step, step).action]


def _step_faults(step: StepBase) -> Iterator[tuple[str, str]]:
    if type(step) is StepBase:
        return
    if not _ID.fullmatch(step.id):
        yield "id", f"write an id of at most {MAX_ID} letters, digits, `.`, `_` and `-`, the first a letter or digit"
    if len(set(step.needs)) < len(step.needs):
        yield "needs", "names a step twice"
    if step.retry is not None:
        yield from _retry(step.retry)
    yield from _capabilities(step)
    yield from _operand(step)


def _retry(retry: Retry) -> Iterator[tuple[str, str]]:
    if not 0 <= retry.attempts <= MAX_ATTEMPTS:
        yield "retry.attempts", f"write a number from 0 to {MAX_ATTEMPTS}"


def _capabilities(step: StepBase) -> Iterator[tuple[str, str]]:
    for kind, names in (("env", step.env), ("secrets", step.secrets)):
        for name in names:
            if not _NAME.fullmatch(name):
                yield kind, f"{name[:64]!r} is no name of a variable: write letters, digits and `_`"
    for socket in step.sockets:
        if socket not in SOCKETS:
            yield "sockets", f"no socket {socket[:64]!r}; known are {' and '.join(SOCKETS)}"
    for host in step.network if isinstance(step.network, tuple) else ():
        if not _HOST.fullmatch(host):
            yield "network", f"{host[:64]!r} is no host; write a name such as example.org, without scheme or path"
    if not all(path.strip() for path in step.writes):
        yield "writes", "has an empty path"
    if step.tty and operand_field(step) not in ("command", "script"):
        yield "tty", "only execute, test and shell run in a terminal; leave it out"
    if not step.workdir:
        yield "workdir", "empty; leave it out for the root of the task"


def _operand(step: StepBase) -> Iterator[tuple[str, str]]:
    field, operand = operand_field(step), step.operand
    if not operand.strip():
        yield field, "empty; say what the step does"
    elif len(operand) > MAX_TEXT:
        yield field, f"longer than {MAX_TEXT // 1024} KiB; put it into a file of the repository"
    elif isinstance(step, Execute | Test):
        try:
            if parse_command(operand).redirect and step.tty:
                yield (
                    field,
                    "a redirect, and `tty`: what a terminal shows is for a person; leave one of them out",
                )
        except CommandError as error:
            yield field, f"{error}: {error.hint}" if error.hint else str(error)
    texts = [(field, operand), *((f"env.{name}", value) for name, value in step.env.items())]
    for place, text in texts:
        if kind := find_secret(text):
            yield (
                place,
                f"holds {kind}; {_NO_SECRETS}",
            )


def _graph(steps: Sequence[StepBase]) -> list[Fault]:
    known = {step.id for step in steps}
    unknown = [(index, need) for index, step in enumerate(steps) for need in step.needs if need not in known]
    if len(unknown) * len(known) <= _MAX_COMPARISONS and all(len(step_id) <= MAX_ID for step_id in known):
        return graph_faults(_named(steps))
    sound = tuple(replace(step, needs=tuple(need for need in step.needs if need in known)) for step in steps)
    unmet = [Fault(f"no step '{need[:MAX_ID]}'", f"steps[{index}].needs") for index, need in unknown]
    return unmet + graph_faults(_named(sound))


def _named(steps: Sequence[StepBase]) -> tuple[Step, ...]:
    """A step whose id could not be read gets one that no other has."""
    return cast(
        tuple[Step, ...],
        tuple(step if step.id else replace(step, id=f"\0{index}") for index, step in enumerate(steps)),
    )
