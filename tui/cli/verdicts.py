"""Verdicts on plans: approve, reject, return. Signing takes a person at a terminal (B5.10).

While a person reads and thinks, nothing is owned: the store is only read, and opened to decide once they have (B11.1).
"""

from __future__ import annotations

from argparse import ArgumentParser
from contextlib import suppress

from engine import (
    EngineClient,
    Estimate,
    EstimatePlan,
    Phase,
    Reject,
    Reply,
    Return,
    ShowTask,
    Sign,
    Signature,
    SignoffError,
    TaskView,
    proposed,
    quorum,
    user_name,
)
from engine.errors import AlreadyJudged, Refused, StaleRevision
from tui.cli import lines
from tui.cli.arguments import counting, set_option, task_argument
from tui.cli.call import Call, Verb
from tui.cli.drafting import until_written
from tui.cli.exits import Exit
from tui.cli.going_on import advise
from tui.cli.people import a_person
from tui.cli.reading import whole_plan
from tui.cli.steps import step_ids
from tui.cli.terminal import says_yes
from tui.presentation.calls import rewriting
from tui.presentation.safe import safe


def _approve_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    parser.add_argument("--only", metavar="STEPS", action="append", default=[], help="sign these, skip the rest: 2,4")
    parser.add_argument("--skip", metavar="STEPS", action="append", default=[], help="sign all but these: 3")
    _revision_option(parser)
    set_option(parser)


def _reject_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why; it is recorded")
    _revision_option(parser)
    set_option(parser)


def _return_arguments(parser: ArgumentParser) -> None:
    task_argument(parser)
    parser.add_argument("--note", metavar="TEXT", required=True, help="what another revision shall do differently")
    _revision_option(parser)
    set_option(parser)


def _revision_option(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--revision", metavar="N", type=counting, help="the revision that was read; refused if it is another"
    )


async def _approve(call: Call) -> int:
    with a_person(call) as person:
        async with call.engine("read") as engine:
            view = await _present(call, engine)
            task = view.task
            only, skip = step_ids(view, call.args.only), step_ids(view, call.args.skip)
            if signed := signed_alike(view, only, skip):
                return _signed_before(call, view, signed)
            if task.phase is not Phase.AWAITING_APPROVAL:
                hint = lines.how_to_go_on(task)
                raise Refused(problem=f"Task {task.id} is {task.phase}; nothing to sign", hint=hint)
            _refuse_who_may_not(view)
            plan = await whole_plan(call, engine, view)
        if not await person.read(plan) and _asks(view):
            call.console.note(f"{lines.UNREAD}; {lines.how_to_go_on(task)}")
            return Exit.DENIED
        left = f" (only {', '.join(only)})" * bool(only) + f" (without {', '.join(skip)})" * bool(skip)
        if not await says_yes(person, f"Sign {task.digest[:6]} of task {task.id}{safe(left)}?"):
            call.console.note(f"not signed; {lines.how_to_go_on(task)}")
            return Exit.DENIED
    command = Sign(task=task.id, revision=task.revision, digest=task.digest, only=only, skip=skip, means="command")
    async with call.engine("decide") as engine:
        try:
            reply = await engine.do(command)
        except AlreadyJudged:
            now: TaskView = await engine.read(ShowTask(task=task.id))
            if signed := signed_alike(now, only, skip, task.digest):
                return _signed_before(call, now, signed)
            raise
        call.console.say(safe(reply.text))
        await advise(call, engine, task.id)
    return 0


def _asks(view: TaskView) -> bool:
    return view.plan is not None and any(planned.asks for planned in view.plan.steps)


def _refuse_who_may_not(view: TaskView) -> None:
    """Before anything is read. Raises `Refused`: the rule of the plan wants others."""
    user = user_name()
    count = quorum(view.task, view.plan, view.signatures) if view.plan else None
    if count is not None and user in count.excluded:
        raise Refused(
            problem=f"{user} proposed this plan, and its rule wants others to sign it; nothing was recorded",
            hint=f"{count.left} more must sign; signoff show {view.task.id} shows it",
        )


def _signed_before(call: Call, view: TaskView, signature: Signature) -> int:
    """Exactly this was signed, so all is as it was wanted: no error."""
    call.console.say(lines.signed_before(signature))
    if hint := lines.how_to_go_on(view.task):
        call.console.say(hint)
    return 0


def signed_alike(
    view: TaskView, only: tuple[str, ...] = (), skip: tuple[str, ...] = (), digest: str = ""
) -> Signature | None:
    """The signature that holds now, if it covers just what one of these bytes and steps would.

    Args:
        digest: the bytes that were read; empty for those that the view has.
    """
    steps = {planned.id for planned in (view.plan.steps if view.plan else ())}
    left_out = steps - (set(only or steps) - set(skip))
    for signature in reversed(view.signatures):
        if signature.verdict == "sign" and signature.digest == view.task.signed:
            alike = signature.digest == (digest or view.task.digest) and set(signature.skipped) == left_out
            return signature if alike else None
    return None


async def _reject(call: Call) -> int:
    async with call.engine("decide") as engine:
        task = (await _present(call, engine)).task
        command = Reject(task=task.id, revision=task.revision, reason=call.args.reason, means="command")
        reply: Reply = await engine.do(command)
    call.console.say(safe(reply.text))
    return 0


async def _return(call: Call) -> int:
    async with call.engine("decide") as engine:
        task = (await _present(call, engine)).task
        command = Return(task=task.id, revision=task.revision, note=call.args.note, means="command")
        with suppress(SignoffError):  # without a model nothing is asked
            expected: Estimate = await engine.read(EstimatePlan(root=task.root, request=task.request))
            call.console.note(f"signoff: {safe(rewriting(expected, ascii_only=call.console.ascii_only))}")
        reply: Reply = await engine.do(command)
        call.console.say(safe(reply.text))
        view = await until_written(call, engine, await engine.read(ShowTask(task=task.id)))
    if hint := lines.how_to_go_on(view.task):
        call.console.say(hint)
    return 0


async def _present(call: Call, engine: EngineClient) -> TaskView:
    """The task, at the revision that was read if one was named: where one waits beside a running attempt, that one.
    Raises `StaleRevision`."""
    view: TaskView = proposed(await engine.read(ShowTask(task=call.args.task)))
    if call.args.revision is not None and call.args.revision != view.task.revision:
        raise StaleRevision(task=view.task.id, current=view.task.revision, given=call.args.revision)
    return view


VERBS = {
    "approve": Verb(_approve, _approve_arguments, "signoff approve 12 --skip 3"),
    "reject": Verb(_reject, _reject_arguments, "signoff reject 12 --reason 'wrong branch'"),
    "return": Verb(_return, _return_arguments, "signoff return 12 --note 'test before the push'"),
}
