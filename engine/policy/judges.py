"""What the table cannot say: programs whose operands decide, one short judge each, in one registry at the end.

A judge only adds reasons to those of the table; it never takes one away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.model.tier import Reason, Tier
from engine.policy.environment import assignment_reason
from engine.policy.findings import UNKNOWN, Findings, Input, Invocation, Script, destructive, execute
from engine.policy.inline import awk_reasons
from engine.policy.options import present, value_of
from engine.policy.paths import shown, temporary, write_reason
from engine.policy.sed import sed_tier
from engine.policy.sql import sql_reason

Judge = Callable[[Invocation], Findings]

_GLOB = re.compile(r"[*?\[]|" + UNKNOWN)
_REMOTE = re.compile(r"^(?:[^/]*:|rsync://)")
_SED_LETTER_VALUES = "efl"
_AWK_PLAIN = frozenset({"-F", "-v", "--field-separator", "--assign"})
_SSH_VALUES = frozenset("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w -B".split())
_SET_MODE = re.compile(r"[+=]\w*s|^[2467]\d{3}$")


def _rm(call: Invocation) -> Findings:
    for arg in call.argv[1:]:
        if not arg.startswith("-") and _GLOB.search(arg):
            yield destructive("`rm` removes what a pattern or a variable will name", "rm pattern")
            return


def _moved(call: Invocation) -> Findings:
    if call.argv[-1].startswith("/dev/"):
        yield destructive("`mv` replaces a device", "mv device")
    operands = [arg for arg in call.argv[1:] if not arg.startswith("-")]
    named = value_of(call.argv, "-t") or value_of(call.argv, "--target-directory")
    target = named or operands[-1] if operands else ""
    moved = [path for path in operands if path != target and not temporary(path)]
    if moved and (place := temporary(target)):
        text = f"`mv` moves {shown(moved[0])} to {place}, which is thrown away with a sandboxed step"
        yield destructive(text, "mv gone")


def _chmod(call: Invocation) -> Findings:
    if any(_SET_MODE.search(arg) for arg in call.argv[1:3]):
        yield destructive("`chmod` lets a file run as its owner", "chmod setuid")


def _find(call: Invocation) -> Findings:
    for index, arg in enumerate(call.argv):
        if arg in ("-exec", "-execdir", "-ok", "-okdir"):
            rest = [word.replace("{}", UNKNOWN) for word in call.argv[index + 1 :]]
            ends = [position for position, word in enumerate(rest) if word in (";", "+")]
            yield replace(call, argv=tuple(rest[: ends[0]] if ends else rest))
        if arg.startswith("-fprint") and (reason := write_reason("".join(call.argv[index + 1 : index + 2]), arg)):
            yield reason


def _tar(call: Invocation) -> Findings:
    letters = "".join(arg for arg in call.argv[1:] if arg[:1] == "-" and arg[1:2] != "-")
    creating = any(letter in letters for letter in "cruA") or any(
        present(call.argv, ("--create", "--append", "--update"))
    )
    archive = value_of(call.argv, "-f") or value_of(call.argv, "--file")
    for index, arg in enumerate(call.argv[:-1]):
        if arg.startswith("-") and not arg.startswith("--") and arg.endswith("f"):
            archive = call.argv[index + 1]
    if creating and archive and (reason := write_reason(archive, "the archive")):
        yield reason
    if archive and _REMOTE.match(archive):
        yield Reason(Tier.EXTERNAL, "`tar` reaches another machine for its archive", "tar remote")


def _sed(call: Invocation) -> Findings:
    scripts, files, in_place, from_file = _sed_arguments(call.argv[1:])
    if from_file:
        yield execute("`sed` runs a script file", "sed -f")
    for script in scripts:
        tier = sed_tier(script.replace(UNKNOWN, "x"))
        if tier is Tier.DESTRUCTIVE:
            yield destructive("the sed script runs a program or cannot be followed", "sed e")
        elif tier is Tier.WRITE:
            yield from _written(_sed_written(script), "`sed` writes a file")
        if UNKNOWN in script:
            yield execute("part of the sed script is known only when it runs", "sed unknown")
    if in_place:
        yield from _written(files, "`sed -i` changes files")


def _sed_written(script: str) -> list[str]:
    return [word.strip() for word in re.findall(r"[wW]\s*(\S[^\n;}]*)", script)]


def _written(paths: Sequence[str], text: str) -> Findings:
    yield Reason(Tier.WRITE, text, text.split("`")[1])
    for path in paths:
        if reason := write_reason(path, text):
            yield reason


def _sed_arguments(args: Sequence[str]) -> tuple[list[str], list[str], bool, bool]:
    """Scripts, files, whether files are changed in place, whether a script comes from a file."""
    scripts: list[str] = []
    files: list[str] = []
    in_place = from_file = False
    rest = iter(args)
    for arg in rest:
        if arg.startswith("--") and len(arg) > 2:
            name, equals, value = arg.partition("=")
            in_place = in_place or "--in-place".startswith(name)
            from_file = from_file or "--file".startswith(name)
            if "--expression".startswith(name):
                scripts.append(value if equals else next(rest, ""))
        elif arg.startswith("-") and len(arg) > 1:
            letter, value = _sed_cluster(arg)
            in_place, from_file = in_place or letter == "i", from_file or letter == "f"
            value = value or (next(rest, "") if letter and letter in _SED_LETTER_VALUES else "")
            scripts.extend([value] if letter == "e" else [])
        else:
            files.append(arg)
    if not scripts and not from_file and files:
        scripts.append(files.pop(0))
    return scripts, files, in_place, from_file


def _sed_cluster(arg: str) -> tuple[str, str]:
    """The letter of a cluster that takes a value, and the value where it is attached."""
    for position, letter in enumerate(arg[1:], 2):
        if letter in "iefl":
            return letter, arg[position:]
    return "", ""


def _awk(call: Invocation) -> Findings:
    rest = iter(call.argv[1:])
    for arg in rest:
        if arg in _AWK_PLAIN:
            next(rest, None)
        elif arg.startswith("-") and arg[:2] not in ("-F", "-v") and arg != "--":
            yield execute(f"`awk {arg}` takes code or a mode that is not looked into", "awk options")
            yield from awk_reasons(arg)
        elif not arg.startswith("-"):
            if UNKNOWN in arg:
                yield execute("part of the awk program is known only when it runs", "awk unknown")
            yield from awk_reasons(arg)
            return


def _second_operand(call: Invocation) -> Findings:
    operands = [arg for arg in call.argv[1:] if not arg.startswith("-")]
    if len(operands) > 1:
        yield from _written(operands[-1:], f"`{call.argv[0]}` writes its second file")


def _output_option(call: Invocation) -> Findings:
    for option in ("-o", "--output"):
        if (path := value_of(call.argv, option)) and (reason := write_reason(path, "the output")):
            yield reason


def _sql(call: Invocation) -> Findings:
    client = call.argv[0]
    texts = [arg for arg in call.argv[1:] if re.search(r"\s", arg) or arg[:1] in (".", "\\") or "(" in arg]
    literal = [call.stdin] if isinstance(call.stdin, str) else []
    for text in [*texts, *literal]:
        if reason := sql_reason(text, client):
            yield reason
    if UNKNOWN in "".join(texts + literal):
        yield destructive(f"part of what `{client}` is told is known only when it runs", "sql unknown")
    if call.stdin is Input.UNSEEN:
        yield destructive(f"`{client}` does whatever its standard input says", "standard input")


def _ssh(call: Invocation) -> Findings:
    rest = list(call.argv[1:])
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in _SSH_VALUES and rest:
            rest.pop(0)
    if len(rest) > 1:
        yield Script(" ".join(rest[1:]), call.line)


def _rsync(call: Invocation) -> Findings:
    if any(_REMOTE.match(arg) for arg in call.argv[1:] if not arg.startswith("-")):
        yield Reason(Tier.EXTERNAL, "`rsync` reaches another machine", "rsync remote")


def _editor(call: Invocation) -> Findings:
    if any(arg.startswith("+") and not arg[1:].isdigit() for arg in call.argv[1:]):
        yield destructive(f"`{call.argv[0]} +…` runs commands when it opens", "editor command")


def _eval(call: Invocation) -> Findings:
    yield Script(" ".join(call.argv[1:]), call.line)


def _trap(call: Invocation) -> Findings:
    if len(call.argv) > 2 and not call.argv[1].startswith("-"):
        yield Script(call.argv[1], call.line)


def _source(call: Invocation) -> Findings:
    yield execute("it runs a file inside this shell", "source")
    if call.argv[1:2] in ((UNKNOWN,), ("/dev/stdin",), ("-",)):
        yield destructive("which file it runs is not known until it runs", "source unknown")


def _alias(call: Invocation) -> Findings:
    for arg in call.argv[1:]:
        yield Script(arg.partition("=")[2], call.line)


def _declare(call: Invocation) -> Findings:
    """Builtins that set variables, by `NAME=value` or by naming one as the place for a result."""
    by_name = call.argv[0] not in ("export", "readonly", "local", "unset")
    for arg in call.argv[1:]:
        name, equals, value = arg.partition("=")
        if (equals or by_name) and (reason := assignment_reason(name.rstrip("+"), value if equals else UNKNOWN)):
            yield reason
        if re.search(r"\w\[[^\]]{0,200}[$`]", arg):
            yield destructive("an array index that is evaluated runs a command", "index")


JUDGES: dict[str, Judge] = {
    "rm": _rm,
    "mv": _moved,
    "chmod": _chmod,
    "find": _find,
    **dict.fromkeys(("tar", "bsdtar", "gtar"), _tar),
    **dict.fromkeys(("sed", "gsed"), _sed),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk", "original-awk"), _awk),
    **dict.fromkeys(("uniq", "xxd"), _second_operand),
    **dict.fromkeys(("sort", "curl", "wget", "tree"), _output_option),
    **dict.fromkeys(("psql", "mysql", "mariadb", "sqlite3", "sqlite", "mongo", "mongosh", "duckdb", "sqlcmd"), _sql),
    **dict.fromkeys(("clickhouse-client", "clickhouse", "cqlsh", "usql", "pgcli", "mycli", "cockroach"), _sql),
    **dict.fromkeys(("ssh", "autossh", "mosh"), _ssh),
    "rsync": _rsync,
    **dict.fromkeys(("vi", "vim", "nvim", "view", "ex", "less", "more", "emacs", "nano"), _editor),
    "eval": _eval,
    "trap": _trap,
    **dict.fromkeys(("source", "."), _source),
    "alias": _alias,
    **dict.fromkeys(("export", "declare", "typeset", "readonly", "local", "read", "printf", "mapfile"), _declare),
    **dict.fromkeys(("readarray", "getopts", "let", "test", "[", "unset"), _declare),
}
