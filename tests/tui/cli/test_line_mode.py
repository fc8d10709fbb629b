"""The workbench as lines, on a pseudo-terminal: typed words do what the screens do, and nothing less is asked for."""

from __future__ import annotations

import asyncio
import io
import json
import os
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine import Item
from engine.errors import StoreError
from engine.testing import ScriptedEngine
from tests.patience import PATIENCE
from tests.tui import scenes
from tests.tui.terminal import Terminal
from tui.cli.call import Call, World
from tui.cli.console import Console
from tui.cli.line_mode import LineMode


class Sitting:
    """Somebody who reads lines and types words."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self._terminal = Terminal("tui", "--plain", "--state", str(folder / "state"))

    def plan(self, *scripts: str) -> str:
        steps = [{"id": f"s{n}", "action": "shell", "script": script} for n, script in enumerate(scripts, 1)]
        (self.root / "plan.yaml").write_text(json.dumps({"request": "Try it", "steps": steps}))
        return f"new -C {self.root} -f {self.root}/plan.yaml"

    def see(self, *texts: str) -> str:
        """What comes until all of it is there."""
        data = self._terminal.read(PATIENCE, lambda data: all(text.encode() in data for text in texts))
        found = data.decode()
        assert all(text in found for text in texts), found
        return found

    def type(self, line: str, *texts: str) -> str:
        return self.press(f"{line}\n", *texts)

    def press(self, keys: str, *texts: str) -> str:
        self._terminal.press([keys.encode()])
        return self.see(*texts)

    def left(self) -> int:
        """The exit code."""
        return os.waitstatus_to_exitcode(os.waitpid(self._terminal.pid, 0)[1])

    def close(self) -> None:
        os.close(self._terminal.fd)


@pytest.fixture
def sitting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sitting]:
    monkeypatch.setenv("SIGNOFF_CONFIG", str(tmp_path / "none.toml"))
    made = Sitting(tmp_path)
    made.see("nothing waits for you", "> ")
    yield made
    made.close()


def test_a_plan_is_made_read_signed_run_and_read_again(sitting: Sitting) -> None:
    sitting.type(sitting.plan("echo built"), "signoff approve 1", "> ")
    assert "echo built" in sitting.type("review 1", "s1  shell", "> ")
    assert "echo built" in sitting.type("sign 1", "[y/N]")
    said = sitting.type("y", "task 1: ", "s1 done", "ended: done")
    assert "nothing runs yet" not in said
    assert "\x1b" not in said
    sitting.type("log 1 s1", "built", "> ")
    sitting.type("signoff list", "done:", "Try it", "> ")
    sitting.type("quit")
    assert sitting.left() == 0


def test_a_sitting_counts_as_its_engine_does_and_does_not_repeat_itself_at_every_line(sitting: Sitting) -> None:
    (sitting.root / "none.toml").write_text("[budget]\nday = 9\n")
    told = sitting.type("budget", "month", "> ")
    assert "no cap" in told and "$9.00" not in told
    assert "another configuration" not in told + sitting.type(sitting.plan("echo built"), "signoff approve 1", "> ")


def test_what_was_typed_ahead_does_not_sign(sitting: Sitting) -> None:
    sitting.type(sitting.plan("echo built"), "signoff approve 1", "> ")
    sitting.type("sign 1\ny", "[y/N]")
    assert "s1 started" not in sitting.type("", "not signed", "> ")


def test_leaving_with_work_running_says_that_it_goes_on(sitting: Sitting) -> None:
    sitting.type(sitting.plan("sleep 3"), "> ")
    sitting.type("sign 1", "[y/N]")
    sitting.type("y", "s1 started")
    sitting.type("quit", "1 step goes on. Come back with: signoff --plain --state ")
    assert sitting.left() == 0


def test_a_pause_keeps_back_what_has_not_begun_until_it_is_resumed(sitting: Sitting) -> None:
    steps = [
        {"id": "first", "action": "shell", "script": "until [ -e go ]; do sleep 0.05; done"},
        {"id": "second", "action": "shell", "script": "echo second", "needs": ["first"]},
        {"id": "third", "action": "shell", "script": "echo third", "needs": ["second"]},
    ]
    (sitting.root / "plan.yaml").write_text(json.dumps({"request": "Try it", "steps": steps}))
    sitting.type(f"new -C {sitting.root} -f {sitting.root}/plan.yaml", "more: enter, or q to stop: ")
    sitting.type("q", "> ")
    sitting.type("sign 1", "more: enter, or q to stop: ")
    sitting.type("", "[y/N]")
    sitting.type("y", "first started")
    sitting.type("pause 1", "task 1 paused; what runs goes on", "> ")
    sitting.type("pause 1", "A task that is paused cannot become paused", "signoff resume 1", "> ")
    (sitting.root / "go").touch()
    assert "second started" not in sitting.see("first done")
    sitting.type("list", "paused", "Try it", "> ")
    sitting.type("resume 1", "third done", "ended: done")


def test_long_text_comes_by_pages_and_can_be_left(sitting: Sitting) -> None:
    sitting.type(sitting.plan(*(f"echo step {n}" for n in range(40))), "more: enter, or q to stop: ")
    sitting.type("q", "> ")
    assert "echo step 39" not in sitting.type("review 1", "more: enter, or q to stop")
    sitting.type("", "more: ")
    assert "echo step 39" not in sitting.type("q", "> ")


def test_mistakes_and_ctrl_c_end_nothing_else(sitting: Sitting) -> None:
    sitting.type("deny 1 don't", "a quote is not closed", "> ")
    sitting.type("reviw 1", "There is no command 'reviw'", "> ")
    sitting.type("show 7", "There is no task 7", "> ")
    sitting.type("demo", "for the shell", "> ")
    sitting.press("\x03", "stopped; quit leaves", "> ")
    sitting.type("help", "sign: sign a plan", "> ")
    sitting.type("quit")
    assert sitting.left() == 0


class Breaking(ScriptedEngine):
    """Its events break off by an error, once that is wanted."""

    def __init__(self) -> None:
        super().__init__(scenes.done())
        self.breaks = asyncio.Event()

    async def events(self, after: int | None = None) -> AsyncIterator[Item]:
        await self.breaks.wait()
        raise StoreError(reason="disk I/O error\x1b[2J")
        yield


class Prompting(io.StringIO):
    """Output that breaks the events at the first prompt."""

    def __init__(self, engine: Breaking) -> None:
        super().__init__()
        self._engine = engine

    def write(self, text: str) -> int:
        if text == "> ":
            self._engine.breaks.set()
        return super().write(text)


async def test_news_that_break_off_are_told_with_what_to_do_next_and_the_sitting_ends(tmp_path: Path) -> None:
    engine = Breaking()
    reading, writing = os.pipe()
    with os.fdopen(reading) as typed, os.fdopen(writing, "wb"):
        world = World(environ={}, cwd=tmp_path, stdin=typed, out=(out := Prompting(engine)), err=io.StringIO())
        console = Console(world.out, world.err, world.environ, plain=True)
        call = Call(args=Namespace(plain=True), world=world, console=console, state=tmp_path)
        assert await asyncio.wait_for(LineMode(call, engine).run(), PATIENCE) == 0
    told = out.getvalue()
    assert "no more news: The store cannot be used: disk I/O error" in told
    assert "; signoff doctor names the fault\n" in told
    assert "the engine has closed; start again with: signoff --plain\n" in told
    assert "\x1b" not in told
