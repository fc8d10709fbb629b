"""How people are told that they are needed: the channels that are set up, and a message to try them."""

from __future__ import annotations

from argparse import ArgumentParser

from engine import SignoffError, configured_channels
from tui.cli.arguments import json_option, set_option
from tui.cli.call import Call, Verb
from tui.cli.exits import Exit
from tui.presentation.attention import Attention, attention
from tui.presentation.safe import safe

_TITLE = "a test: this is how you are told"


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("verb", nargs="?", choices=("test",), help="send a message; none: list the channels")
    parser.add_argument(
        "channel", metavar="CHANNEL", nargs="?", help="only this one; none: the terminal and all chosen"
    )
    json_option(parser)
    set_option(parser)


async def _notify(call: Call) -> int:
    if call.args.verb is None:
        return _list(call)
    chosen = call.settings().notify
    if call.args.channel in (None, "terminal"):
        rang = call.console.ring(attention(_TITLE, Attention(chosen.terminal), call.world.environ))
        why = "it is off" if chosen.terminal == Attention.OFF else "stdout is no terminal that rings"
        call.console.say(f"terminal: {'rang' if rang else f'not rung, {why}'} ({chosen.terminal})")
    named = (call.args.channel,) if call.args.channel else chosen.channels
    results = [await _try(call, channel) for channel in named if channel != "terminal"]
    return Exit.COMPLETED if all(results) else Exit.FAILED


async def _try(call: Call, channel: str) -> bool:
    try:
        await configured_channels(call.world.environ).send(channel, f"signoff: {_TITLE}", "Nothing waits for you.")
    except SignoffError as error:
        call.console.note(safe(" · ".join(filter(None, (str(error), error.hint)))))
        return False
    call.console.say(f"{safe(channel)}: sent")
    return True


def _list(call: Call) -> int:
    channels, chosen = configured_channels(call.world.environ), call.settings().notify
    names = channels.names()
    if call.json:
        call.console.json([{"channel": name, "chosen": name in chosen.channels} for name in names])
        return 0
    call.console.say(f"terminal      {chosen.terminal}")
    for name in names:
        call.console.say(
            f"{safe(name):<12}  {'told when you are needed' if name in chosen.channels else 'for notify steps'}"
        )
    for name in chosen.channels:
        if name not in names:
            call.console.note(f"{safe(name)} is chosen, but has no address in {channels.file}")
    return 0


VERBS = {"notify": Verb(_notify, _arguments, "signoff notify test ops")}
