"""Keys that come faster than a screen answers take effect one after the other, each where those before it led."""

from __future__ import annotations

from tests.acceptance.place import Place

DEPLOY = {"id": "deploy", "action": "execute", "command": "bash deploy.sh", "tier": "destructive"}
TO_WRITES = "\t\t\t"
"""From the operand over needs and network."""
HOME, END, LEFT, BACKSPACE = "\x01", "\x05", "\x1b[D", "\x7f"


def test_a_burst_around_tab_goes_to_the_field_that_tab_leads_to(place: Place) -> None:
    place.run("plan", "-f", place.plan(DEPLOY))
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("not signed: r")
    terminal.press("r")
    terminal.see("read these", "A sign", "end ─")
    terminal.decide("e")
    terminal.see("Edit deploy", "ctrl+s save")
    terminal.type(f"{END} --nox{BACKSPACE}w{TO_WRITES}/srv/ot{LEFT}u{END}.log{HOME}{END}\x13")
    terminal.see("rev 2")
    (step,) = place.task()["steps"]
    assert step["operand"] == "bash deploy.sh --now"
    assert "/srv/out.log" in place.run("show", "1").stdout


LOUD = {"id": "loud", "action": "shell", "script": "seq 500; echo 'kernel panic'; seq 500"}


def test_a_burst_behind_the_slash_is_what_is_searched(place: Place) -> None:
    assert place.run("run", place.plan(LOUD), "--yes").returncode == 0
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("✓ loud", "500")
    terminal.type("/panic\r")
    terminal.see("kernel panic")


def test_a_burst_behind_the_key_of_a_note_is_the_note(place: Place) -> None:
    place.run("plan", "-f", place.plan(DEPLOY))
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("not signed: r")
    terminal.press("r")
    terminal.see("read these", "A sign", "end ─")
    terminal.decide()
    terminal.type("cis it drained")
    terminal.see("Say about deploy", " is it drained")
    terminal.decide("Enter")
    terminal.see("1 note")
    assert "is it drained" in place.run("comment", "1").stdout
