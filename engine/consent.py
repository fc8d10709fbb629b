"""What people were asked while a task executes, and what they let run.

A clearance names the digest of the very bytes that were asked about, and is good for one start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.actions import Waits
from engine.confirmations import Confirmations
from engine.model.board import Row
from engine.model.question import CLEARS, Answer, Question, QuestionKind
from engine.model.run import StepStatus
from engine.model.state import StepState, Wait
from engine.model.task import Task

WAITS = {
    QuestionKind.CONFIRMATION: Wait.CONFIRMATION,
    QuestionKind.DRIFT: Wait.DRIFT,
    QuestionKind.ASK: Wait.QUESTION,
    QuestionKind.INTERRUPTED: Wait.INTERRUPTED,
    QuestionKind.TERMINAL: Wait.CONFIRMATION,
    QuestionKind.BUDGET: Wait.BUDGET,
}
WAITING = {
    QuestionKind.CONFIRMATION: StepState.AWAITING_CONFIRMATION,
    QuestionKind.DRIFT: StepState.AWAITING_CONFIRMATION,
    QuestionKind.ASK: StepState.BLOCKED,
    QuestionKind.INTERRUPTED: StepState.INTERRUPTED,
    QuestionKind.TERMINAL: StepState.AWAITING_CONFIRMATION,
}
"""Where a step is while it waits for an answer of this kind."""


class Consent:
    """The questions and clearances of one execution."""

    def __init__(self, confirmations: Confirmations) -> None:
        self._confirmations = confirmations
        self.questions: dict[str, Question] = {}
        """The open one of each step that waits."""
        self._clearances: dict[str, str] = {}
        self.cheap = False
        """Whether a person lets the task finish without what costs."""
        self.cheaper = ""
        """The model that a person lets it finish with, where a step names none; empty for the usual one."""
        self._begun_again: set[str] = set()
        """Steps that had started before, and that a person lets run again."""

    def restore(
        self, answered: Iterable[Question], questions: Iterable[Question], statuses: Mapping[str, StepStatus]
    ) -> None:
        """Take up the questions of this attempt, closed and open; an answer that was followed by a start is spent."""
        for question in answered:
            self.finish_cheaply(question)
            if question.step not in statuses:
                continue  # of an earlier revision
            started = statuses[question.step].started
            if not (started and question.answered and question.answered <= started):
                self._clear(question)
        for question in questions:
            self.questions[question.step] = question
            self._confirmations.watch(question)

    def finish_cheaply(self, question: Question) -> bool:
        """Whether it was answered so, with a cheaper model or without what costs."""
        if question.answer is not Answer.CHEAP:
            return False
        self.cheaper, self.cheap = question.cheaper or self.cheaper, self.cheap or not question.cheaper
        return True

    def ask(self, task: Task, row: Row, waits: Waits) -> None:
        """Record a question about a step that waits from now on."""
        self.questions[row[1].id] = self._confirmations.ask(task, *row, waits)

    def ask_about_budget(self, task: Task, waits: Waits) -> None:
        """Record a question about the task as a whole, unless it is asked already."""
        if not self.over_budget:
            self.questions[""] = self._confirmations.ask_about(task, waits)

    @property
    def over_budget(self) -> bool:
        """Whether a person is asked how to go on at a cap."""
        return "" in self.questions

    def close(self, question: Question) -> bool:
        """A question was answered. False where it was not open here."""
        if self.questions.pop(question.step, None) is None:
            return False
        self._clear(question)
        return True

    def _clear(self, question: Question) -> None:
        """What a person let run may run; nothing else may."""
        if question.answer in CLEARS:
            self._clearances[question.step] = question.digest
        if question.answer is Answer.AGAIN:
            self._begun_again.add(question.step)

    def forget(self, step_id: str) -> Question | None:
        """The step was decided otherwise: nobody needs to answer any more. What had been asked, if anything."""
        question = self.questions.pop(step_id, None)
        if question is not None:
            self._confirmations.forget(question.task, step_id)
        return question

    def spend(self, step_id: str) -> None:
        """The step starts."""
        self._clearances.pop(step_id, None)
        self._begun_again.discard(step_id)

    def clearance(self, step_id: str) -> str:
        """The step digest that a person allowed; empty if nobody did."""
        return self._clearances.get(step_id, "")

    def repeats(self, step_id: str) -> bool:
        """Whether a person lets the step run although it had started before."""
        return step_id in self._begun_again

    @property
    def waits(self) -> tuple[Wait, ...]:
        """What the task waits for."""
        return tuple(sorted({WAITS[question.kind] for question in self.questions.values()}))
