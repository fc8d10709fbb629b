"""Which files of the tree an operand names, so that their bytes are signed with it (B5.2, B5.3).

The rule, for every path that a word of a command or script spells (also behind `=`, `@`, a short option, or before
`::`) and that lies inside the root once its links are resolved:

- it exists, or a program such as `make` runs from it unnamed: signed by the digest of its bytes; unless an ancestor
  redirects to exactly it, declares exactly it under
  `writes`, or is an `implement` step, whose work is the whole tree: then it is signed as produced by that ancestor;
- it does not exist: listed only if the word looks like a path (a slash, or a dot with letters at the end) and an
  ancestor of tier `write` or above redirects to, declares or names exactly it, and then as produced by that ancestor.

The nearest such ancestor counts. The target of a step's own redirect is what it makes, not what it reads: not listed.
Directories and special files are not listed. A file over 64 MiB is not either; the step gets a hint that says so.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import SpawnFailed
from engine.model.plan import Execute, Shell, SignedFile, StepBase, Test
from engine.planning.lineage import Lineage
from engine.policy.argv import parse_command
from engine.process.seal import digest_file

MAX_FILE = 64 * 2**20
MAX_WORDS = 200_000
"""Words of all commands and scripts of a plan together."""

_WORD = re.compile(
    r"""(?P<redirect>(?:\d*|&)>[>|]?[ \t]*)?(?P<word>(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s;|&<>()'"\\`])+)""", re.DOTALL
)
_LIKE_A_PATH = re.compile(r"^(?!.*://).*(?:/|\.[A-Za-z]\w*$)", re.DOTALL)
_QUOTED = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)""", re.DOTALL)


_IMPLIED = {
    "make": ("GNUmakefile", "makefile", "Makefile"),
    "just": ("justfile", ".justfile", "Justfile"),
    **dict.fromkeys(["npm", "pnpm", "yarn", "bun"], ("package.json",)),
    **dict.fromkeys(["tox"], ("tox.ini",)),
    **dict.fromkeys(["nox"], ("noxfile.py",)),
    **dict.fromkeys(["pre-commit"], (".pre-commit-config.yaml",)),
}
"""Files that a program runs from without naming them: what they say is what will run."""


@dataclass(slots=True)
class Words:
    """The words of an operand that may be names of files."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    """Targets of its redirects."""


def words_of(step: StepBase) -> Words:
    """The words of a command or script, quotes removed; none for other actions."""
    if isinstance(step, Execute | Test):
        command = parse_command(step.command)
        words = Words(set(command.argv), {command.redirect} if command.redirect else set())
    else:
        words = _script_words(step.script) if isinstance(step, Shell) else Words()
    words.read.update(*(files for program, files in _IMPLIED.items() if program in words.read))
    return words


def _script_words(script: str) -> Words:
    words = Words()
    for match in _WORD.finditer(script):
        word = _QUOTED.sub(lambda part: part[1] or part[2] or part[3] or "", match["word"])
        if match["redirect"]:
            words.written.add(word)
        else:
            words.read.update((word, *word.split()))
    return words


def spellings(word: str) -> Iterator[str]:
    """The paths that one word may spell: `--config=a.toml`, `-ra.txt`, `@args`, `test_a.py::test_b`."""
    yield word
    if "=" in word:
        yield word.partition("=")[2]
    if "::" in word:
        yield word.partition("::")[0]
    if word.startswith("@"):
        yield word[1:]
    elif word.startswith("-") and not word.startswith("--"):
        yield word[2:]


def _beneath(root: str, workdir: str, word: str) -> str:
    if not word or len(word) > 4096 or "\0" in word:
        return ""
    whole = os.path.normpath(os.path.join(root, workdir, word))
    return whole[len(root) + 1 :] if whole.startswith(root + os.sep) else ""


class NamedFiles:
    """Looks up the files that the steps of one plan name; each path is looked at once."""

    def __init__(self, root: Path, lineage: Lineage) -> None:
        self._root = os.path.realpath(root)
        self._lineage = lineage
        self._makers: dict[str, list[str]] = {}
        self._mentions: dict[str, list[str]] = {}
        self._agents = 0
        self._masks: dict[tuple[str, bool], int] = {}
        self._beneath: dict[tuple[str, str], str] = {}
        self._named: dict[tuple[str, str], frozenset[str]] = {}
        self._exists: dict[str, bool] = {}
        self._digests: dict[str, tuple[str, int]] = {}

    def add_writer(self, step: StepBase, words: Words, *, agent: bool = False) -> None:
        """Note what a step of tier `write` or above may make; to be told of all of them before the first question."""
        if agent:
            self._agents |= self._lineage.members([step.id])
        for word in (*words.written, *step.writes):
            self._note(self._makers, step, word)
        for word in words.read:
            for spelling in spellings(word):
                self._note(self._mentions, step, spelling)

    def signed(self, step: StepBase, words: Words) -> tuple[tuple[SignedFile, ...], tuple[str, ...]]:
        """The files a step names, by path, and hints about those that are left out."""
        files: dict[str, SignedFile] = {}
        hints = []
        for path in sorted(self._paths(step, words)):
            if file := self._signed(step, path):
                files[path] = file
            elif self._is_file(path):
                hints.append(f"{path} is over {MAX_FILE // 2**20} MiB: its bytes are not in the signature")
        return tuple(files.values()), tuple(hints)

    def _paths(self, step: StepBase, words: Words) -> set[str]:
        return {path for word in words.read for path in self._paths_of(step.workdir, word)}

    def _paths_of(self, workdir: str, word: str) -> frozenset[str]:
        key = workdir, word
        if key not in self._named:
            found = ((spelling, self._path(workdir, spelling)) for spelling in spellings(word))
            self._named[key] = frozenset(
                path
                for spelling, path in found
                if path and (self._is_file(path) or (_LIKE_A_PATH.search(spelling) and self._writers(path)))
            )
        return self._named[key]

    def _signed(self, step: StepBase, path: str) -> SignedFile | None:
        exists = self._is_file(path)
        if maker := self._lineage.nearest(step.id, self._agents | self._writers(path, mentioned=not exists)):
            return SignedFile(path=path, produced_by=maker)
        digest, size = self._digest(path) if exists else ("", 0)
        return SignedFile(path=path, sha256=digest, size=size) if digest else None

    def _writers(self, path: str, *, mentioned: bool = True) -> int:
        """The set of the steps that may make a path."""
        key = path, mentioned
        if key not in self._masks:
            ids = (*self._makers.get(path, ()), *(self._mentions.get(path, ()) if mentioned else ()))
            self._masks[key] = self._lineage.members(ids) if ids else 0
        return self._masks[key]

    def _note(self, notes: dict[str, list[str]], step: StepBase, word: str) -> None:
        if path := self._path(step.workdir, word):
            notes.setdefault(path, []).append(step.id)

    def _path(self, workdir: str, word: str) -> str:
        """The path below the root that a word spells, its links unresolved; empty for anything else."""
        key = workdir, word
        if key not in self._beneath:
            self._beneath[key] = _beneath(self._root, *key)
        return self._beneath[key]

    def _is_file(self, path: str) -> bool:
        if path not in self._exists:
            self._exists[path] = self._look(f"{self._root}/{path}")
        return self._exists[path]

    def _look(self, whole: str) -> bool:
        try:
            return stat.S_ISREG(os.stat(whole).st_mode) and os.path.realpath(whole).startswith(self._root + os.sep)
        except OSError:
            return False

    def _digest(self, path: str) -> tuple[str, int]:
        """The digest of a file and its bytes; empty where it is too large or went away meanwhile."""
        if path not in self._digests:
            self._digests[path] = self._read(Path(self._root, path))
        return self._digests[path]

    def _read(self, whole: Path) -> tuple[str, int]:
        try:
            size = whole.stat().st_size
            return (digest_file(whole, Path(self._root)), size) if size <= MAX_FILE else ("", 0)
        except (OSError, SpawnFailed):
            return "", 0
