"""All that waits for a person, over all tasks, as one queue: first come, first shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.content import Content

from engine import Phase, Question, QuestionKind, Task, TaskView
from tui.presentation.amounts import ago
from tui.presentation.brief import numbered, title
from tui.presentation.content import assemble, content
from tui.presentation.line import MUTED, clipped, column
from tui.presentation.question import waits
from tui.presentation.status import TIERS

_WORDS = {
    QuestionKind.CONFIRMATION: "confirm",
    QuestionKind.DRIFT: "bytes changed",
    QuestionKind.ASK: "asks",
    QuestionKind.INTERRUPTED: "interrupted",
    QuestionKind.TERMINAL: "terminal",
    QuestionKind.BUDGET: "over budget",
}
EMPTY = "Nothing waits for you. Plans to sign and questions of running tasks appear here by themselves."


@dataclass(frozen=True)
class Item:
    """One thing that waits: a plan to review, or a question of a task."""

    task: Task
    since: float
    """Unix time."""
    question: Question | None = None
    view: TaskView | None = None
    """The task of the question, whole."""


def queue(tasks: Iterable[Task], questions: Iterable[Question], views: Mapping[int, TaskView]) -> list[Item]:
    """Everything that waits, the one that waits longest first."""
    plans = filter(to_sign, tasks)
    asked = ((question, views[question.task]) for question in questions if question.task in views)
    items = [Item(task, task.created) for task in plans]
    items += [Item(view.task, question.asked, question, view) for question, view in asked]
    return sorted(items, key=lambda item: item.since)


def to_sign(task: Task) -> bool:
    """Whether a revision of a task waits to be signed, be it while another one runs."""
    return task.phase is Phase.AWAITING_APPROVAL or task.pending > 0


def line(item: Item, now: float, width: int, *, marked: bool = False, ascii_only: bool = False) -> Content:
    """`confirm  migrate  ▲ DESTRUCTIVE  12 Upgrade SQLAlchemy  5 min ago, by 11:55 tomorrow`."""
    since, by = waits(item.question, now) if item.question else (ago(now - item.since), "")
    word = _WORDS[item.question.kind] if item.question else "review"
    mark = ("x " if ascii_only else "✓ ") if marked else "  "
    style = "bold $text-warning" if item.question else "bold $text-primary"
    head = column(content(mark, "bold $accent") + content(word, style), 16)
    tail = content(f"  {since}{f', {by}' if by else ''} ", MUTED)
    room = max(10, width - head.cell_length - tail.cell_length)
    middle = column(clipped(_what(item, ascii_only=ascii_only), room, ascii_only=ascii_only), room)
    return clipped(head + middle + tail, width, ascii_only=ascii_only)


def _what(item: Item, *, ascii_only: bool) -> Content:
    name = assemble((f"{item.task.id} ", MUTED), title(item.task.request, 40))
    if item.question is None or item.view is None:
        return name + content(f"  rev {item.task.pending or item.task.revision}, by {item.task.proposer}", MUTED)
    _, planned = numbered(item.view, item.question.step)
    made = assemble((item.question.step[:200], "bold"), "  ") if item.question.step else content("")
    if planned is not None and planned.asks:
        look = TIERS[planned.tier]
        made += content(f"{look.glyph(ascii_only=ascii_only)} {look.word}  ", look.style)
    return made + name
