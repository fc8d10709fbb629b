"""A plan of one's own: on a terminal it is shown, asked about, run and summed up; in a pipe it is lines of JSON."""

from __future__ import annotations

import json

from tests.acceptance.place import Place

TEST = {"id": "test", "action": "test", "command": "make test"}
DEPLOY = {"id": "deploy", "action": "execute", "command": "bash deploy.sh", "tier": "destructive", "needs": ["test"]}
WRONG = """\
request: Release it
steps:
  - id: test
    action: test
    command: make test
  - id: deploy
    action: execute
    comand: bash deploy.sh
    needs: [tset]
"""


def test_on_a_terminal_it_asks_and_sums_up(place: Place) -> None:
    terminal = place.terminal((80, 50))
    terminal.command(place.signoff("run", place.plan(TEST, DEPLOY)))
    terminal.see("make test", "bash deploy.sh", "DESTRUCTIVE", "and run? [y/N]")
    terminal.type("y")
    terminal.press("Enter")
    terminal.see("deploy: y = run it once", "new: test completed")
    terminal.type("y")
    terminal.press("Enter")
    assert terminal.prompt(before=1) == 0
    assert "task 1 completed, ok" in terminal.text
    assert "logs: signoff log 1" in terminal.text
    assert (place.root / "live/now").read_text() == "release 2 is live\n"


def test_a_no_runs_nothing_and_keeps_the_plan(place: Place) -> None:
    terminal = place.terminal((80, 50))
    terminal.command(place.signoff("run", place.plan(TEST)))
    terminal.see("and run? [y/N]")
    terminal.press("Enter")
    assert terminal.prompt(before=1) == 3
    assert "not signed, nothing was run" in terminal.text
    assert place.task()["phase"] == "awaiting_approval"


def test_in_a_pipe_it_is_lines_of_json(place: Place) -> None:
    done = place.run("run", place.plan(TEST, DEPLOY), "--json", "--yes", "--confirm", "destructive")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert all(set(line) == {"seq", "time", "actor", "kind", "task", "step", "data"} for line in lines)
    assert [line["seq"] for line in lines] == sorted(line["seq"] for line in lines)
    assert lines[-1]["kind"] == "task_ended"
    assert lines[-1]["data"] == place.task()
    assert "\x1b" not in done.stdout + done.stderr


def test_in_a_pipe_nobody_is_asked_and_the_message_says_how_to_go_on(place: Place) -> None:
    unsigned = place.run("run", place.plan(TEST, DEPLOY))
    assert unsigned.returncode == 3
    assert "signoff approve 1" in unsigned.stderr
    unconfirmed = place.run("run", "1", "--yes")
    assert unconfirmed.returncode == 3
    assert "signoff inbox" in unconfirmed.stdout
    assert place.states() == {"test": "completed", "deploy": "awaiting_confirmation"}


def test_a_wrong_plan_is_refused_with_every_fault_in_its_place(place: Place) -> None:
    place.write("wrong.yaml", WRONG)
    done = place.run("run", "wrong.yaml")
    assert done.returncode == 2
    assert "wrong.yaml:8:13  steps[1].comand: unknown field" in done.stderr
    assert "wrong.yaml:9:12  steps[1].needs: no step 'tset' (did you mean 'test'?)" in done.stderr
    found = json.loads(place.run("run", "wrong.yaml", "--json").stdout)["errors"]
    assert {(fault["file"], fault["line"], fault["column"]) for fault in found} >= {("wrong.yaml", 8, 13)}
    assert place.json("ls") == []


def test_a_failure_is_told_with_the_exit_code_of_the_documentation(place: Place) -> None:
    broken = {"id": "broken", "action": "shell", "script": "echo oops >&2; exit 7"}
    after = {"id": "after", "action": "notify", "message": "never", "needs": ["broken"]}
    done = place.run("run", place.plan(broken, after), "--yes")
    assert done.returncode == 1
    assert "exit 7" in done.stdout
    assert place.states() == {"broken": "failed", "after": "skipped"}
    assert "oops" in place.run("log", "1", "broken").stdout
