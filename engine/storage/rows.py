"""Rows to nouns: the only place where a column becomes a field."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import StoreDamaged
from engine.model.budget import Budget
from engine.model.call import Call, Purpose
from engine.model.comment import Comment
from engine.model.digest import plan_digest
from engine.model.effect import ChangeKind, Changes, FileChange, Made, TestSummary
from engine.model.grant import Grant
from engine.model.nouns import evolve, restored
from engine.model.plan import (
    STEP_TYPES,
    Accept,
    Action,
    Backoff,
    Plan,
    PlannedStep,
    Retry,
    SignedFile,
    SigningRule,
    StepBase,
    When,
)
from engine.model.policy import Policy
from engine.model.question import Answer, Question, QuestionKind
from engine.model.run import Cause, ProcessEnd, Receipt, Run, StepStatus
from engine.model.state import Outcome, Phase, RunState, StepState, Wait
from engine.model.task import Signature, Task
from engine.model.tier import Reason, Tier
from engine.model.trust import Trusted, TrustedFile

if TYPE_CHECKING:
    from engine.model.events import Event

TASK_COLUMNS = (
    "id, request, root, phase, proposer, created, attempt, revision, digest, signed, outcome, waits, error,"
    " started, ended, planner, pending"
)
STEP_COLUMNS = "id, state, attempt, run, exit_code, error, cause, summary, started, ended, held_by, changed, tests"
RUN_COLUMNS = (
    "id, task, step, task_attempt, attempt, state, started, ended, exit_code, error, failure, summary, log,"
    " level, receipt, produced, changed, tests"
)
QUESTION_COLUMNS = (
    "id, task, step, kind, asked, deadline, digest, news, diff, options, cap, cheaper, answer, answered_by,"
    " answered, reason, means"
)
TRUSTED_COLUMNS = "root, digest, files, policy, actor, time"
SIGNATURE_COLUMNS = "task, revision, digest, actor, verdict, time, skipped, held, means, reason, void"
GRANT_COLUMNS = "id, task, revision, steps, given_by, given, expires, means, revoked, revoked_by"
CALL_COLUMNS = (
    "id, task, step, run, purpose, model, reserved, started, cost, tokens_in, tokens_out, settled, failure, preview"
)
COMMENT_COLUMNS = "id, task, revision, step, author, time, text, answers, resolved_by, resolved"
_STEP_FIELDS = tuple(STEP_COLUMNS.split(", "))
_STEP_STATES = {state.value: state for state in StepState}
R = TypeVar("R")
N = TypeVar("N")


def _sound(noun_of: Callable[[R], N]) -> Callable[[R], N]:
    """What this house never wrote is damage: SQLite itself finds only what breaks its pages."""

    @wraps(noun_of)
    def read(row: R) -> N:
        try:
            return noun_of(row)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StoreDamaged(path="signoff.db", reason=f"in a row, by {noun_of.__name__}") from error

    return read


def _fields(row: sqlite3.Row) -> dict[str, Any]:
    return dict(zip(row.keys(), row, strict=True))


@_sound
def task_of(row: sqlite3.Row) -> Task:
    """A row with TASK_COLUMNS."""
    values = _fields(row)
    values["phase"] = Phase(values["phase"])
    values["outcome"] = values["outcome"] and Outcome(values["outcome"])
    values["waits"] = tuple(Wait(wait) for wait in values["waits"].split())
    return Task(**values)


def task_row(task: Task) -> tuple[object, ...]:
    """The values of TASK_COLUMNS."""
    values = vars(task) | {"waits": " ".join(task.waits)}
    return tuple(values[column] for column in TASK_COLUMNS.split(", "))


@_sound
def state_of(text: str) -> StepState:
    """The state of a step."""
    return _STEP_STATES[text]


@_sound
def json_of(text: str) -> Any:
    """A column that holds JSON."""
    return json.loads(text)


@_sound
def status_of(row: sqlite3.Row) -> StepStatus:
    """A row that begins with STEP_COLUMNS."""
    values: dict[str, Any] = dict(zip(_STEP_FIELDS, row, strict=False))
    values["state"] = _STEP_STATES[values["state"]]
    if values["cause"]:
        values["cause"] = Cause(values["cause"])
    if values["changed"] or values["tests"]:
        values |= _effects(values)
    return restored(StepStatus, values)


@_sound
def run_of(row: sqlite3.Row) -> Run:
    """A row with RUN_COLUMNS."""
    values = _fields(row)
    values["state"] = RunState(values["state"])
    values["produced"] = produced_of(values["produced"])
    if values["receipt"]:
        receipt = json.loads(values["receipt"])
        ends = tuple(ProcessEnd(**end) for end in receipt.pop("ends", ()))
        survivors = tuple(receipt.pop("survivors", ()))
        values["receipt"] = Receipt(ends=ends, survivors=survivors, **receipt)
    return Run(**values | _effects(values))


@_sound
def produced_of(text: str) -> dict[str, Made]:
    """What a run made for later steps, by path. Rows of the first version hold nothing but the digest."""
    return {
        path: Made(**made) if isinstance(made, dict) else Made(sha256=made) for path, made in json.loads(text).items()
    }


def _effects(values: dict[str, Any]) -> dict[str, Any]:
    """What a run did, of a row of runs or steps; both are null for most."""
    changed, tests = values["changed"], values["tests"]
    return {"changed": changed and _changes_of(changed), "tests": tests and TestSummary(**json.loads(tests))}


def _changes_of(text: str) -> Changes:
    values = json.loads(text)
    files = (FileChange(**file | {"kind": ChangeKind(file["kind"])}) for file in values.pop("files", ()))
    return Changes(files=tuple(files), **values)


@_sound
def question_of(row: sqlite3.Row) -> Question:
    """A row with QUESTION_COLUMNS."""
    values = _fields(row)
    values["kind"] = QuestionKind(values["kind"])
    values["answer"] = values["answer"] and Answer(values["answer"])
    values["news"] = tuple(json.loads(values["news"]))
    values["options"] = tuple(json.loads(values["options"]))
    return Question(**values)


@_sound
def signature_of(row: sqlite3.Row) -> Signature:
    """A row with SIGNATURE_COLUMNS."""
    values = _fields(row)
    values["skipped"] = tuple(json.loads(values["skipped"]))
    values["held"] = tuple(json.loads(values["held"]))
    return Signature(**values)


@_sound
def grant_of(row: sqlite3.Row) -> Grant:
    """A row with GRANT_COLUMNS."""
    values = _fields(row)
    values["steps"] = json.loads(values["steps"])
    return Grant(**values)


@_sound
def comment_of(row: sqlite3.Row) -> Comment:
    """A row with COMMENT_COLUMNS."""
    return Comment(**_fields(row))


@_sound
def call_of(row: sqlite3.Row) -> Call:
    """A row with CALL_COLUMNS."""
    values = _fields(row)
    values["purpose"] = Purpose(values["purpose"])
    return Call(**values)


@_sound
def trusted_of(row: sqlite3.Row) -> Trusted:
    """A row with TRUSTED_COLUMNS."""
    values = _fields(row)
    values["files"] = tuple(TrustedFile(**file) for file in json.loads(values["files"]))
    rules: dict[str, Any] = json.loads(values["policy"])
    lists = {rule: tuple(value) for rule, value in rules.items() if isinstance(value, list)}
    values["policy"] = Policy(**(rules | lists))
    return Trusted(**values)


@_sound
def event_of(row: sqlite3.Row) -> Event | None:
    """A row of events; None where retention emptied the payload."""
    from engine.model.events import KINDS, Event
    from engine.wire import decode

    if row["payload"] is None:
        return None
    fact = decode(KINDS[row["kind"]], row["payload"])
    return Event(row["seq"], row["time"], row["actor"], row["task"], row["step"], fact)


@_sound
def plan_of(body: str) -> Plan:
    """The body of a plan row, written by this engine and read without a validator; its digest is that of what was read,
    whatever it was when it was written."""
    values = json.loads(body)
    values["policy"] = SigningRule(**values.get("policy", {}))
    values["budget"] = Budget(**values.get("budget", {}))
    values["accept"] = Accept(values.get("accept", Accept.NOBODY))
    values["steps"] = tuple(_planned_of(step) for step in values.get("steps", ()))
    values["corrections"] = tuple(values.pop("repairs", values.get("corrections", ())))  # as it was called once
    plan = Plan(**values)
    return evolve(plan, digest=plan_digest(plan))


def _planned_of(values: dict[str, Any]) -> PlannedStep:
    values["step"] = _step_of(values["step"])
    values["tier"] = Tier(values.get("tier", Tier.READ))
    values["reasons"] = tuple(
        Reason(**(reason | {"tier": Tier(reason["tier"])})) for reason in values.get("reasons", ())
    )
    values["files"] = tuple(SignedFile(**file) for file in values.get("files", ()))
    values["hints"] = tuple(values.get("hints", ()))
    return PlannedStep(**values)


def _step_of(values: dict[str, Any]) -> Any:
    kind: type[StepBase] = STEP_TYPES[values["action"]]
    enums = _enum_fields(values)
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return kind(**(values | lists | enums))


def _enum_fields(values: dict[str, Any]) -> dict[str, Any]:
    enums: dict[str, Any] = {"action": Action(values["action"])}
    if "when" in values:
        enums["when"] = When(values["when"])
    if values.get("tier"):
        enums["tier"] = Tier(values["tier"])
    if values.get("retry"):
        retry = values["retry"]
        enums["retry"] = Retry(**(retry | {"backoff": Backoff(retry.get("backoff", Backoff.LINEAR))}))
    return enums
