"""`serve`: own the state directory without a screen, until a signal, until somebody asks the engine to close, or until
nobody has needed it for a while; says who comes and goes. `serve --stop` asks it to close, whichever program owns it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from argparse import ArgumentParser
from contextlib import suppress

from engine import (
    ClientRefused,
    EngineInfo,
    Event,
    Owner,
    Person,
    Presence,
    Reply,
    ShowEngine,
    Shutdown,
    SignoffError,
    Stalled,
)
from engine.errors import Owned, UsageError
from tui.cli.arguments import set_option
from tui.cli.call import Call, Verb
from tui.presentation.safe import safe
from tui.presentation.trouble import disk


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--stop", action="store_true", help="ask the owner to close; refused while something runs")
    parser.add_argument("--force", action="store_true", help="with --stop: also while something runs, which is ended")
    parser.add_argument(
        "--share",
        dest="set",
        metavar="DIR",
        type=lambda text: ("share", text),
        action="append",
        help="let other users in through this directory, as [roles] of the configuration says: signoff --host DIR",
    )
    parser.add_argument(
        "--idle-exit",
        dest="set",
        metavar="TIME",
        type=lambda text: ("idle_exit", text),
        action="append",
        help="end when no task executed and nobody was attached for so long, such as 30m",
    )
    parser.add_argument("--unit", action="store_true", help="print a systemd user unit that does this")
    set_option(parser)


async def _serve(call: Call) -> int:
    if call.host is not None:
        raise UsageError(problem="serve owns a state directory; it goes without --host", hint="signoff serve --help")
    if call.args.unit:
        from tui.cli.unit import unit

        call.console.say(unit(call), exact=True)
        return 0
    if call.args.stop:
        return await _stop(call)
    if call.args.force:
        raise UsageError(problem="--force goes with --stop", hint="signoff serve --help")
    told = _told_to_end()
    async with call.engine("execute") as engine:
        info: EngineInfo = await engine.read(ShowEngine())
        if not isinstance(engine, Owner):
            raise Owned(pid=info.pid)
        call.console.say(f"serving {safe(info.state)} as process {info.pid}, sandbox {info.level}; Ctrl-C ends")
        _tell_share(call)
        call.world.out.flush()
        await _until_over(call, engine, told)
        call.console.note("closing: what runs is ended, what waits is kept")
    return 0


def _tell_share(call: Call) -> None:
    settings = call.settings()
    if settings.share is None:
        return
    roles = ", ".join(f"{safe(name)} {role}" for name, role in settings.roles.items())
    told = roles or "nobody has a role yet: signoff config edit, [roles]"
    call.console.say(f"shared at {safe(str(settings.share))}: {told}")


async def _stop(call: Call) -> int:
    """Ask the owner to close, and wait until it has."""
    async with call.engine("decide", quiet=True) as engine:
        info: EngineInfo = await engine.read(ShowEngine())
        if info.pid == os.getpid():
            call.console.note("nobody owns this state directory: nothing to stop")
            return 0
        following = engine.events()
        reply: Reply = await engine.do(Shutdown(force=call.args.force))
        call.console.say(f"process {info.pid}: {safe(reply.text)}")
        with suppress(SignoffError, OSError):  # the way to it ends with it
            async for _ in following:
                continue
    return 0


def _told_to_end() -> asyncio.Event:
    """Set by SIGINT and SIGTERM; listened to before anybody can see that something serves."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told


async def _until_over(call: Call, engine: Owner, told: asyncio.Event) -> None:
    """Wait until it is told to end, until somebody asked the engine to close, or until it is not needed any more."""
    waits = [asyncio.create_task(wait) for wait in (told.wait(), engine.until_closed(), _tell(call, engine))]
    if call.settings().idle_exit is not None:
        waits.append(asyncio.create_task(engine.until_idle()))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)


async def _tell(call: Call, engine: Owner) -> None:
    """Say who comes, who goes, and who was not let in."""
    here: dict[tuple[int, float], Person] = {}
    async for item in engine.events():
        match item:
            case Presence(people=people):
                before, here = here, {(person.pid, person.since): person for person in people}
                for gone in before.keys() - here.keys():
                    call.console.say(f"{safe(before[gone].user)} left")
                for come in here.keys() - before.keys():
                    call.console.say(f"{safe(here[come].user)} attached as {here[come].role}{_where(here[come])}")
            case Event(fact=ClientRefused(user=user, reason=reason)):
                call.console.say(f"{safe(user)} was refused: {safe(reason)}")
            case Stalled():
                call.console.note(f"signoff: {disk(item)}")
            case _:
                continue
        call.world.out.flush()


def _where(person: Person) -> str:
    return f" from {safe(person.label)}" if person.label else ""


VERBS = {"serve": Verb(_serve, _arguments, "signoff serve --share /srv/signoff --idle-exit 8h")}
