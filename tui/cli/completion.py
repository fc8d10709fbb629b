"""`completion`: scripts for bash, zsh and fish, made from the parsers themselves."""

from __future__ import annotations

from argparse import Action, ArgumentParser
from collections.abc import Iterator

from tui.cli.arguments import whole_parser
from tui.cli.call import Call, Verb

SHELLS = ("bash", "zsh", "fish")
_CHOICES = {"TIERS": ("destructive", "external", "destructive,external")}
"""What stands for a placeholder, where that is a choice of few."""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS)


async def _completion(call: Call) -> int:
    import shtab

    parser = whole_parser()
    for action in _actions(parser):
        placeholder = str(action.metavar)
        if "FILE" in placeholder:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif placeholder == "DIR":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif placeholder in _CHOICES:
            action.choices = _CHOICES[placeholder]
    call.console.say(shtab.complete(parser, shell=call.args.shell), exact=True)
    return 0


def _actions(parser: ArgumentParser) -> Iterator[Action]:
    """Every argument of a parser and of its commands."""
    for action in parser._actions:
        yield action
        for command in action.choices.values() if isinstance(action.choices, dict) else ():
            yield from _actions(command)


VERBS = {
    "completion": Verb(
        _completion, _arguments, "signoff completion bash > ~/.local/share/bash-completion/completions/signoff"
    )
}
