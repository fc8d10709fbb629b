"""`audit`: verify the hash chain of the events, or export them, one JSON object a line (B16)."""

from __future__ import annotations

from argparse import ArgumentParser

from engine import AuditReport, Event, ListEvents, VerifyAudit
from engine.errors import UnknownTask
from tui.cli import shapes
from tui.cli.arguments import counting, json_option
from tui.cli.call import Call, Verb
from tui.cli.exits import Exit
from tui.presentation.safe import safe

PAGE = 1000


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=("verify", "export"), default="verify", help="default: verify")
    parser.add_argument("--task", metavar="ID", type=counting, help="export the events of this task only")
    json_option(parser)


async def _audit(call: Call) -> int:
    return await (_export(call) if call.args.what == "export" else _verify(call))


async def _verify(call: Call) -> int:
    async with call.engine("read") as engine:
        found: AuditReport = await engine.read(VerifyAudit())
    if call.json:
        call.console.json(shapes.report(found))
    elif found.ok:
        call.console.say(f"ok: {found.events} events, head {found.head}, anchored up to event {found.anchored}")
    else:
        call.console.say(f"DOES NOT VERIFY at event {found.first_bad}: {safe(found.problem)}")
        call.console.say(f"anchored up to event {found.anchored}; the store was left as it is")
    return Exit.COMPLETED if found.ok else Exit.FAILED


async def _export(call: Call) -> int:
    page: tuple[Event, ...] = ()
    exported = False
    async with call.engine("read") as engine:
        while page := await engine.read(ListEvents(after=page[-1].seq if page else 0, limit=PAGE, task=call.args.task)):
            exported = True
            for event in page:
                call.console.json(shapes.event_line(event))
    if call.args.task and not exported:
        raise UnknownTask(task=call.args.task)
    return 0


VERBS = {"audit": Verb(_audit, _arguments, "signoff audit verify")}
