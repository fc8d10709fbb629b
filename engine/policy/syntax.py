"""The syntax tree of a script, and where it is known to differ from what bash does.

Everything here fails upwards: what the grammar marks as an error, has no name for, or is known to misread is reported,
and what would take long to parse is not parsed (some shapes take quadratic time and memory).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.policy.findings import UNKNOWN, Input
from engine.policy.words import decode, decode_all, unknown

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MOST_BYTES = 128 * 1024
MOST_MARKS = 3000
"""Operators and brackets in one script; 3,000 of the worst kind parse in about 0.4 s and 125 MB."""
MOST_NESTING = 400
KINDS = frozenset(
    "program comment command command_name word raw_string string string_content ansi_c_string translated_string"
    " concatenation number simple_expansion expansion special_variable_name variable_name command_substitution"
    " process_substitution arithmetic_expansion brace_expression array subscript regex extglob_pattern test_operator"
    " redirected_statement file_redirect heredoc_redirect herestring_redirect heredoc_start heredoc_body"
    " heredoc_content heredoc_end file_descriptor pipeline list subshell compound_statement if_statement elif_clause"
    " else_clause while_statement for_statement c_style_for_statement case_statement case_item do_group"
    " function_definition variable_assignment variable_assignments declaration_command unset_command test_command"
    " negated_command unary_expression binary_expression parenthesized_expression postfix_expression"
    " ternary_expression".split()
)
CALLS = frozenset({"command", "declaration_command", "unset_command"})
_ONE_LINE = CALLS | {"file_redirect", "herestring_redirect", "variable_assignment"}
_MISREAD = {"word": re.compile(rb"(?<!\\)[ \t\n]"), "file_descriptor": re.compile(rb"^[^{\d]")}
_GAP = re.compile(rb"(?:[ \t]|\\\n)*")
_JOINED = re.compile(rb"(?:\\\n)*")
_MARKS = re.compile(rb"[|()<>\[{&`]")


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def too_much(source: bytes) -> str | None:
    """Why a script is not parsed at all; None where it is."""
    if len(source) > MOST_BYTES:
        return f"the script is longer than {MOST_BYTES // 1024} KiB and was not looked into"
    if len(_MARKS.findall(source)) > MOST_MARKS:
        return f"the script has more than {MOST_MARKS} operators and brackets and was not looked into"
    return None


def parse(source: bytes) -> Node:
    return _parser().parse(source).root_node


def text_of(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node else ""


def strange(node: Node, source: bytes) -> str | None:
    """Why a node is not to be trusted; None where it is."""
    kind = node.type
    if node.is_missing or (node.is_named and kind not in KINDS):
        return "this cannot be parsed, so what it does is not known"
    if kind == "comment" and source.endswith(b"\\\n", 0, node.start_byte):
        return "bash may not take this for a comment"
    if kind == "redirected_statement":
        body = node.child_by_field_name("body")
        if body is not None and body.type not in CALLS and after_redirects(node, source):
            return "to which command these words belong is not certain"
    return "bash may read this otherwise than it looks" if _misread(node, source) else None


def heredoc_agrees(node: Node, lines: Sequence[bytes]) -> bool:
    """Whether the text of a here-document ends where bash would end it; otherwise commands hide in it."""
    parts = {child.type: child for child in node.children}
    start, body, end = (parts.get(f"heredoc_{part}") for part in ("start", "body", "end"))
    word = re.sub(rb"[\\'\"]", b"", (start.text or b"") if start else b"")
    tabs = b"\t" if "<<-" in parts else b""
    closing = lines[end.start_point.row] if end else b""
    inner = (body.text or b"").split(b"\n") if body else []
    if end is None or (closing.lstrip(tabs) if tabs else closing) != word:
        return False
    return all((line.lstrip(tabs) if tabs else line) != word for line in inner)


def words_of(call: Node, parent: Node | None, source: bytes) -> list[str]:
    """The words of a call, also those that stand after a redirect: the grammar gives them to the redirect."""
    if call.type == "command":
        name = call.child_by_field_name("name")
        own = [name, *call.children_by_field_name("argument")] if name else []
    else:
        own = [child for child in call.children if not child.type.endswith(("_redirect", "comment"))]
    words = decode_all(own, source) if call.type == "command" else _declared(own, source)
    if parent is not None and parent.type == "redirected_statement":
        words.extend(after_redirects(parent, source))
    return words


def after_redirects(statement: Node, source: bytes) -> list[str]:
    """The words behind the redirects of a statement that are no targets."""
    found: list[str] = []
    waiting = [child for child in statement.children if child.type.endswith("_redirect")]
    for redirect in waiting:
        if redirect.type == "file_redirect":
            found.extend(targets_of(redirect, source)[1:])
        elif redirect.type == "heredoc_redirect":
            found.extend(decode_all(redirect.children_by_field_name("argument"), source))
            waiting.extend(part for part in redirect.children if part.type.endswith("_redirect"))
    return found


def targets_of(redirect: Node, source: bytes) -> list[str]:
    """The target of a redirect, and after it the words that belong to the command."""
    return decode_all(redirect.children_by_field_name("destination"), source)


def fed(node: Node) -> str | Input | None:
    """The standard input that the redirects of a node give; None where they give none."""
    found: str | Input | None = None
    for child in node.children:
        if child.type == "heredoc_redirect":
            found = "".join(_heredoc_text(part) for part in child.children if part.type == "heredoc_body")
        elif child.type == "herestring_redirect":
            found = unknown("".join(decode(part) for part in child.named_children))
        elif child.type == "file_redirect" and (child.text or b"").lstrip(b"0").startswith(b"<"):
            found = Input.UNSEEN
    return found


def _heredoc_text(body: Node) -> str:
    known = all(child.type in ("heredoc_content", "heredoc_end") for child in body.named_children)
    return text_of(body) + ("" if known else UNKNOWN)


def _declared(parts: Sequence[Node], source: bytes) -> list[str]:
    """`export A=1 B`: an assignment is a word like any other."""
    plain = [text_of(part) if part.type == "variable_assignment" or not part.is_named else "" for part in parts]
    return [text or decode_all([part], source)[0] for part, text in zip(parts, plain, strict=True)]


def _gaps(node: Node, source: bytes) -> bytes:
    """What stands between the parts of a node."""
    return b"".join(source[left.end_byte : right.start_byte] for left, right in pairwise(node.children))


def _misread(node: Node, source: bytes) -> bool:
    """Where the grammar is known to differ: it joins lines, puts blanks in a word, reads `==` as an operator."""
    if node.type == "concatenation":
        return not _JOINED.fullmatch(_gaps(node, source))
    if pattern := _MISREAD.get(node.type):
        return bool(pattern.search(node.text or b""))
    operators = node.type == "command" and any(child.type in ("==", "=~") for child in node.children)
    return operators or (node.type in _ONE_LINE and not _GAP.fullmatch(_gaps(node, source)))
