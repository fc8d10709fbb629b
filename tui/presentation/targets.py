"""What a repository offers, as rows to tick; and what to do where none of it fits. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from textual.content import Content

from engine import Fault, Phase, SignoffError, Target, Task, UsageError, Variable
from tui.presentation.content import assemble, content
from tui.presentation.line import MUTED, clipped, column
from tui.presentation.page import Line
from tui.presentation.trouble import trouble

KEPT = "Nothing was stored and nothing was run; what you wrote is still here."
_NAMED = 16
"""Cells for the name of a variable."""
_WAYS = (
    "tick a target with space, or name one of them in the request",
    "write a plan: signoff schema prints its fields, then give its path here",
    "let a coding agent write one: signoff agent-guide prints what to tell it",
)


def line(target: Target, width: int, *, ticked: bool, name_width: int, ascii_only: bool = False) -> Content:
    """`[x] test  make test      Makefile:12  Run the tests`."""
    mark = ("x" if ascii_only else "✓") if ticked else " "
    where = f"{target.file}:{target.line}" if target.line else target.file
    made = assemble(
        (f"[{mark}] ", "bold $text-success" if ticked else ""),
        column(clipped(content(target.name[:200], "bold"), name_width, ascii_only=ascii_only), name_width),
        "  ",
        column(content(target.command[:200]), 24),
        (f"  {where}", MUTED),
        (f"  {target.description}" if target.description else "", MUTED),
    )
    return clipped(made, width, ascii_only=ascii_only)


def variable(found: Variable, *, ascii_only: bool = False) -> Content:
    """`region  default eu-west-1`, or that it has none."""
    default = (
        content("no default", "$text-warning") if found.default is None else content(_default(found.default), MUTED)
    )
    name = column(clipped(content(found.name[:200], "bold"), _NAMED, ascii_only=ascii_only), _NAMED)
    return name + content("  ") + default


def _default(value: str) -> str:
    return f"default {value[:200]}" if value else "default: empty"


def missing(names: Sequence[str]) -> list[Line]:
    """Variables that have no value."""
    who = ", ".join(names)
    has = "have no default" if len(names) > 1 else "has no default"
    return [Line("missing", f"{who} {has}: write a value. {KEPT}", "bold $text-warning")]


def faults(found: Sequence[Fault]) -> list[Line]:
    """Every fault with line and column, as an editor would list it."""
    count = len(found)
    head = f"{count} fault{'s' if count != 1 else ''} in the plan. {KEPT}"
    return [Line("faults", head, "bold $text-error"), *(Line("", str(fault)) for fault in found)]


def nothing_fits(error: SignoffError, found: Sequence[Target]) -> list[Line]:
    """What was found and the ways on (B2.1)."""
    names = ", ".join(target.name for target in found[:12]) + (
        f" and {len(found) - 12} more" if len(found) > 12 else ""
    )
    lines = [Line("no plan", trouble(error, KEPT), "bold $text-warning")]
    lines.append(Line("found", names or "nothing that this repository declares"))
    return lines + [Line("ways on" if position == 0 else "", way) for position, way in enumerate(_WAYS)]


def unwritten(task: Task) -> list[Line]:
    """Why a model wrote no plan for a task."""
    why = "the planning was stopped" if task.phase is Phase.CANCELLED else task.error
    kept = f"Task {task.id} keeps the request and the draft: signoff run {task.id} plans it again."
    return [Line("no plan", why, "bold $text-warning"), Line("kept", kept)]


def refused(error: SignoffError) -> list[Line]:
    return [Line("refused", trouble(error, KEPT), "bold $text-error")]


def picking(ticked: Sequence[Target]) -> dict[str, Any]:
    """The fields of a `MakePlan` for what was ticked.

    Raises:
        UsageError: a recipe and something else.
    """
    recipes = [target for target in ticked if target.tool == "recipe"]
    if not recipes:
        return {"targets": tuple(target.name for target in ticked)}
    if len(ticked) > 1:
        raise UsageError(problem=f"The recipe {recipes[0].name} is a whole plan", hint="tick it alone")
    return {"recipe": recipes[0].name}


def picked(count: int, chosen: Collection[Target]) -> str:
    """`2 of 14 ticked`."""
    return f"{len(chosen)} of {count} ticked" if count else "none found"
