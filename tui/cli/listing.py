"""Commands that look: ls, show, runs, inbox. They open the store read-only and change nothing (B11.1)."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import ListCosts, ListQuestions, ListRuns, ListTasks, Phase, QuestionKind, ShowTask, Wait, proposed
from tui import queueing
from tui.cli import lines, shapes
from tui.cli.arguments import counting, json_option, step_argument, task_argument
from tui.cli.call import Call, Verb
from tui.cli.reading import whole_plan, whole_plan_as_markdown
from tui.cli.steps import step_id
from tui.presentation.brief import behind, title
from tui.presentation.ownerless import is_interrupted, run_of, view_of

if TYPE_CHECKING:
    from engine import EngineClient, Question, Run, Task, TaskSummary, TaskView


PAGE = 1000
_ASKS = {Phase.AWAITING_APPROVAL: "approval", Phase.READY: "acceptance"}


def _ls_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-n", "--limit", type=counting, default=100, metavar="N", help="at most so many; default: 100")
    json_option(parser)


async def _ls(call: Call) -> int:
    async with call.engine("read") as engine:
        found: tuple[TaskSummary, ...] = await engine.read(ListTasks(limit=call.args.limit))
        why = {} if call.json else await _why(engine, [summary.task for summary in found])
    if call.json:
        call.console.json([shapes.task_head(summary.task, ownerless=call.ownerless) for summary in found])
        return 0
    ownerless = call.ownerless
    for summary in found:
        call.console.say(lines.task_line(summary, call.console, ownerless=ownerless, why=why.get(summary.task.id, "")))
    if not found:
        call.console.note("no tasks yet; begin with: signoff run REQUEST, or signoff demo")
    return 0


async def _why(engine: EngineClient, tasks: Sequence[Task]) -> dict[int, str]:
    """Why tasks do not go on that wait for another one, or for a step to be released."""
    told: dict[int, str] = {}
    holders: dict[str, Task | None] = {}
    for task in tasks:
        if task.phase is Phase.QUEUED:
            if task.root not in holders:
                holders[task.root] = await queueing.holder(engine, task)
            if held := holders[task.root]:
                told[task.id] = behind(held)
        elif Wait.HELD in task.waits:
            view: TaskView = await engine.read(ShowTask(task=task.id))
            told[task.id] = lines.held_steps(view)
    return told


def _show_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    parser.add_argument("--md", action="store_true", help="Markdown, for a comment on a pull request")
    json_option(parser)


async def _show(call: Call) -> int:
    async with call.engine("read") as engine:
        view: TaskView = await engine.read(ShowTask(task=call.args.task))
        ownerless = call.ownerless
        view = view_of(view) if ownerless else view
        if call.json:
            costs = await engine.read(ListCosts(task=view.task.id))
            call.console.json(shapes.task_whole(view, costs or None, ownerless=ownerless))
            return 0
        if call.args.md:
            call.console.say(await whole_plan_as_markdown(engine, view), exact=True)
            return 0
        held = await queueing.holder(engine, view.task) if view.task.phase is Phase.QUEUED else None
        call.console.say(await whole_plan(call, engine, view, held), exact=True)
    for line in lines.summary_lines(view, call.console, ownerless=ownerless, held=held):
        call.console.say(line)
    for question in view.questions:
        call.console.say(lines.question_line(question))
    return 0


def _runs_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    step_argument(parser, optional=True)
    json_option(parser)


async def _runs(call: Call) -> int:
    async with call.engine("read") as engine:
        view: TaskView = await engine.read(ShowTask(task=call.args.task))
        step = step_id(view, call.args.step) if call.args.step else None
        found: tuple[Run, ...] = await engine.read(ListRuns(task=call.args.task, step=step))
    found = tuple(map(run_of, found)) if call.ownerless else found
    if call.json:
        call.console.json([shapes.run_entry(run) for run in found])
        return 0
    for run in found:
        call.console.say(lines.run_line(run, call.console))
        if step:
            for line in lines.change_lines(run.changed):
                call.console.say(f"  {line}")
        if run.receipt:
            for line in lines.receipt_lines(run.step, run.receipt):
                call.console.say(f"  {line}")
    return 0


async def _inbox(call: Call) -> int:
    async with call.engine("read") as engine:
        questions: tuple[Question, ...] = await engine.read(ListQuestions())
        waiting = await _waiting_tasks(call, engine)
    if call.json:
        entries = [shapes.task_entry(task, _ASKS.get(task.phase, "interrupted")) for task in waiting]
        call.console.json(entries + [shapes.question_entry(question) for question in questions])
        return 0
    for task in waiting:
        call.console.say(f"{task.id:>5}  {title(task.request)}: {_how_to_go_on(task)}")
    for question in questions:
        call.console.say(lines.question_line(question))
    kinds = dict.fromkeys(question.kind for question in questions if question.kind is not QuestionKind.BUDGET)
    for how in dict.fromkeys(map(lines.how_to_answer, kinds)):
        call.console.say(how)
    if not questions and not waiting:
        call.console.note("nothing waits for you")
    return 0


def _how_to_go_on(task: Task) -> str:
    return lines.nobody_runs(task) if is_interrupted(task) else lines.how_to_go_on(task)


async def _waiting_tasks(call: Call, engine: EngineClient) -> list[Task]:
    """Plans to sign, results to accept, and what nobody runs any more; oldest first."""
    ownerless = call.ownerless
    found: list[Task] = []
    before: int | None = None
    while page := await engine.read(ListTasks(before=before, limit=PAGE)):
        for task in (summary.task for summary in page):
            if task.pending:
                found.append(proposed(await engine.read(ShowTask(task=task.id))).task)
            elif task.phase in _ASKS or (ownerless and is_interrupted(task)):
                found.append(task)
        before = page[-1].task.id
    return found[::-1]


VERBS = {
    "ls": Verb(_ls, _ls_arguments, "signoff ls --limit 20"),
    "show": Verb(_show, _show_arguments, "signoff show 12 --md"),
    "runs": Verb(_runs, _runs_arguments, "signoff runs 12 tests"),
    "inbox": Verb(_inbox, json_option, "signoff inbox --json"),
}
