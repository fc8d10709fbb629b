"""What becomes of the signed files of a step: whose copy is executed, and which must be the same after the run.

A file whose text is executed is bound: the step sees its copy. Any other file keeps its place, and counts as changed
when it holds other bytes after the run, unless changing it is the work of the step:

- it is, or lies beneath, a path declared under `writes` (the redirect of a command is applied after the comparison);
- the step is of tier `write` or above. Formatters, `sed -i` or `rm` name what they work on, and the tier does not tell
  them from those that only read. Of a command of tier `execute` or `external` those files are still held that it works
  by: the value of an option such as `-f Makefile`, `-c alembic.ini` or `--config=tool.toml`.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from engine.model.plan import Execute, Test
from engine.model.tier import Tier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.actions.base import Context
    from engine.process import SealedFile

_BY_INSTRUCTION = frozenset({Tier.EXECUTE, Tier.EXTERNAL})
"""Not `write` and `destructive`: the `-f` of `mv` and `rm` takes no value."""
_INSTRUCTIONS = frozenset(
    "-c -f -r --config --config-file --configfile --file --makefile --rcfile --requirement --settings".split()
)
"""Options whose value names what a program works by, not what it works on."""


def executed_and_checked(context: Context) -> tuple[tuple[SealedFile, ...], tuple[SealedFile, ...]]:
    """The files to bind, and the files to leave in their place and to compare after the run."""
    if not context.sealed:
        return (), ()
    from engine.policy import executed_words

    executed = _paths(context, executed_words(context.planned.step.operand))
    bound = tuple(file for file in context.sealed if _is_among(file.path, executed) or _is_script(file.copy))
    others = [file for file in context.sealed if file not in bound]
    return bound, tuple(file for file in others if _is_held(file.path, context))


def _is_script(copy: Path) -> bool:
    with open(copy, "rb") as file:
        return file.read(2) == b"#!"


def _is_held(path: Path, context: Context) -> bool:
    step, tier = context.planned.step, context.planned.tier
    if any(path.resolve().is_relative_to(written.resolve()) for written in context.writes):
        return False
    if not isinstance(step, Execute | Test):
        return tier is Tier.READ
    from engine.policy import parse_command

    instructions = _paths(context, _instructions(parse_command(step.command).argv))
    return tier is Tier.READ or (tier in _BY_INSTRUCTION and _is_among(path, instructions))


def _instructions(argv: tuple[str, ...]) -> Iterator[str]:
    for option, word in pairwise(argv):
        if option in _INSTRUCTIONS:
            yield word
    for word in argv:
        option, _, value = word.partition("=")
        if option in _INSTRUCTIONS and value:
            yield value


def _paths(context: Context, words: Iterable[str]) -> set[Path]:
    """The files that the words name: as they are spelt, whatever lies there by now, and where links lead."""
    workdir = context.root.resolve() / context.planned.step.workdir
    spelt = {Path(os.path.normpath(workdir / word)) for word in words}
    return spelt | {path.resolve() for path in spelt}


def _is_among(path: Path, named: set[Path]) -> bool:
    return path in named or path.resolve() in named
