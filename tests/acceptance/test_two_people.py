"""Two people at one engine, each as a user of the machine: what one signs, the other sees; who may not, is told."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import as_user
from tests.acceptance.place import Place
from tests.engine.host.shop import open_folder
from tests.engine.host.users import User, needs_users, user

TEST = {"id": "test", "action": "test", "command": "make test"}
DEPLOY = {"id": "deploy", "action": "execute", "command": "bash deploy.sh", "tier": "destructive", "needs": ["test"]}
BEN = f"signoff-test-ben-{os.getpid()}"
ROOT = Path(as_user.__file__).parents[2]
READABLE = all(folder.stat().st_mode & 0o001 for folder in (ROOT, *ROOT.parents))
pytestmark = [
    needs_users,
    pytest.mark.skipif(not READABLE, reason="the checkout lies where other users cannot read it"),
]


@pytest.fixture(scope="module")
def ben() -> Iterator[User]:
    with user(BEN) as made:
        yield made


@pytest.fixture
def shared(place: Place) -> Iterator[Path]:
    """Where the engine of the place is shared, as its configuration says."""
    folder = open_folder()
    (place.home / ".config/signoff").mkdir(parents=True)
    role(place, folder, "reviewer")
    yield folder
    shutil.rmtree(folder)


def role(place: Place, folder: Path, name: str) -> None:
    text = f'share = "{folder}"\n[roles]\n{BEN} = "{name}"\n'
    (place.home / ".config/signoff/config.toml").write_text(text)


def as_ben(shared: Path, *words: str) -> str:
    """The line of shell that starts the program as ben, at the engine of the place."""
    program = [sys.executable, as_user.__file__, BEN, "--host", str(shared), *words]
    return f"PYTHONPATH={ROOT} {shlex.join(program)}"


def test_one_plans_and_the_other_signs(place: Place, shared: Path, ben: User) -> None:
    mine, theirs = place.terminal(), place.terminal((120, 36))
    mine.command(place.signoff())
    mine.see("No tasks yet")
    theirs.command(as_ben(shared))
    theirs.see("No tasks yet", "root is here")
    mine.see(f"{BEN} is here")
    place.run("plan", "-f", place.plan(TEST, DEPLOY))
    theirs.see("Release it", "not signed: r")
    theirs.press("r")
    theirs.see("bash deploy.sh")
    theirs.press("Space", "Space", "Space")
    theirs.decide("A")
    theirs.see("y sign")
    theirs.decide("y")
    mine.see("Run 2 deploy now?", "DESTRUCTIVE")
    theirs.see("deploy waits for you")
    mine.decide("Y")
    theirs.see("done", "2/2")
    theirs.press("q")
    assert theirs.prompt(before=1) == 0
    mine.miss("is here")
    events = [json.loads(line) for line in place.run("audit", "export").stdout.splitlines()]
    by = {event["kind"]: event["actor"] for event in events}
    assert (by["plan_written"], by["plan_signed"]) == ("root", BEN)
    assert by["question_answered"] == "root"


def test_the_commands_do_what_the_screens_do(place: Place, shared: Path, ben: User) -> None:
    mine, theirs = place.terminal(), place.terminal((100, 50))
    mine.command(place.signoff())
    mine.see("No tasks yet")
    place.run("plan", "-f", place.plan(TEST, DEPLOY))
    assert theirs.run(as_ben(shared, "inbox")) == 0
    theirs.see("signoff approve 1")
    theirs.command(as_ben(shared, "approve", "1"))
    theirs.see("bash deploy.sh", "[y/N]")
    theirs.type("y")
    theirs.press("Enter")
    assert theirs.prompt(before=2) == 0
    mine.see("Run 2 deploy now?")
    theirs.command(as_ben(shared, "confirm", "1", "deploy"))
    theirs.see("Run deploy once, as shown? [y/N]")
    theirs.type("y")
    theirs.press("Enter")
    assert theirs.prompt(before=3) == 0
    assert theirs.run(as_ben(shared, "log", "1", "test", "-f")) == 0
    theirs.see("test 3 ok")
    assert theirs.run(as_ben(shared, "cancel", "1")) != 0
    theirs.see("cancel needs the role operator; you are reviewer")
    place.phase("completed")


def test_who_may_only_look_is_told_what_is_needed(place: Place, shared: Path, ben: User) -> None:
    role(place, shared, "viewer")
    mine, theirs = place.terminal(), place.terminal((100, 50))
    mine.command(place.signoff())
    mine.see("No tasks yet")
    place.run("plan", "-f", place.plan(TEST))
    theirs.command(as_ben(shared, "approve", "1"))
    theirs.see("make test", "[y/N]")
    theirs.type("y")
    theirs.press("Enter")
    assert theirs.prompt(before=1) != 0
    theirs.see("approve needs the role reviewer; you are viewer")
    assert place.task()["phase"] == "awaiting_approval"


def test_who_is_nobody_here_is_kept_out_and_that_is_recorded(place: Place, shared: Path, ben: User) -> None:
    text = f'share = "{shared}"\n'
    (place.home / ".config/signoff/config.toml").write_text(text)
    mine, theirs = place.terminal(), place.terminal((120, 24))
    mine.command(place.signoff())
    mine.see("No tasks yet")
    assert theirs.run(as_ben(shared, "ls")) != 0
    theirs.see(f"{BEN} has no role here")
    assert '"client_refused"' in place.run("audit", "export").stdout
