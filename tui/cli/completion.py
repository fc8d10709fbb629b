"""`completion`: scripts for bash, zsh and fish, made from the parsers themselves."""

from __future__ import annotations

from argparse import ArgumentParser

from tui.cli.arguments import whole_parser
from tui.cli.call import Call, Verb

SHELLS = ("bash", "zsh", "fish")


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS)


async def _completion(call: Call) -> int:
    import shtab

    call.console.say(shtab.complete(whole_parser(), shell=call.args.shell))
    return 0


VERBS = {
    "completion": Verb(
        _completion, _arguments, "signoff completion bash > ~/.local/share/bash-completion/completions/signoff"
    )
}
