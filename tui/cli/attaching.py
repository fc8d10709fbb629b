"""`attach`: take the terminal of a step that needs one, at once or when it starts."""

from __future__ import annotations

import os
from argparse import ArgumentParser

from engine import EngineClient, EngineInfo, PlannedStep, Resolve, ShowEngine, ShowTask, StepState, TaskView
from engine.errors import UsageError
from tui.cli import lines, people
from tui.cli.arguments import set_option, step_argument, task_argument
from tui.cli.call import Call, Verb
from tui.cli.exits import Exit
from tui.cli.steps import step_id
from tui.cli.terminal import Person
from tui.presentation.safe import safe

_HINT = "attach from a terminal of your own"


def _arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    step_argument(parser)
    set_option(parser)


async def _attach(call: Call) -> int:
    with people.a_person(call, _HINT) as person:
        async with call.engine("read") as engine:
            view: TaskView = await engine.read(ShowTask(task=call.args.task))
        planned = _in_terminal(view, step_id(view, call.args.step))
        question = next((question for question in view.questions if question.step == planned.id), None)
        command = await people.put(person, question, view, call.console) if question else None
        if question and command is None:
            call.console.note("later: nothing was recorded, the question stays")
            return Exit.DENIED
        async with call.engine("decide") as engine:
            if command is not None:
                call.console.say(safe((await engine.do(command)).text))
            if isinstance(command, Resolve) and command.answer not in people.STARTS:
                return 0
            return await _hand_over(call, engine, person, view, planned.id)


def _in_terminal(view: TaskView, step: str) -> PlannedStep:
    """The step, if a terminal can be taken of it. Raises `UsageError`."""
    planned = next(planned for planned in (view.plan.steps if view.plan else ()) if planned.id == step)
    status = next(status for status in view.steps if status.id == step)
    if not planned.step.tty:
        raise UsageError(problem=f"Step {step} runs in no terminal", hint=f"signoff log {view.task.id} {step} -f")
    asked = any(question.step == step for question in view.questions)
    if not asked and status.state is not StepState.RUNNING:
        raise UsageError(problem=f"Step {step} is {status.state.value}: there is no terminal to take")
    return planned


async def _hand_over(call: Call, engine: EngineClient, person: Person, view: TaskView, step: str) -> int:
    info: EngineInfo = await engine.read(ShowEngine())
    if info.pid == os.getpid():  # this process only records; nothing runs in it
        call.console.note(f"nobody runs task {view.task.id} now: signoff run {view.task.id}")
        return 0
    status = await person.take(engine, view.task.id, step)
    if status is None:
        call.console.note(lines.goes_on(view.task.id, step))
        return 0
    call.console.say(lines.step_line(0, status, call.console))
    return Exit.COMPLETED if status.state is StepState.COMPLETED else Exit.FAILED


VERBS = {"attach": Verb(_attach, _arguments, "signoff attach 12 login")}
