"""Shells and interpreters: code on the command line, a script file, a module, or whatever standard input holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.policy.findings import UNKNOWN, Findings, Input, Invocation, Script, destructive, execute
from engine.policy.inline import inline_reasons
from engine.policy.rules import known

SHELLS = frozenset("bash sh dash ash ksh mksh rbash posh yash".split())
OTHER_SHELLS = frozenset("zsh fish csh tcsh pwsh powershell nu elvish xonsh cmd rc es ion".split())
_CODE_LETTERS = {
    **dict.fromkeys(["python", "python2", "python3", "pypy", "pypy3", "jython", "gjs", "guile", "ipython"], "c"),
    **dict.fromkeys(["perl", "ruby", "lua", "luajit", "rscript", "osascript", "julia", "r", "groovy", "scala"], "eE"),
    **dict.fromkeys(["tclsh", "wish", "elixir", "erl", "ghc", "jrunscript", "clojure", "racket", "ocaml"], "e"),
    **dict.fromkeys(["node", "nodejs", "octave", "gnuplot", "irb", "iex", "swipl", "sbcl", "emacs"], "ep"),
    **dict.fromkeys(["php"], "rBRE"),
    **dict.fromkeys(["deno", "ts-node", "tsx", "jshell", "dotnet-script", "maxima"], "e"),
}
_LONG_CODE = ("--eval", "--print", "--exec", "--execute", "-eval", "--expression", "eval", "-goal", "-g")
_STDIN = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})
_ASKS_ONLY = frozenset({"--version", "--help", "-V"})


def interprets(name: str) -> bool:
    return name in SHELLS or name in OTHER_SHELLS or name in _CODE_LETTERS


def interpret(name: str, invocation: Invocation) -> Findings:
    """Reasons for starting an interpreter, and the script inside where it can be read."""
    if name in SHELLS:
        yield from _shell(name, invocation)
    elif name in OTHER_SHELLS and len(invocation.argv) > 1 and invocation.argv[1].startswith(("-", "/")):
        yield destructive(f"`{name}` speaks a language that is not looked into", "other shell")
    elif name in _CODE_LETTERS:
        yield from _language(name, invocation)
    else:
        yield from _file(name, invocation.argv[1:], invocation)


def _shell(name: str, invocation: Invocation) -> Findings:
    args = list(invocation.argv[1:])
    code = stdin = False
    while args and args[0][:1] in ("-", "+") and args[0] not in ("-", "--"):
        arg = args.pop(0)
        if arg.startswith(("--rc", "--init")) or UNKNOWN in arg:
            yield destructive(f"`{name} {arg.split(UNKNOWN)[0]}` runs a file first", "shell start file")
        short = not arg.startswith("--")
        code, stdin = code or (short and "c" in arg), stdin or (short and "s" in arg)
        if short and arg[-1:] in "oO" and args:
            args.pop(0)
    if args[:1] in (["-"], ["--"]):
        args.pop(0)
    if code and args:
        yield Script(args[0], invocation.line)
    elif not any(arg in _ASKS_ONLY for arg in invocation.argv):
        yield from _file(name, [] if stdin else args, invocation)


def _language(name: str, invocation: Invocation) -> Findings:
    args = invocation.argv[1:]
    letters = _CODE_LETTERS[name]
    for index, arg in enumerate(args):
        if name.startswith(("python", "pypy")) and arg.startswith("-") and "m" in arg[1:3] and "c" not in arg:
            yield from _module(name, [arg.partition("m")[2], *args[index + 1 :]], invocation)
            return
        if arg in _LONG_CODE or arg.split("=")[0] in _LONG_CODE or _is_code(arg, letters):
            yield execute(f"`{name}` runs code from its command line", "inline code")
            yield from inline_reasons(" ".join(args[index:]), name)
            return
        if not arg.startswith("-") or arg == "-":
            yield from _file(name, args[index:], invocation)
            return
    yield from _file(name, (), invocation)


def _is_code(arg: str, letters: str) -> bool:
    return arg.startswith("-") and not arg.startswith("--") and any(letter in arg for letter in letters)


def _module(name: str, words: Sequence[str], invocation: Invocation) -> Findings:
    module = [word for word in words if word]
    yield execute(f"`{name} -m {' '.join(module[:1])}` runs a module", "python -m")
    if module and known(module[0]):
        yield replace(invocation, argv=tuple(module))
    elif module[:1] == ["timeit"]:
        yield from inline_reasons(" ".join(module), name)


def _file(name: str, args: Sequence[str], invocation: Invocation) -> Findings:
    if args and args[0] not in _STDIN:
        yield execute(f"`{name}` runs `{args[0].replace(UNKNOWN, '…')}`", "script file")
        if args[0] == UNKNOWN and name in SHELLS:
            yield destructive(f"which script `{name}` runs is not known until it runs", "unknown script")
        base = args[0].rsplit("/", 1)[-1]
        if known(base):
            yield replace(invocation, argv=(base, *args[1:]))
    elif isinstance(invocation.stdin, str):
        yield from _text(name, invocation.stdin, invocation)
    elif name in SHELLS or name in OTHER_SHELLS or invocation.stdin is Input.UNSEEN:
        yield destructive(f"`{name}` runs whatever its standard input holds", "standard input")
    else:
        yield execute(f"`{name}` starts with nothing to run", "no script")


def _text(name: str, text: str, invocation: Invocation) -> Findings:
    if name in SHELLS:
        yield Script(text, invocation.line)
        return
    yield execute(f"`{name}` runs the text of a here-document", "inline code")
    yield from inline_reasons(text, name)
    if name in OTHER_SHELLS:
        yield destructive(f"`{name}` speaks a language that is not looked into", "other shell")
