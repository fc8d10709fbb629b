"""The tour, told and walked: six acts, and at its end the way into one's own repository."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.acceptance.place import Place
from tests.acceptance.terminal import until


@pytest.fixture
def temporary(place: Place) -> Path:
    """Where the program puts what it needs for a while."""
    folder = place.home / "temporary"
    folder.mkdir()
    place.environ["TMPDIR"] = str(folder)
    return folder


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("signoff-*"))


def test_told_without_a_screen(place: Place, temporary: Path) -> None:
    done = place.run("demo", "--headless")
    assert done.returncode == 0, done.stdout + done.stderr
    acts = [line.split()[1] for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert acts == ["read", "sign", "tamper", "deny", "cancel", "again"]
    for told in (
        "deploy    DESTRUCTIVE",
        "-rm -rf releases/1.9",
        "+rm -rf releases",
        "skipped: announce",
        "none left alive",
        "completed; the record of",
        "In your own repository: signoff",
    ):
        assert told in done.stdout, told
    assert done.stderr == ""
    assert not place.state.exists()
    assert left(temporary) == []


def test_walked_by_keys_to_its_end(place: Place) -> None:
    terminal = place.terminal()
    terminal.command(place.signoff("demo"))
    terminal.see("tour 1 of 6", "Review", "DESTRUCTIVE", "0 of 2 read")
    terminal.press("Space")
    terminal.see("1 of 2 read")
    terminal.press("Space")
    terminal.see("tour 2 of 6", "2 of 2 read")
    terminal.decide("A")
    terminal.see("y sign")
    terminal.decide("y")
    terminal.see("tour 3 of 6", "deploy now?")
    terminal.press("t")
    terminal.see("deploy.sh now removes every release")
    terminal.decide("Y")
    terminal.see("tour 4 of 6")
    terminal.press("i")
    terminal.see("deploy", "space reads on", "D deny")
    terminal.decide("Space")
    terminal.see("-rm -rf releases/1.9", "+rm -rf releases", "D deny")
    terminal.decide("D")
    terminal.see("Why is it denied?")
    terminal.type("somebody changed it")
    terminal.decide("Enter")
    terminal.see("tour 5 of 6", "■ deploy", "» announce")
    terminal.press("X")
    terminal.see("X again cancels task 1")
    terminal.press("X")
    terminal.see("tour 6 of 6", "none left alive")
    terminal.press("q")
    terminal.see("The engine works on without your terminal", "Enter comes back")
    terminal.press("Enter")
    terminal.see("still there", "Nightly report", "collected")
    terminal.press("q")
    assert terminal.prompt(before=1) == 0
    terminal.see("In your own repository: signoff")
    assert "Warning" not in terminal.text


def test_left_early_it_ends_and_nothing_is_left(place: Place, temporary: Path) -> None:
    terminal = place.terminal()
    terminal.command(place.signoff("demo"))
    terminal.see("tour 1 of 6", "0 of 2 read")
    terminal.press("Escape")
    terminal.see("Release 2.1 of the web service", "not signed: r")
    terminal.press("q")
    assert terminal.prompt(before=1) == 0
    terminal.see("Nothing of the tour stays behind")
    assert left(temporary) == []


def test_ctrl_c_ends_it_and_nothing_is_left(place: Place, temporary: Path) -> None:
    terminal = place.terminal()
    terminal.command(place.signoff("demo", "--headless"))
    terminal.see("3 tamper")
    assert left(temporary) != []
    terminal.press("C-c")
    assert terminal.prompt(before=1) == 130
    assert left(temporary) == []


def test_what_a_kill_left_goes_with_the_next_tour(place: Place, temporary: Path) -> None:
    owner = "signoff-tour-*/state/owner"
    with place.begin("demo", "--headless") as killed:
        until(lambda: any(file.read_text() for file in temporary.glob(owner)), lambda: str(left(temporary)))
        os.kill(int(next(temporary.glob(owner)).read_text()), signal.SIGKILL)
        killed.wait(20)
    assert left(temporary) != []
    done = place.run("demo", "--headless")
    assert done.returncode == 0, done.stdout + done.stderr
    assert left(temporary) == []
