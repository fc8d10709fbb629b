"""The walls of the house, run: contracts between rooms, what a start may import, lint and types."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_contracts_between_rooms_are_kept() -> None:
    code = "import sys; from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_the_linter_finds_nothing() -> None:
    done = run("ruff", "check", "--no-cache", ".")
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_formatter_would_change_nothing() -> None:
    done = run("ruff", "format", "--check", "--no-cache", ".")
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_types_are_strict() -> None:
    done = run("mypy")
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("engine", {"pydantic", "textual", "rich", "aiosqlite", "tree_sitter", "yaml", "litellm"}),
        ("engine.engine", {"pydantic", "textual", "rich", "tree_sitter", "yaml", "litellm"}),
        ("tui.__main__", {"pydantic", "textual", "rich", "aiosqlite", "tree_sitter", "yaml", "asyncio", "litellm"}),
        ("tui.app", {"pydantic", "tree_sitter", "yaml", "litellm"}),
        ("tui.presentation.safe", {"textual", "rich"}),
    ],
)
def test_a_start_imports_only_what_it_needs(module: str, unwanted: set[str]) -> None:
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert not unwanted & set(json.loads(done.stdout))


@pytest.mark.parametrize("words", [["--help"], ["ls"], ["doctor"]])
def test_a_command_imports_no_model(words: list[str], tmp_path: Path) -> None:
    environ = {**os.environ, "SIGNOFF_STATE": str(tmp_path), "SIGNOFF_MODEL_NAME": "openai/gpt-5"}
    code = f"import sys, tui.__main__; tui.__main__.main({words!r}); sys.exit('litellm' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, timeout=60, check=True)
