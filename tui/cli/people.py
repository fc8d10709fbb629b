"""Asking a person: who is there, and the questions that are put to them word for word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine import ANSWERS, Answer, Question, QuestionKind, Resolve, TaskView
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


async def put(person: Person, question: Question, view: TaskView, console: Console) -> Resolve | None:
    """Show what is asked, take the answer; None for later, which is every answer that is not a clear one."""
    person.tell("\n".join(lines.question_lines(question, view, console)))
    if question.kind is QuestionKind.ASK:
        text = await person.ask("Your answer (empty: later): ")
        return resolve(question, Answer.TEXT, text) if text else None
    typed = await person.ask(f"{_prompt(question)} (anything else: later): ")
    for answer in ANSWERS[question.kind]:
        word, _ = _CHOICES[answer]
        if typed.lower() == word:
            return await _given(person, question, answer)
    return None


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
