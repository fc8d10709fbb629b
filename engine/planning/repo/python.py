"""Python projects: pyproject.toml (hatch, poe, pytest, ruff, mypy), tox, nox, pre-commit."""

from __future__ import annotations

import ast
import configparser
import os
import re
from collections.abc import Iterator
from typing import Any

from engine.planning.repo.kinds import kind_of
from engine.planning.repo.sources import Sources, line_of, table
from engine.views import Target

_NAME = re.compile(r"[A-Za-z0-9_][\w.:-]*", re.ASCII)
_PROJECT = "pyproject.toml"
_VERSION = re.compile(r"(?:py|pypy)\d*")


def python_targets(sources: Sources) -> Iterator[Target]:
    """Everything the Python side of a repository declares, task runners first."""
    project = sources.toml(_PROJECT)
    yield from _poe(sources, project)
    yield from _hatch(sources, project)
    yield from _nox(sources)
    yield from _tox(sources, project)
    yield from _direct(sources, project)
    if file := sources.text(".pre-commit-config.yaml")[0]:
        yield _target("pre-commit", "pre-commit", "pre-commit run -a", file, 1, "all hooks on all files", "lint")


def _target(name: str, tool: str, command: str, file: str, line: int | None, description: str, kind: str) -> Target:
    return Target(name=name, tool=tool, command=command, file=file, line=line, description=description, kind=kind)


def _named(names: Any) -> Iterator[str]:
    return (name for name in names if isinstance(name, str) and _NAME.fullmatch(name))


def _poe(sources: Sources, project: dict[str, Any]) -> Iterator[Target]:
    tasks = table(project, "tool", "poe", "tasks")
    for name in _named(tasks):
        if not name.startswith("_"):
            says = table(tasks, name).get("help", "")
            line = _line(sources, name)
            command = f"{_program(sources, 'poe')} {name}"
            yield _target(name, "poe", command, _PROJECT, line, str(says)[:120], kind_of(name))


def _hatch(sources: Sources, project: dict[str, Any]) -> Iterator[Target]:
    envs = table(project, "tool", "hatch", "envs")
    for env in _named(envs):
        for script in _named(table(envs, env, "scripts")):
            name = script if env == "default" else f"{env}:{script}"
            yield _target(
                name,
                "hatch",
                f"hatch run {name}",
                _PROJECT,
                _line(sources, script),
                "",
                kind_of(script) or kind_of(env),
            )


def _nox(sources: Sources) -> Iterator[Target]:
    file, text = sources.text("noxfile.py")
    try:
        functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for function in functions:
        for decorator in function.decorator_list:
            if (name := _session(decorator, function.name)) and _NAME.fullmatch(name):
                says = (ast.get_docstring(function) or "").split("\n")[0][:120]
                yield _target(name, "nox", f"nox -s {name}", file, function.lineno, says, kind_of(name))


def _session(decorator: ast.expr, function: str) -> str:
    """The name under which nox knows a decorated function; empty where the decorator is another one."""
    call = decorator if isinstance(decorator, ast.Call) else None
    called = call.func if call else decorator
    if (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) != "session":
        return ""
    given = [word.value for word in call.keywords if word.arg == "name"] if call else []
    return str(given[0].value) if given and isinstance(given[0], ast.Constant) else function


def _tox(sources: Sources, project: dict[str, Any]) -> Iterator[Target]:
    file, names = _tox_environments(sources, project)
    if not file:
        return
    yield _target("tox", "tox", "tox", file, 1, "every environment of tox", "test")
    for name in _named(dict.fromkeys(names)):
        kind = kind_of(name) or ("test" if _VERSION.fullmatch(name.split("-")[0]) else "")
        yield _target(name, "tox", f"tox run -e {name}", file, line_of(sources.text(file)[1], name), "", kind)


def _tox_environments(sources: Sources, project: dict[str, Any]) -> tuple[str, list[str]]:
    file, text = sources.text("tox.ini")
    if not file:
        listed = table(project, "tool", "tox")
        environments = listed.get("env_list", [])
        names = [*(environments if isinstance(environments, list) else ()), *table(listed, "env")]
        return (_PROJECT if listed else ""), names
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return "", []
    listing = parser.get("tox", "envlist", fallback="") or parser.get("tox", "env_list", fallback="")
    sections = [name.partition(":")[2] for name in parser.sections() if name.startswith("testenv:")]
    return file, [*re.split(r"[\s,]+", listing), *sections]


def _direct(sources: Sources, project: dict[str, Any]) -> Iterator[Target]:
    """Tools that are configured and have one obvious call."""
    tools = table(project, "tool")
    if file := "pytest.ini" if sources.has("pytest.ini") else _PROJECT if "pytest" in tools else "":
        yield _direct_target(sources, "pytest", "", file, "test")
    if file := sources.has("ruff.toml", ".ruff.toml") or (_PROJECT if "ruff" in tools else ""):
        yield _direct_target(sources, "ruff", " check", file, "lint")
        yield _direct_target(sources, "ruff", " format", file, "format")
    if file := sources.has("mypy.ini", ".mypy.ini") or (_PROJECT if "mypy" in tools else ""):
        whole = "" if {"files", "packages", "modules"} & set(table(tools, "mypy")) or file != _PROJECT else " ."
        yield _direct_target(sources, "mypy", whole, file, "lint")


def _direct_target(sources: Sources, program: str, rest: str, file: str, kind: str) -> Target:
    name = program + rest.removesuffix(" .").replace(" ", "-")
    line = _line(sources, f"[tool.{program}") if file == _PROJECT else 1
    return _target(name, program, _program(sources, program) + rest, file, line, "", kind)


def _program(sources: Sources, name: str) -> str:
    """The program of the project's own virtual environment where it has one, as the project's tests expect it."""
    places = (f"{folder}/bin/{name}" for folder in (".venv", "venv"))
    return next((place for place in places if os.access(sources.root / place, os.X_OK)), name)


def _line(sources: Sources, needle: str) -> int | None:
    return line_of(sources.text(_PROJECT)[1], needle)
