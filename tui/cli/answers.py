"""Answers to what waits on steps: confirm, deny, answer. They take a person at a terminal (B5.10).

While a person reads and thinks, nothing is owned: the store is only read, and opened to decide once they have (B11.1).
"""

from __future__ import annotations

from argparse import ArgumentParser

from engine import ANSWERS, Answer, EngineClient, LookAgain, Question, QuestionKind, Reply, ShowTask, TaskView
from engine.errors import UsageError
from tui.cli import lines
from tui.cli.arguments import duration, set_option, step_argument, task_argument
from tui.cli.call import Call, Verb
from tui.cli.exits import Exit
from tui.cli.going_on import advise
from tui.cli.people import a_person, resolve
from tui.cli.steps import step_id
from tui.cli.terminal import says_yes
from tui.presentation.amounts import clock
from tui.presentation.safe import safe

_WORDS = {"again": Answer.AGAIN, "done": Answer.DONE, "fail": Answer.FAIL}


def _confirm_arguments(parser: ArgumentParser) -> None:
    _step_arguments(parser)
    told = "plan: whatever else asks in this plan runs too, as signed; 10m: the very same again within that time"
    parser.add_argument("--for", dest="longer", metavar="plan|TIME", type=_longer, help=told)


def _longer(text: str) -> str | float:
    return text if text == "plan" else duration(text)


def _step_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    step_argument(parser)
    set_option(parser)


def _deny_arguments(parser: ArgumentParser) -> None:
    _step_arguments(parser)
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why; it is recorded")


def _answer_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    step_argument(parser)
    told = "the answer; for an interrupted step: again, done or fail"
    parser.add_argument("text", nargs="+", metavar="TEXT", help=told)
    set_option(parser)


async def _confirm(call: Call) -> int:
    answer, seconds, how = _how_long(call)
    with a_person(call) as person:
        async with call.engine("read") as engine:
            question, view = await _asked(call, engine, answer)
        person.tell("\n".join(lines.question_lines(question, view, call.console)))
        if not await says_yes(person, f"Run {safe(question.step)} {how}, as shown?"):
            call.console.note("later: nothing was recorded, the question stays")
            return Exit.DENIED
        async with call.engine("decide") as engine:
            await engine.do(LookAgain(question=question.id))
            now, view = await _asked(call, engine, answer)
            if now.digest == question.digest:
                return await _give(call, engine, question, answer, seconds=seconds)
        person.tell("\n".join(lines.question_lines(now, view, call.console)))
        call.console.note("it changed while you looked at it: nothing was recorded, the question stays")
        return Exit.DENIED


def _how_long(call: Call) -> tuple[Answer, float | None, str]:
    """The answer that `--for` asks for, its seconds, and both in words."""
    if call.args.longer is None:
        return Answer.ONCE, None, "once"
    if call.args.longer == "plan":
        return Answer.PLAN, None, "and whatever else asks in this plan"
    return Answer.TIMED, call.args.longer, f"now and again within {clock(call.args.longer)}"


async def _deny(call: Call) -> int:
    with a_person(call):
        async with call.engine("decide") as engine:
            question, _ = await _asked(call, engine, Answer.DENY)
            return await _give(call, engine, question, Answer.DENY, call.args.reason)


async def _answer(call: Call) -> int:
    text = " ".join(call.args.text)
    with a_person(call):
        async with call.engine("decide") as engine:
            view: TaskView = await engine.read(ShowTask(task=call.args.task))
            question = _open(view, step_id(view, call.args.step))
            if question.kind is QuestionKind.ASK:
                return await _give(call, engine, question, Answer.TEXT, text)
            word = _WORDS.get(text)
            if word is None or word not in ANSWERS[question.kind]:
                raise _unfitting(question)
            return await _give(call, engine, question, word)


async def _asked(call: Call, engine: EngineClient, answer: Answer) -> tuple[Question, TaskView]:
    """The open question of the step that was named. Raises `UsageError`: none, or not to be answered so."""
    view: TaskView = await engine.read(ShowTask(task=call.args.task))
    question = _open(view, step_id(view, call.args.step))
    if answer not in ANSWERS[question.kind]:
        raise _unfitting(question)
    return question, view


def _open(view: TaskView, step: str) -> Question:
    for question in view.questions:
        if question.step == step:
            return question
    raise UsageError(problem=f"Step {step} of task {view.task.id} asks nothing", hint="signoff inbox lists what waits")


def _unfitting(question: Question) -> UsageError:
    hint = lines.how_to_answer(question.kind, f"{question.task} {question.step}")
    return UsageError(problem=f"That does not answer a question of kind {question.kind}", hint=hint)


async def _give(
    call: Call,
    engine: EngineClient,
    question: Question,
    answer: Answer,
    reason: str = "",
    *,
    seconds: float | None = None,
) -> int:
    reply: Reply = await engine.do(resolve(question, answer, reason, seconds=seconds))
    call.console.say(safe(reply.text))
    await advise(call, engine, question.task)
    return 0


VERBS = {
    "confirm": Verb(_confirm, _confirm_arguments, "signoff confirm 12 migrate"),
    "deny": Verb(_deny, _deny_arguments, "signoff deny 12 migrate --reason 'not on a Friday'"),
    "answer": Verb(_answer, _answer_arguments, "signoff answer 12 4 the second one"),
}
