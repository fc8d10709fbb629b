"""What goes wrong is one sentence that says what happened and how to go on: no traceback, the right exit code."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.acceptance.place import Place
from tests.acceptance.terminal import until

TEST = {"id": "test", "action": "test", "command": "make test"}


@contextmanager
def deaf_owner(place: Place) -> Iterator[None]:
    """Somebody holds the state directory and answers nobody."""
    place.state.mkdir(mode=0o700, exist_ok=True)
    file = os.open(place.state / "owner", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.write(file, b"4242\n")
        yield
    finally:
        os.close(file)


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("shw", 2, "did you mean signoff show?"),
        ("show 99", 2, "There is no task 99"),
        ("show one", 2, "'one' is not a number from 1 on"),
        ("show 99999999999999999999", 2, "is not a number from 1 on"),
        ("run 99999999999999999999", 2, "There is no such task"),
        ("grants revoke 99999999999999999999", 2, "is not a number from 1 on"),
        ("ls -n 0", 2, "'0' is not a number from 1 on"),
        ("audit export --task 99", 2, "There is no task 99"),
        ("run ''", 2, "Nothing was asked for; nothing was stored"),
        ("plan ' '", 2, "Give either a request or a plan file"),
        ("plan -f tests", 2, "tests: Is a directory; nothing was stored"),
        ("run nope.yaml", 2, "There is no plan file nope.yaml"),
        ("run 'paint the fence'", 2, "make test, make lint"),
        ("plan -f nope.yaml", 2, "nope.yaml: No such file or directory"),
        ("cancel 99", 2, "There is no task 99"),
        ("confirm 99 a", 3, "needs a person at a terminal"),
        ("approve 1", 3, "needs a person at a terminal"),
        ("config frobnicate", 2, "signoff config --help"),
        ("--nonsense", 2, "signoff --help"),
        ("", 2, "The workbench needs a terminal"),
    ],
)
def test_an_error_says_what_happened_and_what_to_do(place: Place, line: str, code: int, told: str) -> None:
    done = place.run(*shlex.split(line))
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_errors_as_json(place: Place) -> None:
    done = place.run("show", "99", "--json")
    assert done.returncode == 2
    (error,) = json.loads(done.stdout)["errors"]
    assert set(error) == {"file", "line", "column", "field", "message"}
    assert "There is no task 99" in error["message"]


def test_signing_takes_a_controlling_terminal(place: Place) -> None:
    place.run("plan", "-f", place.plan(TEST))
    terminal = place.terminal()
    assert terminal.run("echo y | setsid -w " + place.signoff("approve", "1")) == 3
    terminal.see("needs a person at a terminal")
    assert place.task()["phase"] == "awaiting_approval"


def test_a_dead_owner_is_no_hindrance(place: Place) -> None:
    place.run("plan", "-f", place.plan(TEST))
    (place.state / "owner").write_text("1\n")
    (place.state / "socket").unlink(missing_ok=True)
    assert place.run("run", "1", "--yes").returncode == 0


def test_an_owner_that_does_not_answer_is_named(place: Place) -> None:
    place.run("plan", "-f", place.plan(TEST))
    with deaf_owner(place):
        terminal = place.terminal()
        terminal.command(place.signoff())  # both wait for the owner at the same time
        done = place.run("run", "1", "--yes")
        assert done.returncode == 1
        assert "4242" in done.stderr
        assert place.task()["phase"] == "awaiting_approval"
        assert terminal.prompt(before=1) != 0
        terminal.see("4242")
        assert "Traceback" not in terminal.text
    assert place.run("run", "1", "--yes").returncode == 0


def test_a_state_directory_that_cannot_be_written(place: Place) -> None:
    terminal = place.terminal()
    assert terminal.run("signoff --state /proc/nothing") != 0
    terminal.see("/proc/nothing")
    assert "Traceback" not in terminal.text
    assert place.run("--state", "/proc/nothing", "plan", "-f", place.plan(TEST)).returncode == 1


def test_a_damaged_store_is_left_as_it_is(place: Place) -> None:
    place.run("plan", "-f", place.plan(TEST))
    damaged = b"this was a database" * 500
    for path in place.state.glob("signoff.db*"):
        path.unlink()
    (place.state / "signoff.db").write_bytes(damaged)
    done = place.run("run", "1", "--yes")
    assert done.returncode == 1
    assert "signoff.db" in done.stderr
    assert "Traceback" not in done.stderr
    assert (place.state / "signoff.db").read_bytes() == damaged
    assert place.run("doctor").returncode == 1


# Terminals


def test_no_colour_where_none_is_wanted(place: Place) -> None:
    place.run("run", place.plan(TEST), "--yes")
    terminal = place.terminal(NO_COLOR="1")
    assert terminal.run(place.signoff("ls")) == 0
    assert b"\x1b[3" not in terminal.written.replace(b"\x1b[?", b"")
    before = len(terminal.written)
    terminal.command(place.signoff())
    terminal.see("Release it", "done")
    assert b"\x1b[38" not in terminal.written[before:]
    assert b";38;" not in terminal.written[before:]


def test_a_dumb_terminal_gets_lines_of_words(place: Place) -> None:
    terminal = place.terminal((80, 50), TERM="dumb")
    terminal.run("export TERM=dumb")
    before = len(terminal.written)
    terminal.command(place.signoff("run", place.plan(TEST)))
    terminal.see("[y/N]")
    terminal.type("y")
    terminal.press("Enter")
    assert terminal.prompt(before=2) == 0
    assert "task 1 completed, ok" in terminal.text
    written = terminal.written[before:].replace(b"\x1b[?2004h", b"").replace(b"\x1b[?2004l", b"")
    assert b"\x1b" not in written
    terminal.command(place.signoff())
    terminal.see("help lists the words", "done:     1/1  Release it")
    terminal.type("quit")
    terminal.press("Enter")
    assert terminal.prompt(before=3) == 0


def test_a_tiny_terminal_and_a_storm_of_sizes(place: Place) -> None:
    place.run("run", place.plan(TEST), "--yes")
    terminal = place.terminal((20, 5))
    terminal.command(place.signoff())
    terminal.see("test 3 ok")
    terminal.press("r")
    terminal.see("Review")
    for columns, rows in [(1, 1), (200, 60), (20, 5), (300, 3), (3, 100), (79, 23), (110, 30), (10, 2), (80, 24)] * 3:
        terminal.resize(columns, rows)
    terminal.see("Review", "make test", "A sign")
    terminal.press("Escape")
    terminal.see("Release it", "test 3 ok")
    terminal.press("q")
    assert terminal.prompt(before=1) == 0


def test_a_reader_that_goes_away_is_no_error(place: Place) -> None:
    place.run("run", place.plan(TEST), "--yes")
    terminal = place.terminal()
    terminal.run(place.signoff("show", "1") + " | head -1; " + place.signoff("log", "1") + " | head -1")
    assert "Traceback" not in terminal.text
    assert "BrokenPipe" not in terminal.text


def test_a_closed_input_ends_nothing_badly(place: Place) -> None:
    terminal = place.terminal()
    assert terminal.run(place.signoff("ls") + " <&- >&- 2>&-") in (0, 1)
    assert terminal.run(place.signoff("plan", "-f", "-") + " < /dev/null") == 2


def test_sigterm_closes_what_serves(place: Place) -> None:
    served = place.begin("serve")
    until((place.state / "socket").exists, lambda: "no socket")
    served.terminate()
    assert served.wait(timeout=20) in (0, 124)  # the second where it was `timeout` that was told
    assert place.run("doctor").returncode == 0
