"""Asks every family of tools for its targets."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path

from engine.planning.repo.compiled import compiled_targets
from engine.planning.repo.node import node_targets
from engine.planning.repo.python import python_targets
from engine.planning.repo.recipes import just_targets, make_targets
from engine.planning.repo.sources import Sources
from engine.views import Target

LOOKED_FOR = (
    "Makefile, justfile, package.json, pyproject.toml, tox.ini, noxfile.py, .pre-commit-config.yaml, Cargo.toml, go.mod"
)
MAX_TARGETS = 500
"""Of one family; a repository that declares more is not meant to be picked from by name."""


def find_targets(root: Path) -> tuple[Target, ...]:
    """What the files at the top of a repository declare, the project's own entry points first.

    What cannot be read or parsed declares nothing; it is no error.
    """
    sources = Sources(root)
    families = (make_targets, just_targets, node_targets, python_targets, compiled_targets)
    return tuple(chain.from_iterable(islice(family(sources), MAX_TARGETS) for family in families))
