"""Reading options out of an argument list, as getopt does and as safely as can be without the program's own table.

Short options may be clustered, long ones shortened, and `--` is not trusted to end them: it may be the value of an
option (`sort -t -- --compress-program=sh`). Where it is unclear what a word is, every reading counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from engine.policy.findings import UNKNOWN

_MOST_VERBS = 3


def verbs(args: Sequence[str], values: Collection[str], flags: Collection[str]) -> list[tuple[str, ...]]:
    """The first words that are not options; two readings where an unknown option may have taken one of them."""
    likely: list[str] = []
    certain: list[str] = []
    skip = unsure = False
    for arg in args:
        if skip:
            skip = False
        elif arg[:1] in ("-", "+") and len(arg) > 1:
            skip = arg in values
            unsure = not (skip or arg in flags or "=" in arg)
        else:
            likely.append(arg)
            certain.extend(() if unsure else (arg,))
            unsure = False
        if len(certain) == _MOST_VERBS:
            break
    first, second = tuple(likely[:_MOST_VERBS]), tuple(certain)
    return [first] if first == second else [first, second]


def strange(args: Sequence[str], allowed: Collection[str], values: Collection[str]) -> str | None:
    """The first option that is not among the allowed ones, or a word that may turn out to be one."""
    rest = iter(args)
    for arg in rest:
        if arg.startswith(UNKNOWN):
            return "an argument that is known only when it runs"
        if arg == "--":
            return None
        if arg.startswith("-") and len(arg) > 1:
            known, takes_next = _read(arg, allowed, values)
            if not known:
                return arg.split("=")[0].replace(UNKNOWN, "…")
            if takes_next:
                next(rest, None)
    return None


def _read(arg: str, allowed: Collection[str], values: Collection[str]) -> tuple[bool, bool]:
    """Whether the option is allowed, and whether the next word is its value."""
    head, equals, _ = arg.partition("=")
    if head in allowed and (equals == "" or arg.startswith("--")):
        return True, head in values and not equals
    if arg.startswith("--"):
        return False, False
    for position, letter in enumerate(arg[1:], 2):
        if f"-{letter}" in values:
            return True, position == len(arg)
        if f"-{letter}" not in allowed and not letter.isdigit():
            return False, False
    return True, False


def present(args: Sequence[str], wanted: Collection[str]) -> Iterator[str]:
    """Which of the wanted options occur: exact, in a cluster, shortened, or as a word that is partly unknown."""
    for arg in args:
        if arg[:1] != "-" or len(arg) < 2:
            continue
        head = arg.split("=")[0]
        if head in wanted:
            yield head
        elif UNKNOWN in head:
            yield from (option for option in wanted if option.startswith(head.split(UNKNOWN)[0]))
        elif head.startswith("--"):
            yield from (option for option in wanted if len(head) > 2 and option.startswith(head))
        else:
            yield from (f"-{letter}" for letter in arg[1:] if f"-{letter}" in wanted)


def value_of(args: Sequence[str], option: str) -> str | None:
    """The value of a short or long option, attached or in the next word; the last one wins."""
    found = None
    for index, arg in enumerate(args):
        if arg == option:
            found = args[index + 1] if index + 1 < len(args) else ""
        elif arg.startswith(f"{option}=") and option.startswith("--"):
            found = arg[len(option) + 1 :]
        elif not option.startswith("--") and arg.startswith(option) and len(arg) > len(option):
            found = arg[len(option) :]
    return found
