"""The stage of the tour: a scratch git repository, the plans that are read in it, and the hand that tampers.

Everything lies in one temporary folder, the state directory included, so the tour touches nothing of the person's own,
and nothing of it is left.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from engine import new_repository, scratch

DEPLOY = """\
#!/bin/bash
# Switches the service over to the new release.
set -eu
echo "switching web to release 2.1"
sleep 1
rm -rf releases/1.9
echo "release 1.9 removed, 2.1 is live"
"""
TAMPERED = DEPLOY.replace("rm -rf releases/1.9", "rm -rf releases")

UNIT_TESTS = """\
for n in 1 2 3; do echo "test $n ok"; sleep 0.3; done
echo "3 passed"
"""

RELEASE = """\
request: Release 2.1 of the web service
steps:
  - id: unit
    action: test
    command: sh tests/unit.sh
    description: What passes today must pass tomorrow
  - id: build
    action: shell
    script: |
      for part in core api pages; do echo "building $part"; sleep 0.4; done
      mkdir -p dist && echo "web 2.1" > dist/web.txt
    needs: [unit]
    description: Build the release
  - id: docs
    action: shell
    script: |
      echo "checking 12 links"; sleep 0.6; echo "12 fine"
    needs: [unit]
    tier: read
    description: Check the links of the manual
  - id: deploy
    action: execute
    command: bash deploy.sh
    needs: [build]
    tier: destructive
    description: Switch the service over
  - id: announce
    action: shell
    script: |
      echo "release 2.1 is out" >> ANNOUNCEMENTS
    needs: [deploy]
    description: Tell the team
  - id: cleanup
    action: shell
    script: |
      rm -rf dist/tmp
      echo "tidied"
    needs: [announce]
    description: Remove what the build left
  - id: watch
    action: shell
    script: |
      trap '' TERM
      setsid bash -c "trap '' TERM; sleep 600" &
      for i in $(seq 1 600); do echo "watching the error rate, second $i"; sleep 1 || true; done
    needs: [unit]
    description: Watch the error rate; it ignores SIGTERM and has a child in a session of its own
"""

NIGHTLY = """\
request: Nightly report
steps:
  - id: collect
    action: shell
    script: |
      for i in $(seq 1 25); do echo "collected $i of 25"; sleep 1; done
    tier: write
    description: Collect the numbers
  - id: report
    action: shell
    script: echo "all is well" > REPORT
    needs: [collect]
    description: Write the report
"""


@dataclass(frozen=True)
class Scene:
    """Where the tour plays."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "web"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def tamper(self) -> None:
        """Change the signed script on disk, as somebody else might."""
        (self.root / "deploy.sh").write_text(TAMPERED)

    def mend(self) -> None:
        """Put the signed script back."""
        (self.root / "deploy.sh").write_text(DEPLOY)


@asynccontextmanager
async def set_up() -> AsyncIterator[Scene]:
    """The stage with its repository, for as long as the tour plays."""
    with scratch("signoff-tour-") as folder:
        scene = Scene(folder)
        for name in ("tests", "releases/1.9", "releases/2.0"):
            (scene.root / name).mkdir(parents=True)
        (scene.root / "deploy.sh").write_text(DEPLOY)
        (scene.root / "tests/unit.sh").write_text(UNIT_TESTS)
        (scene.root / "README").write_text("A web service that does not exist.\n")
        await new_repository(scene.root)
        yield scene
