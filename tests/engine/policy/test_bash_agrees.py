"""The walk against bash itself: a command that bash runs must be found, or the script must ask.

Scripts are put together at random from pieces of shell syntax around one harmless function; one bash runs them all.
"""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from engine.policy import assess_script

PIECES = [
    *["canary"] * 12,
    *["true", "echo", "true;", "; canary;", "\ncanary\n", "X=1", "$X", "'", '"', "`", "\\`", "$(", ")", "(", "{", "}"],
    *[";", "\n", "\\\n", "&&", "||", "|", "<<EOF", "<<'EOF'", "<<-EOF", "EOF", "\nEOF\n", "#", "if", "then", "fi"],
    *["for i in a", "do", "done", "case x in", "x)", ";;", "esac", "$((", "))", "[[", "]]", "<<<", "<(", "> /dev/null"],
    *[
        "$'",
        "${X:-",
        "f()",
        "f",
        "!",
        "a=(",
        "time",
        "eval",
        "\t",
        " ",
        "~",
        "*",
        "==",
        "=~",
        "else",
        "1",
        "@",
        "coproc",
    ],
]
DRIVER = """
PATH=/nonexistent
canary() { builtin echo "$INDEX" >&7; }
readonly -f canary
exec 7>&1 >/dev/null 2>&1 </dev/null
for INDEX in "${!SCRIPTS[@]}"; do (eval "${SCRIPTS[INDEX]}"); done
"""


def scripts(count: int) -> list[str]:
    chance = random.Random(20261120)
    found: list[str] = []
    while len(found) < count:
        text = "".join(
            chance.choice(PIECES) + chance.choice([" ", " ", "", "\n"]) for _ in range(chance.randint(2, 12))
        )
        if "canary" in text:
            found.append(text)
    return found


def ran(tmp_path: Path, texts: list[str]) -> set[int]:
    """The indices of the scripts in which bash called the function."""
    setup = 'SCRIPTS=("${@}")'
    done = subprocess.run(
        ["/usr/bin/timeout", "60", "/bin/bash", "-c", setup + DRIVER, "driver", *texts],
        capture_output=True,
        cwd=tmp_path,
        timeout=70,
        check=False,
    )
    return {int(line) for line in done.stdout.split()}


def test_what_bash_runs_is_found_or_asks(tmp_path: Path, long: bool) -> None:
    texts = scripts(4_000 if long else 1_500)
    called = ran(tmp_path, texts)
    assert len(called) > 100
    for index in called:
        inspected = assess_script(texts[index])
        assert "canary" in inspected.programs or any(reason.tier.asks for reason in inspected.reasons), texts[index]
