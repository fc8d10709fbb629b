"""Plain argv for `execute` and `test` (B6.3): quotes and backslashes as in POSIX sh, one trailing `> FILE`, no shell.

Whatever a shell would have interpreted is refused with the column and a hint, never passed on as a literal that reads
differently from what it does. Nothing is expanded here or later: `*` and `~` reach the program as they stand.
"""

from __future__ import annotations

import re
from functools import lru_cache

from engine.errors import UsageError
from engine.model.nouns import dataclass

_PLAIN = re.compile(r"[\w@%+:,./-]+(?: +[\w@%+:,./=-]+)*", re.ASCII)
_TOKEN = re.compile(
    r"""(?P<space>[ \t]+)
      | '(?P<single>[^']*)'
      | "(?P<double>(?:[^"\\]|\\.)*)"
      | \\(?P<escape>.)
      | (?P<redirect>>>?)
      | (?P<text>[^\s'"\\><|&;()$`\#]+ | \#)
      | (?P<dollar>\$(?![\w{('"@*?!\#$-]))
    """,
    re.VERBOSE | re.DOTALL,
)
_EXPANSION = re.compile(r"(?<!\\)(?:\\\\)*(`|\$[\w{(@*?!#$-])")
_DOUBLE_ESCAPE = re.compile(r'\\([$`"\\\n])')
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_SYNTAX = {
    "|": "a pipe",
    "&": "`&`",
    ";": "`;`",
    "<": "an input redirect",
    "(": "a subshell",
    ")": "`)`",
    "`": "a backtick",
    "$": "an expansion",
    "#": "a comment",
    "\n": "a line break",
}
_USE_SHELL = "use the action `shell`, or quote it if it is meant literally"


class CommandError(UsageError):
    """{problem} at column {column}"""

    def __init__(self, problem: str, column: int, hint: str = "") -> None:
        self.column = column
        """Counted from 1."""
        super().__init__(problem=problem, column=column, hint=hint)


@dataclass(frozen=True)
class Command:
    """One program with its arguments, as the kernel will get them."""

    argv: tuple[str, ...]
    redirect: str | None = None
    """The file that takes standard output after exit 0; None without one."""
    append: bool = False


@lru_cache(maxsize=16)  # a step is looked at from several sides, one after the other
def parse_command(text: str) -> Command:
    """Split the operand of `execute` or `test` into argv.

    Raises:
        CommandError: for anything that needs a shell, an unterminated quote, a control character or an empty command.
    """
    if _PLAIN.fullmatch(text):
        return Command(tuple(text.split()))
    text = text.rstrip("\n")
    if found := forbidden(text):
        raise CommandError(f"the control character U+{ord(text[found[0]]):04X}", found[0] + 1, "remove it")
    words = _Words()
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position) or _refuse(text, position)
        words.take(match)
        position = match.end()
    return words.finish(len(text) + 1)


def forbidden(text: str) -> tuple[int, int] | None:
    """Where the first character stands that may not occur in any operand: control, bidirectional or half a pair."""
    found = _FORBIDDEN.search(text)
    return found.span() if found else None


def _refuse(text: str, position: int) -> re.Match[str]:
    char = text[position]
    if char in "'\"":
        raise CommandError(f"the quote {char} is not closed", position + 1, "close it or escape it with a backslash")
    if char == "\\":
        raise CommandError("a backslash with nothing after it", position + 1, "remove it or double it")
    what = _SYNTAX.get(char, f"the blank U+{ord(char):04X}")
    raise CommandError(f"{what} needs a shell", position + 1, _USE_SHELL)


class _Words:
    """The words read so far; a word is open while its parts touch."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.open: list[str] | None = None
        self.redirect: tuple[str, int] | None = None
        self.bare = True
        """Whether the open word has no quote so far: only then can it be `2` of `2>` or an assignment."""

    def take(self, match: re.Match[str]) -> None:
        kind = match.lastgroup
        part = match[kind] if kind else ""
        column = match.start() + 1
        if kind == "space":
            self.close(column)
        elif kind == "redirect":
            self.turn(part, column)
        elif part == "#" and kind == "text" and self.open is None:
            raise CommandError("a comment needs a shell", column, _USE_SHELL)
        else:
            self.extend(_unquote(kind, part, column), column, quoted=kind in ("single", "double", "escape"))

    def extend(self, part: str, column: int, *, quoted: bool) -> None:
        if self.open is None:
            if self.redirect and len(self.done) > self.redirect[1]:
                raise CommandError("a word after the redirect", column, "put `> FILE` at the end")
            self.open, self.bare = [], True
        if quoted:
            self.end_bare(column)
        self.open.append(part)

    def end_bare(self, column: int) -> None:
        """The unquoted beginning of a word ends here: where it is `NAME=`, a shell would have assigned."""
        if self.open is not None and self.bare and not self.done and _ASSIGNMENT.match("".join(self.open)):
            raise CommandError("an assignment needs a shell", column, "write `env NAME=value …` or use `shell`")
        self.bare = False

    def turn(self, operator: str, column: int) -> None:
        if self.open is not None and self.bare and "".join(self.open).isdigit():
            raise CommandError("a redirect of a numbered stream needs a shell", column, _USE_SHELL)
        self.close(column)
        if self.redirect:
            raise CommandError("a second redirect", column, _USE_SHELL)
        self.redirect = (operator, len(self.done))

    def close(self, column: int) -> None:
        if self.open is not None:
            self.end_bare(column)
            self.done.append("".join(self.open))
            self.open = None

    def finish(self, column: int) -> Command:
        self.close(column)
        count = self.redirect[1] if self.redirect else len(self.done)
        if count == 0 or not self.done[0]:
            raise CommandError("there is no program to run", 1, "write the program and its arguments")
        if not self.redirect:
            return Command(tuple(self.done))
        if len(self.done) == count or not self.done[count]:
            raise CommandError("the redirect names no file", column, "write `> FILE`")
        return Command(tuple(self.done[:count]), self.done[count], self.redirect[0] == ">>")


def _unquote(kind: str | None, part: str, column: int) -> str:
    if kind == "escape":
        return "" if part == "\n" else part
    if kind != "double":
        return "$" if kind == "dollar" else part
    if found := _EXPANSION.search(part):
        raise CommandError("an expansion needs a shell", column + 1 + found.start(1), _USE_SHELL)
    return _DOUBLE_ESCAPE.sub(lambda match: "" if match[1] == "\n" else match[1], part)
