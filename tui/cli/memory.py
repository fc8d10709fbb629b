"""What earlier runs taught: list it, look for something, forget it."""

from __future__ import annotations

from argparse import ArgumentParser

from engine import Forget, Recall, Recollection, Reply
from engine.errors import UsageError
from tui.cli import shapes
from tui.cli.arguments import counting, json_option, set_option
from tui.cli.call import Call, Verb
from tui.presentation.memory import recollection_lines
from tui.presentation.safe import safe

_ALL = 2**31


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("verb", nargs="?", choices=("list", "search", "forget"), default="list", help="default: list")
    parser.add_argument("words", metavar="TEXT|N", nargs="*", help="the words to look for, or the memories to forget")
    parser.add_argument("--here", action="store_true", help="only of the present directory")
    parser.add_argument("--task", metavar="ID", type=counting, help="forget: all that is remembered of a task")
    parser.add_argument("--all", action="store_true", help="forget: everything")
    parser.add_argument("--limit", metavar="N", type=counting, default=20, help="at most so many (20)")
    json_option(parser)
    set_option(parser)


async def _memory(call: Call) -> int:
    if call.args.verb == "forget":
        return await _forget(call)
    text = " ".join(call.args.words)
    if call.args.verb == "list" and text:
        raise UsageError(problem="signoff memory list takes no words", hint=f"signoff memory search {text}")
    if call.args.verb == "search" and not text:
        raise UsageError(
            problem="signoff memory search needs words to look for", hint="signoff memory lists the latest"
        )
    found = await _recall(call, Recall(text=text, root=_root(call), limit=call.args.limit))
    if call.json:
        call.console.json([{"relevance": each.relevance, **shapes.plain(each.memory)} for each in found])
        return 0
    now, width = call.world.clock(), call.console.width
    for each in found:
        for line in recollection_lines(each, now, width, scored=bool(text), ascii_only=call.console.ascii_only):
            call.console.say(line)
    if not found:
        call.console.note("nothing is remembered" + (" of that" if text else " yet"))
    return 0


async def _forget(call: Call) -> int:
    wanted = await _wanted(call)
    if not wanted:
        call.console.note("nothing like that is remembered")
        return 0
    async with call.engine("decide") as engine:
        reply: Reply = await engine.do(Forget(memories=wanted))
    call.console.say(safe(reply.text))
    return 0


async def _wanted(call: Call) -> tuple[int, ...]:
    """The memories that were named. Raises `UsageError`."""
    numbers = [word for word in call.args.words if not word.isdigit()]
    ways = [bool(call.args.words), call.args.task is not None, call.args.all]
    if numbers or sum(ways) != 1:
        raise UsageError(
            problem="signoff memory forget needs numbers, --task ID or --all; nothing was forgotten",
            hint="signoff memory lists them with their numbers",
        )
    if call.args.words:
        return tuple(map(int, call.args.words))
    found = await _recall(call, Recall(root=_root(call), limit=_ALL))
    return tuple(each.memory.id for each in found if call.args.task in (None, each.memory.task))


async def _recall(call: Call, query: Recall) -> tuple[Recollection, ...]:
    async with call.engine("read") as engine:
        found: tuple[Recollection, ...] = await engine.read(query)
    return found


def _root(call: Call) -> str:
    return str(call.root) if call.args.here else ""


VERBS = {"memory": Verb(_memory, _arguments, "signoff memory search 'database migration'")}
