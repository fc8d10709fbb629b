"""Whoever writes a plan, a file name or the output of a step cannot speak to the terminal: no byte, in any view."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from unicodedata import category

from tests.acceptance.place import Place
from tests.acceptance.terminal import Terminal
from tests.hostile import HOSTILE, is_control

TRICKS = "".join(
    text
    for name, text in HOSTILE.items()
    if name not in {"surrogates", "long", "padding", "wide", "private", "newlines"}
).replace("\x00", "")
TITLE = "owned-title"
ATTACK = f"\x1b]0;{TITLE}\x07\x1b]52;c;cm0gLXJmIH4=\x07\x1b[2J\x9b31m\u202eevil\u2066[/x][@click=app.quit]q[/]{TRICKS}"
"""Each of them with a payload that would be seen: a title, the clipboard, an erased screen, reversed text, markup."""
LEGAL = "".join(character for character in ATTACK if not is_control(character))
"""What a plan may hold: it is refused with control characters in it."""
PRINTED = "".join(character for character in LEGAL if category(character)[0] not in "CZ").replace("'", "")
"""What a command or a script may hold."""

_OWN = re.compile(
    rb"\x1b\[[0-9;:?<>=]*\$?[A-Za-z]"
    rb"|\x1b[()][0B]|\x1b[=>78M]"
    rb"|\x1bP\+q[0-9A-Fa-f;]*\x1b\\"
    rb"|\x1b\](?:[0-9]+;\?|22;[a-z-]*)(?:\x1b\\|\x07)"
)
"""What a program of screens sends to move, to colour, to switch modes."""
_OBEYED = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\u061c\ufeff\u0080-\u009f\U000e0000-\U000e007f\u180e]")


def hostile_plan(place: Place) -> str:
    """A legal plan with the attack in every field that takes it, over files that attack by name and content."""
    place.write("f\x1b]0;owned-title\x07\u202e[x].txt", ATTACK)
    place.write("Makefile", f"test: ## {ATTACK.replace(chr(10), ' ')}\n\tls\n")
    script = f"cat ./f*.txt; ls; printf '%s' '{PRINTED}'; printf '\\033]0;{TITLE}\\007\\033[2J\\n'"
    steps: list[dict[str, Any]] = [
        {"id": "prints", "action": "shell", "script": script, "env": {"A": LEGAL}},
        {"id": "asks", "action": "ask", "question": LEGAL, "options": [f"one {LEGAL}", "two"], "needs": ["prints"]},
        {
            "id": "destroys",
            "action": "execute",
            "command": f"bash deploy.sh '{PRINTED}'",
            "tier": "destructive",
            "writes": [f"w{LEGAL}"],
            "needs": ["prints"],
        },
        {"id": "tells", "action": "notify", "message": LEGAL, "needs": ["asks"]},
    ]
    return place.plan(*(step | {"description": LEGAL} for step in steps), request=f"Harmless {LEGAL}")


def innocent(terminal: Terminal) -> None:
    """What was written to the terminal came from the program and the shell alone.

    The bytes are those of the program itself, taken before the terminal interprets them.
    """
    written = terminal.written
    rest = _OWN.sub(b"", written)
    assert b"\x1b" not in rest, rest[max(0, rest.find(b"\x1b") - 80) : rest.find(b"\x1b") + 80]
    assert b"\x1b[2J" not in written
    assert not re.search(rb"[\x00-\x06\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]", rest), "a control character"
    text = written.decode()
    found = _OBEYED.search(text)
    assert found is None, ascii(text[found.start() - 60 : found.start() + 20])
    assert terminal.clipboard == ""


def test_every_view_of_the_workbench(place: Place) -> None:
    terminal = place.terminal((100, 40))
    terminal.command(place.signoff())
    terminal.see("No tasks yet", "sandbox")
    planned = place.run("plan", "-f", hostile_plan(place))
    assert planned.returncode == 0, planned.stderr
    terminal.see("Harmless", "not signed: r")
    terminal.press("r")
    terminal.see("Review", "destroys", "A sign")
    terminal.press("o", "j", "j", "j", "k", "?")
    terminal.press("Escape", "g", "Space", "Space", "Space", "Space", "Space", "Space")
    terminal.decide("A")
    terminal.see("y sign")
    terminal.decide("y")
    terminal.see("2 questions wait for you")
    terminal.press("i")
    terminal.see("Inbox", "asks", "destroys")
    terminal.press("Enter")
    terminal.see("asks asks", "1 of 2 waiting")
    terminal.decide("Space", "?")
    terminal.decide("Escape")
    terminal.decide("Escape")
    terminal.see("Inbox")
    terminal.press("j", "Enter")
    terminal.see("destroys now?", "Later")
    terminal.press("Space", "Space")
    terminal.decide("D")
    terminal.see("Why is it denied?")
    terminal.type("because")
    terminal.decide("Enter")
    terminal.see("Inbox")
    terminal.press("Escape", "2", "g", "w", "w", "3", "G", "g", "l", "/")
    terminal.type("evil")
    terminal.press("Enter", "Escape", "4", "j", "]", "]", "2", "l", "4", "l", "?")
    terminal.press("Escape", ":")
    terminal.type("task")
    terminal.press("Escape", "n")
    terminal.see("What shall be done?")
    terminal.press("Tab", "Tab")
    terminal.type("f")
    terminal.press("Right", "Escape", "Escape")
    terminal.see("Harmless")
    terminal.press("q")
    terminal.prompt(before=1)
    innocent(terminal)


def test_every_command_that_shows_something(place: Place) -> None:
    plan = hostile_plan(place)
    terminal = place.terminal((100, 600))  # all of a plan that asks is to be seen before it is signed
    terminal.command(place.signoff("run", plan))
    terminal.see("[y/N]")
    terminal.type("y")
    terminal.press("Enter")
    terminal.see("later")
    terminal.press("Enter")
    terminal.see("later")
    terminal.press("Enter")
    assert terminal.prompt(before=1) in (3, 7)
    for words in (["show", "1"], ["show", "1", "--md"], ["show", "1", "--json"], ["ls"], ["inbox"], ["runs", "1"]):
        assert terminal.run(place.signoff(*words)) == 0
    assert terminal.run(place.signoff("log", "1")) == 0
    assert terminal.run(place.signoff("log", "1", "prints")) == 0
    assert terminal.run(place.signoff("plan", "-f", plan, "--dry-run")) == 0
    terminal.command(place.signoff("confirm", "1", "destroys"))
    terminal.see("[y/N]")
    terminal.press("Enter")
    terminal.prompt(before=11)
    for line in ("show $'\\e]0;owned-title\\a'", "$'\\e[2Jshow'", "run $'no\\e[2J.yaml'", "explain -- $'rm\\e[2J'"):
        terminal.run(place.signoff() + " " + line)
    innocent(terminal)


def test_the_log_keeps_the_bytes_as_they_were(place: Place) -> None:
    place.run("run", hostile_plan(place), "--yes")
    raw = Path(place.task()["steps"][0]["log"]).read_bytes()
    assert b"\x1b]0;owned-title\x07\x1b[2J\n" in raw
    terminal = place.terminal()
    assert terminal.run(place.signoff("log", "1", "prints", "--raw") + " > raw") == 0
    assert (place.root / "raw").read_bytes() == raw
    assert terminal.run(place.signoff("log", "1", "prints", "--raw")) == 2
    assert "\x1b" not in place.run("log", "1", "prints").stdout


def test_a_plan_that_is_all_attack_is_refused_in_safe_words(place: Place) -> None:
    step = {"id": ATTACK, "action": ATTACK, ATTACK: ATTACK, "needs": [ATTACK], "tier": ATTACK, "timeout": ATTACK}
    name = place.plan(step, request=ATTACK)
    terminal = place.terminal((100, 40))
    assert terminal.run(place.signoff("run", name)) == 2
    assert terminal.run(place.signoff("run", name, "--json")) == 2
    place.write("request", ATTACK)
    assert terminal.run(place.signoff("plan") + ' "$(cat request)"') == 2
    assert terminal.run(place.signoff() + ' "$(cat request)"') == 2
    assert terminal.run(place.signoff("run") + ' "$(cat request).yaml"') == 2
    assert terminal.run(place.signoff("ls")) == 0
    innocent(terminal)


def test_a_long_option_does_not_push_the_answers_out_of_sight(place: Place) -> None:
    asks = {"id": "asks", "action": "ask", "question": "Which?", "options": ["one " + "and on " * 400, "two"]}
    place.run("run", place.plan(asks), "--yes")
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("asks you: i opens")
    terminal.press("i")
    shown = terminal.see("Which?", "2 two", "Later", "type an answer")
    assert shown.index("2 two") < shown.index("Later")
