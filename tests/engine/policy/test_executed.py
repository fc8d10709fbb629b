"""Which files an operand executes, and which it only reads or edits."""

from __future__ import annotations

import pytest

from engine.policy import executed_words


@pytest.mark.parametrize(
    ("operand", "file"),
    [
        ("bash deploy.sh", "deploy.sh"),
        ("bash -eu deploy.sh now", "deploy.sh"),
        ("./deploy.sh --dry-run", "./deploy.sh"),
        ("python3 -u tools/seed.py", "tools/seed.py"),
        ("env A=1 timeout 5 sh x.sh", "x.sh"),
        ("cd src && ./configure", "./configure"),
        ("set -e\n. ./lib.sh\nmake", "./lib.sh"),
        ("if true; then source 'my lib.sh'; fi", "my lib.sh"),
        ("cat a | node filter.js", "filter.js"),
    ],
)
def test_a_file_that_is_run(operand: str, file: str) -> None:
    assert file in executed_words(operand)


@pytest.mark.parametrize(
    ("operand", "file"),
    [("sed -i s/a/b/ config.yml", "config.yml"), ("ruff format app.py", "app.py"), ("cp a.sh b.sh", "a.sh")],
)
def test_a_file_that_is_worked_on(operand: str, file: str) -> None:
    assert file not in executed_words(operand)
