"""Size, depth and time: what is too much is not skipped, it asks.

Times are of this process, with room for slow machines.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from engine.model.tier import Tier
from engine.policy import assess, assess_script


def seconds(work: Callable[[], object]) -> float:
    """The best of three, in processor time."""
    times: list[float] = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


SHAPES = {
    "a megabyte": "ls -l\n" * 170_000,
    "parentheses": "(" * 120_000,
    "substitutions": "$(" * 60_000,
    "closed nesting": "( " * 1_000 + "a" + " )" * 1_000,
    "pipes": "a|" * 60_000,
    "arrays": "a=( " * 30_000,
    "here-documents": "cat <<A\n" * 15_000,
    "conditions": "if a; then " * 10_000,
    "backticks": "`a " * 40_000,
    "backslashes": "echo `" + "\\" * 100_000 + "`",
    "wrappers": "bash -c " * 15_000,
    "timeouts": "timeout 5 " * 10_000 + "rm -rf x",
    "many finds": "find . " + "-exec a \\; " * 9_000,
    "functions": "f(){ f;};" * 5_000,
    "variables": "".join(f"a{i % 9}=x{i};" for i in range(3_000)) + "find $a1$a2$a3$a4",
    "long word": "sed " + "x" * 120_000,
    "long program": "awk '" + 'a/b"' * 25_000 + "'",
    "long statement": "psql -c '" + "update " * 15_000 + "'",
    "long code": "python -c '" + "open (" * 18_000 + "'",
    "indices": "echo '" + "a[" * 50_000 + "'",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_too_much_asks_within_a_second(shape: str) -> None:
    start = time.process_time()
    reasons = assess_script(SHAPES[shape]).reasons
    assert time.process_time() - start < 2
    assert reasons[0].tier.asks


def test_an_operand_of_a_megabyte_is_judged_within_a_second() -> None:
    start = time.process_time()
    assert assess("execute", "rm " + "a#" * 500_000).tier is Tier.DESTRUCTIVE
    assert assess("execute", "ls " + "'a'" * 300_000).tier.asks
    assert time.process_time() - start < 2


def test_ten_thousand_commands_are_judged_fast() -> None:
    commands = ["ls -la src", "git status", "npm test", "make build", "pytest -q tests", "rm build/x", "cargo test"]
    assert seconds(lambda: [assess("execute", commands[i % 7]) for i in range(10_000)]) < 0.6


def test_a_script_of_200_lines_is_judged_fast() -> None:
    lines = ["make build", 'for f in *.py; do echo "$f"; done', "git diff | head -5", "if test -f x; then cp x y; fi"]
    script = "\n".join(lines * 50)
    assess_script(script)
    assert seconds(lambda: assess_script(script)) < 0.08


def test_plain_commands_do_not_load_the_grammar() -> None:
    code = (
        "import sys; from engine.policy import assess; assess('execute', 'git status');"
        " sys.exit(any(name.startswith('tree_sitter') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=20, check=False).returncode == 0
