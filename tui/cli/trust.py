"""`trust`: show what a directory brings, with its text, and let a person at a terminal trust exactly that (B3.5)."""

from __future__ import annotations

import os
import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

from engine import DirectoryView, EngineClient, ListTrusted, Reply, RevokeTrust, ShowDirectory, Trust, Trusted
from engine.errors import Refused, UsageError
from tui.cli import shapes
from tui.cli.arguments import json_option
from tui.cli.call import Call, Verb
from tui.cli.exits import Exit
from tui.cli.people import a_person
from tui.cli.terminal import says_yes
from tui.presentation.safe import safe, safe_lines
from tui.presentation.trust import brings, difference, file_lines, has_policy, standing, trusted_line, whole_files

_HINT = "give it in a terminal of your own: nobody else can trust for you"


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", default=".", metavar="DIR", help="the directory; default: this one")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="every directory that is trusted")
    what.add_argument("--revoke", action="store_true", help="use nothing of the directory any more")
    json_option(parser)


async def _trust(call: Call) -> int:
    if call.args.list:
        return await _list(call)
    root = _directory(call)
    if call.args.revoke:
        return await _revoke(call, root)
    async with call.engine("read") as engine:
        view: DirectoryView = await engine.read(ShowDirectory(root=root))
    if call.json:
        call.console.json(shapes.directory(view))
        return 0
    return await _asked(call, view) if view.wants_trust else _settled(call, view)


def _directory(call: Call) -> str:
    """The directory that is meant; trust in one that is gone can still be revoked. Raises `UsageError`."""
    root = str((call.world.cwd / Path(call.args.path).expanduser()).resolve())
    if not (call.args.revoke or os.path.isdir(root)):
        raise UsageError(problem=f"{root} is no directory here", hint="signoff trust --list shows what is trusted")
    return root


def _settled(call: Call, view: DirectoryView) -> int:
    if view.trusted is None:
        call.console.say(f"{safe(view.root)} brings no recipes and no policy: there is nothing to trust")
    elif view.holds:
        call.console.say(f"trusted already, unchanged: {safe(trusted_line(view.trusted))}")
    else:
        call.console.say(f"nothing of what was trusted is there any more: {safe(trusted_line(view.trusted))}")
        if has_policy(view.trusted):
            call.console.say(
                f"what its policy asked for still holds: signoff trust --revoke {safe(shlex.quote(view.root))}"
            )
    return 0


async def _asked(call: Call, view: DirectoryView) -> int:
    if view.refused:
        for line in _told(view):
            call.console.note(line)
        raise Refused(problem=f"What {view.root} brings cannot be trusted as it is", hint="mend what is refused")
    with a_person(call, _HINT) as person:
        person.tell("\n".join(_told(view, whole=True)))
        if not await says_yes(person, f"Trust {brings(view)}, digest {view.digest[:6]}?"):
            call.console.note("nothing was trusted")
            return Exit.DENIED
        return await _do(call, Trust(root=view.root, digest=view.digest))


def _told(view: DirectoryView, *, whole: bool = False) -> Iterator[str]:
    """What a directory brings; `whole` with the text of each new file, and how each trusted one changed."""
    yield f"{safe(view.root)} brings {brings(view)}"
    for word, text in file_lines(view):
        yield f"  {word:<8} {safe(text)}"
    if not whole:
        return
    for file in whole_files(view):
        yield f"--- {safe(file.path)}"
        yield from (f"  {line}" for line in safe_lines(file.text))
    if changed := difference(view):
        yield f"--- changed since {safe(view.trusted.actor if view.trusted else '')} trusted it"
        yield from (f"  {line}" for line in safe_lines(changed))
    yield "---"


async def _revoke(call: Call, root: str) -> int:
    async with call.engine("read") as engine:
        view: DirectoryView = await engine.read(ShowDirectory(root=root))
    if view.trusted is None:
        raise UsageError(problem=f"{view.root} is not trusted", hint="signoff trust --list shows what is")
    with a_person(call, _HINT) as person:
        person.tell(safe(trusted_line(view.trusted)))
        if not await says_yes(person, "Use nothing of it any more, its policy included?"):
            call.console.note("nothing was changed")
            return Exit.DENIED
        return await _do(call, RevokeTrust(root=view.root))


async def _do(call: Call, command: Trust | RevokeTrust) -> int:
    async with call.engine("decide") as engine:
        reply: Reply = await engine.do(command)
    call.console.say(safe(reply.text))
    return 0


async def _list(call: Call) -> int:
    async with call.engine("read") as engine:
        found: tuple[Trusted, ...] = await engine.read(ListTrusted())
    if call.json:
        call.console.json([shapes.trusted(each) for each in found])
        return 0
    for each in found:
        call.console.say(safe(trusted_line(each)))
    if not found:
        call.console.note("no directory is trusted")
    return 0


async def say_standing(call: Call, engine: EngineClient) -> None:
    """Tell what of this directory is not used, where there is something."""
    view: DirectoryView = await engine.read(ShowDirectory(root=str(call.root)))
    if told := standing(view):
        call.console.note(f"signoff: {safe(told)} (signoff trust)")


VERBS = {"trust": Verb(_trust, _arguments, "signoff trust")}
