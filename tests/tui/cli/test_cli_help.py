"""Every command explains itself; starting costs no more than it must; completions are scripts that shells accept."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine import Command, MakePlan, Need, Recall, connect
from engine.settings import Settings
from engine.testing import ScriptedEngine
from tests.tui.cli.outside import call
from tui.cli.table import COMMANDS


def test_the_overview_names_every_command() -> None:
    said = call(None, "--help")
    assert said.code == 0
    assert all(f"  {name} " in said.out for name in COMMANDS)


@pytest.mark.parametrize("command", Command.__subclasses__())
def test_refusals_of_a_command_call_it_as_the_command_line_does(command: type[Command]) -> None:
    assert {word.split()[0] for word in re.split(", | or ", command.words)} <= COMMANDS.keys()


@pytest.mark.parametrize("name", ["grants", "memory"])
def test_verbs_that_the_overview_names_are_verbs(name: str) -> None:
    verbs = COMMANDS[name][1].partition(": ")[2].split(", ")
    assert verbs[0] == "list"
    told = call(ScriptedEngine(), name, "nothing").err
    assert all(f"{verb!r}" in told for verb in verbs)


def test_what_is_listed_without_a_verb_is_listed_by_name_too() -> None:
    assert call(ScriptedEngine(), "grants", "list") == call(ScriptedEngine(), "grants")
    engine = ScriptedEngine()
    engine.answers[Recall] = lambda query: ()
    assert call(engine, "memory", "list") == call(engine, "memory")
    assert call(engine, "memory", "list", "pins").code == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(None, name, "--help").code == 0
    told = capsys.readouterr().out
    assert f"usage: signoff {name}" in told
    assert f"Example:\n  signoff {name}" in told
    assert "--state" in told


def test_the_schema_speaks_to_whoever_writes_plans() -> None:
    assert re.findall(r"\([A-Z]\d+(?:\.\d+)?\)", call(None, "schema").out) == []


def test_a_misspelt_command_is_answered_with_the_right_one() -> None:
    said = call(None, "shw", "12")
    assert said.code == 2
    assert "did you mean signoff show?" in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ["show"],
        ["show", "twelve"],
        ["show", "9" * 20],
        ["show", "0"],
        ["ls", "-n", "-5"],
        ["ls", "--lim", "3"],
        ["run", "x", "--confirm", "write"],
    ],
)
def test_wrong_arguments_exit_2_and_point_to_help(words: list[str]) -> None:
    said = call(None, *words)
    assert said.code == 2
    assert f"signoff {words[0]} --help" in said.err


def test_the_version_is_printed() -> None:
    assert call(None, "--version").out.startswith("signoff ")


def test_a_variable_that_is_given_twice_is_a_mistake() -> None:
    said = call(None, "run", "deploy", "--var", "env=a", "--var", "env=b")
    assert said.code == 2
    assert "--var: env is given twice: 'a' and 'b'" in said.err


def test_the_prompt_needs_a_terminal_and_is_not_called_the_workbench() -> None:
    said = call(None, "--plain")
    assert said.code == 2
    assert "signoff --plain asks at a prompt: its input and output must be a terminal" in said.err


def test_the_workbench_needs_a_terminal_that_can_draw() -> None:
    said = call(None)
    assert said.code == 2
    assert "signoff ls" in said.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_valid_where_the_shell_is_here_to_say_so(shell: str) -> None:
    script = call(None, "completion", shell).out
    assert "signoff" in script
    assert "approve" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True, timeout=20)


HEAVY = (
    "pydantic", "textual", "rich", "yaml", "tree_sitter", "shtab", "platformdirs", "aiosqlite", "asyncio", "ssl",
    "socket", "subprocess", "logging", "calendar", "shutil", "engine.commands", "engine.model.events",
    "engine.policy", "engine.process",
)  # fmt: skip


@pytest.mark.parametrize(
    "words", [["--help"], ["ls"], ["show", "1"], ["show", "--help"], ["ls", "--json"], ["runs", "1"], ["inbox"]]
)
def test_looking_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    asyncio.run(_write_down_a_task(tmp_path))
    source = (
        "import sys; from tui.__main__ import main; code = main(sys.argv[1:]);"
        f"print(sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    program = [sys.executable, "-c", source, "--state", str(tmp_path), *words]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=20, check=True)
    assert ended.stderr.splitlines()[-1] == "[]"


async def _write_down_a_task(state: Path) -> None:
    engine = await connect(state, Need.DECIDE, Settings())
    plan = {"request": "look", "steps": [{"id": "a", "action": "execute", "command": "ls"}]}
    await engine.do(MakePlan(root=str(state), document=json.dumps(plan)))
    await engine.close()
