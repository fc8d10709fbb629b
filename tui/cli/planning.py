"""Commands around plans: plan, schema, agent-guide; and how words become a plan, which `run` uses too."""

from __future__ import annotations

import io
from argparse import ArgumentParser, ArgumentTypeError

from engine import (
    DirectoryView,
    EngineClient,
    ListCosts,
    MakePlan,
    Planner,
    Reply,
    Resume,
    ShowDirectory,
    ShowTask,
    TaskView,
    Trust,
    scratch,
)
from engine.errors import UsageError
from tui.cli import lines, shapes
from tui.cli.arguments import counting, json_option, planner_option, root_option, set_option, var_option
from tui.cli.call import Call, Verb
from tui.cli.drafting import until_written
from tui.cli.reading import whole_plan
from tui.cli.trust import say_standing
from tui.presentation.facts import touches
from tui.presentation.safe import safe
from tui.presentation.status import TIERS

STDIN = "-"
LARGEST = 64 << 20
"""Bytes of a plan file that are read; the planner has smaller limits of its own."""


def _plan_arguments(parser: ArgumentParser) -> None:
    told = "a recipe of the directory, or what shall be done, in your own words; or the number of a task without a plan"
    parser.add_argument("request", nargs="*", metavar="RECIPE|REQUEST|ID", help=told)
    parser.add_argument("-f", "--file", metavar="FILE", help="a plan file instead of a request; - for stdin")
    planner_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="judge every step, store nothing, run nothing")
    root_option(parser)
    var_option(parser)
    set_option(parser)
    json_option(parser)


async def _plan(call: Call) -> int:
    if call.args.dry_run:
        return await _dry_run(call)
    _check(call)
    async with call.engine("decide") as engine:
        view = await make(call, engine, await _wanted(call, engine))
        await say_standing(call, engine)
        if call.json:
            costs = await engine.read(ListCosts(task=view.task.id))
            call.console.json(shapes.task_whole(view, costs or None))
            return 0
        call.console.say(await whole_plan(call, engine, view), exact=True)
    call.console.say(lines.how_to_go_on(view.task))
    return 0


def _check(call: Call) -> None:
    """Raises `UsageError` where it is not one thing that is wanted."""
    if bool(" ".join(call.args.request).strip()) == bool(call.args.file):
        raise UsageError(problem="Give either a request or a plan file (-f)", hint="signoff plan --help")


async def _wanted(call: Call, engine: EngineClient) -> MakePlan | Resume:
    if call.args.file:
        return from_file(call, call.args.file)
    request = " ".join(call.args.request)
    if (number := task_number(call.args.request)) is not None:
        no_variables(call, number)
        return Resume(task=number)
    return await from_recipe(call, engine, request) or from_request(call, request)


def from_request(call: Call, request: str) -> MakePlan:
    """A plan for words. Raises `UsageError`: there are none."""
    if not request.strip():
        raise UsageError(problem="Nothing was asked for; nothing was stored", hint="say what shall be done")
    return MakePlan(
        root=str(call.root), request=request, variables=_variables(call), planner=Planner(call.args.planner)
    )


async def from_recipe(call: Call, engine: EngineClient, word: str) -> MakePlan | None:
    """A plan from the recipe of that name; None where there is none. Whether it is trusted, the engine says."""
    view: DirectoryView = await engine.read(ShowDirectory(root=str(call.root)))
    if word not in view.recipes:
        return None
    call.console.note(f"signoff: recipe {safe(word)}")
    return MakePlan(root=str(call.root), recipe=word, variables=_variables(call))


def no_variables(call: Call, task: int) -> None:
    if call.args.var:
        raise UsageError(problem=f"--var is for plan files and recipes, and {task} is a task; nothing was run")


def _variables(call: Call) -> dict[str, str]:
    return dict(call.args.var or ())


def from_file(call: Call, name: str) -> MakePlan:
    """A plan from a file, or from stdin where it is called `-`.

    Raises:
        UsageError: it is too long, or no UTF-8, or cannot be read.
    """
    try:
        data = _bytes(call, name)
    except OSError as error:
        raise UsageError(problem=f"{name}: {error.strerror}; nothing was stored", hint="signoff plan --help") from error
    if len(data) > LARGEST:
        raise UsageError(problem=f"{name} is longer than {LARGEST >> 20} MiB; that is no plan file")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = f"byte {error.start + 1:,} is 0x{data[error.start]:02X}"
        raise UsageError(problem=f"The plan is not UTF-8 text: {place}; nothing was stored") from None
    name = "stdin" if name == STDIN else name
    return MakePlan(root=str(call.root), document=text, name=name, variables=_variables(call))


def _bytes(call: Call, name: str) -> bytes:
    """What a file or stdin holds, or a little more than is read at most."""
    if name != STDIN:
        with open(call.world.cwd / name, "rb") as file:
            return file.read(LARGEST + 1)
    stdin = call.world.stdin
    if isinstance(stdin, io.TextIOWrapper):  # whatever the locale says, so that the place of a wrong byte can be told
        stdin.reconfigure(encoding="utf-8", errors="surrogateescape", newline="")
    return stdin.read(LARGEST + 1).encode("utf-8", "surrogateescape")


def task_number(words: list[str]) -> int | None:
    """The number of a task, if that is all that was said."""
    if len(words) != 1 or not (words[0].isascii() and words[0].isdigit()):
        return None
    try:
        return counting(words[0])
    except ArgumentTypeError as error:
        raise UsageError(problem=f"There is no such task: {error}"[:200], hint="signoff ls shows the tasks") from error


async def make(call: Call, engine: EngineClient, command: MakePlan | Resume) -> TaskView:
    """Plan, or plan again what has no plan, and read what came of it; where a model plans, that takes its time.

    Raises:
        NoPlan: the model wrote none.
        InvalidPlan: the file has faults.
        NothingFits: no planner can serve the request; it stays, to be planned again.
        UsageError: there is a plan already.
    """
    if isinstance(command, Resume):
        task = (await engine.read(ShowTask(task=command.task))).task
        if not task.unplanned:
            raise UsageError(problem=f"Task {task.id} has a plan: it is {task.phase}", hint=lines.how_to_go_on(task))
    reply: Reply = await engine.do(command)
    assert reply.task is not None, "planning answers with the task it made"
    return await until_written(call, engine, await engine.read(ShowTask(task=reply.task)))


async def _dry_run(call: Call) -> int:
    """Plan in a state directory that is thrown away: judged as a run would judge it, and nothing is kept (B6.10)."""
    _check(call)
    if not call.args.file and task_number(call.args.request) is not None:
        raise UsageError(problem="--dry-run judges a request, a recipe or a file", hint="signoff plan --help")
    async with call.engine("read") as engine:
        brought: DirectoryView = await engine.read(ShowDirectory(root=str(call.root)))
        await say_standing(call, engine)
    with scratch("signoff-dry-run-") as folder:
        async with call.engine("decide", state=folder) as engine:
            if brought.holds:
                await engine.do(Trust(root=brought.root, digest=brought.digest))
            view = await make(call, engine, await _wanted(call, engine))
    if call.json:
        call.console.json({**shapes.task_whole(view), "id": None})
        return 0
    for number, planned in enumerate(view.plan.steps if view.plan else (), start=1):
        verdict = "ask" if planned.asks else "run"
        told = f"{number:>4}  {safe(planned.id)}  {planned.step.action}  {safe(planned.step.operand)}"
        call.console.say(told, exact=True)
        call.console.say(f"      {TIERS[planned.tier].word}, verdict {verdict}, {safe(touches(planned))}")
        for reason in planned.reasons:
            call.console.say(f"      why: {safe(shapes.reason_text(reason))}")
        if planned.binary:
            call.console.say(f"      program: {safe(planned.binary)}")
        for hint in planned.hints:
            call.console.say(f"      hint: {safe(hint)}")
    call.console.note("nothing was stored, nothing was run")
    return 0


async def _schema(call: Call) -> int:
    import json

    from engine import plan_schema

    call.console.say(json.dumps(plan_schema(), indent=2), exact=True)
    return 0


async def _agent_guide(call: Call) -> int:
    from engine import agent_guide

    call.console.say(agent_guide(), exact=True)
    return 0


def _no_arguments(parser: ArgumentParser) -> None:
    del parser


VERBS = {
    "plan": Verb(_plan, _plan_arguments, "signoff plan -f plan.yaml --dry-run"),
    "schema": Verb(_schema, _no_arguments, "signoff schema > plan.schema.json"),
    "agent-guide": Verb(_agent_guide, _no_arguments, "signoff agent-guide >> AGENTS.md"),
}
