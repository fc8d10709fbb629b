"""Where a walk takes place: a home, a small git repository and a state directory of its own, and the installed program.

Nothing here knows the inside of the program: it is started, typed at, and read.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.acceptance.guard import MARK, end
from tests.acceptance.terminal import Terminal, until
from tests.patience import PATIENCE

PROGRAM = Path(sys.executable).with_name("signoff")
LIFETIME = 120
"""Seconds after which a command that has no terminal is ended."""

MAKEFILE = """\
.PHONY: test lint
test:
\t@sh tests/unit.sh

lint:
\t@echo "2 files are clean"
"""
UNIT = """\
for n in 1 2 3; do echo "test $n ok"; sleep 0.1; done
"""
DEPLOY = """\
#!/bin/bash
set -eu
mkdir -p live
rm -rf live/old
echo "release 2 is live" > live/now
echo deployed
"""


class Place:
    """A person's corner of the machine.

    Args:
        folder: an empty directory.
        mark: told to every process that is started from here.
    """

    def __init__(self, folder: Path, mark: str) -> None:
        self.home, self.root, self.state = folder / "home", folder / "web", folder / "state"
        self.mark, self._folder, self._open = mark, folder, ExitStack()
        for directory in (self.home, self.root / "tests"):
            directory.mkdir(parents=True)
        kept = {"PATH", "LANG", "LC_ALL", "USER", "LOGNAME"}
        self.environ: dict[str, str] = {name: value for name, value in os.environ.items() if name in kept}
        self.environ |= {"HOME": str(self.home), "SHELL": "/bin/bash", "LANG": "C.UTF-8", MARK: mark}
        self.environ["PATH"] = f"{PROGRAM.parent}:{self.environ['PATH']}"
        self.write("Makefile", MAKEFILE)
        self.write("tests/unit.sh", UNIT)
        self.write("deploy.sh", DEPLOY)
        self._commit()

    def _commit(self) -> None:
        who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
        for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "All there is"]):
            subprocess.run(["git", *words], cwd=self.root, env=self.environ, check=True, timeout=20)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the repository."""
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        return path

    def plan(self, *steps: Mapping[str, Any], request: str = "Release it", name: str = "plan.yaml") -> str:
        """Write a plan file; returns its name."""
        self.write(name, json.dumps({"request": request, "steps": list(steps)}, indent=1))
        return name

    # The program

    def signoff(self, *words: str) -> str:
        """The line of shell that starts the program on this state directory."""
        return shlex.join(["signoff", "--state", str(self.state), *words])

    def run(
        self, *words: str, stdin: str = "", seconds: float = LIFETIME, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the program to its end in a session without a terminal, its output in pipes."""
        return subprocess.run(
            [PROGRAM, "--state", self.state, *words],
            cwd=self.root,
            env={**self.environ, **(environ or {})},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
            start_new_session=True,
            check=False,
        )

    def json(self, *words: str) -> Any:
        """What a command prints with `--json`."""
        done = self.run(*words, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Start the program without a terminal; it is ended with the place."""
        return self._open.enter_context(
            subprocess.Popen(
                ["timeout", str(LIFETIME), PROGRAM, "--state", self.state, *words],
                cwd=self.root,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                start_new_session=True,
            )
        )

    def terminal(self, size: tuple[int, int] = (80, 24), **environ: str) -> Terminal:
        """Open a terminal in the repository; it is closed with the place."""
        terminal = Terminal({**self.environ, **environ}, self.root, self._folder, size)
        return self._open.enter_context(terminal)

    # What became of a task

    def task(self, number: int = 1) -> Any:
        """The task as `show --json` tells it."""
        return self.json("show", str(number))

    def states(self, number: int = 1) -> dict[str, str]:
        """The state of each step; nothing while there is no such task."""
        return {step["id"]: step["state"] for step in self.task(number).get("steps", ())}

    def phase(self, wanted: str, number: int = 1, seconds: float = PATIENCE) -> None:
        """Wait until a task is in a phase."""
        until(lambda: self.task(number).get("phase") == wanted, lambda: str(self.task(number)), seconds)

    def state_of(self, step: str, wanted: str, number: int = 1, seconds: float = PATIENCE) -> None:
        """Wait until a step is in a state."""
        until(lambda: self.states(number).get(step) == wanted, lambda: str(self.states(number)), seconds)

    def owner(self) -> int:
        """The process that owns the state directory, as soon as there is one; a file in it tells people."""
        told = self.state / "owner"
        until(lambda: told.exists() and bool(told.read_text()), lambda: f"nobody owns {self.state}")
        return int(told.read_text())

    def close(self) -> None:
        """Close the terminals, end what was started here."""
        end(self.mark)
        self._open.close()
