"""Reviewing with others: what changed between revisions, verdicts on steps, comments, grants.

Verdicts and comments are recorded under the name that the system knows the caller by; none of them lets anything run
that was not signed. A grant does, so it takes a person at a terminal, as a confirmation would (B5.10).
"""

from __future__ import annotations

import re
from argparse import ArgumentParser

from engine import (
    Comment,
    GiveGrant,
    Grant,
    Judge,
    ListGrants,
    Plan,
    ReadPlan,
    Reply,
    ResolveComment,
    RevokeGrant,
    ShowTask,
    TaskView,
    Verdict,
    WriteComment,
    compare,
    grantable,
)
from engine.errors import UsageError
from tui.cli import shapes
from tui.cli.arguments import counting, duration, json_option, set_option, step_argument, task_argument
from tui.cli.call import Call, Verb
from tui.cli.exits import Exit
from tui.cli.people import a_person
from tui.cli.steps import step_id, step_ids
from tui.cli.terminal import says_yes
from tui.presentation.amounts import clock
from tui.presentation.changes import comparison_lines
from tui.presentation.safe import safe, safe_lines

_TWO = re.compile(r"([0-9]{1,9})\.\.([0-9]{1,9})?")
"""`A..B`, or `A..` for the present one."""

# Revisions


def _diff_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    parser.add_argument("revisions", metavar="A..B", nargs="?", help="default: the one before, and the present one")
    json_option(parser)


async def _diff(call: Call) -> int:
    async with call.engine("read") as engine:
        view: TaskView = await engine.read(ShowTask(task=call.args.task))
        first, last = _revisions(call.args.revisions, view)
        before: Plan = await engine.read(ReadPlan(task=view.task.id, revision=first))
        after: Plan = await engine.read(ReadPlan(task=view.task.id, revision=last))
    found = compare(before, after)
    if call.json:
        call.console.json(shapes.comparison(found))
        return 0
    for line in comparison_lines(found, call.console.width, after.note):
        call.console.say(line)
    return 0


def _revisions(text: str | None, view: TaskView) -> tuple[int, int]:
    """The two revisions that were named. Raises `UsageError`."""
    present = view.task.pending or view.task.revision
    if text is None and view.task.pending:
        return view.task.revision, present
    if text is None and present > 1:
        return present - 1, present
    if text is None:
        raise UsageError(problem=f"Task {view.task.id} has {present or 'no'} revision: there is nothing to compare")
    if (named := _TWO.fullmatch(text)) is None:
        raise UsageError(problem=f"{text!r} names no two revisions", hint=f"signoff diff {view.task.id} 1..{present}")
    return int(named[1]), int(named[2] or present)


# Verdicts on steps


def _step_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    step_argument(parser)
    set_option(parser)


def _skip_arguments(parser: ArgumentParser) -> None:
    _step_arguments(parser)
    parser.add_argument("--undo", action="store_true", help="take it in again; voids signatures without it")


async def _hold(call: Call) -> int:
    return await _judge(call, Verdict.HOLD)


async def _release(call: Call) -> int:
    return await _judge(call, Verdict.RELEASE)


async def _skip(call: Call) -> int:
    return await _judge(call, Verdict.TAKE_IN if call.args.undo else Verdict.SKIP)


async def _judge(call: Call, verdict: Verdict) -> int:
    async with call.engine("read") as engine:
        view: TaskView = await engine.read(ShowTask(task=call.args.task))
    step = step_id(view, call.args.step)  # numbers are those of the plan as it is now
    return await _do(call, Judge(task=view.task.id, revision=view.task.revision, step=step, verdict=verdict))


async def _do(call: Call, command: Judge | WriteComment | ResolveComment | RevokeGrant | GiveGrant) -> int:
    async with call.engine("decide") as engine:
        reply: Reply = await engine.do(command)
    call.console.say(safe(reply.text))
    return 0


# Comments


def _comment_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    parser.add_argument("words", metavar="[STEP] TEXT", nargs="*", help="of the plan, or of one step; none: list them")
    parser.add_argument("--answer", metavar="N", type=counting, help="the comment that is answered")
    parser.add_argument("--resolve", metavar="N", type=counting, help="close the thread that comment N began")
    set_option(parser)


async def _comment(call: Call) -> int:
    if call.args.resolve is not None:
        return await _do(call, ResolveComment(comment=call.args.resolve))
    if not call.args.words:
        return await _list_comments(call)
    step, text = "", " ".join(call.args.words)
    if len(call.args.words) > 1 and call.args.answer is None:
        async with call.engine("read") as engine:
            view: TaskView = await engine.read(ShowTask(task=call.args.task))
        step, text = step_id(view, call.args.words[0]), " ".join(call.args.words[1:])
    return await _do(call, WriteComment(task=call.args.task, step=step, text=text, answers=call.args.answer))


async def _list_comments(call: Call) -> int:
    async with call.engine("read") as engine:
        view: TaskView = await engine.read(ShowTask(task=call.args.task))
    for comment in view.comments:
        if comment.answers is None:
            thread = [comment, *(answer for answer in view.comments if answer.answers == comment.id)]
            for line in (row for each in thread for row in _comment_lines(each)):
                call.console.say(line)
    if not view.comments:
        call.console.note("nobody said anything about it yet")
    return 0


def _comment_lines(comment: Comment) -> list[str]:
    where = f" on {comment.step}" if comment.step and comment.answers is None else ""
    closed = f", resolved by {comment.resolved_by}" if comment.resolved_by else ""
    indent = "  " if comment.answers is not None else ""
    head = f"{indent}{comment.id} {comment.author}{where} (rev {comment.revision}){closed}:"
    return [safe(head), *(f"{indent}  {line}" for line in safe_lines(comment.text))]


# Grants


def _grants_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("verb", nargs="?", choices=("list", "give", "revoke"), default="list", help="default: list")
    parser.add_argument("number", metavar="N|ID", type=counting, nargs="?", help="the grant to revoke, or the task")
    parser.add_argument("steps", metavar="STEPS", nargs="*", help="the steps that may run unasked; none: all that ask")
    parser.add_argument("--for", dest="seconds", metavar="TIME", type=duration, default=1800.0, help="default: 30m")
    json_option(parser)
    set_option(parser)


async def _grants(call: Call) -> int:
    if call.args.verb == "list":
        return await _list_grants(call)
    if call.args.number is None:
        raise UsageError(problem=f"signoff grants {call.args.verb} needs a number", hint="signoff grants --help")
    if call.args.verb == "revoke":
        return await _do(call, RevokeGrant(grant=call.args.number))
    return await _give(call, call.args.number)


async def _list_grants(call: Call) -> int:
    now = call.world.clock()
    async with call.engine("read") as engine:
        known: tuple[Grant, ...] = await engine.read(ListGrants())
    found = [grant for grant in known if grant.active(now)]
    if call.json:
        call.console.json([shapes.plain(grant) for grant in found])
        return 0
    for grant in found:
        left = clock(grant.expires - now)
        named = ", ".join(map(safe, grant.steps))
        call.console.say(f"{grant.id:>5}  task {grant.task}: {named}  {left} left, by {safe(grant.given_by)}")
    if not found:
        call.console.note("no grant holds now")
    return 0


async def _give(call: Call, task: int) -> int:
    with a_person(call) as person:
        async with call.engine("read") as engine:
            view: TaskView = await engine.read(ShowTask(task=task))
        steps = _named(view, call.args.steps)
        for planned in view.plan.steps if view.plan else ():
            if planned.id in steps:
                person.tell("\n".join([f"{safe(planned.id)}:", *(f"  {x}" for x in safe_lines(planned.step.operand))]))
        told = f"Let {safe(', '.join(steps))} of task {task} run as signed, unasked, for {clock(call.args.seconds)}?"
        if not await says_yes(person, told):
            call.console.note("nothing was granted")
            return Exit.DENIED
    present = view.task
    return await _do(
        call,
        GiveGrant(
            task=task,
            revision=present.revision,
            digest=present.digest,
            steps=steps,
            seconds=call.args.seconds,
            means="command",
        ),
    )


def _named(view: TaskView, names: list[str]) -> tuple[str, ...]:
    """The steps that were named; without names, all that will still ask as signed. Raises `UsageError`."""
    ended = {status.id for status in view.steps if status.state.ended}
    ahead = grantable(view.plan.steps if view.plan else ())
    steps = step_ids(view, names) if names else tuple(step for step in ahead if step not in ended)
    if not steps:
        raise UsageError(problem=f"No step of task {view.task.id} asks before it runs; nothing to grant")
    return steps


VERBS = {
    "diff": Verb(_diff, _diff_arguments, "signoff diff 12 1..2"),
    "hold": Verb(_hold, _step_arguments, "signoff hold 12 docs"),
    "release": Verb(_release, _step_arguments, "signoff release 12 docs"),
    "skip": Verb(_skip, _skip_arguments, "signoff skip 12 7"),
    "comment": Verb(_comment, _comment_arguments, "signoff comment 12 migrate 'is the table empty?'"),
    "grants": Verb(_grants, _grants_arguments, "signoff grants give 12 push --for 30m"),
}
