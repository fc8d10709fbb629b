"""What the engine says back: answers `{"id", "ok"}`, errors `{"id", "error"}`, items `event gap grew people stalled
end`. An error is raised again on the other side as the same class with the same facts. Each query is answered with the
type that its docstring names; `ANSWERS` is that promise as a table, for decoding and for tests.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, cast

from engine.client import Gap, Item, LogGrew, LogSlice, Person, PlanningText, Presence, Stalled
from engine.errors import Fault, InvalidPlan, Refused, SignoffError
from engine.host.protocol import FROM_ENGINE, frame
from engine.llm import Estimate
from engine.model.events import KINDS, Event
from engine.model.grant import Grant
from engine.model.memory import Recollection
from engine.model.plan import Plan
from engine.model.question import Question
from engine.model.run import Run
from engine.model.task import TaskSummary, TaskView
from engine.model.trust import Trusted
from engine.queries import (
    EstimatePlan,
    Explain,
    ListCosts,
    ListEvents,
    ListGrants,
    ListLengths,
    ListPeople,
    ListQuestions,
    ListRuns,
    ListTargets,
    ListTasks,
    ListTrusted,
    Query,
    ReadContent,
    ReadDocument,
    ReadDraft,
    ReadPlan,
    Recall,
    ShowBudget,
    ShowDirectory,
    ShowEngine,
    ShowTask,
    VerifyAudit,
)
from engine.views import AuditReport, BudgetView, DirectoryView, EngineInfo, Explanation, Target
from engine.wire import adapter

ANSWERS: Mapping[type[Query], Any] = {
    ListTasks: tuple[TaskSummary, ...],
    ShowTask: TaskView,
    ReadContent: bytes | None,
    ListRuns: tuple[Run, ...],
    ReadPlan: Plan,
    ReadDocument: str,
    ReadDraft: str,
    EstimatePlan: Estimate,
    ListLengths: dict[str, float],
    ListCosts: dict[str, int | None],
    ShowBudget: BudgetView,
    ListQuestions: tuple[Question, ...],
    ListGrants: tuple[Grant, ...],
    ListEvents: tuple[Event, ...],
    ListTargets: tuple[Target, ...],
    ShowDirectory: DirectoryView,
    ListTrusted: tuple[Trusted, ...],
    Recall: tuple[Recollection, ...],
    Explain: Explanation,
    VerifyAudit: AuditReport,
    ShowEngine: EngineInfo,
    ListPeople: tuple[Person, ...],
}


def answer_frame(number: int, answer: Any) -> bytes:
    """The line that answers a request; one that would be over the bound becomes an error."""
    line = frame({"id": number, "ok": _plain(answer)})
    if len(line) > FROM_ENGINE:
        problem = f"The answer is over {FROM_ENGINE // 2**20} MiB; nothing was changed by asking"
        return error_frame(number, Refused(problem=problem, hint="ask for a smaller piece"))
    return line


def _plain(answer: Any) -> Any:
    match answer:
        case bytes():
            return b64encode(answer).decode()
        case LogSlice():
            return {**vars(answer), "data": b64encode(answer.data).decode()}
        case Event():
            return {**vars(answer), "kind": answer.kind}
        case (Event(), *_):
            return [_plain(event) for event in answer]
    return answer


def decode_answer(query: type[Query], content: Any) -> Any:
    """The answer to a query, as the type in `ANSWERS`. Raises `ValueError`."""
    if query is ListEvents:
        return tuple(_event(item) for item in content)
    if query is ReadContent:
        return content if content is None else b64decode(content, validate=True)
    return adapter(ANSWERS[query]).validate_python(content)


def decode_slice(content: dict[str, Any]) -> LogSlice:
    """Raises `ValueError`."""
    found: LogSlice = adapter(LogSlice).validate_python({**content, "data": b64decode(content["data"])})
    return found


def _event(content: dict[str, Any]) -> Event:
    kind = cast(Hashable, KINDS[content.pop("kind")])
    fact = adapter(kind).validate_python(content.pop("fact"))
    return Event(fact=fact, **content)


# Pushed items


def item_frame(number: int, item: Item) -> bytes:
    """The line that pushes an item; an event that would be over the bound becomes a gap."""
    match item:
        case Event():
            line = frame({"id": number, "event": _plain(item)})
            return line if len(line) <= FROM_ENGINE else item_frame(number, Gap(seq=item.seq))
        case Gap():
            return frame({"id": number, "gap": item})
        case LogGrew():
            return frame({"id": number, "grew": item})
        case PlanningText():
            return frame({"id": number, "draft": item})
        case Presence():
            return frame({"id": number, "people": item.people})
        case Stalled():
            return frame({"id": number, "stalled": item})


def decode_item(content: dict[str, Any]) -> Item | None:
    """What a pushed frame carries; None for an end. Raises `ValueError` or `KeyError`."""
    if "event" in content:
        return _event(content["event"])
    if "gap" in content:
        return Gap(**content["gap"])
    if "people" in content:
        return Presence(people=adapter(tuple[Person, ...]).validate_python(content["people"]))
    if "stalled" in content:
        return Stalled(**content["stalled"])
    if "draft" in content:
        return PlanningText(**content["draft"])
    return LogGrew(**content["grew"]) if "grew" in content else None


# Errors


def error_frame(number: int | None, error: SignoffError) -> bytes:
    """The line that refuses; without a number it is about the connection."""
    facts = {
        name: fact if isinstance(fact, str | int | float | None) else str(fact) for name, fact in error.facts.items()
    }
    said: dict[str, Any] = {"kind": type(error).__name__, "text": str(error), "facts": facts, "hint": error.hint}
    if isinstance(error, InvalidPlan):
        said["faults"] = error.faults
    return frame({"id": number, "error": said})


def decode_error(said: Mapping[str, Any]) -> SignoffError:
    """The error that the other side raised; of a class that is unknown here, its text."""
    if "faults" in said:
        return InvalidPlan(tuple(Fault(**fault) for fault in said["faults"]))
    kind = next((kind for kind in _tree(SignoffError) if kind.__name__ == said["kind"]), None)
    if kind is None:
        return Refused(problem=said["text"], hint=said["hint"])
    return kind(hint=said["hint"], **said["facts"])


def _tree(kind: type[SignoffError]) -> Iterator[type[SignoffError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)
