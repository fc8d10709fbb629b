"""`explain`: what a run would say to a command, judged by the same evaluators (B3.4)."""

from __future__ import annotations

import argparse
import shlex

from engine import Explain, Explanation
from engine.errors import UsageError
from tui.cli import shapes
from tui.cli.arguments import json_option, set_option
from tui.cli.call import Call, Verb
from tui.presentation.safe import safe
from tui.presentation.status import TIERS

_CODES = {"run": 0, "ask": 2, "refuse": 3}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shell", metavar="SCRIPT", help="a script for bash instead of one command")
    set_option(parser)
    json_option(parser)
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="the command with its arguments")


async def _explain(call: Call) -> int:
    operand = _operand(call)
    shell = call.args.shell is not None
    async with call.engine("judge") as engine:
        found: Explanation = await engine.read(Explain(operand=operand, shell=shell, root=str(call.root)))
    if call.json:
        call.console.json(shapes.explanation(found))
        return _CODES[found.verdict]
    look = TIERS[found.tier]
    call.console.say(f"{call.console.paint(look.word, look.style)}, verdict: {found.verdict}")
    for reason in found.reasons:
        rule = f"  [{reason.rule}]" if reason.rule else ""
        call.console.say(f"  {reason.tier.value}: {safe(shapes.reason_text(reason))}{safe(rule)}")
    for hint in found.hints:
        call.console.say(f"  hint: {safe(hint)}")
    return _CODES[found.verdict]


def _operand(call: Call) -> str:
    """One word is a command as a plan would write it; several are its arguments, each taken as it is."""
    words: list[str] = call.args.words
    words = words[1:] if words[:1] == ["--"] else words
    if call.args.shell is not None and not words:
        script: str = call.args.shell
        return script
    if call.args.shell is not None or not words:
        raise UsageError(problem="Give either a command after -- or --shell SCRIPT", hint="signoff explain --help")
    return words[0] if len(words) == 1 else shlex.join(words)


VERBS = {"explain": Verb(_explain, _arguments, "signoff explain -- git push origin main")}
