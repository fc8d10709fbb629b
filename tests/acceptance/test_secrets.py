"""A secret is nowhere but in the step that was granted it: no file, no view, no export, no other step (S5)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.acceptance.place import Place

GRANTED, KEPT, WRITTEN = "canary-granted-5d1c", "canary-kept-8e2f", "canary-written-3b7a"
"""In a step by its grant, in the environment of the engine alone, in the configuration file."""
LOUD = 'echo "$TOKEN"; echo "no: $TOKEN" >&2; printf %.9s "$TOKEN"; sleep 0.1; echo "${TOKEN:9}"; test -n "$TOKEN"'
NOSY = """env > env.txt; env; tr '\\0' '\\n' < /proc/self/environ; cat /proc/1/environ | tr '\\0' '\\n'
for p in /proc/[0-9]*/environ; do tr '\\0' '\\n' < $p; done 2> /dev/null
cat CONFIG; echo looked"""

SHOWING = """show 1
show 1 --md
show 1 --json
log 1
log 1 loud --raw
runs 1 --json
ls --json
inbox --json
audit export
config
config --json
doctor
explain --json -- env"""


def spilled(folder: Path) -> list[str]:
    """The files that hold one of them."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    secrets = [secret.encode() for secret in (GRANTED, KEPT, WRITTEN)]
    return [f"{path}" for path in files if any(secret in path.read_bytes() for secret in secrets)]


def silent(text: str | bytes) -> None:
    shown = text if isinstance(text, bytes) else text.encode()
    for secret in (GRANTED, KEPT, WRITTEN):
        assert secret.encode() not in shown


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="files are not isolated here")
def test_no_canary_is_seen_anywhere(place: Place) -> None:
    configuration = place.home / ".config/signoff/config.toml"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(f"# {WRITTEN}\nparallel = 4\n")
    configuration.chmod(0o600)
    terminal = place.terminal((120, 40), TOKEN=GRANTED, OTHER=KEPT)
    terminal.command(place.signoff())
    terminal.see("No tasks yet", "sandbox")
    steps = (
        {"id": "loud", "action": "shell", "script": LOUD, "secrets": ["TOKEN"]},
        {"id": "nosy", "action": "shell", "script": NOSY.replace("CONFIG", str(configuration)), "needs": ["loud"]},
        {"id": "fails", "action": "shell", "script": 'echo "$TOKEN" >&2; exit 3', "secrets": ["TOKEN"]},
        {"id": "asks", "action": "ask", "question": "Go on?", "needs": ["nosy"]},
    )
    place.run("run", place.plan(*steps), "--yes")
    place.phase("blocked")
    assert place.states() == {
        "loud": "completed",
        "nosy": "completed",
        "fails": "failed",
        "asks": "blocked",
    }
    assert (place.state / "signoff.db-wal").stat().st_size > 0
    assert spilled(place.state) == []
    assert "looked" in place.run("log", "1", "nosy").stdout
    assert spilled(place.root) == []
    terminal.press("2", "g", "w", "3", "g", "G", "4", "j", "r", "Escape", "2", "j", "3", "g", "2", "j", "3", "g")
    for words in SHOWING.splitlines():
        done = place.run(*words.split(), environ={"TOKEN": GRANTED, "OTHER": KEPT})
        assert done.stdout, (words, done.stderr)
        silent(done.stdout + done.stderr)
    os.kill(place.owner(), 6)
    terminal.prompt(before=1)
    silent(terminal.written)
    assert spilled(place.state) == spilled(place.root) == []
