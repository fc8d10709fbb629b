"""Makefile and justfile: targets that the project wrote down as its own entry points."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.planning.repo.kinds import kind_of
from engine.planning.repo.sources import Sources
from engine.views import Target

_RULE = re.compile(r"([A-Za-z0-9_][^:=#$%\t]*?)\s*::?(?![:=])([^#]*)(?:#+\s*(.*))?")
_NAME = re.compile(r"[A-Za-z0-9_][\w./+@-]*", re.ASCII)
_PHONY = re.compile(r"\.PHONY\s*:\s*([^#]*)")
_RECIPE = re.compile(r"@?([A-Za-z][\w-]*)((?:\s+[^\s:]+)*)\s*:(?!=)", re.ASCII)


def make_targets(sources: Sources) -> Iterator[Target]:
    """Targets of a makefile that are phony, described by `##`, or do not look like a file."""
    file, text = sources.text("GNUmakefile", "makefile", "Makefile")
    lines = list(_logical_lines(text))
    phony = {name for _, line in lines if (found := _PHONY.match(line)) for name in found[1].split()}
    seen: set[str] = set()
    above = ""
    for number, line in lines:
        rule = _RULE.fullmatch(line)
        for name in rule[1].split() if rule else ():
            described = (rule[3] if rule and "##" in line else "") or above
            if name not in seen and _NAME.fullmatch(name) and (name in phony or described or not set("./") & set(name)):
                seen.add(name)
                yield Target(
                    name=name,
                    tool="make",
                    command=f"make {name}",
                    file=file,
                    line=number,
                    description=described.strip(),
                    kind=kind_of(name, check="test"),
                )
        above = line[2:].strip() if line.startswith("##") else ""


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that are no part of a recipe, continued ones joined, with the number of their first."""
    start, held = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        start = start if held else number
        held += line
        if held.endswith("\\"):
            held = held[:-1] + " "
            continue
        if not held.startswith("\t"):
            yield start, held
        held = ""


def just_targets(sources: Sources) -> Iterator[Target]:
    """Public recipes of a justfile that can run without arguments."""
    file, text = sources.text("justfile", "Justfile", ".justfile")
    above, private = "", False
    for number, line in enumerate(text.splitlines(), 1):
        recipe = _RECIPE.match(line)
        if recipe and not private and all("=" in word or word.startswith("*") for word in recipe[2].split()):
            name = recipe[1]
            yield Target(
                name=name,
                tool="just",
                command=f"just {name}",
                file=file,
                line=number,
                description=above,
                kind=kind_of(name),
            )
        if line.startswith("["):
            private = private or "private" in line
        else:
            above, private = line[1:].strip() if line.startswith("#") else "", False
