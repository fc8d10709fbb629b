"""Programs whose arguments are another command: finds the command inside, whatever options stand before it.

Where an option that is not listed may have taken the next word, both readings are yielded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.policy.findings import UNKNOWN, Findings, Invocation, Script, destructive
from engine.policy.options import present, value_of, verbs


@dataclass(frozen=True)
class _Shape:
    values: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    skip: int = 0
    """How many operands stand before the command, such as the duration of `timeout`."""
    script: str = ""
    """The option that takes a script instead of a command."""


def _shape(values: str = "", flags: str = "", skip: int = 0, script: str = "") -> _Shape:
    return _Shape(frozenset(values.split()), frozenset(flags.split()), skip, script)


_SUDO = _shape("-u -g -h -p -C -r -t -T -U -D --user --group --chdir", "-n -E -H -i -s -S -b -k -A", script="-c")
_XARGS = _shape("-I -n -P -L -d -a -s -E -l --max-args --max-procs --delimiter --arg-file", "-0 -r -t -p -x --null")
_SHAPES = {
    "env": _shape("-u -C --unset --chdir", "-i -0 -v - --ignore-environment --null"),
    **dict.fromkeys(["sudo", "doas", "su", "runuser", "pkexec", "gosu", "su-exec", "sg", "sshpass"], _SUDO),
    **dict.fromkeys(["xargs", "gxargs"], _XARGS),
    "timeout": _shape("-s -k --signal --kill-after", "--foreground --preserve-status -v", skip=1),
    "gtimeout": _shape("-s -k", skip=1),
    "nice": _shape("-n --adjustment"),
    "ionice": _shape("-c -n -p -P -u", "-t"),
    "stdbuf": _shape("-i -o -e --input --output --error"),
    "time": _shape("-f -o --format --output", "-p -v -a"),
    "exec": _shape("-a", "-c -l"),
    "command": _shape("", "-p"),
    "taskset": _shape("", "-c -p -a", skip=1),
    "chrt": _shape("-T -P -D", "-b -f -i -o -r", skip=1),
    "flock": _shape("-w -E --timeout --wait", "-n -x -s -e -u -o", skip=1, script="-c"),
    "strace": _shape("-e -o -p -s -u -E -I -P -S -a -b -X", "-f -ff -c -t -tt -T -y -q -v"),
    "ltrace": _shape("-e -o -p -s -u -n -l -x", "-f -c -t"),
    "chroot": _shape("", "", skip=1),
    "watch": _shape("-n -q --interval", "-d -t -b -e -g -c -x", script="-c"),
    "script": _shape("-T -B -I -O -m", "-a -e -f -q", skip=1, script="-c"),
    "parallel": _shape("-j -a --jobs -S --joblog --results -n -N -L", "--will-cite -k --bar"),
    "unshare": _shape("-S -G -R -w", "-r -m -n -p -f -U -u -i"),
    "nsenter": _shape("-t -S -G", "-m -u -i -n -p -U -a"),
    "setpriv": _shape(),
    "direnv": _shape("", "", skip=2),
    "faketime": _shape("-f", "", skip=1),
    **dict.fromkeys(["busybox", "toybox", "nohup", "setsid", "builtin", "coproc", "unbuffer", "fakeroot"], _shape()),
    **dict.fromkeys(
        ["catchsegv", "valgrind", "perf", "xvfb-run", "dbus-run-session", "caffeinate", "setarch"], _shape()
    ),
    **dict.fromkeys(["firejail", "proot", "bwrap", "prlimit", "cpulimit", "runcon", "systemd-inhibit"], _shape()),
    **dict.fromkeys(["proxychains", "proxychains4", "torsocks", "rlwrap", "hyperfine", "chpst", "entr"], _shape()),
    **dict.fromkeys(["systemd-run", "start-stop-daemon", "dotenv", "logsave", "capsh", "numactl", "ld.so"], _shape()),
    **dict.fromkeys(["npx", "bunx", "pnpx", "uvx"], _shape("-p --package --from --with", "-y --yes", script="-c")),
}
_RUN = _shape("--with -p --python --extra --group --project --directory --env-file --package -e --env", "--frozen -q")
_VERB_SHAPES = {
    **dict.fromkeys([("uv", "run"), ("poetry", "run"), ("pdm", "run"), ("hatch", "run"), ("pipenv", "run")], _RUN),
    **dict.fromkeys([("bundle", "exec"), ("pnpm", "exec"), ("yarn", "exec"), ("npm", "exec"), ("npm", "x")], _RUN),
    **dict.fromkeys([("conda", "run"), ("op", "run"), ("pipx", "run"), ("rye", "run"), ("pixi", "run")], _RUN),
    **dict.fromkeys([("mise", "exec"), ("asdf", "exec"), ("coverage", "run"), ("git", "bisect")], _RUN),
}
_VERBED = frozenset(name for name, _ in _VERB_SHAPES)
_SHELL_JOINED = frozenset({"watch", "hyperfine"})


def wraps(name: str) -> bool:
    """Whether a program only starts another one and has no effect of its own."""
    return name in _SHAPES


def unwrap(name: str, invocation: Invocation) -> Findings:
    """The command or script inside; nothing where the program does not wrap."""
    args = invocation.argv[1:]
    shape = _SHAPES.get(name)
    if shape is None and name in _VERBED:
        shape, args = _after_verb(name, args)
    if shape is None or (name == "command" and any(present(args[:1], ("-v", "-V")))):
        return
    if shape.script and (text := value_of(args, shape.script)):
        yield Script(text, invocation.line)
    if name == "env" and any(present(list(_until_operand(args)), ("-S", "--split-string"))):
        yield destructive("`env -S` splits a text into a command", "env -S")
        yield Script(" ".join(arg.removeprefix("-S") for arg in args), invocation.line)
    for inside in _inside(args, shape):
        yield from _found(name, inside, args, invocation)


def _after_verb(name: str, args: Sequence[str]) -> tuple[_Shape | None, tuple[str, ...]]:
    for words in verbs(args, (), ()):
        if words and (shape := _VERB_SHAPES.get((name, words[0]))):
            rest = tuple(args[args.index(words[0]) + 1 :])
            return shape, rest[1:] if rest[:1] == ("run",) else rest
    return None, ()


def _until_operand(args: Sequence[str]) -> Iterator[str]:
    for arg in args:
        if not arg.startswith("-"):
            return
        yield arg


def _inside(args: Sequence[str], shape: _Shape) -> Iterator[tuple[str, ...]]:
    index = 0
    unsure = False
    while index < len(args) and args[index].startswith("-"):
        arg, index = args[index], index + 1
        if arg == "--":
            unsure = False
            break
        index += arg in shape.values
        unsure = not (arg in shape.values or arg in shape.flags or arg[:2] in shape.values or "=" in arg)
    yield tuple(args[index + shape.skip :])
    if unsure:
        yield tuple(args[index + 1 + shape.skip :])


def _found(name: str, inside: tuple[str, ...], args: Sequence[str], outer: Invocation) -> Findings:
    if not inside:
        return
    if name in _SHELL_JOINED or (name == "parallel" and any(" " in arg for arg in inside[:1])):
        yield Script(" ".join(inside), outer.line)
        return
    yield replace(outer, argv=inside)
    if name in ("xargs", "gxargs", "parallel"):
        yield replace(outer, argv=_fed(inside, args[: len(args) - len(inside)]))


def _fed(inside: tuple[str, ...], own: Sequence[str]) -> tuple[str, ...]:
    """The command as it is after the words from standard input were put in."""
    mark = value_of(own, "-I") or value_of(own, "--replace") or "{}"
    fed = tuple(arg.replace(mark, UNKNOWN) for arg in inside if arg != ":::")
    return fed if fed != inside else (*inside, UNKNOWN)
