"""Shared by the tests of this room: reading a document and collecting its faults, and a world to derive in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.errors import InvalidPlan
from engine.model.plan import Action, Document, Plan
from engine.planning.derive import Derivation, plan_from_text
from engine.planning.file import NO_VARIABLES, located, read_draft
from engine.planning.reading import decode
from engine.policy import Policy

COMMANDS = frozenset({Action.EXECUTE, Action.TEST, Action.SHELL, Action.NOTIFY, Action.ASK})


def parse_document(source: str | bytes, name: str, variables: Mapping[str, str] = NO_VARIABLES) -> Document:
    """A plan file without a look at the world around it. Raises `InvalidPlan` with every fault."""
    text = decode(source, name)
    draft = read_draft(text, name, variables)
    if draft.faults:
        raise located(text, name, draft.faults)
    return draft.document


def faults_of(text: str | bytes) -> list[str]:
    """Every fault of a plan file as a person reads it; none of a sound one."""
    try:
        parse_document(text, "plan.yaml")
    except InvalidPlan as error:
        return [str(fault) for fault in error.faults]
    return []


def world(root: Path, *, path: str = "/usr/bin:/bin", people: int = 1, policy: Policy | None = None) -> Derivation:
    """A place to derive in, with commands configured and nothing else."""
    rules = policy or Policy()
    channels = ("terminal", "mail")
    return Derivation(root=root, policy=rules, configured=COMMANDS, path=path, people=people, channels=channels)


def plan_of(steps: str, place: Derivation) -> Plan:
    """The revision of a plan file that has these steps, in flow or block notation."""
    return plan_from_text(f"request: try\nsteps:\n{steps}", "plan.yaml", place)


def derived_faults(steps: str, place: Derivation) -> list[str]:
    """Every fault of deriving these steps."""
    try:
        plan_of(steps, place)
    except InvalidPlan as error:
        return [str(fault) for fault in error.faults]
    return []
