"""`run` and `resume`: plan if needed, ask for the signature, execute and follow to the end.

Whoever runs this becomes the owner of the state directory, or attaches to the one there is.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from engine import (
    EngineClient,
    EngineInfo,
    MakePlan,
    Owner,
    Phase,
    Resume,
    ShowEngine,
    ShowTask,
    Sign,
    TaskView,
    Tier,
    UsageError,
)
from engine.errors import AlreadyJudged
from tui.cli import lines, planning, shapes
from tui.cli.arguments import json_option, planner_option, root_option, set_option, task_argument, var_option
from tui.cli.call import Call, Verb
from tui.cli.drafting import until_written
from tui.cli.exits import Exit, NobodyToAsk, of_task
from tui.cli.following import Following, Manners
from tui.cli.reading import whole_plan
from tui.cli.steps import step_id
from tui.cli.terminal import Person, says_yes
from tui.cli.trust import say_standing
from tui.cli.verdicts import signed_alike
from tui.presentation.brief import title
from tui.presentation.safe import safe

FAREWELL = 3.0
"""Seconds that whoever is attached has to see how its task ended, before the engine of this process closes."""
_PLAN_FILES = (".yaml", ".yml", ".json")


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="+",
        metavar="FILE|RECIPE|ID|REQUEST",
        help="an existing plan file, a recipe of the directory, the number of a task, else a request",
    )
    planner_option(parser)
    parser.add_argument("--yes", action="store_true", help="sign as yourself; recorded as run --yes")
    root_option(parser)
    var_option(parser)
    _following_options(parser)


def _resume_arguments(parser: argparse.ArgumentParser) -> None:
    task_argument(parser)
    parser.add_argument("--from", dest="from_step", metavar="STEP", help="reset this step and what depends on it")
    _following_options(parser)


def _following_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--confirm",
        metavar="TIERS",
        type=_tiers,
        default=frozenset(),
        help="let the steps of these tiers run unasked, as they stand in the plan",
    )
    parser.add_argument("--wait", action="store_true", help="wait for somebody elsewhere to sign or answer")
    set_option(parser)
    json_option(parser)


def _tiers(text: str) -> frozenset[Tier]:
    try:
        tiers = frozenset(Tier(name.strip()) for name in text.split(","))
    except ValueError:
        tiers = frozenset()
    if not tiers or not all(tier.asks for tier in tiers):
        raise argparse.ArgumentTypeError("name destructive, external, or both with a comma")
    return tiers


# run


async def _run(call: Call) -> int:
    with _somebody(call) as person:
        async with call.engine("execute") as engine:
            return await _attended(call, engine, _run_to_the_end(call, engine, person))


async def _run_to_the_end(call: Call, engine: EngineClient, person: Person | None) -> int:
    return await _run_task(call, engine, person, await _subject(call, engine))


async def _run_task(call: Call, engine: EngineClient, person: Person | None, view: TaskView) -> int:
    async with Following(call, engine, view, _manners(call, person)) as following:
        if view.task.phase is Phase.AWAITING_APPROVAL:
            if not await _signed(call, engine, view, person):
                return Exit.DENIED
            await following.look_again()
        return await _finish(call, engine, following, person)


async def _subject(call: Call, engine: EngineClient) -> TaskView:
    """The task to run; says which of the four kinds of words it took. Digits alone are always a task."""
    words: list[str] = call.args.what
    word = words[0] if len(words) == 1 else ""
    if (number := planning.task_number(words)) is not None:
        planning.no_variables(call, number)
        call.console.note(f"signoff: task {number}")
        return await _with_a_plan(call, engine, _runnable(await engine.read(ShowTask(task=number))))
    if word == planning.STDIN or (word and (call.world.cwd / word).is_file()):
        call.console.note(f"signoff: plan file {safe(word)}")
        return await _planned(call, engine, planning.from_file(call, word))
    if word and (recipe := await planning.from_recipe(call, engine, word)):
        return await _planned(call, engine, recipe)
    if word.endswith(_PLAN_FILES):
        raise UsageError(problem=f"There is no plan file {word}", hint=f"looked for it in {call.world.cwd}")
    call.console.note("signoff: request")
    return await _planned(call, engine, planning.from_request(call, " ".join(words)))


async def _planned(call: Call, engine: EngineClient, command: MakePlan) -> TaskView:
    view = await planning.make(call, engine, command)
    await say_standing(call, engine)
    return view


def _runnable(view: TaskView) -> TaskView:
    """Raises `UsageError` for a task that `run` cannot go on with, saying what can."""
    task = view.task
    waits = task.phase in (Phase.PAUSED, Phase.PLANNING)
    if not task.unplanned and not task.planner and (task.phase.ended or waits):
        hint = lines.how_to_go_on(task) or "plan the request again: signoff plan REQUEST"
        raise UsageError(problem=f"Task {task.id} is {task.phase.value}; nothing was run", hint=hint)
    return view


async def _with_a_plan(call: Call, engine: EngineClient, view: TaskView) -> TaskView:
    """The task, planned again if it never got a plan. Raises `NothingFits`."""
    if not view.task.unplanned:
        return _runnable(await until_written(call, engine, view))
    call.console.note(f"signoff: planning again: {title(view.task.request)}")
    return await planning.make(call, engine, Resume(task=view.task.id))


async def _signed(call: Call, engine: EngineClient, view: TaskView, person: Person | None) -> bool:
    """Get the signature; False where it was not given.

    Raises:
        NobodyToAsk: nobody can be asked, or the policy does not let `--yes` sign.
    """
    task = view.task
    if getattr(call.args, "yes", False):
        if not call.settings().policy.allow_yes:
            raise NobodyToAsk(
                problem="The policy does not let run --yes sign; the plan is kept", hint=lines.how_to_go_on(task)
            )
        await _sign(call, engine, view, "run --yes")
        return True
    if person is None:
        if call.args.wait:
            call.console.note(f"signoff: task {task.id} waits for a signature: signoff approve {task.id}")
            return True
        raise NobodyToAsk(
            problem=f"Task {task.id} needs a signature, and nobody can be asked here; the plan is kept",
            hint=f"signoff approve {task.id}, then signoff run {task.id}; or signoff run {task.id} --yes",
        )
    return await _asked(call, engine, view, person)


async def _asked(call: Call, engine: EngineClient, view: TaskView, person: Person) -> bool:
    asks = view.plan is not None and any(planned.asks for planned in view.plan.steps)
    if not await person.read(await whole_plan(call, engine, view)) and asks:
        call.console.note(f"{lines.UNREAD}; {lines.how_to_go_on(view.task)}")
        return False
    if await says_yes(person, f"Sign {view.task.digest[:6]} and run?"):
        await _sign(call, engine, view, "command")
        return True
    call.console.note(f"not signed, nothing was run; {lines.how_to_go_on(view.task)}")
    return False


async def _sign(call: Call, engine: EngineClient, view: TaskView, means: str) -> None:
    """Sign; where somebody signed exactly this meanwhile, that is as good."""
    task = view.task
    try:
        await engine.do(Sign(task=task.id, revision=task.revision, digest=task.digest, means=means))
    except AlreadyJudged:
        signed = signed_alike(await engine.read(ShowTask(task=task.id)), digest=task.digest)
        if signed is None:
            raise
        call.console.note(f"signoff: {lines.signed_before(signed)}")


# resume


async def _resume(call: Call) -> int:
    with _somebody(call) as person:
        async with call.engine("execute") as engine:
            return await _attended(call, engine, _resume_to_the_end(call, engine, person))


async def _resume_to_the_end(call: Call, engine: EngineClient, person: Person | None) -> int:
    view: TaskView = await engine.read(ShowTask(task=call.args.task))
    if view.task.unplanned:
        return await _run_task(call, engine, person, await _with_a_plan(call, engine, view))
    from_step = step_id(view, call.args.from_step) if call.args.from_step else None
    async with Following(call, engine, view, _manners(call, person)) as following:
        await engine.do(Resume(task=view.task.id, from_step=from_step))
        await following.look_again()
        return await _finish(call, engine, following, person)


# Both


async def _attended(call: Call, engine: EngineClient, work: Coroutine[Any, Any, int]) -> int:
    """Do it until the engine is asked to close; on a terminal, go on without it if it goes away."""
    from tui.session import attended, ending_with

    leash = call.world.leash
    following = asyncio.create_task(work, name="follow the task")

    async def foreground() -> int:
        try:
            return await following
        except asyncio.CancelledError:
            if (this := asyncio.current_task()) is not None and this.cancelling():
                raise  # Ctrl-C before there was a task to cancel
            if leash is None or not leash.loose:  # else the terminal hung up, and nobody reads
                call.console.note("signoff: the engine was asked to close; what was recorded is kept")
            return Exit.FAILED

    if leash is not None:
        return await attended(engine, leash, foreground(), following.cancel, waiting=False)
    async with ending_with(engine, following.cancel):
        return await foreground()


@contextmanager
def _somebody(call: Call) -> Iterator[Person | None]:
    """The person who can be asked; nobody where the output is for a program."""
    person = None if call.json else call.world.person()
    try:
        yield person
    finally:
        if person is not None:
            person.close()


def _manners(call: Call, person: Person | None) -> Manners:
    return Manners(person=person, wait=call.args.wait, confirm=call.args.confirm)


async def _finish(call: Call, engine: EngineClient, following: Following, person: Person | None) -> int:
    view = await following.to_the_end()
    if call.json:
        if not following.ended:
            call.console.json(shapes.task_whole(view))
    else:
        following.telling.summary(view)
        await _close_the_summary(call, engine, view)
        repaired = view.task.planner or view.task.phase is Phase.AWAITING_APPROVAL
        if repaired and person is not None and not getattr(call.args, "yes", False):
            return await _repaired(call, engine, person, view)
    if call.world.leash is None and not call.world.sitting:
        await _let_others_end(call, engine)
    return of_task(view.task)


async def _repaired(call: Call, engine: EngineClient, person: Person, view: TaskView) -> int:
    """A model writes steps in the place of what failed: wait for them, and put them to the person like any plan."""
    written = await until_written(call, engine, view)
    if written.task.phase is Phase.AWAITING_APPROVAL:
        return await _run_task(call, engine, person, written)
    call.console.note("signoff: no steps were found in its place; the task stays as it was")
    return of_task(written.task)


async def _close_the_summary(call: Call, engine: EngineClient, view: TaskView) -> None:
    for question in view.questions:
        call.console.note(lines.question_line(question))
    info: EngineInfo = await engine.read(ShowEngine())
    call.console.say(f"audit: event {info.seq}, head {info.head[:12]}; signoff audit verify walks it")


async def _let_others_end(call: Call, engine: EngineClient) -> None:
    """Work of other tasks that goes on in this process would die with it: wait for it, and for who follows it to see
    its end. A terminal that only looks on keeps nobody."""
    if not isinstance(engine, Owner):
        return
    if engine.busy(waiting=False):
        call.console.note("signoff: other tasks run in this process: waiting for them, Ctrl-C ends them")
    while True:
        await engine.until_still()
        with suppress(TimeoutError):
            await asyncio.wait_for(engine.until_alone(), FAREWELL)
        if not engine.busy(waiting=False):
            return


VERBS = {
    "run": Verb(_run, _run_arguments, "signoff run plan.yaml"),
    "resume": Verb(_resume, _resume_arguments, "signoff resume 12 --from tests"),
}
