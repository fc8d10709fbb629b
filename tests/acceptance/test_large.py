"""Large things: ten thousand steps, and a log of hundreds of megabytes; the keys answer all the same."""

from __future__ import annotations

import time

import pytest

from tests.acceptance.place import Place

STEPS = 10_000
SPRINT = 1.0
"""Seconds until a key has its effect on a busy machine, the walk's own looks included."""


@pytest.fixture
def megabytes(long: bool) -> int:
    return 1000 if long else 200


def test_ten_thousand_steps_open_fold_and_are_reviewed(place: Place) -> None:
    head = {"id": "head", "action": "shell", "script": "echo head"}
    last = f"step-{STEPS - 2}"
    middle = [
        {
            "id": f"step-{n}",
            "action": "shell",
            "script": f"echo {n}",
            "needs": ["head" if n < 100 else f"step-{n - 99}"],
        }
        for n in range(1, STEPS - 1)
    ]
    deploy = {
        "id": "deploy",
        "action": "execute",
        "command": "bash deploy.sh",
        "tier": "destructive",
        "needs": [last],
    }
    assert place.run("plan", "-f", place.plan(head, *middle, deploy), "--json").returncode == 0
    terminal = place.terminal((100, 30))
    terminal.command(place.signoff())
    terminal.see("0/10,000", "not signed: r")
    terminal.press("2", "w")
    terminal.see("head", "step-1")
    terminal.press("G")
    terminal.see("deploy")
    terminal.press("w", "z", "l", "j", "h", "z")
    terminal.see("0/10,000")
    terminal.press("r")
    terminal.see("Review", "steps · READ 1", "deploy", "DESTRUCTIVE", "0 of 1 read")
    terminal.press("Space")
    terminal.see("1 of 1 read")
    terminal.press("o", "G", "g", "Escape")
    terminal.see("not signed: r")
    terminal.press("q")
    assert terminal.prompt(before=1) == 0


def test_a_huge_log_opens_at_its_end_and_the_keys_answer(place: Place, megabytes: int) -> None:
    line = "x" * 99
    count = megabytes * 10_000
    script = f"echo first-line; yes {line} | head -n {count}; echo last-line"
    done = place.run("run", place.plan({"id": "writes", "action": "shell", "script": script}), "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("last-line", line[:60])
    terminal.press("3")
    for key, text in (("g", "first-line"), ("G", "last-line")):
        began = time.monotonic()
        terminal.press(key)
        terminal.see(text)
        assert time.monotonic() - began < SPRINT
    terminal.press("k", "C-u", "Space", "G")
    terminal.see("last-line")


def test_a_log_without_a_newline_opens_and_the_keys_answer(place: Place, megabytes: int) -> None:
    script = f"head -c {megabytes // 4}M /dev/zero | tr '\\0' x; printf THE-END"
    done = place.run("run", place.plan({"id": "writes", "action": "shell", "script": script}), "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("xxxx", "done")
    terminal.press("3", "g", "G", "k", "l", "h")
    terminal.see("xxxx")
    terminal.press("2", "?")
    terminal.see("Next sibling")
