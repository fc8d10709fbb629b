"""Asking a person: who is there, and the questions that are put to them word for word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine import (
    ANSWERS,
    Answer,
    Question,
    QuestionKind,
    RaiseBudget,
    Resolve,
    TaskView,
    Way,
    parse_duration,
    parse_money,
)
from engine.errors import UsageError
from tui.cli import lines
from tui.cli.call import Call
from tui.cli.console import Console
from tui.cli.exits import NobodyToAsk
from tui.cli.terminal import Person
from tui.presentation.safe import safe

_CHOICES = {
    Answer.ONCE: ("y", "run it once"),
    Answer.PLAN: ("plan", "run it and all that asks in this plan, as signed"),
    Answer.TIMED: ("10m", "run it, and the very same again within 10 minutes"),
    Answer.DENY: ("d", "deny it"),
    Answer.AGAIN: ("again", "run it again"),
    Answer.DONE: ("done", "it had its effect"),
    Answer.FAIL: ("fail", "count it as failed"),
}

STARTS = frozenset({Answer.ONCE, Answer.AGAIN})
"""Answers after which a step that needs a terminal starts."""
_FOR_SCRIPTS = "give it in a terminal of your own; for scripts there is signoff run --yes, recorded as such"


_TEN_MINUTES = 600.0


@contextmanager
def a_person(call: Call, hint: str = _FOR_SCRIPTS) -> Iterator[Person]:
    """The person at the controlling terminal of this process.

    Raises:
        NobodyToAsk: there is none; a step or an agent can never answer (B5.10).
    """
    person = call.world.person()
    if person is None:
        raise NobodyToAsk(
            problem=f"{call.args.command} needs a person at a terminal, and there is none here; nothing was recorded",
            hint=hint,
        )
    try:
        yield person
    finally:
        person.close()


async def put(person: Person, question: Question, view: TaskView, console: Console) -> Resolve | RaiseBudget | None:
    """Show what is asked, take the answer; None for later, which is every answer that is not a clear one."""
    person.tell("\n".join(lines.question_lines(question, view, console)))
    if question.kind is QuestionKind.BUDGET:
        return await _put_budget(person, question)
    if question.kind is QuestionKind.ASK:
        text = await person.ask("Your answer (empty: later): ")
        return resolve(question, Answer.TEXT, text) if text else None
    typed = await person.ask(f"{_prompt(question)} (anything else: later): ")
    for answer in ANSWERS[question.kind]:
        word, _ = _CHOICES[answer]
        if typed.lower() == word or (typed.lower() == "yes" and word == "y"):
            return await _given(person, question, answer)
    return None


async def _put_budget(person: Person, question: Question) -> Resolve | RaiseBudget | None:
    """An amount raises; the other ways on are typed as words."""
    words = [("+1.50 or +10m" if way == Way.RAISE else way) for way in question.options]
    typed = await person.ask(f"task {question.task}: {', '.join(words)} (anything else: later): ")
    if typed == Way.UNPRICED and typed in question.options:
        return RaiseBudget(task=question.task, unpriced=True, means="command")
    if typed in question.options and typed != Way.RAISE:
        return resolve(question, Answer(typed))
    try:
        return more(question.task, [typed], beyond=question.cap) if typed and Way.RAISE in question.options else None
    except UsageError as error:
        person.tell(safe(str(error)))
        return None


def more(task: int, amounts: list[str], *, unpriced: bool = False, beyond: str = "") -> RaiseBudget:
    """A raise by what a person typed: money such as `+1.50`, working time such as `+10m`. Raises `UsageError`."""
    money, seconds = None, None
    for amount in amounts:
        try:
            money = parse_money(amount)
        except ValueError:
            seconds = _seconds(amount)
    return RaiseBudget(task=task, money=money, seconds=seconds, unpriced=unpriced, beyond=beyond, means="command")


def _seconds(amount: str) -> float:
    try:
        return parse_duration(amount.removeprefix("+"))
    except ValueError:
        raise UsageError(problem=f"{amount!r} is neither money, such as +1.50, nor time, such as +10m") from None


async def _given(person: Person, question: Question, answer: Answer) -> Resolve | None:
    reason = await person.ask("Reason: ") if answer is Answer.DENY else ""
    seconds = _TEN_MINUTES if answer is Answer.TIMED else None
    return resolve(question, answer, reason, seconds=seconds) if reason or answer is not Answer.DENY else None


def _prompt(question: Question) -> str:
    choices = [_CHOICES[answer] for answer in Answer if answer in ANSWERS[question.kind]]
    if question.kind is QuestionKind.TERMINAL:
        choices[0] = ("y", "run it here, in this terminal")
    return f"{safe(question.step)}: " + ", ".join(f"{word} = {told}" for word, told in choices)


def resolve(
    question: Question, answer: Answer, reason: str = "", means: str = "command", seconds: float | None = None
) -> Resolve:
    """The answer to a question, for exactly the bytes that were shown."""
    return Resolve(
        question=question.id, answer=answer, reason=reason, digest=question.digest, seconds=seconds, means=means
    )
