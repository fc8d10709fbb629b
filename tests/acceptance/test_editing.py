"""The plan file in one's own editor: a text that was refused, and an editor that is killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.acceptance.guard import processes
from tests.acceptance.place import Place
from tests.acceptance.terminal import until

LOOK = {"id": "look", "action": "execute", "command": "ls"}


def editor(place: Place, script: str) -> str:
    """Name an editor of one's own; it finds the file in `$1`."""
    path = place.write("editor", f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_an_edit_that_was_refused_stays_one_of_the_revision_it_was_made_from(place: Place) -> None:
    place.run("plan", "-f", place.plan(LOOK))
    other = place.plan(LOOK | {"command": "ls -l"}, name="other.yaml")
    came = f"{place.signoff('edit', '1', '-f', other)} && echo '# mine' >> $1"
    terminal = place.terminal((160, 24), EDITOR=editor(place, came))
    assert terminal.run(place.signoff("edit", "1")) == 1
    kept = terminal.text.split("signoff edit 1 -f ")[1].split()[0]
    refused = place.run("edit", "1", "-f", kept)
    assert refused.returncode == 1
    assert "at revision 2, not 1" in refused.stderr
    assert "--revision 2 puts the edit onto that one" in refused.stderr
    assert place.task()["steps"][0]["operand"] == "ls -l"
    assert place.run("edit", "1", "--revision", "2", "-f", kept).returncode == 0
    assert place.task()["steps"][0]["operand"] == "ls"
    Path(kept).unlink()


def test_what_a_killed_process_left_goes_before_the_next_one(place: Place) -> None:
    scratch = place.home / "scratch"
    scratch.mkdir()
    place.environ["TMPDIR"] = str(scratch)
    place.run("plan", "-f", place.plan(LOOK))
    terminal = place.terminal(EDITOR=editor(place, "kill -9 $PPID"))
    assert terminal.run(place.signoff("edit", "1")) == 137
    assert [path.name.startswith("signoff-edit-") for path in scratch.iterdir()] == [True]
    again = place.terminal(EDITOR=editor(place, "true"))
    assert again.run(place.signoff("edit", "1")) == 0
    assert list(scratch.iterdir()) == []


def test_copies_of_signed_files_go_with_the_next_run(place: Place) -> None:
    scratch = place.home / "scratch"
    scratch.mkdir()
    place.environ["TMPDIR"] = str(scratch)
    place.write("deploy.sh", "echo up > up\nsleep 100\n")
    script = {"id": "script", "action": "execute", "command": "bash deploy.sh"}
    run = place.begin("run", place.plan(script), "--yes", "--wait")
    until((place.root / "up").exists, lambda: "not up")
    os.kill(place.owner(), signal.SIGKILL)
    run.wait()
    until(lambda: not processes(f"{place.state}/homes"), lambda: "it lives")
    assert len(list(scratch.iterdir())) == 1
    assert place.run("cancel", "1").returncode == 4
    place.write("deploy.sh", "echo up > up\n")
    assert place.run("run", place.plan(script), "--yes", "--wait").returncode == 0
    assert list(scratch.iterdir()) == []
