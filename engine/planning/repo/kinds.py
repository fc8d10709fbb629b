"""What names of targets and words of a request mean: `test lint format build docs run deploy clean`."""

from __future__ import annotations

import re
from collections.abc import Mapping

KINDS: Mapping[str, frozenset[str]] = {
    "deploy": frozenset("deploy publish release upload ship deploying deployment publishing releasing".split()),
    "clean": frozenset("clean cleanup distclean cleaning".split()),
    "docs": frozenset("docs doc documentation sphinx mkdocs".split()),
    "format": frozenset("format formatter formatting fmt prettier black".split()),
    "lint": frozenset(
        "lint linter linters linting clippy mypy typecheck typing types ruff vet flake8 eslint tsc pyright".split()
    ),
    "test": frozenset("test tests testing pytest unit integration e2e coverage cov spec suite unittest jest".split()),
    "build": frozenset("build compile bundle dist rebuild building compiling".split()),
    "run": frozenset("serve start dev watch server launch".split()),
}
"""Kind -> the words that stand for it, in the order in which they are tried."""

EVERYTHING = frozenset("everything all ci checks".split())
ROUTINE = ("lint", "build", "test")
"""What somebody who asks for everything means; never what changes sources, leaves the machine or does not end."""


def words(text: str) -> list[str]:
    """The words of a name or a sentence, in lower case: `test:unit-fast` has three."""
    return re.findall(r"[a-z0-9]+", text.lower())


def kind_of(name: str, *, check: str = "lint") -> str:
    """What a target is for, where its name tells.

    Args:
        check: what the tool's users mean by `check`.
    """
    parts = words(name)
    if parts[:1] == ["check"] and not any(set(parts) & known for known in KINDS.values()):
        return check
    return next((kind for part in parts for kind, known in KINDS.items() if part in known), "")


def kinds_in(request: str) -> list[str]:
    """The kinds that a request asks for, in the order of its words."""
    asked: list[str] = []
    for word in words(request):
        asked += ROUTINE if word in EVERYTHING else [kind for kind, known in KINDS.items() if word in known]
    return list(dict.fromkeys(asked))
