"""What was reviewed is what runs: a signed file that somebody changes is refused, with what changed."""

from __future__ import annotations

from tests.acceptance.place import DEPLOY as SIGNED
from tests.acceptance.place import Place

DEPLOY = {"id": "deploy", "action": "execute", "command": "bash deploy.sh"}
TELL = {"id": "tell", "action": "notify", "message": "It is out", "needs": ["deploy"]}
TAMPERED = SIGNED.replace("rm -rf live/old", "rm -rf live tests")


def test_changed_between_signature_and_run(place: Place) -> None:
    place.run("plan", "-f", place.plan(DEPLOY, TELL))
    terminal = place.terminal((80, 40))
    terminal.command(place.signoff("approve", "1"))
    terminal.see("[y/N]")
    terminal.type("y")
    terminal.press("Enter")
    assert terminal.prompt(before=1) == 0
    place.write("deploy.sh", TAMPERED)
    done = place.run("run", "1")
    assert done.returncode == 3
    assert "is not what was signed" in done.stdout + done.stderr
    terminal.command(place.signoff())
    terminal.see("deploy is not what was signed: i opens")
    terminal.press("i")
    terminal.see("rm -rf live/old", "rm -rf live tests")
    terminal.decide("D")
    terminal.see("Why is it denied?")
    terminal.type("who was that?")
    terminal.decide("Enter")
    terminal.see("■ deploy", "» tell")
    assert (place.root / "tests/unit.sh").exists()
    assert not (place.root / "live").exists()


def test_changed_while_the_question_is_open(place: Place) -> None:
    place.run("run", place.plan(DEPLOY | {"tier": "destructive"}), "--yes")
    terminal = place.terminal((80, 40))
    terminal.command(place.signoff())
    terminal.see("deploy waits for you")
    terminal.press("i")
    terminal.see("Run 1 deploy now?", "unchanged")
    place.write("deploy.sh", TAMPERED)
    terminal.decide("Y")
    other = place.terminal((80, 50))
    place.state_of("deploy", "awaiting_confirmation")
    other.command(place.signoff("confirm", "1", "deploy"))
    other.see("is not what was signed", "rm -rf live/old", "rm -rf live tests", "[y/N]")
    other.press("Enter")
    assert other.prompt(before=1) == 3
    assert (place.root / "tests/unit.sh").exists()
    assert not (place.root / "live").exists()
