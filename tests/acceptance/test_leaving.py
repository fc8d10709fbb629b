"""The terminal comes and goes, work does not: leaving, hanging up, ctrl+z, and a working process that is killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.guard import processes
from tests.acceptance.place import Place
from tests.acceptance.terminal import Terminal, until


def ticking(times: int = 200) -> dict[str, Any]:
    script = f"for i in {{1..{times}}}; do echo tick $i; echo $i >> ticks; sleep 0.3; done"
    return {"id": "ticking", "action": "shell", "script": script}


BEFORE = {"id": "before", "action": "shell", "script": "echo once >> before; echo ready"}
DEPLOY = {"id": "deploy", "action": "execute", "command": "bash deploy.sh", "tier": "destructive"}


def working(place: Place, *steps: dict[str, Any]) -> Terminal:
    """A workbench whose process works on a task that ticks."""
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("No tasks yet", "sandbox")
    place.begin("run", place.plan(*steps), "--yes", "--wait")
    until(lambda: ticks(place) >= 2, lambda: terminal.text)
    return terminal


def ticks(place: Place) -> int:
    path = place.root / "ticks"
    return len(path.read_text().splitlines()) if path.exists() else 0


def goes_on(place: Place) -> None:
    """Wait for two more ticks."""
    before = ticks(place)
    until(lambda: ticks(place) >= before + 2, lambda: f"still {ticks(place)} ticks")


def test_leaving_gives_the_prompt_back_and_work_goes_on(place: Place) -> None:
    terminal = working(place, ticking())
    owner = place.owner()
    terminal.see("●1")
    terminal.press("q")
    assert terminal.prompt(before=1) == 0
    terminal.see("1 step goes on", f"Come back with: {place.signoff()}")
    goes_on(place)
    terminal.command(place.signoff())
    terminal.see("tick 9", "● ticking")
    assert place.owner() == owner
    assert place.states() == {"ticking": "running"}


def test_an_owner_that_was_left_stays_while_another_terminal_is_attached(place: Place) -> None:
    first, second = place.terminal(), place.terminal()
    first.command(place.signoff())
    first.see("No tasks yet")
    owner = place.owner()
    second.command(place.signoff())
    second.see("No tasks yet", "sandbox")  # attached: the level is known
    first.press("q")
    assert first.prompt(before=1) == 0
    assert place.run("plan", "-f", place.plan(BEFORE)).returncode == 0
    second.see("Release it", "not signed: r")
    assert place.owner() == owner
    second.press("q")
    assert second.prompt(before=1) == 0
    until(lambda: not os.path.exists(f"/proc/{owner}"), lambda: f"{owner} lives")


def test_a_run_gives_the_prompt_back_and_stays_for_who_is_attached(place: Place) -> None:
    first, second = place.terminal((80, 50)), place.terminal()
    first.command(place.signoff("run", place.plan(ticking(6)), "--yes"))
    until(lambda: ticks(place) >= 1, lambda: first.text)
    owner = place.owner()
    second.command(place.signoff())
    second.see("Release it", "tick 1")
    assert first.prompt(before=1) == 0
    first.see("task 1 completed, ok")
    assert place.run("plan", "-f", place.plan(BEFORE, request="Once more")).returncode == 0
    second.see("Once more")
    assert place.owner() == owner
    second.press("q")
    assert second.prompt(before=1) == 0
    until(lambda: not os.path.exists(f"/proc/{owner}"), lambda: f"{owner} lives")


def test_what_was_left_ends_by_itself_when_nothing_runs_any_more(place: Place) -> None:
    terminal = working(place, ticking(8))
    owner = place.owner()
    terminal.press("q")
    assert terminal.prompt(before=1) == 0
    place.phase("completed")
    until(lambda: not os.path.exists(f"/proc/{owner}"), lambda: f"{owner} lives")
    assert terminal.run(place.signoff("ls")) == 0
    assert "1/1" in terminal.text


def test_a_terminal_that_hangs_up_ends_nothing(place: Place) -> None:
    terminal = working(place, ticking(), DEPLOY)
    owner = place.owner()
    terminal.close()
    goes_on(place)
    again = place.terminal()
    again.command(place.signoff())
    again.see("Release it", "● ticking", "! deploy", "deploy waits for you")
    assert place.owner() == owner


def test_an_attached_terminal_that_hangs_up_leaves_the_owner_alone(place: Place) -> None:
    place.begin("serve")
    until((place.state / "socket").exists, lambda: "no socket")
    terminal = working(place, ticking())
    owner = place.owner()
    terminal.close()
    goes_on(place)
    assert place.owner() == owner
    assert place.states() == {"ticking": "running"}


def test_ctrl_z_stops_the_screen_and_never_the_engine(place: Place) -> None:
    terminal = working(place, ticking())
    terminal.press("C-z")
    assert terminal.prompt(before=1) == 148
    terminal.see("Stopped")
    goes_on(place)
    assert terminal.run("echo the shell is here") == 0
    terminal.command("fg")
    terminal.see("● ticking", "following")
    terminal.press("q")
    assert terminal.prompt(before=3) == 0


def test_killed_in_the_middle_a_person_decides_and_nothing_is_lost(place: Place) -> None:
    terminal = working(place, BEFORE, ticking(6) | {"needs": ["before"]})
    os.kill(place.owner(), signal.SIGKILL)
    assert terminal.prompt(before=1) == 137
    terminal.see("killed by signal 9", "Start again with: signoff")
    for looks in ("ls", "inbox"):
        assert place.run(looks).stdout.rstrip().endswith("nobody runs it; go on: signoff run 1")
    assert "interrupted" in set(place.states().values())
    gone = f"{place.state}/homes"
    until(lambda: not processes(gone), lambda: str(processes(gone)))
    stopped_at = ticks(place)
    terminal.command(place.signoff())
    terminal.see("ticking was interrupted", "R run again", "M mark done", "tick 2")
    assert ticks(place) == stopped_at
    assert "signoff answer ID STEP again|done|fail" in place.run("inbox").stdout
    terminal.decide("R")
    terminal.see("Run it again", "y yes")
    terminal.decide("y")
    terminal.see("done", "2/2")
    assert (place.root / "before").read_text() == "once\n"
    assert ticks(place) == stopped_at + 6


def test_killed_before_it_began_signed_work_begins_by_itself(place: Place) -> None:
    place.run("plan", "-f", place.plan(BEFORE))
    terminal = place.terminal((80, 50))
    terminal.command(place.signoff("approve", "1"))
    terminal.see("[y/N]")
    terminal.type("y")
    terminal.press("Enter")
    assert terminal.prompt(before=1) == 0
    terminal.see("signoff run 1")
    assert place.task()["phase"] == "queued"
    terminal.command(place.signoff())
    place.phase("completed")
    assert (place.root / "before").read_text() == "once\n"


@pytest.mark.parametrize("killed", [False, True], ids=["left", "killed"])
def test_the_terminal_is_as_it_was(place: Place, killed: bool) -> None:
    terminal = place.terminal()
    terminal.run("stty -a > before")
    terminal.command(place.signoff())
    terminal.see("No tasks yet", "sandbox")
    assert terminal.alternate
    if killed:
        os.kill(place.owner(), signal.SIGKILL)
    else:
        terminal.press("q")
    assert terminal.prompt(before=2) == (137 if killed else 0)
    as_it_was(place, terminal)


def as_it_was(place: Place, terminal: Terminal) -> None:
    """Nothing that a screen switches on is on in the terminal, and its modes are those in the file `before`."""
    terminal.run("stty -a > after")
    assert (place.root / "after").read_text() == (place.root / "before").read_text()
    written = terminal.written
    for mode in (b"1049", b"1000", b"1003", b"1004", b"1006"):
        assert written.rfind(b"\x1b[?%sl" % mode) > written.rfind(b"\x1b[?%sh" % mode), mode
    assert written.rfind(b"\x1b[?25h") > written.rfind(b"\x1b[?25l")


def launcher(inner: int) -> int:
    """The process that the shell waits for."""
    return int(Path(f"/proc/{inner}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_launcher_that_is_killed_leaves_the_terminal_as_it_was_and_work_goes_on(place: Place) -> None:
    terminal = place.terminal()
    terminal.run("stty -a > before")
    terminal.command(place.signoff())
    terminal.see("No tasks yet", "sandbox")
    place.begin("run", place.plan(ticking()), "--yes", "--wait")
    until(lambda: ticks(place) >= 2, lambda: terminal.text)
    owner = place.owner()
    os.kill(launcher(owner), signal.SIGKILL)
    terminal.see("signoff: killed from outside", "what runs goes on", f"Come back with: {place.signoff()}")
    as_it_was(place, terminal)
    assert "Traceback" not in terminal.text
    goes_on(place)
    assert place.owner() == owner


def test_what_started_the_launcher_is_killed_and_no_traceback_lies_in_the_shell(place: Place) -> None:
    terminal = place.terminal()
    terminal.run("stty -a > before")
    terminal.command(f"bash -c '{place.signoff()}; exit 1'")
    terminal.see("No tasks yet", "sandbox")
    inner = place.owner()
    os.kill(launcher(launcher(inner)), signal.SIGKILL)
    until(lambda: b"Killed" in terminal.written, lambda: terminal.text)
    terminal.see("signoff: killed from outside", "what was recorded is kept")
    as_it_was(place, terminal)
    assert "Traceback" not in terminal.text
    until(lambda: not os.path.exists(f"/proc/{inner}"), lambda: f"{inner} lives")


def test_a_tour_that_is_killed_leaves_the_terminal_as_it_was(place: Place) -> None:
    terminal = place.terminal()
    terminal.run("stty -a > before")
    terminal.command(place.signoff("demo"))
    terminal.see("tour 1 of 6")
    tour = [pid for pid in processes(str(place.state)) if pid in processes("demo")]
    os.kill(next(pid for pid in tour if launcher(pid) in tour), signal.SIGKILL)
    assert terminal.prompt(before=2) == 137
    terminal.see("killed by signal 9", "Start again with: signoff")
    as_it_was(place, terminal)
