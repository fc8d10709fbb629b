"""Two terminals of one person: what is decided in one is seen at once in the other, and the first answer counts."""

from __future__ import annotations

from tests.acceptance.place import Place

TEST = {"id": "test", "action": "test", "command": "make test"}
DEPLOY = {"id": "deploy", "action": "execute", "command": "bash deploy.sh", "tier": "destructive", "needs": ["test"]}
TELL = {"id": "tell", "action": "notify", "message": "It is out", "needs": ["deploy"]}


def test_signed_and_confirmed_elsewhere_while_the_workbench_shows_it(place: Place) -> None:
    shown, other = place.terminal(), place.terminal((80, 50))
    shown.command(place.signoff())
    shown.see("No tasks yet", "sandbox")
    assert other.run(place.signoff("plan", "-f", place.plan(TEST, DEPLOY, TELL))) == 0
    shown.see("Release it", "not signed: r")
    other.command(place.signoff("approve", "1"))
    other.see("bash deploy.sh", "[y/N]")
    other.type("y")
    other.press("Enter")
    shown.see("Run 2 deploy now?", "DESTRUCTIVE", "bash deploy.sh", "Later")
    assert other.prompt(before=2) == 0
    other.command(place.signoff("confirm", "1", "deploy"))
    other.see("Run deploy once, as shown? [y/N]")
    other.type("y")
    other.press("Enter")
    shown.miss("Run 2 deploy now?")
    shown.see("root", ": deploy", "done", "3/3")
    assert other.prompt(before=3) == 0
    assert place.states() == {"test": "completed", "deploy": "completed", "tell": "completed"}


def test_the_second_answer_is_told_that_it_is_second(place: Place) -> None:
    shown, other = place.terminal(), place.terminal((80, 50))
    shown.command(place.signoff())
    shown.see("No tasks yet", "sandbox")
    other.command(place.signoff("run", place.plan(DEPLOY | {"needs": []})))
    other.see("[y/N]")
    other.type("y")
    other.press("Enter")
    other.see("deploy: y = run it once")
    shown.see("Run 1 deploy now?")
    shown.decide("Y")
    assert other.prompt(before=1) == 0
    assert "task 1 completed, ok" in other.text
    late = place.terminal()
    assert late.run(place.signoff("confirm", "1", "deploy")) == 2
    assert "asks nothing" in late.text


def test_a_second_workbench_follows_the_same_task(place: Place) -> None:
    first, second = place.terminal(), place.terminal((120, 36))
    first.command(place.signoff())
    first.see("No tasks yet", "sandbox")
    second.command(place.signoff())
    second.see("No tasks yet", "sandbox")
    assert place.run("plan", "-f", place.plan(TEST)).returncode == 0
    first.see("not signed: r")
    second.see("not signed: r")
    second.press("r")
    second.see("make test", "A sign")
    second.decide("A")
    second.see("y sign")
    second.decide("y")
    first.see("done", "1/1", "test 3 ok")
    second.press("q")
    assert second.prompt(before=1) == 0
    assert "done" in first.text
