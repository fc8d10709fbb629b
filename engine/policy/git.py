"""What the table cannot say about git: configuration on the command line, remotes that run programs, and commands
whose operands decide whether work is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.policy.findings import UNKNOWN, Findings, Invocation, Script, destructive, execute
from engine.policy.options import present, value_of
from engine.policy.paths import write_reason

_TAME_KEY = re.compile(
    r"(?:user\.(?:name|email|signingkey)|author\..*|committer\..*|color\..*|advice\..*|core\.(?:quotepath|autocrlf|eol"
    r"|abbrev|ignorecase|filemode|safecrlf|longpaths|bare|compression)|commit\.(?:gpgsign|verbose|cleanup)|tag\.(?:gpgsign|sort)"
    r"|init\.defaultbranch|pull\.(?:rebase|ff)|push\.(?:default|autosetupremote|followtags)|merge\.(?:ff|conflictstyle)"
    r"|rebase\.(?:autosquash|autostash)|diff\.(?:renames|algorithm|colormoved)|fetch\.prune|log\..*|gc\..*|branch\..*"
    r"|rerere\..*|column\..*|status\..*|safe\.directory|versionsort\..*|help\..*)",
    re.IGNORECASE,
)
_VALUED = frozenset("-C -c --git-dir --work-tree --namespace --exec-path --config-env --super-prefix".split())
_HELPER = re.compile(r"^(?:ext|fd)::|^-o?ProxyCommand|^ssh://-|^-[^-].*=.*!")
_CONFIG_READS = ("--get", "--get-all", "--get-regexp", "--get-urlmatch", "--list", "-l", "--show-origin", "--get-color")
_CLEAN = ("-n", "--dry-run", "-f", "--force", "-x", "-X", "-d", "-i")
"""With one of these `git clean` only tells, or the table has said what it removes."""


def judge_git(call: Invocation) -> Findings:
    args = call.argv[1:]
    verb = _verb_index(args)
    yield from _global(args[:verb])
    if verb < len(args):
        yield from _verb(args[verb], args[verb + 1 :], call)
    if any(_HELPER.search(arg) for arg in args):
        yield destructive("a git address starts a program", "git ext")
    path = value_of(args[verb:], "--output")
    if path and (reason := write_reason(path, "the output")):
        yield reason


def _verb_index(args: Sequence[str]) -> int:
    index = 0
    while index < len(args) and args[index].startswith("-"):
        index += 2 if args[index] in _VALUED else 1
    return min(index, len(args))


def _global(args: Sequence[str]) -> Findings:
    for index, arg in enumerate(args):
        if arg == "-c" and not _TAME_KEY.fullmatch("".join(args[index + 1 : index + 2]).partition("=")[0]):
            yield destructive("`git -c` may name a program, such as a pager or an alias", "git -c")
        elif arg.startswith(("--config-env", "--exec-path=")) or (arg.startswith("-c") and arg != "-c"):
            yield destructive(f"`git {arg.split('=')[0]}` takes configuration from elsewhere", "git -c")
        elif arg.startswith(("--git-dir", "--work-tree", "-p", "--paginate")):
            yield execute(f"`git {arg.split('=')[0]}` uses another configuration or a pager", "git place")


def _verb(verb: str, args: Sequence[str], call: Invocation) -> Findings:
    operands = [arg for arg in args if not arg.startswith("-")]
    if verb == "config" and not any(arg in _CONFIG_READS for arg in args):
        key = operands[1:2] if operands[:1] in (["set"], ["unset"]) else operands[:1]
        if (len(operands) > 1 or any(args)) and not all(_TAME_KEY.fullmatch(word) for word in key):
            if len(operands) > 1 or "-e" in args or "--edit" in args:
                yield destructive("this git setting may run a program later", "git config")
    elif verb == "checkout" and ("--" in args or "." in args or any(UNKNOWN in arg[:1] for arg in operands[1:])):
        yield destructive("`git checkout` of paths throws away their changes", "git checkout paths")
    elif verb == "restore" and (not any(present(args, ("--staged", "-S"))) or any(present(args, ("--worktree", "-W")))):
        yield destructive("`git restore` throws away changes", "git restore")
    elif verb == "clean" and not any(present(args, _CLEAN)):
        yield destructive("`git clean` removes untracked files", "git clean")
    elif verb == "push" and any(arg[:1] in ("+", ":") for arg in args):
        yield destructive("`git push` with `+` or `:` overwrites or removes a branch of the remote", "git push refspec")
    elif verb in ("submodule", "bisect", "rebase"):
        yield from _inner(verb, args, operands, call)


def _inner(verb: str, args: Sequence[str], operands: Sequence[str], call: Invocation) -> Findings:
    if verb == "submodule" and operands[:1] == ["foreach"]:
        yield Script(" ".join(operands[1:]), call.line)
    elif verb == "bisect" and operands[:1] == ["run"]:
        yield Invocation(tuple(args[args.index("run") + 1 :]), call.line)
    elif verb == "rebase" and (script := value_of(args, "--exec") or value_of(args, "-x")):
        yield Script(script, call.line)
