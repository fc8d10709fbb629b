"""What was spent and what may be: look, and let a task at its cap go on, finish cheaply, or stop (B10)."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from engine import (
    Answer,
    BudgetView,
    EngineClient,
    Question,
    QuestionKind,
    Reply,
    ShowBudget,
    ShowTask,
    Standing,
    TaskView,
)
from engine.errors import EngineGone, UsageError
from tui.cli import lines, shapes
from tui.cli.arguments import counting, json_option, set_option
from tui.cli.call import Call, Verb
from tui.cli.going_on import advise
from tui.cli.people import a_person, more, resolve
from tui.presentation.safe import safe

_DEEDS = {"raise": None, "cheap": Answer.CHEAP, "stop": Answer.STOP}
_HINT = "give it in a terminal of your own: only a person lets a task use more, or ends it at its cap"
_USAGE = "signoff budget [ID], or signoff budget raise ID +1.50 [--beyond CAP], cheap ID, stop ID"


def _arguments(parser: ArgumentParser) -> None:
    told = "a task, to see its own caps too; raise ID AMOUNT: it may use more, as +1.50 or +10m; cheap ID; stop ID"
    parser.add_argument("words", nargs="*", metavar="[raise|cheap|stop] ID AMOUNT", help=told)
    parser.add_argument("--unpriced", action="store_true", help="with raise: it may call what has no known price")
    told = "with raise: beyond a cap of all tasks, as day, or of a model, as 'openai/gpt-5 day', for this task alone"
    parser.add_argument("--beyond", metavar="CAP", default="", help=told)
    parser.add_argument("--reason", metavar="TEXT", default="", help="with stop: why; it is recorded")
    json_option(parser)
    set_option(parser)


async def _budget(call: Call) -> int:
    words = list(call.args.words)
    if words and words[0] in _DEEDS:
        if len(words) < 2:
            raise UsageError(problem=f"Which task? {_USAGE}")
        return await _decide(call, words[0], _task(words[1]), words[2:])
    if len(words) > 1:
        raise UsageError(problem=f"Write {_USAGE}")
    return await _show(call, _task(words[0]) if words else None)


def _task(word: str) -> int:
    try:
        return counting(word)
    except argparse.ArgumentTypeError as error:
        raise UsageError(problem=f"{error}; write {_USAGE}") from None


async def _show(call: Call, task: int | None) -> int:
    from tui.presentation.budget import rows

    view = await _view(call, task)
    if call.json:
        call.console.json([_entry(standing) for standing in view.standings])
        return 0
    for row in rows(view, call.console.width, ascii_only=call.console.ascii_only):
        call.console.say(safe(row.plain))
    return 0


async def _view(call: Call, task: int | None) -> BudgetView:
    """As the engine counts that owns the state directory; where there is none, by the present configuration."""
    view: BudgetView
    if not call.ownerless:
        with suppress(EngineGone):
            async with call.engine("attach") as engine:
                view = await engine.read(ShowBudget(task=task))
                return view
    async with call.engine("judge") as engine:
        view = await engine.read(ShowBudget(task=task))
    return view


def _entry(standing: Standing) -> dict[str, Any]:
    """A row of `budget`: amounts in US dollars, null where there is none; `beyond` by task."""
    cap, limit = standing.cap, standing.limit
    return {
        "scope": cap.scope.value,
        "name": cap.name or None,
        "task": cap.task,
        "window": cap.window.value,
        "since": standing.since or None,
        "cap": None if cap.micros is None else cap.micros / 1e6,
        "raised": standing.raised / 1e6,
        "beyond": {str(task): amount / 1e6 for task, amount in standing.beyond},
        "limit": None if limit is None else limit / 1e6,
        "spent": standing.spent.micros / 1e6,
        "reserved": standing.spent.reserved / 1e6,
        "unpriced_calls": standing.spent.unpriced,
    }


async def _decide(call: Call, deed: str, task: int, amounts: list[str]) -> int:
    asked, raised = call.args, None
    if deed == "raise":
        raised = more(task, amounts, unpriced=asked.unpriced, beyond=asked.beyond)
    with a_person(call, _HINT):
        async with call.engine("decide") as engine:
            command = raised or resolve(await _asked(engine, task), _DEEDS[deed] or Answer.STOP, call.args.reason)
            reply: Reply = await engine.do(command)
            if call.json:
                call.console.json(shapes.task_head((await engine.read(ShowTask(task=task))).task))
                return 0
            call.console.say(safe(reply.text))
            await advise(call, engine, task)
    return 0


async def _asked(engine: EngineClient, task: int) -> Question:
    view: TaskView = await engine.read(ShowTask(task=task))
    for question in view.questions:
        if question.kind is QuestionKind.BUDGET:
            return question
    raise UsageError(problem=f"Task {task} is at no cap of its budget", hint=lines.how_to_go_on(view.task))


VERBS = {"budget": Verb(_budget, _arguments, "signoff budget raise 12 +1.50")}
