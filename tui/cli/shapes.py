"""Nouns as JSON types, in the shapes that scripts rely on: stable, complete, a field without a value is null."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from engine import StepStatus
from tui.presentation.ownerless import is_interrupted

if TYPE_CHECKING:
    from engine import (
        AuditReport,
        Comparison,
        DirectoryView,
        EngineInfo,
        Event,
        Explanation,
        PlannedStep,
        Question,
        Reason,
        Run,
        Task,
        TaskView,
        Trusted,
    )


def task_head(task: Task, *, ownerless: bool = False) -> dict[str, Any]:
    """An entry of `ls`."""
    return {
        "id": task.id,
        "request": task.request,
        "phase": task.phase.value,
        "attempt": task.attempt,
        "revision": task.revision,
        "digest": task.digest,
        "outcome": task.outcome.value if task.outcome else None,
        "interrupted": ownerless and is_interrupted(task),
    }


def task_whole(
    view: TaskView, costs: Mapping[str, int | None] | None = None, *, ownerless: bool = False
) -> dict[str, Any]:
    """The object of `show` and `plan`; with what its steps are expected to cost in US dollars, where that was asked."""
    statuses = {status.id: status for status in view.steps}
    steps = [
        _step(planned, statuses.get(planned.id, StepStatus(id=planned.id)), view.logs.get(planned.id))
        for planned in (view.plan.steps if view.plan else ())
    ]
    expected = {"costs": {step: cost and cost / 1e6 for step, cost in costs.items()}} if costs is not None else {}
    return {**task_head(view.task, ownerless=ownerless), "steps": steps, **expected}


def _step(planned: PlannedStep, status: StepStatus, log: str | None) -> dict[str, Any]:
    step = planned.step
    return {
        "id": planned.id,
        "action": step.action.value,
        "operand": step.operand,
        "tier": planned.tier.value,
        "declared_tier": step.tier.value if step.tier else None,
        "reasons": [reason_text(reason) for reason in planned.reasons],
        "needs": list(step.needs),
        "state": status.state.value,
        "exit_code": status.exit_code,
        "error": status.error or None,
        "log": log,
    }


def reason_text(reason: Reason) -> str:
    """`line 5: drops a table`."""
    return f"line {reason.line}: {reason.text}" if reason.line else reason.text


def directory(view: DirectoryView) -> dict[str, Any]:
    """The object of `trust`."""
    files = [
        {"path": file.path, "sha256": file.sha256, "novelty": file.novelty.value, "diff": file.diff}
        for file in view.files
    ]
    return {
        "root": view.root,
        "digest": view.digest,
        "files": files,
        "gone": list(view.gone),
        "refused": list(view.refused),
        "holds": view.holds,
        "trusted": trusted(view.trusted) if view.trusted else None,
    }


def trusted(trusted: Trusted) -> dict[str, Any]:
    """An entry of `trust --list`."""
    files = [{"path": file.path, "sha256": file.sha256} for file in trusted.files]
    facts = {"root": trusted.root, "digest": trusted.digest, "actor": trusted.actor, "time": trusted.time}
    return {**facts, "files": files}


def explanation(found: Explanation) -> dict[str, Any]:
    return {
        "tier": found.tier.value,
        "reasons": [reason_text(reason) for reason in found.reasons],
        "verdict": found.verdict,
    }


def event_line(event: Event, view: TaskView | None = None) -> dict[str, Any]:
    """A line of `run`; the end of the task carries the object of `show`."""
    from engine import TaskEnded

    ended = isinstance(event.fact, TaskEnded) and view is not None
    return {
        "seq": event.seq,
        "time": event.time,
        "actor": event.actor,
        "kind": event.kind,
        "task": event.task,
        "step": event.step,
        "data": task_whole(view) if ended and view else plain(event.fact),
    }


def comparison(found: Comparison) -> dict[str, Any]:
    """The object of `diff`."""
    return {
        "before": found.before,
        "after": found.after,
        "widened": [{"rule": each.rule.value, "step": each.step, "detail": each.detail} for each in found.widened],
        "changes": [
            {
                "step": change.id,
                "change": change.mark,
                "fields": list(change.fields),
                "before": change.before.step.operand if change.before else None,
                "after": change.after.step.operand if change.after else None,
            }
            for change in found.changes
        ],
    }


def run_entry(run: Run) -> dict[str, Any]:
    """An entry of `runs`."""
    return {name: plain(value) for name, value in vars(run).items()}


def question_entry(question: Question) -> dict[str, Any]:
    """An entry of `inbox` for a step that waits."""
    return {
        "task": question.task,
        "step": question.step,
        "kind": question.kind.value,
        "question": question.id,
        "asked": question.asked,
        "deadline": question.deadline,
        "digest": question.digest,
        "news": list(question.news),
        "options": list(question.options),
    }


def task_entry(task: Task, kind: str) -> dict[str, Any]:
    """An entry of `inbox` for a whole task: `approval`, `acceptance` or `interrupted`."""
    return {
        "task": task.id,
        "step": None,
        "kind": kind,
        "question": None,
        "asked": task.created,
        "deadline": None,
        "digest": task.digest,
        "news": [],
        "options": [],
    }


def report(found: AuditReport | EngineInfo) -> dict[str, Any]:
    """Every field of a flat answer."""
    return {name: plain(value) for name, value in vars(found).items()}


def plain(value: Any) -> Any:
    """Any noun as JSON types, every field kept."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [plain(item) for item in value]
    return {name: plain(item) for name, item in vars(value).items()}
