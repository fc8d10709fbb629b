"""Reads the table once and looks commands up in it. What the table cannot say is said in `judges`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product

from engine.model.tier import Reason, Tier
from engine.policy.options import present, strange, verbs
from engine.policy.table import TABLE

_NONE = "<none>"
_ALONE = " alone"


@dataclass
class _Entry:
    """The lines of one command, such as `git branch`."""

    base: list[Reason] = field(default_factory=list)
    allowed: set[str] | None = None
    """The only options under which it stays read; None: any."""
    values: set[str] = field(default_factory=set)
    triggers: dict[str, list[tuple[Tier, str, str]]] = field(default_factory=dict)
    """By option: the tiers it makes, each with why and with the command as it is written."""


@dataclass
class _Program:
    entries: dict[tuple[str, ...], _Entry] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)
    flags: set[str] = field(default_factory=set)
    has_verbs: bool = False


def known(name: str) -> bool:
    """Whether the table has a line for a program."""
    return name in _programs()


def need(rule: str) -> str | None:
    """The capability that a rule of the table says is needed: `network` or `docker`."""
    return _needs().get(rule)


def look_up(name: str, args: Sequence[str]) -> Iterator[Reason]:
    """Every reason the table has for a command; nothing for a program that it does not list."""
    program = _programs().get(name)
    if program is None:
        return
    if not program.has_verbs:
        yield from _reasons([program.entries[()]], name, args)
        return
    for words in verbs(args, program.values, program.flags):
        keys = [(), *((words[:1], words[:2]) if words else [(_NONE,)])]
        yield from _reasons([program.entries[key] for key in keys if key in program.entries], name, args)


def _reasons(entries: list[_Entry], name: str, args: Sequence[str]) -> Iterator[Reason]:
    based = [entry for entry in entries if entry.base]
    if based:
        yield from _base(based[-1], name, args)
    for entry in based[:-1] if based and all(reason.tier.asks for reason in based[-1].base) else ():
        yield from (reason for reason in entry.base if reason.tier.asks)
    for entry in entries:
        if entry.triggers:
            yield from _triggered(entry, args)


def _triggered(entry: _Entry, args: Sequence[str]) -> Iterator[Reason]:
    """One reason for all options that do the same: the two of `rm -rf` are one thing to know."""
    found: dict[tuple[Tier, str, str], dict[str, None]] = {}
    for option in present(args, entry.triggers):
        for trigger in entry.triggers[option]:
            found.setdefault(trigger, {})[option] = None
    for (tier, why, rule), options in found.items():
        given = " ".join(options)
        yield Reason(tier, f"`{rule.removesuffix(_ALONE)} {given}` {why}", f"{rule} {given}")


def _base(entry: _Entry, name: str, args: Sequence[str]) -> Iterator[Reason]:
    yield from entry.base
    if entry.allowed is not None:
        odd = strange(args, entry.allowed, entry.values)
        if odd:
            yield Reason(Tier.EXECUTE, f"`{name}` with {odd} is not on the list of what only reads", f"{name} options")


@cache
def _programs() -> dict[str, _Program]:
    programs: dict[str, _Program] = {}
    for tier, words, options, why, _ in _lines():
        for name, *rest in words:
            _add(programs.setdefault(name, _Program()), tier, (name, *rest), options, why)
    for program in programs.values():
        for entry in program.entries.values():
            if entry.allowed is not None:
                entry.allowed |= program.flags
                entry.values |= program.values
    return programs


@cache
def _needs() -> dict[str, str]:
    return {_rule(words): needed for _, many, options, _, needed in _lines() if not options for words in many if needed}


def _lines() -> Iterator[tuple[str, list[tuple[str, ...]], list[str], str, str]]:
    """Tier, the commands, the options, the text and the need of each line of the table."""
    joined = TABLE.replace(",\n    ", ",").replace("\n    ", " ")
    for line in joined.splitlines():
        if line and not line.startswith("#"):
            pattern, _, rest = line.partition(" | ")
            why, _, needed = rest.partition(" | ")
            head, _, options = pattern.partition(" : ")
            tier, *words = head.split()
            yield tier, list(product(*(word.split(",") for word in words))), options.split(), why, needed


def _add(program: _Program, tier: str, words: tuple[str, ...], options: list[str], why: str) -> None:
    if tier in ("value", "flag"):
        (program.values if tier == "value" else program.flags).update(options)
        return
    program.has_verbs = program.has_verbs or len(words) > 1
    entry = program.entries.setdefault(words[1:], _Entry())
    rule = _rule(words)
    shown = rule.removesuffix(_ALONE)
    if tier == Tier.READ or not options:
        entry.base.append(Reason(Tier(tier), f"`{shown}` {why}", rule))
        if options and options != ["*"]:
            entry.allowed = (entry.allowed or set()) | {option.rstrip("=") for option in options}
            entry.values.update(option[:-1] for option in options if option.endswith("="))
        return
    for option in options:
        entry.triggers.setdefault(option, []).append((Tier(tier), why, rule))


def _rule(words: tuple[str, ...]) -> str:
    return " ".join(words).replace(f" {_NONE}", _ALONE)
