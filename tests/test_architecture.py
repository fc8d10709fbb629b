"""The walls of the house, run: contracts between rooms, what a start may import, lint and types."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STARTS = {name for name in dir(os) if name.startswith(("exec", "spawn", "posix_spawn", "fork", "popen"))} | {
    "Popen",
    "ProcessPoolExecutor",
    "create_subprocess_exec",
    "create_subprocess_shell",
    "multiprocessing",
    "openpty",
    "os.system",
    "pty",
    "subprocess_exec",
    "subprocess_shell",
}
"""What starts a process, or becomes one, by the names of the standard library."""
OWN_PROGRAMS = {
    "tui/cli/config.py": {"execvp"},
    "tui/clipboard.py": {"create_subprocess_exec"},
    "tui/editor.py": {"create_subprocess_exec"},
    "tui/launcher.py": {"fork"},
    "tui/pager.py": {"create_subprocess_exec"},
}
"""What starts the person's own editor, pager and tmux, as that person, on their terminal; and the launcher, that splits
this program in two and starts none. No step comes this way."""


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


def named(node: ast.AST) -> set[str]:
    """The names that a piece of a program takes from elsewhere."""
    match node:
        case ast.Attribute(value=ast.Name(id=of), attr=name):
            return {name, f"{of}.{name}"}
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return {name}
        case ast.Import(names=names):
            return {part for alias in names for part in alias.name.split(".")}
        case ast.ImportFrom(module=module, names=names):
            return {*(module or "").split("."), *(n for alias in names for n in (alias.name, f"{module}.{alias.name}"))}
    return set()


def test_processes_start_in_one_room_and_the_persons_own_programs_where_it_is_said() -> None:
    found: dict[str, set[str]] = {}
    for path in (*ROOT.glob("engine/**/*.py"), *ROOT.glob("tui/**/*.py")):
        name = path.relative_to(ROOT).as_posix()
        uses = STARTS & {used for node in ast.walk(ast.parse(path.read_text())) for used in named(node)}
        if uses and not name.startswith("engine/process/"):
            found[name] = uses
    assert found == OWN_PROGRAMS


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
        ("engine", {"engine.model", "engine.errors", "asyncio"}),
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


def test_the_whole_front_door_opens_and_imports_only_what_it_needs() -> None:
    code = (
        "import engine, sys; [getattr(engine, name) for name in dir(engine)];"
        "print({'pydantic', 'textual', 'rich', 'aiosqlite', 'tree_sitter', 'yaml', 'litellm'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("set()\n", "")


@pytest.mark.parametrize("words", [["--help"], ["ls"], ["doctor"]])
def test_a_command_imports_no_model(words: list[str], tmp_path: Path) -> None:
    environ = {**os.environ, "SIGNOFF_STATE": str(tmp_path), "SIGNOFF_MODEL_NAME": "openai/gpt-5"}
    code = f"import sys, tui.__main__; tui.__main__.main({words!r}); sys.exit('litellm' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, timeout=60, check=True)
