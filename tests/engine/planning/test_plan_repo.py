"""What a repository declares, and the plan that a request picks from it (B2.1). Nothing of it is executed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import NothingFits
from engine.model.graph import graph_faults
from engine.model.plan import Test
from engine.planning.checks import document_faults
from engine.planning.repo import find_targets, plan_targets, unread
from engine.planning.repo.sources import Sources
from engine.views import Target

MAKEFILE = """\
CC := gcc
.PHONY: test lint \\
        docs deploy.all
build: main.o ## Compile everything
\t$(CC) -o app main.o
test: build
\tfor x in a b; do echo $$x: $$y; done
lint:
\truff check
## Write the pages
docs:
\tmake -C docs
deploy.all: test
main.o: main.c
\t$(CC) -c main.c
%.o: %.c
fmt clean:
VERSION = 1:2
url ::= http://x
$(OUT): x
"""
JUSTFILE = """\
set shell := ["bash", "-c"]
alias t := test
version := "1"

# Run the tests
test *args: build
    pytest {{args}}
build target="debug":
    cargo build
release version:
    ./release {{version}}
[private]
helper:
_hidden:
@check:
    ruff check
"""
PYPROJECT = """\
[tool.pytest.ini_options]
[tool.ruff]
[tool.mypy]
files = ["src"]
[tool.poe.tasks]
serve = "uvicorn app"
_private = "x"
docs = { cmd = "mkdocs build", help = "Build the pages" }
[tool.hatch.envs.default.scripts]
cov = "pytest --cov"
[tool.hatch.envs.types.scripts]
check = "mypy ."
"""
NOXFILE = """\
import nox, os
os.abort()
@nox.session(python=["3.11"])
def tests(session):
    '''Run the suite.

    More.
    '''
@nox.session(name="lint-all")
def lint(session): ...
def helper(): ...
"""


def _write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).write_text(text)
    return root


def _commands(targets: tuple[Target, ...]) -> dict[str, str]:
    return {target.command: target.kind for target in targets}


@pytest.mark.parametrize(
    ("files", "commands"),
    [
        (
            {"Makefile": MAKEFILE},
            {
                "make build": "build",
                "make test": "test",
                "make lint": "lint",
                "make docs": "docs",
                "make deploy.all": "deploy",
                "make fmt": "format",
                "make clean": "clean",
            },
        ),
        ({"justfile": JUSTFILE}, {"just test": "test", "just build": "build", "just check": "lint"}),
        (
            {
                "package.json": json.dumps(
                    {"scripts": {"test": "jest", "pretest": "x", "test:e2e": "y", "build": "tsc", "a b": "z", "n": 3}}
                )
            },
            {"npm run test": "test", "npm run test:e2e": "test", "npm run build": "build"},
        ),
        ({"package.json": '{"scripts": {"lint": "eslint"}}', "pnpm-lock.yaml": ""}, {"pnpm run lint": "lint"}),
        ({"package.json": '{"scripts": {"lint": "eslint"}}', "yarn.lock": ""}, {"yarn run lint": "lint"}),
        (
            {"pyproject.toml": PYPROJECT},
            {
                "poe serve": "run",
                "poe docs": "docs",
                "hatch run cov": "test",
                "hatch run types:check": "lint",
                "pytest": "test",
                "ruff check": "lint",
                "ruff format": "format",
                "mypy": "lint",
            },
        ),
        ({"noxfile.py": NOXFILE}, {"nox -s tests": "test", "nox -s lint-all": "lint"}),
        (
            {"tox.ini": "[tox]\nenvlist = py311, lint\n[testenv:docs]\ncommands = x\n"},
            {"tox": "test", "tox run -e py311": "test", "tox run -e lint": "lint", "tox run -e docs": "docs"},
        ),
        (
            {"pyproject.toml": "[tool.tox]\nenv_list = ['3.11']\n[tool.tox.env.types]\n"},
            {"tox": "test", "tox run -e 3.11": "", "tox run -e types": "lint"},
        ),
        ({".pre-commit-config.yaml": "repos: []"}, {"pre-commit run -a": "lint"}),
        (
            {"Cargo.toml": "[package]"},
            {"cargo build": "build", "cargo test": "test", "cargo clippy": "lint", "cargo fmt": "format"},
        ),
        ({"go.mod": "module x"}, {"go build ./...": "build", "go test ./...": "test", "go vet ./...": "lint"}),
        ({}, {}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) and "make build" not in value else None,
)
def test_finds_what_is_declared(files: dict[str, str], commands: dict[str, str], tmp_path: Path) -> None:
    assert _commands(find_targets(_write(tmp_path, files))) == commands


def test_says_where_a_target_comes_from(tmp_path: Path) -> None:
    targets = {
        target.command: target
        for target in find_targets(_write(tmp_path, {"Makefile": MAKEFILE, "noxfile.py": NOXFILE}))
    }

    build, docs, tests = targets["make build"], targets["make docs"], targets["nox -s tests"]
    assert (build.file, build.line, build.description) == ("Makefile", 4, "Compile everything")
    assert (docs.line, docs.description) == (11, "Write the pages")
    assert (tests.file, tests.line, tests.description) == ("noxfile.py", 4, "Run the suite.")


def test_the_environment_of_the_project_comes_first(tmp_path: Path) -> None:
    _write(tmp_path, {"pyproject.toml": "[tool.pytest.ini_options]"})
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/pytest").touch(0o755)

    assert list(_commands(find_targets(tmp_path))) == [".venv/bin/pytest"]


def test_files_that_are_no_plain_files_of_the_repository_are_not_read(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("test:\n")
    (root / "Makefile").symlink_to(tmp_path / "secret")
    os.mkfifo(root / "justfile")
    (root / "package.json").mkdir()
    (root / "go.mod").write_bytes(b"x" * (2**20 + 1))
    (root / "noxfile.py").write_text("(" * 5_000)
    (root / "pyproject.toml").write_text("a = " + "[" * 5_000)
    (root / "tox.ini").write_text("no section")

    assert find_targets(root) == ()


@given(st.text(max_size=200) | st.sampled_from([MAKEFILE, JUSTFILE, PYPROJECT, NOXFILE]))
def test_any_text_is_read_without_harm(text: str) -> None:
    class Everywhere(Sources):
        def _read(self, name: str) -> str | None:
            return text

    from engine.planning.repo.compiled import compiled_targets
    from engine.planning.repo.node import node_targets
    from engine.planning.repo.python import python_targets
    from engine.planning.repo.recipes import just_targets, make_targets

    sources = Everywhere(Path("/nonexistent"))
    for family in (make_targets, just_targets, node_targets, python_targets, compiled_targets):
        assert all(target.command for target in family(sources))


# A request picks


def _plan(request: str, *targets: tuple[str, str, str]) -> dict[str, tuple[str, ...]]:
    """Command -> the commands its step needs, for targets given as tool, name and kind."""
    offered = [
        Target(name=name, tool=tool, command=f"{tool} {name}", file="f", line=1, kind=kind)
        for tool, name, kind in targets
    ]
    document = plan_targets(request, offered)
    assert document_faults(document) == []
    assert document.request == request
    commands = {step.id: step.operand for step in document.steps}
    return {step.operand: tuple(commands[need] for need in step.needs) for step in document.steps}


MAKE = [("make", kind, kind) for kind in ("test", "lint", "format", "build", "docs", "deploy", "clean")]


def test_independent_targets_run_in_parallel() -> None:
    assert _plan("Run the tests and the linter", *MAKE) == {"make lint": (), "make test": ()}


def test_targets_are_ordered_sensibly() -> None:
    planned = _plan("format, lint, build, test, write the docs, then deploy", *MAKE)

    assert list(planned) == ["make format", "make lint", "make build", "make test", "make docs", "make deploy"]
    assert planned["make lint"] == planned["make build"] == ("make format",)
    assert planned["make test"] == planned["make docs"] == ("make format", "make build")
    assert set(planned["make deploy"]) == set(planned) - {"make deploy"}


def test_everything_is_what_changes_and_publishes_nothing() -> None:
    assert set(_plan("check everything", *MAKE)) == {"make lint", "make build", "make test"}
    assert set(_plan("run ci", *MAKE, ("make", "ci", ""))) == {"make ci"}


def test_names_are_understood_verbatim() -> None:
    offered = (*MAKE, ("make", "db-migrate", ""), ("make", "db", ""))

    assert set(_plan("run db-migrate and the tests", *offered)) == {"make db-migrate", "make test"}


def test_one_tool_speaks_for_an_ecosystem() -> None:
    python = [("tox", "tox", "test"), ("pytest", "pytest", "test"), ("ruff", "check", "lint"), ("mypy", "mypy", "lint")]
    node = [("npm", "test", "test"), ("npm", "test:unit", "test")]

    assert set(_plan("test", *python, *node)) == {"tox tox", "npm test"}
    assert set(_plan("run the unit tests", *node)) == {"npm test:unit"}
    assert set(_plan("lint", *python, ("pre-commit", "pre-commit", "lint"))) == {"ruff check", "mypy mypy"}
    assert set(_plan("test", *MAKE, *python, *node)) == {"make test"}


@pytest.mark.parametrize(
    ("request_", "planned"),
    [
        ("do not deploy, only run the tests", "test"),
        ("Do NOT deploy. Run the tests", "test"),
        ("don't deploy but run the tests", "test"),
        ("don\u2019t build, run the linter", "lint"),
        ("run the tests and do not deploy", "test"),
        ("run the tests without the linter, the docs or the build", "test"),
        ("lint instead of test", "lint"),
        ("test and lint, never deploy", "lint test"),
        ("everything except the build", "lint test"),
        ("run all but the tests", "build lint"),
        ("not only the tests but also the docs", "docs test"),
        ("run the tests without deploying", "test"),
        ("do not delete the build; run the tests", "test"),
        ("run the tests (not the docs) and the linter", "lint test"),
    ],
)
def test_what_a_request_leaves_out_is_not_planned(request_: str, planned: str) -> None:
    assert sorted(_plan(request_, *MAKE)) == [f"make {name}" for name in planned.split()]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("undo the deploy", "undo the deploy"),
        ("roll back the release", "roll back the release"),
        ("run the tests and the linter and delete the build", "delete the build"),
        ("delete the build and the docs", "delete the build and the docs"),
        ("run the tests without the network", "without the network"),
        ("deploy unless the tests fail", "unless the tests fail"),
        ("do not deploy", "do not deploy"),
        ("do not build, lint", "do not build, lint"),
    ],
)
def test_what_cannot_be_undone_or_left_out_is_refused(request_: str, said: str) -> None:
    with pytest.raises(NothingFits) as caught:
        _plan(request_, *MAKE)

    assert f"No target of this repository serves {said!r}. There are: make test, make lint" in str(caught.value)
    assert "signoff plan -f" in caught.value.hint


def test_a_target_of_everything_leaves_nothing_out() -> None:
    with pytest.raises(NothingFits, match="'except the docs'"):
        _plan("run ci except the docs", *MAKE, ("make", "ci", ""))


def test_what_is_to_be_undone_is_done_by_the_target_that_says_so(tmp_path: Path) -> None:
    _write(tmp_path, {"Makefile": "build:\n\ntest:\n\nlint:\n\nclean: ## remove build\n\nrollback: ## undo a deploy\n"})
    targets = find_targets(tmp_path)

    def commands(request: str) -> list[str]:
        return sorted(step.operand for step in plan_targets(request, targets).steps)

    assert commands("run the tests and the linter and delete the build") == ["make clean", "make lint", "make test"]
    assert commands("delete the build and run the tests") == ["make clean", "make test"]
    assert commands("undo the deploy") == ["make rollback"]
    assert commands("run rollback") == ["make rollback"]


def test_a_name_is_no_word_of_the_request() -> None:
    offered = (*MAKE, ("make", "db-reset", ""), ("make", "no-op", ""), ("npm", "drop", ""))

    assert set(_plan("run db-reset, no-op and drop", *offered)) == {"make db-reset", "make no-op", "npm drop"}
    with pytest.raises(NothingFits, match="'undo db-reset'"):
        _plan("undo db-reset", *offered)


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ("rebuild everything slowly", ("took make lint, make build, make test; not understood: slowly",)),
        ("Upgrade SQLAlchemy to 2.1 and run the tests", ("took make test; not understood: Upgrade SQLAlchemy 2.1",)),
        ("please run the unit tests and the linter, but do not deploy.", ("left out: not deploy",)),
        ("re-run all tests", ()),
        ("make lint", ()),
    ],
)
def test_what_is_not_in_the_plan_of_a_request_is_told(request_: str, told: tuple[str, ...]) -> None:
    offered = [Target(name=name, tool=tool, command=f"{tool} {name}", file="f", kind=kind) for tool, name, kind in MAKE]

    assert tuple(unread(request_, plan_targets(request_, offered).steps, offered)) == told


def test_a_test_is_a_test_step_that_says_where_it_comes_from(tmp_path: Path) -> None:
    (step,) = plan_targets("test", find_targets(_write(tmp_path, {"Makefile": MAKEFILE}))).steps

    assert isinstance(step, Test)
    assert (step.id, step.command, step.description) == ("test", "make test", "make, Makefile:6")


def test_a_person_chooses_by_name(tmp_path: Path) -> None:
    targets = find_targets(_write(tmp_path, {"Makefile": MAKEFILE, "go.mod": "module x"}))
    document = plan_targets("", targets, ("go test", "make:test", "fmt", "fmt"))

    assert [(step.id, step.operand) for step in document.steps] == [
        ("fmt", "make fmt"),
        ("go-test", "go test ./..."),
        ("make-test", "make test"),
    ]
    assert [step.needs for step in document.steps] == [(), ("fmt",), ("fmt",)]
    assert document.request == "Run go test ./..., make test, make fmt, make fmt"
    assert graph_faults(document.steps) == []


def test_what_fits_nothing_shows_what_there_is_and_the_ways_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "codex").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    targets = find_targets(_write(tmp_path, {"Makefile": "test:\n"}))

    with pytest.raises(NothingFits) as caught:
        plan_targets("Port {it} to Rust", targets[:1])
    assert str(caught.value) == "No target of this repository serves 'Port {it} to Rust'. There are: make test"
    assert all(way in caught.value.hint for way in ("signoff plan -f", "signoff agent-guide", "codex"))
    assert "key" not in caught.value.hint


def test_an_unknown_choice_and_an_empty_repository_are_said() -> None:
    target = Target(name="test", tool="make", command="make test", file="Makefile")

    with pytest.raises(NothingFits, match=r"no target 'tset' \(did you mean 'test'\?\)"):
        plan_targets("", [target], ("tset",))
    with pytest.raises(NothingFits, match="declares no targets; looked for Makefile"):
        plan_targets("test", [])
    with pytest.raises(NothingFits, match="Nothing was asked for"):
        plan_targets("", [target])
