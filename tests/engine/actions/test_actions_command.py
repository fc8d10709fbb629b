"""Steps of processes through their actions: what is started, what is held to its signed bytes, how it is hurried."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.actions import ACTIONS, Context, Result, signed
from engine.actions.signed import executed_and_checked
from engine.cancellation import CancelToken
from engine.errors import SpawnFailed
from engine.model.plan import Execute, PlannedStep, Shell, Step
from engine.model.tier import Tier
from engine.process import Level, seal
from engine.process.sandbox import bubblewrap
from engine.settings import Settings
from tests.patience import PATIENCE

LEVELS = [Level.GROUP, pytest.param(Level.BUBBLEWRAP, marks=pytest.mark.skipif(not bubblewrap(), reason="no bwrap"))]
Make = Callable[..., Context]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A context for a step in an empty project."""
    root, home, state = tmp_path / "project", tmp_path / "state" / "home", tmp_path / "state"
    root.mkdir()
    home.mkdir(parents=True)

    def context(step: Step, tier: Tier = Tier.WRITE, *, binary: str = "", level: Level = Level.GROUP) -> Context:
        return Context(
            planned=PlannedStep(step=step, tier=tier, binary=binary),
            run=1,
            root=root,
            home=home,
            log=f"{state}/1.log",
            mark=f"test-actions-{os.getpid()}",
            token=CancelToken(),
            level=level,
            settings=Settings(grace=15),
            stalled=lambda error: None,
            grew=lambda size: None,
            notify=_unheard,
            terminal=lambda terminal: None,
        )

    return context


async def _unheard(channel: str, message: str) -> None:
    pass


async def act(context: Context) -> Result:
    return await asyncio.wait_for(ACTIONS[context.planned.step.action](context), 20)


def execute(command: str, **fields: object) -> Execute:
    return Execute(id="it", command=command, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("level", LEVELS)
async def test_a_script_has_no_arguments_and_runs_in_the_signed_shell(make: Make, level: Level) -> None:
    context = make(Shell(id="it", script="echo $# $BASH $1"), level=level)
    (fake := context.root / "bash").write_text("#!/bin/sh\necho evil")
    fake.chmod(0o755)
    assert (await act(context)).summary == "0 /bin/bash"
    signed = make(
        Shell(id="it", script="echo $#", env={"PATH": f"{context.root}:/usr/bin:/bin"}), level=level, binary="/bin/bash"
    )
    assert (await act(signed)).summary == "0"


async def test_a_made_program_is_found_where_the_step_would_find_it(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context = make(execute("made"))
    folders = [tmp_path / "bin", tmp_path / "relative"]
    for folder in folders:
        folder.mkdir()
        (folder / "made").write_text(f"#!/bin/sh\necho {folder.name}")
        (folder / "made").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"relative:/usr/bin:/bin:{folders[0]}")
    assert (await act(context)).summary == "bin"
    monkeypatch.setenv("PATH", "relative:/usr/bin:/bin")
    with pytest.raises(SpawnFailed, match="not found"):
        await act(context)


async def test_a_redirect_of_output_that_was_not_kept_fails_and_writes_nothing(make: Make) -> None:
    context = make(execute("seq 1000 > out.txt"))
    context.settings = replace(context.settings, log_limit=1000)
    result = await act(context)
    assert (result.failure, result.exit_code) == ("bytes", 0)
    assert "out.txt was not written" in result.error and "log_limit" in result.error
    assert not (context.root / "out.txt").exists()
    context.settings = replace(context.settings, log_limit=10_000)
    assert not (await act(context)).failure
    assert (context.root / "out.txt").read_text().endswith("\n999\n1000\n")


async def test_hurrying_ends_a_grace_that_is_under_way(make: Make) -> None:
    context = make(Shell(id="it", script="trap '' TERM; echo ready; for i in {1..200}; do sleep 0.1; done"))
    ready = asyncio.Event()
    context.grew = lambda size: ready.set()
    running = asyncio.create_task(act(context))
    await asyncio.wait_for(ready.wait(), PATIENCE)
    context.token.fire()
    asyncio.get_running_loop().call_later(0.2, context.token.hurry)
    result = await asyncio.wait_for(running, 5)
    assert result.receipt is not None
    assert result.receipt.survivors == ()
    assert "SIGKILL" in {end.end for end in result.receipt.ends}


HELD = [
    ("make -f FILE test", Tier.EXECUTE),
    ("alembic -c FILE upgrade head", Tier.EXECUTE),
    ("tool --config=FILE x", Tier.EXTERNAL),
    ("cat FILE", Tier.READ),
]
FREE = [
    ("sed -i s/a/b/ FILE", Tier.WRITE),
    ("mv -f FILE other", Tier.WRITE),
    ("rm -f FILE", Tier.DESTRUCTIVE),
    ("ruff format FILE", Tier.EXECUTE),
]


@pytest.mark.parametrize(
    ("command", "tier", "held"), [*((*row, True) for row in HELD), *((*row, False) for row in FREE)]
)
def test_which_signed_files_are_held_to_their_bytes(
    make: Make, tmp_path: Path, command: str, tier: Tier, held: bool
) -> None:
    context = make(execute(command.replace("FILE", "file.txt")), tier)
    (context.root / "file.txt").write_text("text")
    context.sealed = seal([Path("file.txt")], context.root, tmp_path / "seals")
    assert executed_and_checked(context) == ((), context.sealed if held else ())
    declared = make(execute(command.replace("FILE", "file.txt"), writes=("file.txt",)), tier)
    declared.sealed = context.sealed
    assert executed_and_checked(declared) == ((), ())


def test_a_file_that_is_executed_is_bound_under_every_name(make: Make, tmp_path: Path) -> None:
    context = make(execute("bash link.sh"), Tier.EXECUTE)
    (context.root / "real.sh").write_text("true")
    (context.root / "link.sh").symlink_to("real.sh")
    context.sealed = seal([Path("link.sh")], context.root, tmp_path / "seals")
    assert executed_and_checked(context) == (context.sealed, ())


def test_a_file_that_becomes_a_link_while_it_is_looked_at_is_bound(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make(execute("bash tool.sh"), Tier.EXECUTE)
    (context.root / "tool.sh").write_text("true")
    (context.root / "evil.sh").write_text("false")
    context.sealed = seal([Path("tool.sh")], context.root, tmp_path / "seals")
    named = signed._paths

    def swapped(*of: Any) -> set[Path]:
        paths = named(*of)
        (context.root / "tool.sh").unlink()
        (context.root / "tool.sh").symlink_to("evil.sh")
        return paths

    monkeypatch.setattr(signed, "_paths", swapped)
    assert executed_and_checked(context) == (context.sealed, ())


@pytest.mark.parametrize("level", LEVELS)
async def test_a_makefile_that_changes_while_it_is_used_fails_the_step(
    make: Make, tmp_path: Path, level: Level
) -> None:
    context = make(execute("bash run.sh -f Makefile"), Tier.EXECUTE, level=level)
    (context.root / "run.sh").write_text("cat Makefile; echo other > Makefile")
    (context.root / "Makefile").write_text("signed\n")
    context.sealed = seal([Path("run.sh"), Path("Makefile")], context.root, tmp_path / "seals")
    result = await act(context)
    assert (result.failure, result.summary) == ("bytes", "signed")
    assert "Makefile was changed" in result.error


@pytest.mark.skipif(not bubblewrap(), reason="no bwrap")
@pytest.mark.parametrize("absolute", [False, True])
async def test_what_a_link_leads_to_is_executed_as_it_was_sealed(make: Make, tmp_path: Path, absolute: bool) -> None:
    context = make(execute("bash link.sh"), Tier.EXECUTE, level=Level.BUBBLEWRAP)
    (context.root / "real.sh").write_text("echo good")
    (context.root / "link.sh").symlink_to(context.root / "real.sh" if absolute else "real.sh")
    context.sealed = seal([Path("link.sh")], context.root, tmp_path / "seals")
    (context.root / "real.sh").write_text("echo evil")
    result = await act(context)
    assert (result.failure, result.summary) == ("bytes", "good")
