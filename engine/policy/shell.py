"""Walks the syntax tree of a script and yields every command in it, wherever it stands.

The walk does not stop at what it does not understand: it reports that as `destructive` and goes on for what else there
is. It keeps its own stack, so no depth of nesting ends it with an error.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from engine.model.tier import Reason, Tier
from engine.policy.environment import assignment_reason
from engine.policy.findings import UNKNOWN, Findings, Input, Invocation, Script, destructive
from engine.policy.paths import write_reason
from engine.policy.syntax import (
    CALLS,
    MOST_NESTING,
    fed,
    heredoc_agrees,
    parse,
    strange,
    targets_of,
    text_of,
    too_much,
    words_of,
)
from engine.policy.words import SPLIT, decode, literal, unknown, variants

if TYPE_CHECKING:
    from tree_sitter import Node

_INDEX = re.compile(rb"\w\[[^\]]{0,200}(?:\$\(|`)")
_PROMPT = re.compile(rb"@P\}$")
_SET_DEFAULT = re.compile(rb"\$\{([A-Za-z_]\w*):?=")
_BACKTICK_ESCAPE = re.compile(r"\\([`$\\])")
_OUTPUTS = frozenset({">", ">>", ">|", "&>", "&>>", ">&", "<>"})
_MOST_VALUES = 16


class _Place(NamedTuple):
    """A node, and what its surroundings give it."""

    node: Node
    parent: Node | None
    stdin: str | Input
    inside: frozenset[str]
    """The functions whose body it is in."""
    depth: int


def commands(script: str) -> Findings:
    """Every invocation of a script with its line, and reasons for what is no invocation: assignments, redirects."""
    source = script.encode("utf-8", "replace")
    if why := too_much(source):
        yield destructive(why, "too much")
        return
    yield from _Walk(source).findings()


class _Walk:
    """One pass that collects, and one that judges, since a variable may be assigned after it is used."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.lines = source.split(b"\n")
        self.calls: list[tuple[_Place, list[str]]] = []
        self.redirects: list[Node] = []
        self.assigned: defaultdict[str, set[str]] = defaultdict(set)
        self.found: list[Reason | Script] = []

    def findings(self) -> Findings:
        self.collect()
        yield from self.found
        for node in self.redirects:
            yield from self.redirect(node)
        for place, words in self.calls:
            yield from self.call(place, words)

    def note(self, node: Node, reason: Reason | None) -> None:
        if reason:
            self.found.append(_at(reason, node))

    def collect(self) -> None:
        stack = [_Place(parse(self.source), None, Input.NOTHING, frozenset(), 0)]
        while stack:
            place = stack.pop()
            if why := strange(place.node, self.source):
                self.note(place.node, destructive(why, "syntax"))
            if place.depth > MOST_NESTING:
                self.note(place.node, destructive("it nests deeper than is looked into", "too much"))
                continue
            if place.node.is_named and (visit := _VISITS.get(place.node.type)):
                visit(self, place)
            stack.extend(self.children(place))

    def children(self, place: _Place) -> list[_Place]:
        """The children in reverse, each with where its standard input comes from."""
        node, kind = place.node, place.node.type
        stdin = place.stdin
        if kind in CALLS or kind == "redirected_statement":
            stdin = fed(node) or stdin
        elif kind == "process_substitution" and self.source.startswith(b">", node.start_byte):
            stdin = Input.UNSEEN
        inside = place.inside
        if kind == "function_definition":
            inside = inside | {text_of(node.child_by_field_name("name"))}
        found: list[_Place] = []
        for child in node.children:
            if kind == "pipeline" and child.type in ("|", "|&"):
                stdin = Input.UNSEEN
            found.append(_Place(child, node, stdin, inside, place.depth + 1))
        return found[::-1]

    def command(self, place: _Place) -> None:
        words = words_of(place.node, place.parent, self.source)
        self.calls.append((place._replace(stdin=fed(place.node) or place.stdin), words))
        if words[:1] == ["set"]:
            self.positional([word for word in words[1:] if literal(word) is not None and word != "--"])
        if words[:1] and words[0] in place.inside:
            self.note(place.node, destructive(f"the function `{words[0]}` calls itself", "recursion"))

    def positional(self, words: list[str]) -> None:
        """`set -- a b` gives `$@`, `$1` and so on their values."""
        for name in ("@", "*"):
            self.assigned[name].add(SPLIT.join(words))
        for name in map(str, range(1, 10)):
            self.assigned[name].update(words[:_MOST_VALUES])

    def assignment(self, place: _Place) -> None:
        name_node, value_node = (place.node.child_by_field_name(field) for field in ("name", "value"))
        name = re.split(r"[\[+]", text_of(name_node))[0]
        value = _value(value_node)
        before = place.parent.child_by_field_name("name") if place.parent and place.parent.type == "command" else None
        self.note(place.node, assignment_reason(name, unknown(value), program=text_of(before)))
        if literal(value) is not None:
            self.assigned[name].add(value)

    def loop(self, place: _Place) -> None:
        name = text_of(place.node.child_by_field_name("variable"))
        self.note(place.node, assignment_reason(name, UNKNOWN))
        for child in place.node.children_by_field_name("value"):
            if (value := literal(decode(child))) is not None:
                self.assigned[name].add(value)

    def expansion(self, place: _Place) -> None:
        text = place.node.text or b""
        if _PROMPT.search(text):
            self.note(place.node, destructive("`@P` runs the commands that a value contains", "prompt expansion"))
        if match := _SET_DEFAULT.match(text):
            self.note(place.node, assignment_reason(match[1].decode(), UNKNOWN))

    def backticks(self, place: _Place) -> None:
        """Inside backticks a backslash is taken away before bash reads the text; the grammar does not do that."""
        if self.source.startswith(b"`", place.node.start_byte):
            text = text_of(place.node)[1:-1]
            if (inside := _BACKTICK_ESCAPE.sub(r"\1", text)) != text:
                self.found.append(Script(inside, place.node.start_point.row + 1))

    def quoted(self, place: _Place) -> None:
        if _INDEX.search(place.node.text or b""):
            text = "a text with a command in an array index runs it when it is evaluated"
            self.note(place.node, destructive(text, "index"))

    def heredoc(self, place: _Place) -> None:
        if not heredoc_agrees(place.node, self.lines):
            self.note(place.node, destructive("where this here-document ends is not certain", "here-document"))

    def file_redirect(self, place: _Place) -> None:
        self.redirects.append(place.node)

    def redirect(self, node: Node) -> Findings:
        operators = {child.type for child in node.children if not child.is_named}
        first = node.children_by_field_name("destination")[:1]
        writes = bool(operators & _OUTPUTS) and all(part.type != "number" for part in first)
        for words in variants(targets_of(node, self.source)[:1], self.assigned):
            for reason in _redirected(words[0] if words else UNKNOWN, writes=writes):
                yield _at(reason, node)

    def call(self, place: _Place, words: list[str]) -> Findings:
        for argv in variants(words, self.assigned):
            if argv:
                yield Invocation(argv, place.node.start_point.row + 1, place.stdin)
            elif words:
                text = "what this command becomes, empty or one of many, is not looked into"
                yield _at(destructive(text, "variables"), place.node)


_VISITS: dict[str, Callable[[_Walk, _Place], None]] = {
    **dict.fromkeys(CALLS, _Walk.command),
    "variable_assignment": _Walk.assignment,
    "for_statement": _Walk.loop,
    "expansion": _Walk.expansion,
    "command_substitution": _Walk.backticks,
    "raw_string": _Walk.quoted,
    "file_redirect": _Walk.file_redirect,
    "heredoc_redirect": _Walk.heredoc,
}


def _redirected(path: str, *, writes: bool) -> Iterator[Reason]:
    if writes:
        yield Reason(Tier.WRITE, "a redirect writes a file", "redirect")
        if reason := write_reason(path, "the redirect to"):
            yield reason
    elif path.startswith(("/dev/tcp/", "/dev/udp/")):
        yield Reason(Tier.EXTERNAL, f"reading `{path}` opens a connection", "network device")


def _value(node: Node | None) -> str:
    if node is None:
        return ""
    if node.type == "array":
        return SPLIT.join(decode(child) for child in node.named_children)
    return decode(node)


def _at(reason: Reason, node: Node) -> Reason:
    return Reason(reason.tier, reason.text, reason.rule, node.start_point.row + 1)
