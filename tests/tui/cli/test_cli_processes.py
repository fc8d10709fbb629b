"""The program as people and scripts run it: real processes, a real engine, exit codes, signals, pipes, a terminal."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engine.host.shop import open_folder

LIMIT = 40
PROGRAM = [sys.executable, "-m", "tui"]
GOOD = "request: say hello\nsteps:\n  - {id: one, action: shell, script: echo hello}\n"
GOOD += "  - {id: two, action: execute, command: ls, needs: [one]}\n"
BAD = "request: fail\nsteps:\n  - {id: one, action: shell, script: 'echo oops >&2; exit 9'}\n"
RISKY = "request: remove\nsteps:\n  - {id: wipe, action: shell, script: rm -rf build}\n"
WRONG = "request: x\nsteps:\n  - {id: one, action: execute, command: ls, needs: [oen]}\n"
LONG = "request: wait\nsteps:\n  - {id: nap, action: shell, script: 'echo up; sleep 20'}\n"

HELD = "request: hold\nsteps:\n  - {id: nap, action: shell, script: 'touch up; until test -e go; do sleep 0.1; done'}\n"
WRITES = "request: write\nsteps:\n  - {id: one, action: shell, script: touch one}\n"
WRITES += "  - {id: two, action: shell, script: touch two, needs: [one]}\n"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIGNOFF_")}
    root = str(Path(__file__).parents[3])
    own = {"SIGNOFF_STATE": str(tmp_path / "state"), "SIGNOFF_SANDBOX": "group", "SIGNOFF_GRACE": "500ms"}
    return kept | own | {"SIGNOFF_CONFIG": str(tmp_path / "config.toml"), "PYTHONPATH": root}


class Shell:
    """Runs the program in a directory of its own, without a controlling terminal."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder, self.environ = folder, environ

    def plan(self, text: str) -> None:
        (self.folder / "plan.yaml").write_text(text)

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *words],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            start_new_session=True,
            check=False,
        )

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            ["timeout", "--foreground", "-k", "5", str(LIMIT), *PROGRAM, *words],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=LIMIT)


@pytest.fixture
def signoff(tmp_path: Path, environ: dict[str, str]) -> Shell:
    (folder := tmp_path / "work").mkdir()
    return Shell(folder, environ)


def test_a_plan_is_signed_run_and_looked_at(signoff: Shell) -> None:
    signoff.plan(GOOD)
    asked = signoff("run", "plan.yaml")
    assert asked.returncode == 3
    assert "signoff run 1 --yes" in asked.stderr
    ran = signoff("run", "1", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("✓ 1 one 0:00  hello") == 1
    assert "task 1 completed, ok" in ran.stdout
    assert signoff("log", "1", "one").stdout == "hello\n"
    assert json.loads(signoff("ls", "--json").stdout)[0]["outcome"] == "ok"
    assert signoff("audit").stdout.startswith("ok: ")
    assert signoff("run", "1").returncode == 2


def test_a_failing_step_exits_1_and_resume_tries_again(signoff: Shell) -> None:
    signoff.plan(BAD)
    ran = signoff("run", "plan.yaml", "--yes", "--json")
    assert ran.returncode == 1
    last = json.loads(ran.stdout.splitlines()[-1])
    assert (last["kind"], last["data"]["outcome"]) == ("task_ended", "step_failed")
    assert last["data"]["steps"][0]["exit_code"] == 9
    again = signoff("resume", "1")
    assert again.returncode == 1
    assert json.loads(signoff("show", "1", "--json").stdout)["attempt"] == 2


def test_an_invalid_plan_exits_2_and_stores_nothing(signoff: Shell) -> None:
    signoff.plan(WRONG)
    told = signoff("run", "plan.yaml", "--yes")
    assert told.returncode == 2
    assert "plan.yaml:3:" in told.stderr
    assert "did you mean 'one'?" in told.stderr
    assert "Traceback" not in told.stderr
    assert signoff("ls").stdout == ""


def test_a_dry_run_judges_and_keeps_nothing(signoff: Shell, tmp_path: Path) -> None:
    signoff.plan(RISKY)
    judged = signoff("plan", "-f", "plan.yaml", "--dry-run")
    assert judged.returncode == 0
    assert "DESTRUCTIVE, verdict ask" in judged.stdout
    assert not (tmp_path / "state").exists()


def test_yes_does_not_confirm_and_ahead_does(signoff: Shell) -> None:
    signoff.plan(RISKY)
    (signoff.folder / "build").mkdir()
    waits = signoff("run", "plan.yaml", "--yes")
    assert waits.returncode == 3
    assert "wipe asks before it runs" in waits.stderr
    assert (signoff.folder / "build").is_dir()
    (question,) = json.loads(signoff("inbox", "--json").stdout)
    assert (question["task"], question["step"], question["kind"]) == (1, "wipe", "confirmation")
    assert signoff("confirm", "1", "wipe").returncode == 3
    goes_on = signoff("run", "1", "--confirm", "destructive")
    assert goes_on.returncode == 0, goes_on.stderr
    assert not (signoff.folder / "build").exists()


def test_ctrl_c_cancels_and_shows_the_receipt(signoff: Shell) -> None:
    signoff.plan(LONG)
    with signoff.started("run", "plan.yaml", "--yes") as running:
        assert running.stdout is not None
        assert "nap" in running.stdout.readline()
        os.kill(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=LIMIT)
    assert "Ctrl-C again kills at once" in err
    assert "nap: gone in" in out
    assert "none alive" in out
    shown = json.loads(signoff("show", "1", "--json").stdout)
    assert (shown["phase"], shown["steps"][0]["state"]) == ("cancelled", "cancelled")


def test_a_second_task_says_what_it_waits_for_and_its_owner_stays_for_it(signoff: Shell) -> None:
    signoff.plan(HELD)
    (signoff.folder / "writes.yaml").write_text(WRITES)
    with signoff.started("run", "plan.yaml", "--yes") as first:
        assert first.stdout is not None
        assert "nap" in first.stdout.readline()
        with signoff.started("run", "writes.yaml", "--yes") as second:
            assert second.stderr is not None
            assert second.stderr.readline() == "signoff: plan file writes.yaml\n"
            told = second.stderr.readline()
            assert "task 2 is queued: task 1 (hold) writes in " in told
            assert "begins by itself" in told
            (signoff.folder / "go").touch()
            out, err = second.communicate(timeout=LIMIT)
            assert (second.returncode, err) == (0, "")
            assert "task 2 completed, ok" in out
        assert first.wait(LIMIT) == 0


def test_others_use_the_owner(signoff: Shell) -> None:
    signoff.plan(LONG)
    with signoff.started("serve") as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline().startswith("serving ")
        assert signoff("plan", "-f", "plan.yaml").returncode == 0
        with signoff.started("run", "1", "--yes") as running:
            assert running.stdout is not None
            assert "nap" in running.stdout.readline()
            cancelled = signoff("cancel", "1")
            assert cancelled.returncode == 4
            assert "none alive" in cancelled.stdout
            assert running.wait(LIMIT) == 4


def test_the_owner_is_asked_to_close_and_not_while_something_runs(signoff: Shell) -> None:
    assert "nothing to stop" in signoff("serve", "--stop").stderr
    signoff.plan(LONG)
    with signoff.started("serve") as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline().startswith("serving ")
        with signoff.started("run", "plan.yaml", "--yes") as running:
            assert running.stdout is not None
            assert "nap" in running.stdout.readline()
            refused = signoff("serve", "--stop")
            assert (refused.returncode, "nothing was closed" in refused.stderr) == (1, True)
            assert signoff("serve", "--stop", "--force").returncode == 0
            assert owner.wait(LIMIT) == 0
    assert "nothing to stop" in signoff("serve", "--stop").stderr


def test_without_an_owner_that_is_said_and_nothing_is_made(signoff: Shell, tmp_path: Path) -> None:
    done = signoff("people")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no engine runs here" in done.stderr
    assert json.loads(signoff("people", "--json").stdout) == []
    assert not (tmp_path / "state" / "signoff.db").exists()
    with signoff.started("serve") as owner:
        assert owner.stdout is not None and owner.stdout.readline().startswith("serving ")
        assert "an engine runs here, and nobody is connected" in signoff("people").stderr
        assert signoff("serve", "--stop").returncode == 0
        assert owner.wait(LIMIT) == 0


@pytest.fixture
def shared() -> Iterator[Path]:
    folder = open_folder()
    yield folder
    shutil.rmtree(folder)


def test_what_somebody_shares_is_used_without_a_state_directory_of_our_own(signoff: Shell, shared: Path) -> None:
    signoff.plan(GOOD)
    with signoff.started("serve", "--share", str(shared)) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline().startswith("serving ")
        assert owner.stdout.readline() == f"shared at {shared}: nobody has a role yet: signoff config edit, [roles]\n"
        visitor = Shell(signoff.folder, {**signoff.environ, "SIGNOFF_STATE": "/dev/null/none"})
        ran = visitor("--host", str(shared), "run", "plan.yaml", "--yes")
        assert "task 1 completed, ok" in ran.stdout, ran.stderr
        assert visitor("log", "1", "one", "-f", "--host", str(shared / "signoff.sock")).stdout == "hello\n"
        visitor.environ["SIGNOFF_HOST"] = str(shared)
        assert json.loads(visitor("ls", "--json").stdout)[0]["outcome"] == "ok"
        for words in (["show", "1"], ["runs", "1"], ["inbox"], ["audit"], ["audit", "export"], ["cancel", "1"]):
            done = visitor(*words)
            assert (done.returncode, done.stderr.replace("nothing waits for you\n", "")) == (0, ""), words
        assert "host" in visitor("doctor").stdout
        assert "where root is operator" in visitor("doctor").stdout or os.getuid() != 0
        assert visitor("--state", str(signoff.folder / "other"), "ls").stderr.startswith("no tasks yet")


def test_host_and_state_and_serve_do_not_go_together(signoff: Shell, shared: Path) -> None:
    gone = signoff("--host", str(shared), "ls")
    assert gone.returncode == 1
    assert f"Nobody shares an engine at {shared}/signoff.sock" in gone.stderr
    assert "serve --share" in gone.stderr
    both = signoff("--host", str(shared), "--state", "x", "ls")
    assert (both.returncode, "name one of them" in both.stderr) == (2, True)
    serving = signoff("--host", str(shared), "serve")
    assert (serving.returncode, "without --host" in serving.stderr) == (2, True)


def test_an_unsafe_place_is_not_shared_and_nothing_is_left_behind(signoff: Shell, shared: Path) -> None:
    shared.chmod(0o777)
    refused = signoff("serve", "--share", str(shared))
    assert refused.returncode == 1
    assert f"Others can write to {shared} and could put another socket there" in refused.stderr
    assert list(shared.iterdir()) == []
    assert "nothing to stop" in signoff("serve", "--stop").stderr


def test_an_owner_that_nobody_needs_ends(signoff: Shell) -> None:
    signoff.plan(LONG)
    with signoff.started("serve", "--idle-exit", "4s") as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline().startswith("serving ")
        with signoff.started("run", "plan.yaml", "--yes") as running:
            assert running.stdout is not None
            assert "nap" in running.stdout.readline()
        assert owner.poll() is None
        assert signoff("cancel", "1").returncode == 4
        assert owner.wait(LIMIT) == 0
    assert signoff("serve", "--idle-exit", "soon").returncode == 2


def test_who_comes_and_goes_is_told_where_it_is_served(signoff: Shell) -> None:
    signoff.plan(LONG)
    with signoff.started("serve") as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline().startswith("serving ")
        with signoff.started("run", "plan.yaml", "--yes"):
            assert " attached as operator" in owner.stdout.readline()
        assert owner.stdout.readline().endswith(" left\n")


def test_the_unit_is_one_that_systemd_understands(signoff: Shell, tmp_path: Path, shared: Path) -> None:
    signoff.environ["SIGNOFF_GRACE"] = "5s"
    said = signoff("serve", "--unit", "--share", str(shared), "--idle-exit", "1h")
    assert said.returncode == 0
    assert f'"serve" "--set" "share={shared}" "--set" "idle_exit=1h"' in said.stdout
    assert 'Environment="SIGNOFF_GRACE=5s"' in said.stdout
    assert not (tmp_path / "state").exists()
    if shutil.which("systemd-analyze"):
        unit = tmp_path / "signoff.service"
        unit.write_text(said.stdout)
        words = ["systemd-analyze", "verify", "--user", str(unit)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT, check=False)
        assert "signoff.service" not in done.stderr, done.stderr


def test_a_run_that_owns_hears_that_it_shall_close(signoff: Shell) -> None:
    signoff.plan(LONG)
    with signoff.started("run", "plan.yaml", "--yes") as running:
        assert running.stdout is not None
        assert "nap" in running.stdout.readline()
        assert signoff("serve", "--stop", "--force").returncode == 0
        _, err = running.communicate(timeout=LIMIT)
    assert (running.returncode, "asked to close" in err) == (1, True)


def test_a_reader_that_leaves_early_is_no_error(signoff: Shell) -> None:
    signoff.plan(GOOD)
    signoff("plan", "-f", "plan.yaml")
    line = f"{' '.join(PROGRAM)} schema | true; exit ${{PIPESTATUS[0]}}"
    piped = subprocess.run(
        ["bash", "-c", line], cwd=signoff.folder, env=signoff.environ, capture_output=True, text=True, timeout=LIMIT
    )
    assert piped.returncode in (0, 141)
    assert piped.stderr == ""


def test_closed_streams_are_no_error(signoff: Shell) -> None:
    for words in ("ls", "--help", "show 9"):
        line = f"{' '.join(PROGRAM)} {words} <&- >&-"
        ended = subprocess.run(
            ["bash", "-c", line], cwd=signoff.folder, env=signoff.environ, capture_output=True, text=True, timeout=LIMIT
        )
        assert ended.returncode == (2 if words == "show 9" else 0)
        assert "Traceback" not in ended.stderr


def test_a_state_directory_that_is_a_file_is_told(signoff: Shell, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("mine")
    for words in (["ls"], ["run", "x"]):
        told = signoff(*words)
        assert (told.returncode, "is no directory" in told.stderr) == (2, True)
    assert (tmp_path / "state").read_text() == "mine"


def test_a_person_signs_at_a_terminal(signoff: Shell) -> None:
    signoff.plan(GOOD)
    signoff("plan", "-f", "plan.yaml")
    child, terminal = pty.fork()
    if child == 0:
        termios.tcsetwinsize(0, (60, 80))  # all of the plan at once, however long the path of the directory
        os.chdir(signoff.folder)
        os.execvpe("timeout", ["timeout", "--foreground", str(LIMIT), *PROGRAM, "approve", "1"], signoff.environ)
    shown = _until(terminal, b"[y/N] ")
    os.write(terminal, b"y\n")
    shown += _until(terminal, b"signoff run 1")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(terminal)
    assert b"echo hello" in shown
    view = json.loads(signoff("show", "1", "--json").stdout)
    assert view["phase"] == "queued"
    assert signoff("run", "1").returncode == 0


def _until(terminal: int, end: bytes) -> bytes:
    """What the terminal shows until a text has come; the program's own limit ends a wait for nothing."""
    seen = b""
    while end not in seen:
        seen += os.read(terminal, 4096)
    return seen


def test_doctor_looks_at_everything_and_changes_nothing(signoff: Shell, tmp_path: Path) -> None:
    found = json.loads(signoff("doctor", "--json").stdout)
    names = [finding["name"] for finding in found]
    for name in ("program", "python", "state", "store", "disk", "sandbox group", "git", "tmux", "configuration"):
        assert name in names
    assert all(list(finding) == ["name", "health", "text"] for finding in found)
    assert not (tmp_path / "state").exists()
    assert str(tmp_path / "state") in signoff("doctor", "--paths").stdout


def test_an_engine_keeps_to_the_configuration_it_began_with_and_that_is_told(signoff: Shell, tmp_path: Path) -> None:
    configuration = tmp_path / "config.toml"
    configuration.write_text("[budget]\nday = 0.2\n")
    with signoff.started("serve") as serving:
        assert serving.stdout is not None
        assert "serving" in serving.stdout.readline()
        assert "runs with this configuration" in signoff("doctor").stdout
        configuration.write_text('[model]\nname = "openai/mine"\n')
        budget = signoff("budget")
        assert "of $0.20" in budget.stdout
        told = "began with another configuration; this one takes effect when it is started again: signoff serve --stop"
        assert told in budget.stderr
        assert told in signoff("doctor").stdout
        unknown = "the engine began before openai/mine was configured"
        for planner in ("auto", "llm"):
            planned = signoff("plan", "--planner", planner, "raise the retention")
            assert planned.returncode != 0
            assert told in planned.stderr
            assert unknown in planned.stderr
            assert "such as [model]" not in planned.stderr
        assert unknown in signoff("doctor", "--model").stdout
        assert told not in signoff("serve", "--stop").stderr
    assert "no cap" in signoff("budget").stdout


def test_doctor_names_a_damaged_store(signoff: Shell, tmp_path: Path) -> None:
    signoff.plan(GOOD)
    signoff("plan", "-f", "plan.yaml")
    store = tmp_path / "state" / "signoff.db"
    for newer in store.parent.glob("signoff.db-*"):
        newer.unlink()
    store.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    before = store.read_bytes()
    told = signoff("doctor")
    assert told.returncode == 1
    assert "damaged" in told.stdout
    assert signoff("ls").returncode == 1
    assert signoff("ls").returncode == 1
    assert "Traceback" not in signoff("ls").stderr
    assert store.read_bytes() == before


def test_a_wrong_configuration_starts_nothing_but_stops_nobody_from_looking(signoff: Shell, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("grace = 'soon'\nparalel = 3\n")
    signoff.plan(GOOD)
    told = signoff("run", "plan.yaml", "--yes")
    assert told.returncode == 2
    assert "config.toml  paralel: no such setting (did you mean 'parallel'?)" in told.stderr
    assert not (tmp_path / "state").exists()
    assert signoff("ls").returncode == 0


def test_an_editor_that_is_no_command_line(signoff: Shell) -> None:
    signoff.environ.update(VISUAL=" ", EDITOR="'vi")
    told = signoff("config", "edit")
    assert told.returncode == 2
    assert "$EDITOR is no command line" in told.stderr
    signoff.environ.update(VISUAL="  ", EDITOR="cat")
    assert "# grace" in signoff("config", "edit").stdout


def test_config_edit_becomes_the_editor(signoff: Shell, tmp_path: Path) -> None:
    signoff.environ["EDITOR"] = "cat"
    edited = signoff("config", "edit")
    assert edited.returncode == 0
    assert "# grace" in edited.stdout
    assert (tmp_path / "config.toml").exists()
    assert signoff("config", "path").stdout.strip() == str(tmp_path / "config.toml")
    shown = signoff("config", "show", "--origin", "--set", "parallel=3")
    assert 'sandbox = "group"  # environment SIGNOFF_SANDBOX' in shown.stdout
    assert "parallel = 3  # option" in shown.stdout
    assert "grace = 0.5  # environment SIGNOFF_GRACE" in shown.stdout
