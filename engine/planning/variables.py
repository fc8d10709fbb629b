"""Variables of a plan file: `${vars.env}` becomes the value as data, before anything else looks at the document (B2.6).

In a `command` the value is quoted where it stands: one argument stays one argument whatever it holds, and the operand
that is shown is the one that runs. In `env` and in texts it is put in as it is. A script never gets one: what a shell
would interpret comes from its environment. `$${vars.env}` is the text `${vars.env}`. Values are not searched again.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Final

from engine.errors import Fault
from engine.planning.builder import HIDDEN, MAX_CHARACTERS, MAX_FAULTS, MAX_TEXT, Value, field_path
from engine.planning.sentences import did_you_mean

Path = tuple[str | int, ...]

_SIGN: Final = "${vars."
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)
_USE = re.compile(r"(?P<text>\$?)\$\{vars\.(?P<name>[^}$]{0,64})(?P<end>\}?)")
_IN_QUOTES = re.compile(rf"\\.|{_USE.pattern}", re.DOTALL)
_IN_COMMAND = re.compile(rf"""'[^']*'?|"(?:[^"\\]|\\.)*"?|\\.|{_USE.pattern}""", re.DOTALL)
"""The parts of a command in which `${` means different things, as `policy.argv` reads them."""
_TEXTS: Final = frozenset({"description", "query", "text", "prompt", "artifact", "criteria", "message", "question"})


def fill(document: Value, given: Mapping[str, str]) -> tuple[Value, list[Fault]]:
    """Put the values of variables where a document uses them.

    Args:
        document: its plain value; it is left as it is.
        given: values by name, which win over those of the document.

    Returns:
        The filled value, whose `vars` are those that hold, and every fault about a variable.
    """
    if not isinstance(document, dict):
        return document, []
    filling = _Filling(document.get("vars"), given)
    return {key: filling.top(key, value) for key, value in document.items()}, filling.faults


def declared(document: Value) -> list[tuple[str, str | None]]:
    """The variables of a document with their values, None where one must be given; wrong ones are left out."""
    names = document.get("vars") if isinstance(document, dict) else None
    found = names.items() if isinstance(names, dict) else ()
    return [
        (name, value) for name, value in found if (value is None or isinstance(value, str)) and _NAME.fullmatch(name)
    ]


def literal(field: str, text: str) -> str:
    """The text of a field as a plan file has to write it, so that nothing is filled in where it is read again."""
    if _SIGN not in text or field in ("script", "vars"):
        return text
    if field != "command":
        return text.replace(_SIGN, f"${_SIGN}")
    return _IN_COMMAND.sub(lambda part: part[0].replace(_SIGN, f"${_SIGN}") if part[0][0] == "'" else part[0], text)


class _Filling:
    """One document on its way."""

    def __init__(self, declared: Value, given: Mapping[str, str]) -> None:
        self.faults: list[Fault] = []
        self._declared = declared
        self._left = MAX_CHARACTERS
        names = declared if isinstance(declared, dict) else {}
        for name in given:
            if name not in names:
                known = f"the plan has {', '.join(list(names)[:20])}" if names else "the plan has no `vars`"
                self._fault(("vars",), f"no variable {name[:64]!r}{did_you_mean(name, names)}; {known}")
        self._values = {name: given.get(name, value) for name, value in names.items()}
        for name, value in self._values.items():
            if problem := _problem(name, value):
                self._fault(("vars", name), problem)

    def top(self, key: str, value: Value) -> Value:
        """Fill a field of the document itself."""
        if key == "vars":
            return self._values if isinstance(value, dict) else value
        if key == "steps" and isinstance(value, list):
            return [self._step(step, (key, place)) for place, step in enumerate(value)]
        return self._text(value, (key,)) if key == "request" else self._nowhere(value, (key,))

    def _step(self, step: Value, path: Path) -> Value:
        if not isinstance(step, dict):
            return step
        return {key: self._field(key, value, (*path, key)) if _used(value) else value for key, value in step.items()}

    def _field(self, key: str, value: Value, path: Path) -> Value:
        if key == "command":
            return self._command(value, path)
        if key in _TEXTS:
            return self._text(value, path)
        if key == "env" and isinstance(value, dict):
            return {name: self._text(text, (*path, name)) for name, text in value.items()}
        if key == "options" and isinstance(value, list):
            return [self._text(text, (*path, place)) for place, text in enumerate(value)]
        return self._script(value, path) if key == "script" else self._nowhere(value, path)

    # What becomes of a value there

    def _command(self, value: Value, path: Path) -> Value:
        def part(found: re.Match[str]) -> str:
            whole = found[0]
            if found["name"] is not None:
                return shlex.quote(self._value(found, path))
            if _SIGN not in whole:
                return whole
            if whole[0] == "'":
                return _USE.sub(lambda use: self._value(use, path).replace("'", r"'\''"), whole)
            return _IN_QUOTES.sub(
                lambda use: _escaped(self._value(use, path)) if use["name"] is not None else use[0], whole
            )

        return _IN_COMMAND.sub(part, value) if isinstance(value, str) and _SIGN in value else value

    def _text(self, value: Value, path: Path) -> Value:
        if not isinstance(value, str) or _SIGN not in value:
            return value
        return _USE.sub(lambda use: self._value(use, path), value)

    def _script(self, value: Value, path: Path) -> Value:
        if isinstance(value, str) and (used := next((use for use in _USE.finditer(value) if not use["text"]), None)):
            line = value.count("\n", 0, used.start()) + 1
            shown = f"`{_SIGN}{used['name']}}}` in line {line} of a script"
            self._fault(
                path,
                f'{shown}: a shell would read it as code; write env: {{NAME: "{_SIGN}{used["name"]}}}"}}'
                ' and "$NAME" in the script',
            )
        return value

    def _nowhere(self, value: Value, path: Path) -> Value:
        """Say where a variable can stand, for every one that stands elsewhere."""
        if isinstance(value, dict):
            for name, part in value.items():
                self._nowhere(part, (*path, name))
        elif isinstance(value, list):
            for place, part in enumerate(value):
                self._nowhere(part, (*path, place))
        elif isinstance(value, str) and _SIGN in value:
            self._fault(path, "no variable can stand here; they go into `command`, values of `env`, and texts")
        return value

    def _value(self, use: re.Match[str], path: Path) -> str:
        name = use["name"]
        if use["text"]:
            return use[0][1:]
        if not use["end"]:
            self._fault(path, f"`{_SIGN}{name[:20]}` is not closed; write `{_SIGN}NAME}}`")
        elif name not in self._values:
            self._fault(path, f"no variable '{name}'{did_you_mean(name, self._values)}; declare it under `vars`")
        value = self._values.get(name)
        if not isinstance(value, str):  # there is a fault already; the name stands in, so that it brings no other
            return name
        self._left -= len(value)
        if self._left < 0:
            self._fault(path, "with its variables filled in the document is too long")
            return name
        return value

    def _fault(self, path: Path, message: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(message, field_path(path)))


def _used(value: Value) -> bool:
    """Whether a variable is named anywhere in it."""
    if isinstance(value, str):
        return _SIGN in value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_used, parts))


def _problem(name: str, value: Value) -> str:
    """What is wrong with a variable; what is no text at all is for the shape of the document to say."""
    if not _NAME.fullmatch(name):
        return "name it with letters, digits, `_` and `-`, the first a letter or `_`"
    if value is None:
        return f"has no value: give it one with --var {name}=VALUE"
    if not isinstance(value, str):
        return ""
    if len(value) > MAX_TEXT:
        return f"its value is longer than {MAX_TEXT // 1024} KiB; put it into a file of the repository"
    hidden = HIDDEN.search(value)
    return f"control character U+{ord(hidden[0]):04X} in its value; a plan is plain text" if hidden else ""


def _escaped(value: str) -> str:
    """The value inside double quotes."""
    return re.sub(r'([\\"$`])', r"\\\1", value)
