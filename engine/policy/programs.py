"""Judges one invocation: the name first, then the table, the judge of that program and what is inside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from engine.model.tier import Reason, Tier
from engine.policy.environment import assignment_reason
from engine.policy.findings import UNKNOWN, Findings, Invocation, destructive, execute
from engine.policy.git import judge_git
from engine.policy.interpreters import interpret, interprets
from engine.policy.judges import JUDGES
from engine.policy.paths import targets, write_reason
from engine.policy.rules import known, look_up
from engine.policy.wrappers import unwrap, wraps

BUILTINS = frozenset(
    "cd pwd echo true false test [ : printf read export declare typeset readonly local unset set shift return exit"
    " break continue wait jobs getopts type let times ulimit umask shopt caller compgen pushd popd dirs trap mapfile"
    " readarray hash unalias command builtin exec eval source . alias time coproc".split()
)
MOST_ARGUMENTS = 4096
MOST_TEXT = 32 * 1024
_TRUSTED = re.compile(r"/(?:usr/(?:local/)?)?s?bin/[^/]+")
_VERSION = re.compile(r"(.+?)-?\d+(?:\.\d+)*(?:-config)?")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=(.*)", re.DOTALL)
_RUNNERS = frozenset(
    "make gmake just task rake invoke nox tox npm pnpm yarn bun gradle gradlew mvn mvnw ant poe hatch pdm poetry"
    " cargo turbo nx fab doit sbt".split()
)
_TARGET = re.compile(r"(?:^|[:_-])(deploy|publish|destroy|nuke|wipe|drop|undeploy|rollback|teardown)(?:[:_-]|$)")
_REMOVES = re.compile(r"(?:delete|destroy|remove|terminate|purge|wipe|drop|rm|rb|empty)(?:[-_:].*)?|DELETE", re.DOTALL)
_STARTERS = frozenset("rm sh bash dash zsh sudo dd mkfs shred curl wget nc".split())
_OLD_TAR = frozenset({"tar", "bsdtar", "gtar"})


def judge(call: Invocation) -> Findings:
    """Every reason for one invocation, and every command or script inside it that must be judged too."""
    if not call.argv:
        return
    if len(call.argv) > MOST_ARGUMENTS or max(map(len, call.argv)) > MOST_TEXT or len(_given(call)) > MOST_TEXT:
        yield destructive("its arguments are longer than what is looked into", "too much")
        call = _shortened(call)
    shown = call.argv[0]
    if UNKNOWN in shown:
        yield destructive("which command this is will be known only when it runs", "unknown command")
        return
    if match := _ASSIGNMENT.fullmatch(shown):
        yield from filter(None, [assignment_reason(match[1], match[2])])
        yield replace(call, argv=call.argv[1:])
        return
    if not shown.isascii():
        yield destructive(f"the name `{shown}` is not plain ASCII: it may look like another program", "look-alike")
    if "/" in shown and not _TRUSTED.fullmatch(shown):
        yield execute(f"`{shown}` is a program of a directory, not of the system", "program path")
    name = plain_name(shown)
    yield from _named(name, Invocation((name, *_normal(name, call.argv[1:])), call.line, call.stdin))


def assigns(word: str) -> bool:
    """Whether a word in the place of a program is an assignment, as after `env` or `time`."""
    return _ASSIGNMENT.fullmatch(word) is not None


def _given(call: Invocation) -> str:
    return call.stdin if isinstance(call.stdin, str) else ""


def _shortened(call: Invocation) -> Invocation:
    argv = tuple(arg[:MOST_TEXT] for arg in call.argv[:MOST_ARGUMENTS])
    return Invocation(argv, call.line, _given(call)[:MOST_TEXT] or call.stdin)


def _named(name: str, call: Invocation) -> Findings:
    args = call.argv[1:]
    reasons = list(look_up(name, args))
    yield from reasons
    if name == "git":
        yield from judge_git(call)
    elif judge_one := JUDGES.get(name):
        yield from judge_one(call)
    elif interprets(name):
        yield from interpret(name, call)
    yield from unwrap(name, call)
    yield from _beyond(name, args, reasons)
    if not reasons and not (wraps(name) or name in JUDGES or interprets(name)):
        yield execute(f"`{name}` is not on any list: it may do anything the sandbox lets it", "unlisted")
        yield from _started(call)


def _beyond(name: str, args: Sequence[str], reasons: Sequence[Reason]) -> Iterator[Reason]:
    """What follows from a reason of the table together with the operands."""
    tiers = [reason.tier for reason in reasons]
    if Tier.WRITE in tiers:
        for path in targets(name, args):
            if reason := write_reason(path, f"`{name}`: "):
                yield reason
    if Tier.EXTERNAL in tiers and any(_REMOVES.fullmatch(arg) for arg in args):
        yield destructive(f"`{name}` is told to remove something outside this machine", "remote removal")
    if name in _RUNNERS:
        yield from (_target(name, found[1]) for arg in args if (found := _TARGET.search(arg)))


def _target(name: str, word: str) -> Reason:
    tier = Tier.EXTERNAL if word in ("deploy", "publish") else Tier.DESTRUCTIVE
    return Reason(tier, f"the target of `{name}` is named `{word}`", f"target {word}")


def _started(call: Invocation) -> Iterator[Invocation]:
    """A program that is not known may be a wrapper: where an argument is a grave program, what follows counts."""
    for index, arg in enumerate(call.argv[1:], 1):
        if arg.rsplit("/", 1)[-1] in _STARTERS:
            yield Invocation(call.argv[index:], call.line, call.stdin)
            return


def _normal(name: str, args: tuple[str, ...]) -> tuple[str, ...]:
    """`tar xf` is `tar -xf`: the old way of writing it has the same options."""
    if name in _OLD_TAR and args and not args[0].startswith("-"):
        return (f"-{args[0]}", *args[1:])
    return args


@lru_cache(maxsize=4096)
def plain_name(program: str) -> str:
    """The name the rules know a program by: no directory, no version, no `.exe`, lower case where that is known."""
    name = program.rsplit("/", 1)[-1]
    for candidate in (name, name.lower(), name.lower().removesuffix(".exe")):
        match = _VERSION.fullmatch(candidate)
        for short in (candidate, match[1] if match else candidate):
            if known(short) or wraps(short) or short in JUDGES or interprets(short):
                return short
    return name
