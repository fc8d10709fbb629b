"""Several confirmations at once, as one text to read to its end: what each would run, whole, and what follows. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Question, QuestionKind, TaskView
from tui.presentation.brief import numbered, title
from tui.presentation.facts import touches
from tui.presentation.inbox import Item
from tui.presentation.page import Page
from tui.presentation.question import if_no
from tui.presentation.status import TIERS


def batchable(item: Item) -> bool:
    """Whether it may be answered together with others: a confirmation of nothing but the bytes that were signed."""
    question = item.question
    return question is not None and question.kind is QuestionKind.CONFIRMATION and not question.diff


def batch_page(items: Sequence[Item]) -> Page:
    """Every operand, one below the other, each under a heading of its own, and what the signers could not know."""
    blocks, marks, line = list[str](), dict[int, str](), 1
    for question, view in ((item.question, item.view) for item in items if item.question and item.view):
        block, style = _block(question, view)
        marks[line] = style  # an operand can say what a heading says, but it cannot have its mark
        line += block.count("\n") + 2
        blocks.append(block)
    return Page("\n\n".join(blocks), marks)


def _block(question: Question, view: TaskView) -> tuple[str, str]:
    """Heading and operand of one question, and the style of its heading."""
    number, planned = numbered(view, question.step)
    if planned is None:
        return question.step, ""
    look = TIERS[planned.tier]
    head = f"task {view.task.id} {title(view.task.request, 30)}: {number} {planned.id} {look.word}"
    told = [f"in {planned.step.workdir}, {touches(planned)}", *question.news, f"if no: {if_no(question, view)}"]
    operand = planned.step.operand.removesuffix("\n")
    return "\n".join([head, *(f"  {each}" for each in told), operand]), look.style


def batch_title(items: Sequence[Item]) -> str:
    """`Run these 3 now?`."""
    return f"Run {'these ' + str(len(items)) if len(items) != 1 else 'this one'} now?"
