"""From words to arguments: the options that every command has, and one parser per command, made when it is chosen."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from tui.cli.console import columns
from tui.cli.table import ABOUT, COMMANDS

if TYPE_CHECKING:
    from tui.cli.call import Verb


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=columns(os.environ) - 2)


class Parser(argparse.ArgumentParser):
    """Raises what is wrong instead of printing and leaving; abbreviations of options are not guessed."""

    def __init__(self, prog: str, description: str = "", example: str = "", *, add_help: bool = True) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=f"Example:\n  {example}" if example else "",
            formatter_class=_Help,
            allow_abbrev=False,
            add_help=add_help,
        )

    def error(self, message: str) -> NoReturn:
        from engine.errors import UsageError

        raise UsageError(problem=message, hint=f"{self.prog} --help")


def common(parser: argparse.ArgumentParser) -> None:
    """The options that stand before or after the command."""
    parser.add_argument("--state", metavar="DIR", default=argparse.SUPPRESS, help="the state directory")
    told = "the directory in which somebody else shares an engine: use that one"
    parser.add_argument("--host", metavar="DIR", default=argparse.SUPPRESS, help=told)
    parser.add_argument("--plain", action="store_true", default=argparse.SUPPRESS, help="lines of words only")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options before the command, its name (None without one) and the words after it.

    Raises:
        UsageError: an option that does not exist.
    """
    top = Parser("signoff", add_help=False)
    common(top)
    top.add_argument("-h", "--help", action="store_true")
    top.add_argument("--version", action="store_true")
    top.add_argument("command", nargs="?")
    top.add_argument("rest", nargs=argparse.REMAINDER)
    return top.parse_args(list(argv))


def parse_command(name: str, words: Sequence[str], before: argparse.Namespace) -> argparse.Namespace:
    """The arguments of one command, together with what stood before it.

    Raises:
        UsageError: they are not as its help says, or there is no such command.
    """
    kept = {option: value for option, value in vars(before).items() if option in ("state", "host", "plain")}
    return parser_of(name).parse_args(list(words), argparse.Namespace(command=name, **kept))


def verb_of(name: str) -> Verb:
    """How a command is carried out; imports its module and no other. Raises `UsageError`."""
    if name not in COMMANDS:
        raise _unknown(name)
    verb: Verb = import_module(f"tui.cli.{COMMANDS[name][0]}").VERBS[name]
    return verb


def parser_of(name: str) -> Parser:
    """The parser of one command."""
    verb = verb_of(name)
    parser = Parser(f"signoff {name}", f"{COMMANDS[name][1].capitalize()}.", verb.example)
    verb.arguments(parser)
    common(parser)
    return parser


def whole_parser() -> argparse.ArgumentParser:
    """Every command in one parser, for completion scripts."""
    whole = argparse.ArgumentParser(prog="signoff", description=ABOUT)
    common(whole)
    commands = whole.add_subparsers(dest="command")
    for name, (_, line) in COMMANDS.items():
        parser = commands.add_parser(name, help=line)
        verb_of(name).arguments(parser)
        common(parser)
    return whole


def _unknown(name: str) -> Exception:
    from difflib import get_close_matches

    from engine.errors import UsageError

    close = get_close_matches(name, list(COMMANDS), n=1)
    hint = f"did you mean signoff {close[0]}?" if close else "signoff --help lists the commands"
    return UsageError(problem=f"There is no command {name!r}", hint=hint)


# Arguments that several commands share


def task_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", metavar="ID", type=counting, help="number of the task, as signoff ls shows it")


def counting(text: str) -> int:
    """A number as things are counted: from 1 to as far as the store counts."""
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 20 and 0 < int(text) < 2**63):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def step_argument(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    told = "number or id of the step, as signoff show tells them"
    parser.add_argument("step", metavar="STEP", nargs="?" if optional else None, help=told)


def json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="JSON instead of text")


def set_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        type=_setting,
        action="append",
        help="a setting for this call only, such as parallel=2; signoff config show lists them",
    )


def duration(text: str) -> float:
    """Seconds, of `90s`, `20m`, `2h`."""
    from engine import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


class _Once(argparse.Action):
    """Collects pairs; a name that is given twice is a mistake, whichever value was meant."""

    def __call__(self, parser: argparse.ArgumentParser, given: argparse.Namespace, value: Any, *_: object) -> None:
        pairs = dict(getattr(given, self.dest) or ())
        name, text = value
        if name in pairs:
            raise argparse.ArgumentError(self, f"{name} is given twice: {pairs[name]!r} and {text!r}")
        setattr(given, self.dest, [*pairs.items(), value])


def var_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--var",
        metavar="NAME=VALUE",
        type=_setting,
        action=_Once,
        help="a value for a variable of the plan file or recipe, such as env=staging",
    )


def root_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-C", "--root", metavar="DIR", help="the directory the steps run in; default: this one")


def _setting(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return key.strip(), value


def planner_option(parser: argparse.ArgumentParser) -> None:
    told = "who plans a request: llm (a model), repo (the targets of the directory); default: a model where one is set"
    parser.add_argument("--planner", choices=("auto", "llm", "repo"), default="auto", help=told)
