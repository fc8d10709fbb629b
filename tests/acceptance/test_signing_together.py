"""Two people read the same plan and both sign: one signature is recorded, and both know whose."""

from __future__ import annotations

import json

from tests.acceptance.place import Place

TEST = {"id": "test", "action": "test", "command": "make test"}


def test_who_signs_second_is_told_who_was_first(place: Place) -> None:
    place.run("plan", "-f", place.plan(TEST))
    first, second = place.terminal((80, 50)), place.terminal((80, 50))
    for terminal in (first, second):
        terminal.command(place.signoff("approve", "1"))
        terminal.see("[y/N]")
    for terminal, told in ((first, "signed "), (second, "signed already: ")):
        terminal.type("y")
        terminal.press("Enter")
        assert terminal.prompt(before=1) == 0
        terminal.see(told, "signoff run 1")
    (signed,) = [event for event in _events(place) if event["kind"] == "plan_signed"]
    assert signed["task"] == 1


def _events(place: Place) -> list[dict[str, object]]:
    return [json.loads(line) for line in place.run("audit", "export").stdout.splitlines()]
