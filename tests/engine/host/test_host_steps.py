"""A step that tries to answer for a person: at every level, over every socket, in every disguise (B5.10)."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.model.events import ClientRefused
from engine.model.question import Answer
from engine.model.state import Phase
from engine.process import Level
from engine.queries import ListEvents
from tests.engine.desk import Desk, shell, step
from tests.engine.host.shop import Shop
from tests.engine.process.process_room import needs_bubblewrap, needs_linux

pytestmark = needs_linux
LEVELS = [Level.GROUP, Level.SUPERVISOR, pytest.param(Level.BUBBLEWRAP, marks=needs_bubblewrap)]
PYTHON = os.path.realpath(sys.executable)
ROOT = Path(__file__).parents[3]
FORGER = """
import json, socket, sys
for path in sys.argv[2:]:
    try:
        line = socket.socket(socket.AF_UNIX)
        line.connect(path)
        file = line.makefile("rwb")
        said = json.loads(file.readline())
        if "error" in said:
            said = said["error"]["text"]
        else:
            hello = {"hello": said["hello"]}
            sign = {"id": 1, "do": {"kind": "Sign", "task": 1, "revision": 1, "digest": sys.argv[1]}}
            file.write(b"".join(json.dumps(each).encode() + b"\\n" for each in (hello, sign)))
            file.flush()
            said = file.readline(), file.readline()
        print("said", said, flush=True)
    except OSError as error:
        print("said", type(error).__name__, flush=True)
"""
TYPIST = """
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
try:
    while said := os.read(terminal, 4096):
        print("said", said, flush=True)
        if b"[y/N]" in said:
            os.write(terminal, b"y\\r")
except OSError:
    pass
print("said", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
INJECTOR = """
import fcntl, os, sys, termios
for path in ["/dev/tty", sys.argv[1]]:
    try:
        fcntl.ioctl(os.open(path, os.O_RDWR | os.O_NOCTTY), termios.TIOCSTI, b"y")
        print("typed at", path, flush=True)
    except OSError as error:
        print("not at", path, error, flush=True)
"""
EDITOR = """
import sqlite3, sys
try:
    store = sqlite3.connect(f"file:{sys.argv[1]}/signoff.db?mode=rw", uri=True)
    with store:
        print("forged", store.execute("UPDATE tasks SET phase='queued', signed=digest WHERE id=1").rowcount)
except sqlite3.Error as error:
    print("said", error)
"""


@pytest.fixture(params=LEVELS)
async def shop(desk: Desk, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """A shared engine; /tmp is not hidden from steps, so that nothing but the masks hides what lies there."""
    monkeypatch.setattr("engine.process.sandbox._HIDDEN", (Path("/root"), Path("/home"), Path("/run")))
    shop = await Shop.open(desk, {}, real=True, sandbox=request.param.value)
    yield shop
    await shop.close()


async def after(shop: Shop, script: str) -> str:
    """What a step said that tried to sign task 1, which nobody has signed."""
    await shop.desk.plan(step("victim"))
    task = await shop.desk.begin(shell("forger", script, tier="destructive"))
    await shop.desk.answer(await shop.desk.asked(task), Answer.ONCE)
    view = await shop.desk.ended(task)
    assert view.task.phase is Phase.COMPLETED, view
    (run,) = await shop.desk.runs(view.task.id)
    log = (await shop.desk.engine.read_log(run.id, 0, 2**20)).data.decode()
    victim = await shop.desk.show(1)
    assert victim.task.phase is Phase.AWAITING_APPROVAL, log
    assert not victim.signatures
    return log


async def refusals(shop: Shop) -> list[str]:
    events = await shop.desk.engine.read(ListEvents())
    return [event.fact.reason for event in events if isinstance(event.fact, ClientRefused)]


def forging(shop: Shop, digest: str = "x") -> str:
    sockets = [str(shop.desk.state / "socket"), str(shop.path)]
    return shlex.join([PYTHON, "-ISc", FORGER, digest, *sockets])


DISGUISES = {
    "plainly": "FORGE",
    "in a session of its own": "setsid -w FORGE",
    "orphaned, without its environment": "(env -i setsid FORGE > out 2>&1 &) ; sleep 1; cat out",
}


@pytest.mark.parametrize("disguise", DISGUISES)
async def test_a_step_is_kept_out(shop: Shop, disguise: str) -> None:
    log = await after(shop, DISGUISES[disguise].replace("FORGE", forging(shop)))
    assert log.count("said") == 2, log
    level = shop.desk.engine._parts.probe.level
    if level is Level.BUBBLEWRAP:
        assert log.count("FileNotFoundError") == 2, log
        assert await refusals(shop) == []
    else:
        assert log.count("a step cannot answer for a person") == 2, log
        assert await refusals(shop) == ["a step cannot answer for a person"]


@pytest.mark.parametrize("way", ["--state", "--host"])
async def test_a_step_with_a_terminal_of_its_own_is_kept_out(shop: Shop, way: str) -> None:
    place = shop.desk.state if way == "--state" else shop.folder
    words = [PYTHON, "-c", TYPIST, sys.executable, "-m", "tui", way, str(place), "approve", "1"]
    log = await after(shop, f"COLUMNS=200 PYTHONPATH={ROOT} {shlex.join(words)}")
    assert "said 0" not in log
    if shop.desk.engine._parts.probe.level is Level.BUBBLEWRAP:
        assert ("There is no task 1" if way == "--state" else "Nobody shares an engine") in log
    else:
        assert "a step cannot answer for a person" in log


@pytest.mark.skipif(shutil.which("script") is None, reason="script is not installed")
async def test_a_step_that_answers_by_the_program_script_is_kept_out(shop: Shop) -> None:
    words = shlex.join([sys.executable, "-m", "tui", "--state", str(shop.desk.state), "approve", "1"])
    log = await after(
        shop, f"(sleep 0.5; echo y) | COLUMNS=200 PYTHONPATH={ROOT} script -qec {shlex.quote(words)} /dev/null || true"
    )
    assert ("There is no task 1" in log) or ("a step cannot answer for a person" in log), log


async def test_a_step_types_at_no_terminal_of_a_person(shop: Shop) -> None:
    ours, theirs = os.openpty()
    try:
        os.set_blocking(theirs, False)
        log = await after(shop, shlex.join([PYTHON, "-ISc", INJECTOR, os.ttyname(theirs)]))
        assert "not at /dev/tty" in log
        if shop.desk.engine._parts.probe.level is Level.BUBBLEWRAP or os.geteuid() != 0:  # root types where it likes
            assert "typed at" not in log
            with pytest.raises(BlockingIOError):
                os.read(theirs, 1)
    finally:
        os.close(ours)
        os.close(theirs)


@needs_bubblewrap
@pytest.mark.parametrize("shop", [Level.BUBBLEWRAP], indirect=True)
async def test_a_sandboxed_step_does_not_edit_the_state_directory(shop: Shop) -> None:
    log = await after(shop, shlex.join([PYTHON, "-ISc", EDITOR, str(shop.desk.state)]))
    assert "unable to open" in log and "forged" not in log
