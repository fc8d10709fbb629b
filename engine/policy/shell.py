"""Walks the syntax tree of a script and yields every command in it, wherever it stands.

The tree is not bash: whatever the grammar marks as an error, does not close as bash would close it, or has a kind that
is not listed here is reported as `destructive`, and the walk goes on for what else there is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.model.tier import Reason, Tier
from engine.policy.environment import assignment_reason
from engine.policy.findings import UNKNOWN, Findings, Input, Invocation, Script, destructive
from engine.policy.paths import write_reason
from engine.policy.words import SPLIT, decode, decode_all, literal, unknown, variants

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MOST_BYTES = 128 * 1024
_KNOWN = frozenset(
    "program comment command command_name word raw_string string string_content ansi_c_string translated_string"
    " concatenation number simple_expansion expansion special_variable_name variable_name command_substitution"
    " process_substitution arithmetic_expansion brace_expression array subscript regex extglob_pattern test_operator"
    " redirected_statement file_redirect heredoc_redirect herestring_redirect heredoc_start heredoc_body"
    " heredoc_content heredoc_end file_descriptor pipeline list subshell compound_statement if_statement"
    " elif_clause else_clause"
    " while_statement for_statement c_style_for_statement case_statement case_item do_group function_definition"
    " variable_assignment variable_assignments declaration_command unset_command test_command negated_command"
    " unary_expression binary_expression parenthesized_expression postfix_expression ternary_expression".split()
)
_CALLS = frozenset({"command", "declaration_command", "unset_command"})
_ARGUMENTS_END = frozenset({"file_redirect", "herestring_redirect", "heredoc_redirect", "variable_assignment"})
_INDEX = re.compile(rb"\w\[[^\]]*(?:\$\(|`)")
_PROMPT = re.compile(rb"@P\}$")
_BACKTICK_ESCAPE = re.compile(r"\\([`$\\])")
_ONE_LINE = frozenset(
    "command file_redirect herestring_redirect declaration_command unset_command variable_assignment".split()
)
_JOINED = re.compile(rb"(?:\\\n)*")
_MISREAD = {"word": re.compile(rb"(?<!\\)[ \t\n]"), "file_descriptor": re.compile(rb"^[^{\d]")}
_GAP = re.compile(rb"(?:[ \t]|\\\n)*")
_OUTPUTS = frozenset({">", ">>", ">|", "&>", "&>>", ">&", "<>"})


def commands(script: str) -> Findings:
    """Every invocation of a script with its line, and reasons for what is no invocation: assignments, redirects."""
    source = script.encode("utf-8", "replace")
    if len(source) > MOST_BYTES:
        yield destructive(f"the script is longer than {MOST_BYTES // 1024} KiB and was not looked into", "too long")
        return
    yield from _Walk(source).findings()


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


class _Walk:
    """One pass that collects, and one that judges, since a variable may be assigned after it is used."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.lines = source.split(b"\n")
        self.root = _parser().parse(source).root_node
        self.calls: list[tuple[Node, str | Input]] = []
        self.redirects: list[Node] = []
        self.assignments: list[tuple[str, str, Node, str]] = []
        self.assigned: defaultdict[str, set[str]] = defaultdict(set)
        self.functions: list[tuple[str, int, int]] = []
        self.odd: list[Reason | Script] = []

    def findings(self) -> Findings:
        self.collect()
        yield from self.odd
        for name, value, node, program in self.assignments:
            if reason := assignment_reason(name, value, program=program):
                yield _at(reason, node)
        for node in self.redirects:
            yield from self.redirect(node)
        for node, stdin in self.calls:
            yield from self.call(node, stdin)

    def collect(self) -> None:
        stack: list[tuple[Node, str | Input]] = [(self.root, Input.NOTHING)]
        while stack:
            node, stdin = stack.pop()
            kind = node.type
            if node.is_missing or (node.is_named and kind not in _KNOWN):
                self.odd.append(_at(destructive("this cannot be parsed, so what it does is not known", "syntax"), node))
            if _misread(node):
                self.odd.append(_at(destructive("bash may read this otherwise than it looks", "syntax"), node))
            if node.is_named and (visit := _VISITS.get(kind)):
                stdin = visit(self, node, stdin) or stdin
            stack.extend(_children(node, kind, stdin))

    def command(self, node: Node, stdin: str | Input) -> str | Input | None:
        stdin = _fed(node) or stdin
        self.calls.append((node, stdin))
        arguments = [decode(child) for child in node.children_by_field_name("argument")]
        if node.type == "command" and node.text and node.text.startswith(b"set "):
            self.positional(arguments)
        return None

    def positional(self, arguments: list[str]) -> None:
        """`set -- a b` gives `$@`, `$1` and so on their values."""
        known = [word for word in arguments if literal(word) is not None and word != "--"]
        for name in ("@", "*"):
            self.assigned[name].add(SPLIT.join(known))
        for name in map(str, range(1, 10)):
            self.assigned[name].update(known[:16])

    def assignment(self, node: Node, stdin: str | Input) -> None:
        name_node, value_node = node.child_by_field_name("name"), node.child_by_field_name("value")
        name = re.split(r"[\[+]", _text(name_node))[0] if name_node else ""
        value = _value(value_node)
        parent = node.parent
        program = _text(parent.child_by_field_name("name")) if parent and parent.type == "command" else ""
        self.assignments.append((name, unknown(value), node, program))
        if literal(value) is not None:
            self.assigned[name].add(value)

    def loop(self, node: Node, stdin: str | Input) -> None:
        name = _text(node.child_by_field_name("variable"))
        self.assignments.append((name, UNKNOWN, node, ""))
        for child in node.children_by_field_name("value"):
            if (value := literal(decode(child))) is not None:
                self.assigned[name].add(value)

    def function(self, node: Node, stdin: str | Input) -> None:
        self.functions.append((_text(node.child_by_field_name("name")), node.start_byte, node.end_byte))

    def expansion(self, node: Node, stdin: str | Input) -> None:
        text = node.text or b""
        if _PROMPT.search(text):
            self.odd.append(_at(destructive("`@P` runs the commands that a value contains", "prompt expansion"), node))
        if match := re.match(rb"\$\{([A-Za-z_]\w*):?=", text):
            self.assignments.append((match[1].decode(), UNKNOWN, node, ""))

    def backticks(self, node: Node, stdin: str | Input) -> None:
        """Inside backticks a backslash is taken away before bash reads the text; the grammar does not do that."""
        text = _text(node)
        if text.startswith("`") and (inside := _BACKTICK_ESCAPE.sub(r"\1", text[1:-1])) != text[1:-1]:
            self.odd.append(Script(inside, node.start_point.row + 1))

    def comment(self, node: Node, stdin: str | Input) -> None:
        """After a line continuation that touches a word, `#` goes on with that word and what follows runs."""
        if self.source.endswith(b"\\\n", 0, node.start_byte):
            self.odd.append(_at(destructive("bash may not take this for a comment", "syntax"), node))

    def quoted(self, node: Node, stdin: str | Input) -> None:
        if _INDEX.search(node.text or b""):
            text = "a text with a command in an array index runs it when it is evaluated"
            self.odd.append(_at(destructive(text, "index"), node))

    def redirected(self, node: Node, stdin: str | Input) -> None:
        body = node.child_by_field_name("body")
        if body is not None and body.type not in _CALLS and _after_redirects(node, body):
            self.odd.append(_at(destructive("to which command these words belong is not certain", "syntax"), node))

    def file_redirect(self, node: Node, stdin: str | Input) -> None:
        self.redirects.append(node)

    def heredoc(self, node: Node, stdin: str | Input) -> None:
        """The grammar and bash must agree where the text ends; otherwise commands hide in it."""
        parts = {child.type: child for child in node.children}
        start, body, end = (parts.get(f"heredoc_{part}") for part in ("start", "body", "end"))
        word = re.sub(rb"[\\'\"]", b"", (start.text or b"") if start else b"")
        tabs = "<<-" in parts
        closing = self.lines[end.start_point.row] if end else b""
        agrees = end is not None and (closing.lstrip(b"\t") if tabs else closing) == word
        inner = (body.text or b"").split(b"\n") if body else []
        if not agrees or any((line.lstrip(b"\t") if tabs else line) == word for line in inner):
            self.odd.append(_at(destructive("where this here-document ends is not certain", "here-document"), node))

    def redirect(self, node: Node) -> Findings:
        operators = {child.type for child in node.children if not child.is_named}
        writes = bool(operators & _OUTPUTS) and all(part.type != "number" for part in _destinations(node)[0:1])
        for words in variants(decode_all(_destinations(node))[:1], self.assigned):
            yield from _redirected(words[0] if words else UNKNOWN, node, writes=writes)

    def call(self, node: Node, stdin: str | Input) -> Findings:
        words = [*_words(node), *_after_redirects(node.parent, node)]
        line = node.start_point.row + 1
        for argv in variants(words, self.assigned):
            if not argv and words and any("\0" in word for word in words):
                yield _at(destructive("the variables of this command have too many or no values", "variables"), node)
            elif argv:
                yield Invocation(argv, line, stdin)
        for name, start, end in self.functions:
            if words[:1] == [name] and start <= node.start_byte < end:
                yield _at(destructive(f"the function `{name}` calls itself", "recursion"), node)


_VISITS = {
    "command": _Walk.command,
    "declaration_command": _Walk.command,
    "unset_command": _Walk.command,
    "variable_assignment": _Walk.assignment,
    "for_statement": _Walk.loop,
    "function_definition": _Walk.function,
    "comment": _Walk.comment,
    "expansion": _Walk.expansion,
    "command_substitution": _Walk.backticks,
    "raw_string": _Walk.quoted,
    "redirected_statement": _Walk.redirected,
    "file_redirect": _Walk.file_redirect,
    "heredoc_redirect": _Walk.heredoc,
}


def _children(node: Node, kind: str, stdin: str | Input) -> Iterator[tuple[Node, str | Input]]:
    """The children in reverse, each with where its standard input comes from."""
    piped = kind == "process_substitution" and (node.text or b"").startswith(b">")
    for child in reversed(node.children):
        before = child.prev_sibling
        if piped or (kind == "pipeline" and before is not None and before.type in ("|", "|&")):
            yield child, Input.UNSEEN
        elif kind == "redirected_statement":
            yield child, _fed(node) or stdin
        else:
            yield child, stdin


def _fed(node: Node) -> str | Input | None:
    """The standard input that the redirects of a node give; None where they give none."""
    fed: str | Input | None = None
    for child in node.children:
        if child.type == "heredoc_redirect":
            fed = "".join(_heredoc_text(part) for part in child.children if part.type == "heredoc_body")
        elif child.type == "herestring_redirect":
            fed = unknown("".join(decode(part) for part in child.named_children))
        elif child.type == "file_redirect" and (child.text or b"").lstrip(b"0").startswith(b"<"):
            fed = Input.UNSEEN
    return fed


def _heredoc_text(body: Node) -> str:
    known = all(child.type in ("heredoc_content", "heredoc_end") for child in body.named_children)
    return _text(body) + ("" if known else UNKNOWN)


def _words(node: Node) -> list[str]:
    if node.type == "command":
        name = node.child_by_field_name("name")
        return decode_all([name, *node.children_by_field_name("argument")]) if name else []
    words = [child for child in node.children if child.type not in ("comment", *_ARGUMENTS_END)]
    assignments = [_text(child) for child in node.children if child.type == "variable_assignment"]
    return [_text(words[0]), *decode_all(words[1:]), *assignments]


def _after_redirects(parent: Node | None, body: Node) -> list[str]:
    """The arguments that follow a redirect: the grammar gives them to the redirect, bash to the command."""
    if parent is None or parent.type != "redirected_statement" or parent.child_by_field_name("body") != body:
        return []
    found: list[str] = []
    waiting = [child for child in parent.children if child != body]
    while waiting:
        child = waiting.pop(0)
        if child.type == "file_redirect":
            found.extend(decode_all(_destinations(child))[1:])
        elif child.type == "heredoc_redirect":
            found.extend(decode_all(child.children_by_field_name("argument")))
            waiting.extend(part for part in child.children if part.type.endswith("_redirect"))
    return found


def _destinations(redirect: Node) -> list[Node]:
    return redirect.children_by_field_name("destination")


def _gaps(node: Node) -> bytes:
    """What stands between the parts of a node."""
    source, start = node.text or b"", node.start_byte
    pairs = pairwise(node.children)
    return b"".join(source[left.end_byte - start : right.start_byte - start] for left, right in pairs)


def _misread(node: Node) -> bool:
    """Where the grammar is known to differ from bash: it joins lines, puts blanks in a word, reads `==` as operator."""
    if node.type == "concatenation":
        return not _JOINED.fullmatch(_gaps(node))
    if pattern := _MISREAD.get(node.type):
        return bool(pattern.search(node.text or b""))
    operators = node.type == "command" and any(child.type in ("==", "=~") for child in node.children)
    return operators or (node.type in _ONE_LINE and not _GAP.fullmatch(_gaps(node)))


def _redirected(path: str, node: Node, *, writes: bool) -> Findings:
    if writes:
        yield _at(Reason(Tier.WRITE, "a redirect writes a file", "redirect"), node)
        if reason := write_reason(path, "the redirect to"):
            yield _at(reason, node)
    elif path.startswith(("/dev/tcp/", "/dev/udp/")):
        yield _at(Reason(Tier.EXTERNAL, f"reading `{path}` opens a connection", "network device"), node)


def _value(node: Node | None) -> str:
    if node is None:
        return ""
    if node.type == "array":
        return SPLIT.join(decode(child) for child in node.named_children)
    return decode(node)


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node else ""


def _at(reason: Reason, node: Node) -> Reason:
    return Reason(reason.tier, reason.text, reason.rule, node.start_point.row + 1)
