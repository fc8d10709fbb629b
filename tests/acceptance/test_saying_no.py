"""No: a denied step takes what stands on it along, a cancelled tree is gone, and both are told."""

from __future__ import annotations

import re

from tests.acceptance.guard import processes
from tests.acceptance.place import Place
from tests.acceptance.terminal import until

DEPLOY = {"id": "deploy", "action": "execute", "command": "bash deploy.sh", "tier": "destructive"}
TELL = {"id": "tell", "action": "notify", "message": "It is out", "needs": ["deploy"]}
LINT = {"id": "lint", "action": "execute", "command": "make lint", "needs": ["tell"]}


def stubborn(mark: str) -> dict[str, str]:
    """A step that ignores SIGTERM, with a child in a session of its own that does as well."""
    script = f"""\
trap '' TERM
setsid bash -c "trap '' TERM; for i in {{1..60}}; do sleep 1; done # {mark}" &
bash -c "trap '' TERM; for i in {{1..60}}; do echo second \\$i; sleep 1; done # {mark}"
"""
    return {"id": "stubborn", "action": "shell", "script": script}


def test_a_denied_step_takes_along_what_stands_on_it(place: Place) -> None:
    place.run("run", place.plan(DEPLOY, TELL, LINT), "--yes")
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("deploy waits for you")
    terminal.press("i")
    terminal.see("Run 1 deploy now?", "skips 2 tell, 3 lint")
    terminal.decide("D")
    terminal.see("Why is it denied?")
    terminal.type("not on a Friday")
    terminal.decide("Enter")
    terminal.see("■ deploy", "» tell", "» lint", "✗ failed")
    assert place.states() == {"deploy": "cancelled", "tell": "skipped", "lint": "skipped"}
    assert place.task()["outcome"] == "denied"
    terminal.press("4")
    terminal.see("not on a Friday")
    assert not (place.root / "live").exists()


def test_denied_from_the_command_line(place: Place) -> None:
    terminal = place.terminal((80, 50))
    terminal.command(place.signoff("run", place.plan(DEPLOY, TELL)))
    terminal.see("[y/N]")
    terminal.type("y")
    terminal.press("Enter")
    terminal.see("d = deny it")
    terminal.type("d")
    terminal.press("Enter")
    terminal.see("Reason:")
    terminal.type("not now")
    terminal.press("Enter")
    assert terminal.prompt(before=1) == 3
    assert "task 1 failed, denied" in terminal.text


def test_a_cancelled_tree_that_ignores_signals_is_gone(place: Place) -> None:
    mark = f"walk-{place.mark}"
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("No tasks yet", "sandbox")
    place.run("plan", "-f", place.plan(stubborn(mark), TELL | {"needs": ["stubborn"]}))
    terminal.see("not signed: r")
    terminal.press("r")
    terminal.see("A sign")
    terminal.decide("A")
    terminal.see("y sign")
    terminal.decide("y")
    terminal.see("second 2")
    assert len(processes(mark)) >= 2
    terminal.press("X")
    terminal.see("X again cancels task 1: ends stubborn, 1 more never begin")
    terminal.press("X")
    terminal.see("■ cancelled", "■ stubborn", "■ tell")
    terminal.press("4")
    terminal.see("gone in", "none alive")
    assert processes(mark) == []
    receipt = place.run("runs", "1").stdout
    assert re.search(r"stubborn: gone in \d+\.\d+ s, \d+ process(es)?, none alive", receipt)
    assert place.task()["outcome"] == "cancelled"


def test_cancelled_from_the_command_line_with_the_receipt(place: Place) -> None:
    mark = f"walk-{place.mark}"
    running = place.begin("run", place.plan(stubborn(mark)), "--yes")
    until(lambda: len(processes(mark)) >= 2, lambda: str(processes(mark)))
    done = place.run("cancel", "1", "--reason", "enough")
    assert done.returncode == 4
    assert "none alive" in done.stdout
    assert processes(mark) == []
    assert running.wait(timeout=20) == 4


def test_ctrl_c_cancels_what_run_runs_and_waits_for_the_receipt(place: Place) -> None:
    mark = f"walk-{place.mark}"
    terminal = place.terminal((80, 50))
    terminal.command(place.signoff("run", place.plan(stubborn(mark)), "--yes"))
    until(lambda: len(processes(mark)) >= 2, lambda: terminal.text)
    terminal.press("C-c")
    terminal.see("cancelling task 1", "Ctrl-C again kills at once")
    assert terminal.prompt(before=1) == 4
    assert "none alive" in terminal.text
    assert processes(mark) == []


def test_any_other_key_lets_go_of_a_half_typed_cancellation(place: Place) -> None:
    place.begin("run", place.plan(stubborn(place.mark)), "--yes")
    place.state_of("stubborn", "running")
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("second 1")
    terminal.press("X")
    terminal.see("X again cancels task 1")
    terminal.press("w", "X")
    terminal.see("X again cancels task 1")
    assert place.states() == {"stubborn": "running"}
