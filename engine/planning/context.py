"""What a model is told of a directory before it plans: gathered by us, read as text, bounded; nothing is executed.

What the repository itself declares comes first, as the ground truth; names of files last. All of it is data for the
model: it is fenced, and whatever it says, the engine derives the tiers and people sign (B13).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from engine.model.nouns import lean
from engine.model.plan import Plan
from engine.model.policy import Policy
from engine.model.prompt import Passage
from engine.planning.repo import find_targets
from engine.planning.repo.sources import Sources
from engine.planning.writing import plan_text
from engine.views import Target

MANIFESTS = (
    "pyproject.toml",
    "package.json",
    "Cargo.toml",
    "go.mod",
    "Makefile",
    "justfile",
    "tox.ini",
    "noxfile.py",
    "requirements.txt",
    "Dockerfile",
    "docker-compose.yml",
    "alembic.ini",
    "AGENTS.md",
    "README.md",
)
PROGRAMS = (
    *("bash", "git", "gh", "glab", "make", "just", "cmake", "ninja", "gcc", "clang"),
    *("python3", "uv", "pip", "pipx", "poetry", "pdm", "hatch", "nox", "tox", "pytest", "ruff", "mypy", "pre-commit"),
    *("node", "npm", "npx", "pnpm", "yarn", "bun", "deno", "tsc", "eslint", "cargo", "rustc", "go", "java", "mvn"),
    *("gradle", "dotnet", "ruby", "bundle", "php", "composer", "perl", "docker", "podman", "kubectl", "helm"),
    *("terraform", "ansible-playbook", "aws", "gcloud", "az", "psql", "pg_dump", "mysql", "sqlite3", "redis-cli"),
    *("alembic", "curl", "wget", "jq", "yq", "rg", "grep", "sed", "awk", "find", "tar", "zip", "rsync", "ssh"),
)
"""Programs that plans commonly use; which others there are is of no interest."""
_HEAD = 4_000
"""Characters of one manifest."""
_TARGETS = 120
_FILES = 400
"""Names of files, those of the top first."""
_FOLDERS = 40
_UNSEEN = frozenset({"node_modules", "__pycache__", "venv", "target", "dist", "build"})
_PRESENT = 12_000
"""Characters of the present revision."""


def look_around(root: Path, policy: Policy) -> tuple[Passage, ...]:
    """What a directory declares, what there is to run, what may not run, and which files lie there."""
    sources = Sources(root)
    found = (
        ("targets that the repository declares", "\n".join(map(_target, find_targets(root)[:_TARGETS]))),
        ("programs on PATH", ", ".join(program for program in PROGRAMS if shutil.which(program))),
        ("policy of this place", _policy(policy)),
        *((name, text[:_HEAD]) for name in MANIFESTS if (text := sources.text(name)[1])),
        ("names of files", "\n".join(islice(_names(sources.root), _FILES))),
    )
    return tuple(Passage(source=source, text=text) for source, text in found if text)


def present_plan(plan: Plan) -> Passage:
    """A revision, as the plan file that says the same."""
    return Passage(source=f"revision {plan.revision} of the plan", text=plan_text(plan)[:_PRESENT])


def _target(target: Target) -> str:
    about = f": {target.description}" if target.description else ""
    return " ".join(f"`{target.command}` ({target.file}){about}".split())


def _policy(policy: Policy) -> str:
    return "\n".join(f"{name}: {value}" for name, value in lean(policy).items())


def _names(root: Path) -> Iterator[str]:
    """Files at the top, then those of the folders there; what is hidden, made or installed is not looked at."""
    folders = []
    for entry in _entries(root):
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.name)
        else:
            yield _line(entry.name)
    for folder in folders[:_FOLDERS]:
        yield f"{_line(folder)}/"
        yield from (f"{_line(folder)}/{_line(entry.name)}" for entry in _entries(root / folder)[:_FOLDERS])


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            seen = (entry for entry in found if not entry.name.startswith(".") and entry.name not in _UNSEEN)
            return sorted(islice(seen, 10 * _FILES), key=lambda entry: entry.name)
    except OSError:
        return []


def _line(name: str) -> str:
    """A name on one line, whatever characters somebody gave it."""
    return " ".join(name.encode("utf-8", "replace").decode().split())
